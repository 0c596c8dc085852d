//! Records and what is projected from them, as rows.

use copydesk_base::{ChangeId, Event, Record, RunId, RunStatus, SessionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::chain::{Key, Link};
use crate::database::Halt;
use crate::packed::pack;

/// One run as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunRow {
    pub run: RunId,
    pub session: SessionId,
    pub title: String,
    pub started: Timestamp,
    /// How it ended; `None` while it is under way, or if its process died.
    pub status: Option<RunStatus>,
}

/// The version of how an event is written in `data`.
const EVENT_VERSION: i64 = 1;

/// Appends within one transaction; all or nothing.
pub(crate) fn append(
    transaction: &Transaction<'_>,
    key: &Key,
    workspace: &[u8],
    records: &[Record],
) -> Result<(), Halt> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO records (run, seq, ulid, version, at, kind, data, packed, link)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for record in records {
        let run = record.run.as_str();
        let last = last(transaction, &record.run)?;
        let last_seq = last.map_or(0, |(seq, _)| seq);
        if record.seq != last_seq + 1 {
            let (expected, found) = (last_seq + 1, record.seq);
            return Err(StoreError::OutOfOrder { run: record.run.clone(), expected, found }.into());
        }
        let (kind, data) = written(record)?;
        let before = match last {
            Some((_, link)) => link,
            None => first_link(transaction, key, workspace, &record.run, &data)?,
        };
        let ulid = ulid(record.at)?;
        let (seq, at) = (signed(record.seq), signed(record.at.0));
        let link = chained(key, &before, run, seq, &ulid, EVENT_VERSION, at, &data);
        let (data, packed) = pack(data);
        insert.execute(params![run, seq, ulid, EVENT_VERSION, at, kind, data, packed, link])?;
        transaction
            .prepare_cached(
                "INSERT INTO runs (run, started, last_seq, seal) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (run) DO UPDATE SET last_seq = excluded.last_seq, seal = excluded.seal",
            )?
            .execute(params![run, at, seq, sealed(key, run, seq, &link)])?;
        project(transaction, record)?;
    }
    Ok(())
}

/// The runs of a session by their names, oldest first; the empty name is none.
pub(crate) fn turns(connection: &Connection, session: &SessionId) -> Result<Vec<RunId>, Halt> {
    let query = "SELECT run FROM runs WHERE session = ?1 AND session <> '' ORDER BY id";
    names(connection, query, session)
}

/// Those of them that say of others that they do not count any more.
pub(crate) fn rewinds(connection: &Connection, session: &SessionId) -> Result<Vec<RunId>, Halt> {
    let query = "SELECT run FROM runs WHERE session = ?1 AND session <> ''
         AND run IN (SELECT run FROM records WHERE kind = 'rewound') ORDER BY id";
    names(connection, query, session)
}

