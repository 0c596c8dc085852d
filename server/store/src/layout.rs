//! The tables, by version, and opening a database so that they stand.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::{ReadOnly, StoreError};

/// One kind of database: how its files are told from others, and what brings each version to the next.
pub(crate) struct Layout {
    /// `PRAGMA application_id`, so that another program's file is never taken for ours.
    pub(crate) application: i64,
    /// The `n`-th brings a database of version `n` to `n + 1`.
    pub(crate) steps: &'static [&'static str],
}

impl Layout {
    /// The version that this program writes.
    pub(crate) fn known(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}

pub(crate) const JOURNAL: Layout =
    Layout { application: 0x0043_444a, steps: &[JOURNAL_1, JOURNAL_PACKED, JOURNAL_NAMES, JOURNAL_PARENTS] };
pub(crate) const USER: Layout =
    Layout { application: 0x0043_4455, steps: &[USER_1, USER_2, USER_3, USER_4, USER_5, USER_6, USER_7] };

/// `records` is the truth, `runs` and `changes` are projections of it, written in the same transaction.
const JOURNAL_1: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    started INTEGER NOT NULL,
    status TEXT,
    last_seq INTEGER NOT NULL,
    seal BLOB NOT NULL
) STRICT;
CREATE TABLE records (
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    ulid TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    link BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE changes (
    change TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_state ON changes (state, run);
CREATE TABLE approvals (
    approval TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    summary TEXT NOT NULL,
    always TEXT NOT NULL,
    asked INTEGER NOT NULL,
    expires INTEGER,
    decision TEXT,
    decided_by TEXT,
    settled INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_open ON approvals (asked) WHERE settled = 0;
";

/// Long events lie there deflated, and then `data` is empty; the turns of a conversation are found without a look at
/// all.
const JOURNAL_PACKED: &str = "
ALTER TABLE records ADD COLUMN packed BLOB;
CREATE INDEX runs_by_session ON runs (session, id);
CREATE INDEX rewinds ON records (run) WHERE kind = 'rewound';
";

/// What the person calls their conversations.
const JOURNAL_NAMES: &str = "
CREATE TABLE names (session TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Which run a run works for, so that both go together; empty where it works for nobody, or began before this was kept.
/// And from here on runs are chained to those before them: an older program would say of one that it was changed.
const JOURNAL_PARENTS: &str = "
ALTER TABLE runs ADD COLUMN parent TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_by_parent ON runs (parent) WHERE parent <> '';
";

const USER_1: &str = "
CREATE TABLE trusted (
    workspace BLOB NOT NULL,
    path TEXT NOT NULL,
    hash TEXT NOT NULL,
    content TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (workspace, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace BLOB NOT NULL,
    rule TEXT NOT NULL,
    run TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (workspace, rule)
) STRICT;
";

/// What was used up, by calendar day.
const USER_2: &str = "
CREATE TABLE spent (
    day INTEGER PRIMARY KEY,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    usd REAL
) STRICT;
";

/// Where keys are kept (never the keys), what requests under way may cost, and how far estimates of tokens are off.
const USER_3: &str = "
CREATE TABLE stored_keys (
    provider TEXT NOT NULL,
    address TEXT NOT NULL,
    place TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (provider, address)
) STRICT, WITHOUT ROWID;
CREATE TABLE reserved (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day INTEGER NOT NULL,
    process INTEGER NOT NULL,
    at INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    usd REAL
) STRICT;
CREATE TABLE measured (
    model TEXT PRIMARY KEY,
    estimated REAL NOT NULL,
    reported REAL NOT NULL,
    requests INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// How long runs were at work on a day.
const USER_4: &str = "ALTER TABLE spent ADD COLUMN ms INTEGER NOT NULL DEFAULT 0";

/// What conversations have used, and which of them a request under way is a part of.
const USER_5: &str = "
ALTER TABLE reserved ADD COLUMN session TEXT NOT NULL DEFAULT '';
CREATE TABLE conversations (
    session TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    usd REAL,
    ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// By how much the requests to a model took more than they were allowed on a day.
const USER_6: &str = "
CREATE TABLE passed (
    model TEXT PRIMARY KEY,
    day INTEGER NOT NULL,
    told INTEGER NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Whether the server of a model was seen not to say what it was sent.
const USER_7: &str = "ALTER TABLE passed ADD COLUMN silent INTEGER NOT NULL DEFAULT 0";

/// How long one process waits for another's write.
const PATIENCE: Duration = Duration::from_secs(5);

/// An empty database with all its tables, as its file is to be: born whole, it is synced once and not table by table.
pub(crate) fn fresh(layout: &Layout, path: &Path) -> Result<Vec<u8>, StoreError> {
    let fault = |error: rusqlite::Error| fault(path, &error);
    let mut connection = Connection::open_in_memory().map_err(fault)?;
    migrate(&mut connection, layout, path)?;
    let mut bytes = connection.serialize("main").map_err(fault)?.to_vec();
    // Which versions of the format write and read it: the second has a write-ahead log, and memory has none.
    if let Some(versions) = bytes.get_mut(18..20) {
        versions.fill(2);
    }
    Ok(bytes)
}

/// Opens the file, which exists, in WAL mode.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // The switch to WAL does not wait for its lock by itself: two processes that make the file at once collide here.
    let start = Instant::now();
    loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => {
                other?;
                break;
            }
        }
    }
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "foreign_keys", "on")?;
    Ok(connection)
}

/// Brings the tables to the version that this program writes, or says why the file is only read.
pub(crate) fn migrate(
    connection: &mut Connection,
    layout: &Layout,
    path: &Path,
) -> Result<Option<ReadOnly>, StoreError> {
    let fault = |error: rusqlite::Error| fault(path, &error);
    let known = layout.known();
    if version(connection).map_err(fault)? != known {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Read again under the lock: another process may have been first.
        let found = version(&transaction).map_err(fault)?;
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
            .map_err(fault)?;
        if found == 0 && tables > 0 {
            return Err(not_ours(path));
        }
        if found == 0 {
            transaction.pragma_update(None, "application_id", layout.application).map_err(fault)?;
        }
        for step in layout.steps.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
            transaction.execute_batch(step).map_err(fault)?;
        }
        if found < known {
            transaction.pragma_update(None, "user_version", known).map_err(fault)?;
            transaction.commit().map_err(fault)?;
        }
    }
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fault)?;
    if application != layout.application {
        return Err(not_ours(path));
    }
    let found = version(connection).map_err(fault)?;
    Ok((found > known).then_some(ReadOnly::Newer { found, known }))
}

/// What an error of SQLite means to a person.
pub(crate) fn fault(path: &Path, error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { path: path.to_owned() },
        // SQLite reports a file size limit, and some full network disks, as a write that failed.
        Some(ErrorCode::SystemIoFailure) if is_failed_write(error) => {
            StoreError::Full { path: path.to_owned() }
        }
        _ => StoreError::Database { path: path.to_owned(), cause: error.to_string() },
    }
}

fn is_failed_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    error.sqlite_error().is_some_and(|error| {
        [SQLITE_IOERR_WRITE, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE].contains(&error.extended_code)
    })
}

