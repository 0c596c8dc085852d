//! One open database and the thread that works on it.
//!
//! SQLite is synchronous and a connection belongs to one thread, so every database has one, started by the first
//! job and joined when the last handle goes. Handles send closures; async callers wait without blocking.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::chain::Key;
use crate::home::{make_folder_of, make_private};
use crate::layout::{JOURNAL, Layout, USER, connect, fault, fresh, migrate};
use crate::{ReadOnly, StoreError};

/// A handle; clones share the thread.
#[derive(Clone)]
pub(crate) struct Database {
    inner: Arc<Inner>,
}

/// Which database it is, and to whom it belongs.
#[derive(Clone, Debug)]
pub(crate) enum Owner {
    Workspace { home: PathBuf, workspace: PathBuf },
    User,
}

impl Owner {
    const fn layout(&self) -> &'static Layout {
        match self {
            Self::Workspace { .. } => &JOURNAL,
            Self::User => &USER,
        }
    }
}

struct Inner {
    path: PathBuf,
    owner: Owner,
    worker: Mutex<Option<Worker>>,
}

struct Worker {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

type Job = Box<dyn FnOnce(&mut Slot) + Send>;

impl Database {
    pub(crate) fn new(path: PathBuf, owner: Owner) -> Self {
        Self { inner: Arc::new(Inner { path, owner, worker: Mutex::new(None) }) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `job` on the database's thread.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Slot) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        // A caller that went away does not want the answer; the job is done all the same.
        self.send(Box::new(move |slot| drop(answer.send(job(slot)))))?;
        answered.await.unwrap_or_else(|_| Err(self.ended()))
    }

    /// The same for callers without a runtime; inside one it holds up its thread for the time of one query.
    pub(crate) fn call_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Slot) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.send(Box::new(move |slot| drop(answer.send(job(slot)))))?;
        answered.recv().unwrap_or_else(|_| Err(self.ended()))
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let mut worker = self.inner.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            *worker = Some(self.start()?);
        }
        match worker.as_ref() {
            Some(worker) => worker.jobs.send(job).map_err(|_| self.ended()),
            None => Err(self.ended()),
        }
    }

    fn start(&self) -> Result<Worker, StoreError> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let mut slot = Slot { path: self.inner.path.clone(), owner: self.inner.owner.clone(), open: None };
        let thread = std::thread::Builder::new()
            .name("copydesk-store".to_owned())
            .spawn(move || inbox.into_iter().for_each(|job| job(&mut slot)))
            .map_err(|error| StoreError::Database {
                path: self.inner.path.clone(),
                cause: format!("its thread cannot start: {error}"),
            })?;
        Ok(Worker { jobs, thread })
    }

    fn ended(&self) -> StoreError {
        StoreError::Ended { path: self.inner.path.clone() }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let worker = self.worker.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Worker { jobs, thread }) = worker {
            drop(jobs);
            // A panic there has answered its caller with `Ended` already.
            let _ = thread.join();
        }
    }
}

/// What the thread holds: the place of the database, and the connection once there was a reason to open it.
pub(crate) struct Slot {
    path: PathBuf,
    owner: Owner,
    open: Option<Open>,
}

/// An open database.
pub(crate) struct Open {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// Verifies and extends the chain; absent for the user's database and for a journal whose key is gone.
    pub(crate) key: Option<Key>,
    /// Names the workspace in every hash.
    pub(crate) workspace: Vec<u8>,
    pub(crate) read_only: Option<ReadOnly>,
    /// `PRAGMA data_version` when it was last asked for.
    pub(crate) data_version: Option<i64>,
    /// Which file it is, to notice that somebody put another one, or none, in its place.
    file: Option<(u64, u64)>,
}

impl Slot {
    /// The database if its file exists. Makes nothing.
    pub(crate) fn existing(&mut self) -> Result<Option<&mut Open>, StoreError> {
        let file = identity(&self.path);
        if self.open.as_ref().is_some_and(|open| open.file != file) {
            self.open = None;
        }
        if file.is_none() {
            return Ok(None);
        }
        if self.open.is_none() {
            self.open = Some(open(&self.path, &self.owner)?);
        }
        Ok(self.open.as_mut())
    }

