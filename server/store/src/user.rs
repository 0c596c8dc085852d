//! What the person decided, by workspace: trusted content and remembered rules. What is the same everywhere, keys and
//! spending, has files of its own below.
//!
//! Each function comes in two forms: `async`, and `_blocking` for the command line and for reading settings.

use std::path::Path;

use copydesk_base::{Clock, ContentHash, RunId, SystemClock, Timestamp};
use rusqlite::{Connection, Transaction, params};
use serde::Serialize;

use crate::StoreError;
use crate::database::{Database, Halt, Open, Owner, Slot};
use crate::home::user_file;

mod conversation;
mod keys;
mod measured;
mod passed;
mod spending;

pub use conversation::Conversation;
pub use keys::{KeyPlace, StoredKey};
pub use measured::Measured;
pub use passed::Passed;
pub use spending::{Accounts, Holder, Reservation, Taken};

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

/// The moment of a person's decision: shown, never computed with, so the machine's clock will do.
fn now() -> i64 {
    i64::try_from(SystemClock.now().0).unwrap_or(i64::MAX)
}

fn bytes(workspace: &Path) -> Vec<u8> {
    workspace.as_os_str().as_encoded_bytes().to_owned()
}
