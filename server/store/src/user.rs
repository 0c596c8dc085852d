//! What the person decided, by workspace: trusted content and remembered rules.
//!
//! Each function comes in two forms: `async`, and `_blocking` for the command line and for reading settings.

use std::path::Path;

use copydesk_base::{Clock, ContentHash, RunId, SystemClock, Timestamp, Usage};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

use crate::StoreError;
use crate::database::{Database, Halt, Open, Owner, Slot};
use crate::home::user_file;

/// The content of one file as it was trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrustedFile {
    /// Relative to the workspace root, or absolute where it lies elsewhere.
    pub path: String,
    pub hash: ContentHash,
    /// The whole text, to show what changed since.
    pub content: String,
}

impl TrustedFile {
    /// This content under this path.
    pub fn new(path: impl Into<String>, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { path: path.into(), hash: ContentHash::of(&content), content }
    }
}

/// A rule that *Always allow* stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RememberedRule {
    pub id: i64,
    pub rule: String,
    pub at: Timestamp,
}

/// `COPYDESK_HOME/user.db`. Clones share one thread and one connection.
#[derive(Clone)]
pub struct UserStore {
    database: Database,
}

impl UserStore {
    /// Opens nothing yet, as [`crate::Journal::at`].
    pub fn at(home: &Path) -> Self {
        Self { database: Database::new(user_file(home), Owner::User) }
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> &Path {
        self.database.path()
    }

    /// Trusts exactly these contents in `workspace`; what was trusted there before is replaced.
    pub async fn trust(&self, workspace: &Path, files: Vec<TrustedFile>) -> Result<(), StoreError> {
        let workspace = bytes(workspace);
        self.database.call(writing(move |transaction| trust(transaction, &workspace, &files))).await
    }

    pub fn trust_blocking(&self, workspace: &Path, files: Vec<TrustedFile>) -> Result<(), StoreError> {
        let workspace = bytes(workspace);
        self.database.call_blocking(writing(move |transaction| trust(transaction, &workspace, &files)))
    }

    /// What is trusted in `workspace`, by path.
    pub async fn trusted(&self, workspace: &Path) -> Result<Vec<TrustedFile>, StoreError> {
        let workspace = bytes(workspace);
        self.database.call(reading(move |connection| trusted(connection, &workspace))).await
    }

    pub fn trusted_blocking(&self, workspace: &Path) -> Result<Vec<TrustedFile>, StoreError> {
        let workspace = bytes(workspace);
        self.database.call_blocking(reading(move |connection| trusted(connection, &workspace)))
    }

    /// Takes back all trust in `workspace`, and answers how many files lost it.
    pub async fn revoke_trust(&self, workspace: &Path) -> Result<usize, StoreError> {
        let workspace = bytes(workspace);
        self.database.call(taking_back(move |transaction| distrust(transaction, &workspace))).await
    }

    pub fn revoke_trust_blocking(&self, workspace: &Path) -> Result<usize, StoreError> {
        let workspace = bytes(workspace);
        self.database.call_blocking(taking_back(move |transaction| distrust(transaction, &workspace)))
    }

    /// Stores a rule of *Always allow*; `run` is the one that asked. Storing it again changes nothing.
    pub async fn remember(&self, workspace: &Path, rule: &str, run: &RunId) -> Result<(), StoreError> {
        let (workspace, rule, run) = (bytes(workspace), rule.to_owned(), run.clone());
        self.database.call(writing(move |transaction| remember(transaction, &workspace, &rule, &run))).await
    }

    /// The remembered rules of `workspace`, oldest first.
    pub async fn rules(&self, workspace: &Path) -> Result<Vec<RememberedRule>, StoreError> {
        let workspace = bytes(workspace);
        self.database.call(reading(move |connection| rules(connection, &workspace))).await
    }

    pub fn rules_blocking(&self, workspace: &Path) -> Result<Vec<RememberedRule>, StoreError> {
        let workspace = bytes(workspace);
        self.database.call_blocking(reading(move |connection| rules(connection, &workspace)))
    }

    /// Forgets one rule, and answers whether it was there.
    pub async fn revoke(&self, workspace: &Path, id: i64) -> Result<bool, StoreError> {
        let workspace = bytes(workspace);
        let taken = self.database.call(taking_back(move |transaction| forget(transaction, &workspace, id)));
        Ok(taken.await? > 0)
    }

    /// Adds to what was used up on a day, counted from 1970-01-01 in UTC, in all workspaces.
    pub async fn spend(&self, day: u64, usage: Usage) -> Result<(), StoreError> {
        self.database.call(writing(move |transaction| spend(transaction, day, usage))).await
    }

    /// What was used up on a day, in all workspaces.
    pub async fn spent(&self, day: u64) -> Result<Usage, StoreError> {
        self.database.call(reading(move |connection| spent(connection, day))).await
    }

    pub fn revoke_blocking(&self, workspace: &Path, id: i64) -> Result<bool, StoreError> {
        let workspace = bytes(workspace);
        let work = taking_back(move |transaction| forget(transaction, &workspace, id));
        Ok(self.database.call_blocking(work)? > 0)
    }
}

/// A job that may make the database.
fn writing<T>(
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Halt> + Send + 'static,
) -> impl FnOnce(&mut Slot) -> Result<T, StoreError> + Send + 'static {
    move |slot| slot.writable()?.write(work)
}