    /// The database, made where it is missing, and only if it may be written.
    pub(crate) fn writable(&mut self) -> Result<&mut Open, StoreError> {
        if identity(&self.path).is_none() {
            self.open = None;
            make_folder_of(&self.path)?;
            if let Owner::Workspace { home, .. } = &self.owner {
                Key::make(home)?;
            }
            make_private(&self.path, &fresh(self.owner.layout(), &self.path)?)?;
        }
        let path = self.path.clone();
        match self.existing()? {
            Some(Open { read_only: Some(because), .. }) => {
                Err(StoreError::ReadOnly { path, because: because.clone() })
            }
            Some(open) => Ok(open),
            None => Err(StoreError::Database { path, cause: "it went away again".to_owned() }),
        }
    }
}

impl Open {
    /// A transaction that holds the write lock from its start, so that what it reads stays true until it commits.
    /// Whatever halts it takes all of it back.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Halt>,
    ) -> Result<T, StoreError> {
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| fault(path, &error))?;
        let value = work(&transaction).map_err(|halt| halt.at(path))?;
        transaction.commit().map_err(|error| fault(path, &error))?;
        Ok(value)
    }

    /// The same for what is to leave nothing behind: the file is written anew, and the log of changes emptied.
    pub(crate) fn erase<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Halt>,
    ) -> Result<T, StoreError> {
        self.read(|connection| Ok(connection.pragma_update(None, "secure_delete", "on")?))?;
        let value = self.write(work)?;
        // Another process that reads just now keeps it; the next deletion empties it.
        self.read(|connection| {
            // A page that was split before keeps copies of what moved: only a file written anew has none. Where
            // another process is in the way, the next deletion does it.
            let _ = connection.execute_batch("VACUUM");
            Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
        })?;
        Ok(value)
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Halt>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|halt| halt.at(&self.path))
    }
}

/// What stops a query: SQLite, or we ourselves.
pub(crate) enum Halt {
    Sql(rusqlite::Error),
    Store(StoreError),
}

impl Halt {
    fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Sql(error) => fault(path, &error),
            Self::Store(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn open(path: &Path, owner: &Owner) -> Result<Open, StoreError> {
    let file = identity(path);
    let mut connection = connect(path).map_err(|error| fault(path, &error))?;
    let newer = migrate(&mut connection, owner.layout(), path)?;
    let (key, workspace, read_only) = match owner {
        Owner::User => (None, Vec::new(), newer),
        Owner::Workspace { home, workspace } => {
            let workspace = workspace.as_os_str().as_encoded_bytes().to_owned();
            let key = Key::find(home)?;
            let ours =
                is_ours(&mut connection, &workspace, key.as_ref()).map_err(|error| fault(path, &error))?;
            (key, workspace, newer.or((!ours).then_some(ReadOnly::Foreign)))
        }
    };
    if read_only.is_some() {
        connection.pragma_update(None, "query_only", "on").map_err(|error| fault(path, &error))?;
    }
    Ok(Open { connection, path: path.to_owned(), key, workspace, read_only, data_version: None, file })
}

/// Whether the journal was made for this workspace with this key. An empty one that nobody owns yet becomes ours.
fn is_ours(connection: &mut Connection, workspace: &[u8], key: Option<&Key>) -> rusqlite::Result<bool> {
    let Some(key) = key else { return Ok(false) };
    let seal = key.link(&[b"copydesk.journal/1", workspace]);
    let value = |connection: &Connection, name: &str| {
        connection
            .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get::<_, Vec<u8>>(0))
            .optional()
    };
    if value(connection, "seal")?.is_none() {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_empty: bool = transaction.query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM records) AND NOT EXISTS (SELECT 1 FROM meta)",
            [],
            |row| row.get(0),
        )?;
        if is_empty {
            let insert = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
            transaction.execute(insert, ("workspace", workspace))?;
            transaction.execute(insert, ("seal", seal.as_slice()))?;
        }
        transaction.commit()?;
    }
    Ok(value(connection, "workspace")?.as_deref() == Some(workspace)
        && value(connection, "seal")?.as_deref() == Some(seal.as_slice()))
}

/// Device and number of a file; `None` where there is none.
fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        Some((0, 0))
    }
}
