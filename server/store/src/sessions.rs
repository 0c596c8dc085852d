//! Conversations as a person keeps them: listed, named, deleted, and kept to a limit.
//!
//! A conversation goes whole, with everything that its runs wrote down and those that worked for them, what undoes their
//! edits included: a part of a run cannot go without breaking its chain. One with a run that has not ended never goes.
//! What belongs to no conversation goes when its time is over.

use copydesk_base::{SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use crate::database::Halt;
use crate::records::{signed, unsigned};

/// One conversation as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionRow {
    pub session: SessionId,
    /// What its first run was about.
    pub title: String,
    /// What the person calls it.
    pub name: Option<String>,
    pub started: Timestamp,
    /// Its runs, one for each thing that the person said.
    pub turns: u64,
}

/// What came of a deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deleted {
    Gone,
    /// A run of it has not ended.
    UnderWay,
    #[default]
    Unknown,
}

/// How long conversations are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Those go in which nothing was said since then.
    pub since: Timestamp,
    /// The oldest go until what is left has so many bytes; the newest stays.
    pub bytes: u64,
}

/// Sessions, the one with the newest run first. A run that failed before it had a session belongs to none.
pub(crate) fn list(connection: &Connection, limit: usize) -> Result<Vec<SessionRow>, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT runs.session, runs.title, runs.started, known.turns, names.name
         FROM (SELECT MIN(id) AS first, MAX(id) AS last, COUNT(*) AS turns
               FROM runs WHERE session <> '' GROUP BY session) AS known
         JOIN runs ON runs.id = known.first LEFT JOIN names ON names.session = runs.session
         ORDER BY known.last DESC LIMIT ?1",
    )?;
    let row = |row: &Row<'_>| {
        Ok(SessionRow {
            session: SessionId(row.get("session")?),
            title: row.get("title")?,
            name: row.get("name")?,
            started: Timestamp(unsigned(row.get("started")?)),
            turns: unsigned(row.get("turns")?),
        })
    };
    let rows = query.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Gives a conversation a name, or takes it away where it is empty; whether there is such a conversation.
pub(crate) fn name(transaction: &Transaction<'_>, session: &SessionId, name: &str) -> Result<bool, Halt> {
    if is_open(transaction, session)?.is_none() {
        return Ok(false);
    }
    transaction.execute("DELETE FROM names WHERE session = ?1", [session.as_str()])?;
    if !name.is_empty() {
        transaction
            .execute("INSERT INTO names (session, name) VALUES (?1, ?2)", params![session.as_str(), name])?;
    }
    Ok(true)
}

/// The runs of a conversation, and those that worked for them.
const OF_SESSION: &str = "((session = ?1 AND session <> '') OR parent IN (SELECT run FROM runs WHERE session = ?1 AND session <> ''))";

/// Runs that are over and belong to no conversation any more, if ever to one, and began before a moment.
const STRAY: &str =
    "(session = '' AND status IS NOT NULL AND started < ?1 AND parent NOT IN (SELECT run FROM runs))";

/// Whether a run of a conversation has not ended; nothing where there is no such conversation.
fn is_open(connection: &Connection, session: &SessionId) -> Result<Option<bool>, Halt> {
    let open = format!("SELECT SUM(status IS NULL) FROM runs WHERE {OF_SESSION}");
    let found: Option<Option<i64>> =
        connection.query_row(&open, [session.as_str()], |row| row.get(0)).optional()?;
    Ok(found.flatten().map(|open| open > 0))
}

/// Takes a conversation away, for good.
pub(crate) fn delete(transaction: &Transaction<'_>, session: &SessionId) -> Result<Deleted, Halt> {
    match is_open(transaction, session)? {
        None => return Ok(Deleted::Unknown),
        Some(true) => return Ok(Deleted::UnderWay),
        Some(false) => {}
    }
    erase(transaction, OF_SESSION, session.as_str())?;
    transaction.execute("DELETE FROM names WHERE session = ?1", [session.as_str()])?;
    Ok(Deleted::Gone)
}

/// Takes runs away, with everything that they wrote down; how many.
fn erase(transaction: &Transaction<'_>, of: &str, by: impl rusqlite::ToSql) -> Result<usize, Halt> {
    for table in ["records", "changes", "approvals"] {
        let delete = format!("DELETE FROM {table} WHERE run IN (SELECT run FROM runs WHERE {of})");
        transaction.execute(&delete, [&by])?;
    }
    Ok(transaction.execute(&format!("DELETE FROM runs WHERE {of}"), [&by])?)
}

/// Whether something is past a limit; looked at first, since looking takes no lock.
pub(crate) fn is_due(connection: &Connection, keep: Keep) -> Result<bool, Halt> {
    let old =
        "SELECT EXISTS (SELECT 1 FROM runs WHERE session <> '' GROUP BY session HAVING MAX(started) < ?1)";
    let stray = format!("SELECT EXISTS (SELECT 1 FROM runs WHERE {STRAY})");
    for query in [old, &stray] {
        if connection.query_row(query, [signed(keep.since.0)], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(used(connection)? > keep.bytes)
}

/// Takes away what is past a limit; answers how many conversations went.
pub(crate) fn sweep(transaction: &Transaction<'_>, keep: Keep) -> Result<usize, Halt> {
    let mut query = transaction.prepare(
        "SELECT session, MAX(started) AS last FROM runs WHERE session <> ''
         GROUP BY session ORDER BY MAX(id)",
    )?;
    let rows = query.query_map([], |row| Ok((SessionId(row.get(0)?), row.get::<_, i64>(1)?)))?;
    let mut sessions = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    // What was worked on last stays, however large it is.
    let newest = sessions.pop();
    let mut gone = 0;
    for (session, last) in sessions {
        let is_old = last < signed(keep.since.0);
        if (is_old || used(transaction)? > keep.bytes) && delete(transaction, &session)? == Deleted::Gone {
            gone += 1;
        }
    }
    if let Some((session, last)) = newest
        && last < signed(keep.since.0)
        && delete(transaction, &session)? == Deleted::Gone
    {
        gone += 1;
    }
    erase(transaction, STRAY, signed(keep.since.0))?;
    Ok(gone)
}

/// The bytes of the file that hold something.
fn used(connection: &Connection) -> Result<u64, Halt> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(unsigned(pages * number("page_size")?))
}