fn names(connection: &Connection, query: &str, session: &SessionId) -> Result<Vec<RunId>, Halt> {
    let mut query = connection.prepare_cached(query)?;
    let rows = query.query_map([session.as_str()], |row| row.get(0).map(RunId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Runs, newest first.
pub(crate) fn runs(connection: &Connection, limit: usize) -> Result<Vec<RunRow>, Halt> {
    let mut query = connection
        .prepare_cached("SELECT run, session, title, started, status FROM runs ORDER BY id DESC LIMIT ?1")?;
    let rows = query.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], run_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The runs of a session, oldest first; the empty name is none.
pub(crate) fn session(connection: &Connection, session: &SessionId) -> Result<Vec<RunRow>, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT run, session, title, started, status FROM runs WHERE session = ?1 AND session <> '' ORDER BY id",
    )?;
    let rows = query.query_map([session.as_str()], run_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// One run, if it is there.
pub(crate) fn run(connection: &Connection, run: &RunId) -> Result<Option<RunRow>, Halt> {
    let mut query =
        connection.prepare_cached("SELECT run, session, title, started, status FROM runs WHERE run = ?1")?;
    Ok(query.query_row([run.as_str()], run_row).optional()?)
}

/// The newest run with a change that stands. One that began without a session works for another one, which has its
/// changes.
pub(crate) fn last_changed(connection: &Connection) -> Result<Option<RunId>, Halt> {
    first_run(
        connection,
        "SELECT runs.run FROM runs JOIN changes ON changes.run = runs.run
         WHERE changes.state = 'applied' AND (runs.session <> '' OR runs.title = '') ORDER BY runs.id DESC LIMIT 1",
    )
}

/// The runs that an undo left alone and that are newer than the one of [`last_changed`], the newest first.
pub(crate) fn left_alone(connection: &Connection) -> Result<Vec<RunId>, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT DISTINCT runs.run, runs.id FROM runs JOIN changes ON changes.run = runs.run
         WHERE changes.state = 'left' AND (runs.session <> '' OR runs.title = '') AND runs.id > (
             SELECT COALESCE(MAX(runs.id), 0) FROM runs JOIN changes ON changes.run = runs.run
             WHERE changes.state = 'applied' AND (runs.session <> '' OR runs.title = ''))
         ORDER BY runs.id DESC LIMIT 16",
    )?;
    let runs = query.query_map([], |row| row.get::<_, String>(0).map(RunId))?;
    Ok(runs.collect::<Result<_, _>>()?)
}

/// The run that was taken back last: a newer one may have been taken back before it.
pub(crate) fn last_undone(connection: &Connection) -> Result<Option<RunId>, Halt> {
    first_run(
        connection,
        "SELECT runs.run FROM runs JOIN changes ON changes.run = runs.run AND changes.state = 'undone'
         JOIN records ON records.run = runs.run AND records.kind = 'undone'
         GROUP BY runs.run ORDER BY MAX(records.at) DESC, runs.id LIMIT 1",
    )
}

fn first_run(connection: &Connection, query: &str) -> Result<Option<RunId>, Halt> {
    let mut query = connection.prepare_cached(query)?;
    Ok(query.query_row([], |row| row.get::<_, String>(0)).optional()?.map(RunId))
}

fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let status: Option<String> = row.get("status")?;
    Ok(RunRow {
        run: RunId(row.get("run")?),
        session: SessionId(row.get("session")?),
        title: row.get("title")?,
        started: Timestamp(unsigned(row.get("started")?)),
        status: status.and_then(|word| serde_json::from_value(word.into()).ok()),
    })
}

/// Brings `runs` and `changes` up to date with one more record.
fn project(transaction: &Transaction<'_>, record: &Record) -> Result<(), Halt> {
    let run = record.run.as_str();
    match &record.event {
        Event::RunStarted { session, title, parent, .. } => {
            let parent = parent.as_ref().map_or("", |parent| parent.as_str());
            transaction
                .prepare_cached(
                    "UPDATE runs SET session = ?2, title = ?3, parent = ?4, status = NULL WHERE run = ?1",
                )?
                .execute(params![run, session.as_str(), title, parent])?;
        }
        Event::RunFinished { status, .. } => {
            let word = serde_json::to_value(status).ok();
            transaction
                .prepare_cached("UPDATE runs SET status = ?2 WHERE run = ?1")?
                .execute(params![run, word.as_ref().and_then(|word| word.as_str())])?;
        }
        Event::Undone { change, redo: false, .. } => mark(transaction, change, run, "undone")?,
        // Until something new is made of it: it stands, and no undo without a name comes to it.
        Event::LeftAlone { change, .. } => mark(transaction, change, run, "left")?,
        Event::ChangeApplied { change, .. }
        | Event::CommandChanged { change, .. }
        | Event::Undone { change, .. } => {
            mark(transaction, change, run, "applied")?;
        }
        _ => {}
    }
    Ok(())
}

fn mark(transaction: &Transaction<'_>, change: &ChangeId, run: &str, state: &str) -> Result<(), Halt> {
    transaction
        .prepare_cached(
            "INSERT INTO changes (change, run, state) VALUES (?1, ?2, ?3)
             ON CONFLICT (change) DO UPDATE SET state = excluded.state",
        )?
        .execute([change.as_str(), run, state])?;
    Ok(())
}