/// A job that answers empty where there is no database.
fn reading<T: Default>(
    work: impl FnOnce(&Connection) -> Result<T, Halt> + Send + 'static,
) -> impl FnOnce(&mut Slot) -> Result<T, StoreError> + Send + 'static {
    move |slot| slot.existing()?.map_or_else(|| Ok(T::default()), |open: &mut Open| open.read(work))
}

/// A job that writes only where there is a database.
fn taking_back(
    work: impl FnOnce(&Transaction<'_>) -> Result<usize, Halt> + Send + 'static,
) -> impl FnOnce(&mut Slot) -> Result<usize, StoreError> + Send + 'static {
    move |slot| if slot.existing()?.is_none() { Ok(0) } else { slot.writable()?.write(work) }
}

fn trust(transaction: &Transaction<'_>, workspace: &[u8], files: &[TrustedFile]) -> Result<(), Halt> {
    distrust(transaction, workspace)?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO trusted (workspace, path, hash, content, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for file in files {
        insert.execute(params![workspace, file.path, file.hash.to_string(), file.content, now()])?;
    }
    Ok(())
}

fn trusted(connection: &Connection, workspace: &[u8]) -> Result<Vec<TrustedFile>, Halt> {
    let mut query = connection
        .prepare_cached("SELECT path, hash, content FROM trusted WHERE workspace = ?1 ORDER BY path")?;
    let rows = query.query_map([workspace], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    let mut files = Vec::new();
    for row in rows {
        let (path, hash, content) = row?;
        // A row whose hash is not its content's grants nothing.
        if ContentHash::parse(&hash) == Some(ContentHash::of(&content)) {
            files.push(TrustedFile::new(path, content));
        }
    }
    Ok(files)
}

fn distrust(transaction: &Transaction<'_>, workspace: &[u8]) -> Result<usize, Halt> {
    Ok(transaction.execute("DELETE FROM trusted WHERE workspace = ?1", [workspace])?)
}

fn remember(transaction: &Transaction<'_>, workspace: &[u8], rule: &str, run: &RunId) -> Result<(), Halt> {
    transaction.execute(
        "INSERT INTO rules (workspace, rule, run, at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (workspace, rule) DO NOTHING",
        params![workspace, rule, run.as_str(), now()],
    )?;
    Ok(())
}

fn rules(connection: &Connection, workspace: &[u8]) -> Result<Vec<RememberedRule>, Halt> {
    let mut query =
        connection.prepare_cached("SELECT id, rule, at FROM rules WHERE workspace = ?1 ORDER BY id")?;
    let rows = query.query_map([workspace], |row| {
        let at = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
        Ok(RememberedRule { id: row.get(0)?, rule: row.get(1)?, at: Timestamp(at) })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn forget(transaction: &Transaction<'_>, workspace: &[u8], id: i64) -> Result<usize, Halt> {
    Ok(transaction.execute("DELETE FROM rules WHERE workspace = ?1 AND id = ?2", params![workspace, id])?)
}

fn spend(transaction: &Transaction<'_>, day: u64, usage: Usage) -> Result<(), Halt> {
    transaction.execute(
        "INSERT INTO spent (day, input_tokens, output_tokens, requests, usd) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (day) DO UPDATE SET
             input_tokens = input_tokens + excluded.input_tokens,
             output_tokens = output_tokens + excluded.output_tokens,
             requests = requests + excluded.requests,
             usd = CASE WHEN usd IS NULL AND excluded.usd IS NULL THEN NULL
                        ELSE ifnull(usd, 0) + ifnull(excluded.usd, 0) END",
        params![
            row(day),
            row(usage.input_tokens),
            row(usage.output_tokens),
            row(usage.requests),
            usage.usd.filter(|usd| usd.is_finite()),
        ],
    )?;
    Ok(())
}

fn spent(connection: &Connection, day: u64) -> Result<Usage, Halt> {
    let mut query = connection
        .prepare_cached("SELECT input_tokens, output_tokens, requests, usd FROM spent WHERE day = ?1")?;
    let count = |value: i64| u64::try_from(value).unwrap_or(0);
    let found = query.query_row([row(day)], |row| {
        Ok(Usage {
            input_tokens: count(row.get(0)?),
            output_tokens: count(row.get(1)?),
            requests: count(row.get(2)?),
            usd: row.get(3)?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}

/// A count as a column holds it. A count of nonsense stays far from the end of its range, so that sums fit.
fn row(count: u64) -> i64 {
    i64::try_from(count.min(1 << 53)).unwrap_or(i64::MAX)
}

/// The moment of a person's decision: shown, never computed with, so the machine's clock will do.
fn now() -> i64 {
    i64::try_from(SystemClock.now().0).unwrap_or(i64::MAX)
}

fn bytes(workspace: &Path) -> Vec<u8> {
    workspace.as_os_str().as_encoded_bytes().to_owned()
}