fn not_ours(path: &Path) -> StoreError {
    StoreError::Database {
        path: path.to_owned(),
        cause: "it was not made by copydesk; move it away".to_owned(),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_file_is_what_an_empty_one_becomes() {
        let folder = tempfile::tempdir().unwrap();
        let tables = |connection: &Connection| -> Vec<String> {
            let mut tables = connection.prepare("SELECT sql FROM sqlite_master ORDER BY name").unwrap();
            let rows = tables.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
            rows.map(|row| row.unwrap().unwrap_or_default()).collect()
        };
        for (name, layout) in [("journal", &JOURNAL), ("user", &USER)] {
            let (whole, empty) = (folder.path().join(name), folder.path().join(format!("{name}-empty")));
            std::fs::write(&whole, fresh(layout, &whole).unwrap()).unwrap();
            std::fs::write(&empty, b"").unwrap();
            // Nothing is left to be changed: not even the mode.
            let before = std::fs::read(&whole).unwrap();
            let mut one = connect(&whole).unwrap();
            assert_eq!(migrate(&mut one, layout, &whole), Ok(None));
            assert_eq!(std::fs::read(&whole).unwrap(), before, "{name}");
            let mut other = connect(&empty).unwrap();
            assert_eq!(migrate(&mut other, layout, &empty), Ok(None));
            assert_eq!(tables(&one), tables(&other), "{name}");
            let sound: String = one.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
            assert_eq!(sound, "ok", "{name}");
        }
    }
}
