//! One workspace's journal: the handle.

use std::path::{Path, PathBuf};

use copydesk_base::{ApprovalId, Record, RunId, SessionId};
use rusqlite::{Connection, Transaction};

use crate::approvals::{self, Answer, Answered, PendingRow};
use crate::database::{Database, Halt, Open, Owner};
use crate::home::journal_file;
use crate::records::{self, RunRow};
use crate::rows::{self, Stored, Wanted};
use crate::sessions::{self, Deleted, Keep, SessionRow, Swept};
use crate::{ReadOnly, StoreError};

/// So many runs are read by two threads.
const MANY: usize = 64;

/// What happened in one workspace, and what waits for a person there. Clones share one thread and one connection.
#[derive(Clone)]
pub struct Journal {
    database: Database,
}

impl Journal {
    /// The journal of `workspace` (its canonical path) in `home` (`COPYDESK_HOME`). Opens nothing yet: the file is made
    /// by the first write, and reading where there is none answers empty.
    pub fn at(home: &Path, workspace: &Path) -> Self {
        let owner = Owner::Workspace { home: home.to_owned(), workspace: workspace.to_owned() };
        Self { database: Database::new(journal_file(home, workspace), owner) }
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> &Path {
        self.database.path()
    }

    /// Where texts of it lie that an editor shows.
    pub fn shown(&self) -> PathBuf {
        self.path().with_file_name("shown")
    }

    /// Appends, in order, in one transaction; when this returns `Ok` all of them are committed, otherwise none is.
    ///
    /// A record's number must be one above the last of its run; [`StoreError::OutOfOrder`] names the one that is due.
    pub async fn append(&self, records: Vec<Record>) -> Result<(), StoreError> {
        self.database
            .call(move |slot| {
                let open = slot.writable()?;
                let (key, workspace) = (open.key.clone(), open.workspace.clone());
                let Some(key) = key else {
                    let (path, because) = (open.path.clone(), ReadOnly::Foreign);
                    return Err(StoreError::ReadOnly { path, because });
                };
                open.write(|transaction| records::append(transaction, &key, &workspace, &records))
            })
            .await
    }

    /// A run's records in order, verified; empty where the run is not known.
    ///
    /// Of a foreign journal the records come as they are: there is no key to verify them with, and nothing can follow
    /// from them, since nothing can be appended.
    pub async fn records(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        Ok(self.records_of(vec![run.clone()]).await?.pop().unwrap_or_default())
    }

    /// The records of several runs at once, in this order.
    pub async fn records_of(&self, runs: Vec<RunId>) -> Result<Vec<Vec<Record>>, StoreError> {
        self.read_runs(runs, None).await
    }

    /// The same, with those kinds of events alone (`told`, `model_answered`): all records are verified, and the others
    /// not made.
    pub async fn records_where(
        &self,
        runs: Vec<RunId>,
        wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Result<Vec<Vec<Record>>, StoreError> {
        self.read_runs(runs, Some(Box::new(wanted))).await
    }

    async fn read_runs(
        &self,
        runs: Vec<RunId>,
        wanted: Option<Box<Wanted>>,
    ) -> Result<Vec<Vec<Record>>, StoreError> {
        self.database
            .call(move |slot| {
                let Some(open) = slot.existing()? else { return Ok(Vec::new()) };
                let key = open.key.as_ref().filter(|_| open.read_only != Some(ReadOnly::Foreign));
                open.read(|connection| {
                    // One snapshot for the records and for what vouches for the last of them.
                    let snapshot = connection.unchecked_transaction()?;
                    let found = runs.iter().map(|run| rows::rows(&snapshot, key, &open.workspace, run));
                    let mut rows = found.collect::<Result<Vec<_>, Halt>>()?;
                    drop(snapshot);
                    let read = |rows: Vec<Stored<'_>>| {
                        let wanted = wanted.as_deref();
                        rows.into_iter()
                            .map(|rows| rows.records(key, wanted))
                            .collect::<Result<Vec<_>, Halt>>()
                    };
                    if rows.len() < MANY {
                        return read(rows);
                    }
                    // Whoever goes on with a long conversation waits for this: half of it is verified beside the other.
                    let later = rows.split_off(rows.len() / 2);
                    let (first, later) = std::thread::scope(|scope| {
                        let later = scope.spawn(|| read(later));
                        (read(rows), later.join())
                    });
                    let mut all = first?;
                    all.extend(later.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
                    Ok(all)
                })
            })
            .await
    }

    /// Runs, newest first.
    pub async fn runs(&self, limit: usize) -> Result<Vec<RunRow>, StoreError> {
        self.read(move |connection| records::runs(connection, limit)).await
    }

    /// Conversations, the one that something was said in last first.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<SessionRow>, StoreError> {
        self.read(move |connection| sessions::list(connection, limit)).await
    }

    /// Gives a conversation a name, or takes it away where it is empty; whether there is such a conversation.
    pub async fn name(&self, session: &SessionId, name: &str) -> Result<bool, StoreError> {
        let (session, name) = (session.clone(), name.to_owned());
        self.change(move |transaction| sessions::name(transaction, &session, &name)).await
    }

    /// Takes a conversation away with everything that it wrote down, for good.
    pub async fn delete(&self, session: &SessionId) -> Result<Deleted, StoreError> {
        let session = session.clone();
        self.erase(move |transaction| sessions::delete(transaction, &session)).await
    }

    /// Takes conversations away that are past a limit.
    pub async fn sweep(&self, keep: Keep) -> Result<Swept, StoreError> {
        if !self.read(move |connection| sessions::is_due(connection, keep)).await? {
            return Ok(Swept::default());
        }
        self.erase(move |transaction| sessions::sweep(transaction, keep)).await
    }

    /// The runs of a session, oldest first.
    pub async fn session(&self, session: &SessionId) -> Result<Vec<RunRow>, StoreError> {
        let session = session.clone();
        self.read(move |connection| records::session(connection, &session)).await
    }

    /// The names of the runs of a session, oldest first.
    pub async fn turns(&self, session: &SessionId) -> Result<Vec<RunId>, StoreError> {
        let session = session.clone();
        self.read(move |connection| records::turns(connection, &session)).await
    }

    /// Those of them that say of others that they do not count any more.
    pub async fn rewinds(&self, session: &SessionId) -> Result<Vec<RunId>, StoreError> {
        let session = session.clone();
        self.read(move |connection| records::rewinds(connection, &session)).await
    }

    /// One run as the list shows it.
    pub async fn run(&self, run: &RunId) -> Result<Option<RunRow>, StoreError> {
        let run = run.clone();
        self.read(move |connection| records::run(connection, &run)).await
    }

    /// The newest run with an applied change that was not taken back: what *undo* without a name means.
    pub async fn last_changed_run(&self) -> Result<Option<RunId>, StoreError> {
        self.read(records::last_changed).await
    }

    /// The newest runs of which an undo took back nothing, as far as they are newer than [`Journal::last_changed_run`]; at
    /// most 16.
    pub async fn left_alone_runs(&self) -> Result<Vec<RunId>, StoreError> {
        self.read(records::left_alone).await
    }

    /// The run that was taken back last: what *redo* without a name means.
    pub async fn last_undone_run(&self) -> Result<Option<RunId>, StoreError> {
        self.read(records::last_undone).await
    }

    /// Puts an approval where other processes can see it.
    pub async fn ask(&self, row: PendingRow) -> Result<(), StoreError> {
        self.database
            .call(move |slot| slot.writable()?.write(|transaction| approvals::ask(transaction, &row)))
            .await
    }

    /// Ends an approval's waiting, and answers the decision that counts: this one, unless another process was first.
    ///
    /// Called by the process that asked, with its own decision or with one that [`Journal::answers`] gave it.
    pub async fn settle(
        &self,
        approval: &ApprovalId,
        decision: &str,
        by: &str,
    ) -> Result<Answer, StoreError> {
        let (approval, decision, by) = (approval.clone(), decision.to_owned(), by.to_owned());
        self.database
            .call(move |slot| {
                slot.writable()?
                    .write(|transaction| approvals::settle(transaction, &approval, &decision, &by))
            })
            .await
    }

    /// Approvals that nobody has decided, oldest first; those of processes that died are among them.
    pub async fn pending(&self) -> Result<Vec<PendingRow>, StoreError> {
        self.read(approvals::pending).await
    }

    /// Decides an approval from another process; the first answer wins, whoever gives it.
    pub async fn answer(
        &self,
        approval: &ApprovalId,
        decision: &str,
        by: &str,
    ) -> Result<Answered, StoreError> {
        let (approval, decision, by) = (approval.clone(), decision.to_owned(), by.to_owned());
        let answered = self.on(move |open| {
            open.write(|transaction| approvals::answer(transaction, &approval, &decision, &by))
        });
        Ok(answered.await?.unwrap_or(Answered::Unknown))
    }

    /// Decisions of other processes that were not yet taken with [`Journal::settle`], of every server on this
    /// workspace: take your own.
    pub async fn answers(&self) -> Result<Vec<(ApprovalId, Answer)>, StoreError> {
        self.read(approvals::answers).await
    }

    /// Whether another connection committed something since the last call; true on the first call. Costs a few
    /// microseconds, so it may be asked often while something is pending.
    pub async fn changed_elsewhere(&self) -> Result<bool, StoreError> {
        self.database
            .call(|slot| {
                let Some(open) = slot.existing()? else { return Ok(false) };
                let now = open.read(|connection| {
                    Ok(connection.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0))?)
                })?;
                Ok(open.data_version.replace(now) != Some(now))
            })
            .await
    }

    /// Work on the journal that there is; nothing where there is none, for no change makes one.
    async fn on<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.database
            .call(move |slot| match slot.existing()? {
                Some(_) => work(slot.writable()?).map(Some),
                None => Ok(None),
            })
            .await
    }

    /// A change of the journal that there is.
    async fn change<T: Default + Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.on(|open| open.write(work)).await?.unwrap_or_default())
    }

    /// The same for what is to leave nothing behind.
    async fn erase<T: Default + Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.on(|open| open.erase(work)).await?.unwrap_or_default())
    }

    /// What a query finds; nothing where there is no journal yet.
    async fn read<T: Default + Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Halt> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.database
            .call(|slot| match slot.existing()? {
                Some(open) => open.read(query),
                None => Ok(T::default()),
            })
            .await
    }

    /// Why nothing can be appended here, if so.
    pub async fn read_only(&self) -> Result<Option<ReadOnly>, StoreError> {
        self.database.call(|slot| Ok(slot.existing()?.and_then(|open| open.read_only.clone()))).await
    }

    /// Whether it is read and never written: of a newer version, or foreign. An absent journal is not.
    pub async fn is_read_only(&self) -> bool {
        !matches!(self.read_only().await, Ok(None))
    }
}