/// Number and hash of the run's last record, as the next one needs them.
fn last(connection: &Connection, run: &RunId) -> Result<Option<(u64, Link)>, Halt> {
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached("SELECT seq, link FROM records WHERE run = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((seq, link)) = found else { return Ok(None) };
    let link = Link::try_from(link).map_err(|_| tampered(run, unsigned(seq)))?;
    Ok(Some((unsigned(seq), link)))
}

/// The hash of one record.
fn link_of(connection: &Connection, run: &RunId, seq: u64) -> Result<Option<Vec<u8>>, Halt> {
    Ok(connection
        .prepare_cached("SELECT link FROM records WHERE run = ?1 AND seq = ?2")?
        .query_row(params![run.as_str(), signed(seq)], |row| row.get(0))
        .optional()?)
}

pub(crate) fn seal_of(connection: &Connection, run: &RunId) -> Result<Option<(i64, Vec<u8>)>, Halt> {
    Ok(connection
        .prepare_cached("SELECT last_seq, seal FROM runs WHERE run = ?1")?
        .query_row([run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

pub(crate) fn tampered(run: &RunId, seq: impl TryInto<u64>) -> Halt {
    StoreError::Tampered { run: run.clone(), seq: seq.try_into().unwrap_or(0) }.into()
}

/// As much of a first record as says where its chain begins, whatever version wrote the rest.
#[derive(Deserialize)]
struct First {
    carried: Option<Place>,
}

/// A record of another run.
#[derive(Deserialize)]
struct Place {
    run: RunId,
    seq: u64,
}

/// What the first record of a run is chained to: the workspace, and the last record of its session where it names one,
/// so that no run before it can be changed or taken out unseen.
pub(crate) fn first_link(
    connection: &Connection,
    key: &Key,
    workspace: &[u8],
    run: &RunId,
    data: &str,
) -> Result<Link, Halt> {
    let first = key.link(&[b"copydesk.run/1", workspace, run.as_str().as_bytes()]);
    let Ok(First { carried: Some(place) }) = serde_json::from_str(data) else { return Ok(first) };
    let before = link_of(connection, &place.run, place.seq)?.ok_or_else(|| tampered(run, 1))?;
    Ok(key.link(&[b"copydesk.run/2", &first, &before]))
}

#[expect(clippy::too_many_arguments, reason = "these are the columns that the hash covers")]
pub(crate) fn chained(
    key: &Key,
    before: &Link,
    run: &str,
    seq: i64,
    ulid: &str,
    version: i64,
    at: i64,
    data: &str,
) -> Link {
    key.link(&[
        before,
        run.as_bytes(),
        &seq.to_le_bytes(),
        ulid.as_bytes(),
        &version.to_le_bytes(),
        &at.to_le_bytes(),
        data.as_bytes(),
    ])
}

/// Vouches for a run's last record, so that a tail that was cut off is missed.
pub(crate) fn sealed(key: &Key, run: &str, seq: i64, link: &Link) -> Link {
    key.link(&[b"copydesk.end/1", run.as_bytes(), &seq.to_le_bytes(), link])
}

/// The kind and the JSON of an event.
fn written(record: &Record) -> Result<(String, String), Halt> {
    let value = serde_json::to_value(&record.event).map_err(|error| StoreError::Database {
        path: std::path::PathBuf::from(record.run.as_str()),
        cause: error.to_string(),
    })?;
    let kind = value.get("type").and_then(|kind| kind.as_str()).unwrap_or("unknown").to_owned();
    Ok((kind, value.to_string()))
}

/// A word that sorts by time and repeats nowhere: 48 bits of milliseconds and 80 of chance in Crockford's base 32.
fn ulid(at: Timestamp) -> Result<String, Halt> {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut random = [0u8; 16];
    getrandom::fill(&mut random[6..]).map_err(|error| StoreError::Database {
        path: std::path::PathBuf::from("the random source"),
        cause: error.to_string(),
    })?;
    let bits = u128::from_be_bytes(random) | u128::from(at.0 & 0xffff_ffff_ffff) << 80;
    Ok((0..26).rev().map(|digit| char::from(LETTERS[(bits >> (digit * 5) & 31) as usize])).collect())
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
