//! Conversations as a person keeps them: listed, named, deleted, and kept to a limit.
//!
//! A conversation goes whole, with everything that its runs wrote down and those that worked for them, what undoes
//! their edits included: a part of a run cannot go without breaking its chain. One with a run that has not ended never
//! goes. What belongs to no conversation goes when its time is over.

use copydesk_base::{Event, RunId, SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;

use crate::database::Halt;
use crate::packed::unpack;
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Deleted {
    /// With these runs.
    Gone(Vec<RunId>),
    /// A run of it has not ended.
    UnderWay,
    #[default]
    Unknown,
}

/// What a sweep took away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Which conversations.
    pub sessions: Vec<SessionId>,
    /// Their runs, and those that belonged to none.
    pub runs: Vec<RunId>,
}

impl Swept {
    fn take(&mut self, session: SessionId, deleted: Deleted) {
        if let Deleted::Gone(runs) = deleted {
            self.sessions.push(session);
            self.runs.extend(runs);
        }
    }
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
    let mut runs = runs_of(transaction, OF_SESSION, session.as_str())?;
    runs.extend(called(transaction, session, &runs)?);
    erase(transaction, &runs)?;
    transaction.execute("DELETE FROM names WHERE session = ?1", [session.as_str()])?;
    Ok(Deleted::Gone(runs))
}

fn runs_of(connection: &Connection, of: &str, by: impl rusqlite::ToSql) -> Result<Vec<RunId>, Halt> {
    let mut query = connection.prepare(&format!("SELECT run FROM runs WHERE {of}"))?;
    let rows = query.query_map([by], |row| row.get(0).map(RunId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The runs that worked for a conversation and are not known by their parent: older versions wrote that into the
/// records only.
fn called(connection: &Connection, session: &SessionId, known: &[RunId]) -> Result<Vec<RunId>, Halt> {
    let mut query = connection.prepare(
        "SELECT data, packed FROM records WHERE kind = 'agent_called'
         AND run IN (SELECT run FROM runs WHERE session = ?1 AND session <> '')",
    )?;
    let rows = query.query_map([session.as_str()], |row| Ok((row.get("data")?, row.get("packed")?)))?;
    let mut called = Vec::new();
    for row in rows {
        let (data, packed) = row?;
        let event = unpack(data, packed).and_then(|data| serde_json::from_str(&data).ok());
        let Some(Event::AgentCalled { run, .. }) = event else { continue };
        let is_free = "SELECT EXISTS (SELECT 1 FROM runs WHERE run = ?1 AND session = '' AND parent = '')";
        if !known.contains(&run) && connection.query_row(is_free, [run.as_str()], |row| row.get(0))? {
            called.push(run);
        }
    }
    Ok(called)
}

/// Takes runs away, with everything that they wrote down.
fn erase(transaction: &Transaction<'_>, runs: &[RunId]) -> Result<(), Halt> {
    for table in ["records", "changes", "approvals", "runs"] {
        let mut delete = transaction.prepare(&format!("DELETE FROM {table} WHERE run = ?1"))?;
        for run in runs {
            delete.execute([run.as_str()])?;
        }
    }
    Ok(())
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

/// Takes away what is past a limit.
pub(crate) fn sweep(transaction: &Transaction<'_>, keep: Keep) -> Result<Swept, Halt> {
    let mut query = transaction.prepare(
        "SELECT session, MAX(started) AS last FROM runs WHERE session <> ''
         GROUP BY session ORDER BY MAX(id)",
    )?;
    let rows = query.query_map([], |row| Ok((SessionId(row.get(0)?), row.get::<_, i64>(1)?)))?;
    let mut sessions = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    // What was worked on last stays, however large it is.
    let newest = sessions.pop();
    let mut swept = Swept::default();
    for (session, last) in sessions {
        let is_old = last < signed(keep.since.0);
        if is_old || used(transaction)? > keep.bytes {
            let deleted = delete(transaction, &session)?;
            swept.take(session, deleted);
        }
    }
    if let Some((session, last)) = newest
        && last < signed(keep.since.0)
    {
        let deleted = delete(transaction, &session)?;
        swept.take(session, deleted);
    }
    let stray = runs_of(transaction, STRAY, signed(keep.since.0))?;
    erase(transaction, &stray)?;
    swept.runs.extend(stray);
    Ok(swept)
}

/// The bytes of the file that hold something.
fn used(connection: &Connection) -> Result<u64, Halt> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(unsigned(pages * number("page_size")?))
}
