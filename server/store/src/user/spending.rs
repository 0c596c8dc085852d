//! What was used up on a day and in a conversation, and what requests under way may use at most.
//!
//! Looking and taking are one transaction: of two processes that ask at the same moment one comes second, and sees what
//! the first has reserved.

use std::time::Duration;

use copydesk_base::{SessionId, Timestamp, Usage};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::conversation::{Conversation, converse, forget, forget_resting, taken_by, used_by};
use super::passed::{Passed, passed};
use super::{UserStore, reading, writing};
use crate::StoreError;
use crate::database::{Halt, Slot};

/// What is kept free for one request, until it is settled.
#[derive(Debug, PartialEq, Eq)]
pub struct Reservation(i64);

/// What is taken of a day or of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// Used up.
    pub spent: Usage,
    /// What requests under way may use at most.
    pub reserved: Usage,
    /// How long runs were at work.
    pub time: Duration,
}

/// What the next request comes on top of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accounts {
    pub day: Taken,
    /// Nothing for a request that is no part of one.
    pub conversation: Taken,
    /// What the model did that is to be asked.
    pub passed: Passed,
}

/// Who reserves, when, and for what.
#[derive(Clone, Debug)]
pub struct Holder {
    pub process: u32,
    pub at: Timestamp,
    /// Whether a process lives; what a dead one had reserved counts as used: its requests may have been billed.
    pub is_alive: fn(u32) -> bool,
    pub conversation: Option<Conversation>,
    /// `provider/model` that is to be asked.
    pub model: String,
}

/// A request that takes longer was forgotten, and may have been billed: its process lives, and its run broke.
const LONGEST_REQUEST_MS: u64 = 60 * 60 * 1000;

impl UserStore {
    /// Adds to what was used up on a day, counted from 1970-01-01 in UTC, in all workspaces.
    pub async fn spend(&self, day: u64, usage: Usage) -> Result<(), StoreError> {
        self.database.call(writing(move |transaction| spend(transaction, day, usage, Duration::ZERO))).await
    }

    /// What was used up on a day, in all workspaces, without what is reserved.
    pub async fn spent(&self, day: u64) -> Result<Usage, StoreError> {
        self.database.call(reading(move |connection| Ok(spent(connection, day)?.0))).await
    }

    /// Decides about a request with what the day and its conversation have used and others have reserved, and reserves
    /// what it says. Nothing comes in between.
    pub async fn reserve<T: Send + 'static, E: Send + 'static>(
        &self,
        day: u64,
        holder: Holder,
        decide: impl FnOnce(Accounts) -> Result<(T, Usage), E> + Send + 'static,
    ) -> Result<Result<(T, Reservation), E>, StoreError> {
        self.database
            .call(writing(move |transaction| {
                sweep(transaction, day, &holder)?;
                forget_resting(transaction, holder.at)?;
                let accounts = Accounts {
                    day: taken_on(transaction, day)?,
                    conversation: match &holder.conversation {
                        Some(conversation) => taken_by(transaction, conversation, holder.at)?,
                        None => Taken::default(),
                    },
                    passed: passed(transaction, &holder.model, day)?,
                };
                match decide(accounts) {
                    Ok((answer, usage)) => Ok(Ok((answer, keep(transaction, day, &holder, usage)?))),
                    Err(refusal) => Ok(Err(refusal)),
                }
            }))
            .await
    }

    /// Puts what a request really used in the place of what was reserved for it, and adds how long its run was at work
    /// since the last time. Answers what its conversation had used before.
    pub async fn settle(
        &self,
        reservation: Reservation,
        day: u64,
        usage: Usage,
        time: Duration,
    ) -> Result<Usage, StoreError> {
        self.database
            .call(writing(move |transaction| settle(transaction, reservation, day, usage, time)))
            .await
    }

    /// Forgets what conversations used that are gone. What days have used stays, theirs in it.
    pub async fn forget_conversations(&self, sessions: Vec<SessionId>) -> Result<(), StoreError> {
        let forget = move |slot: &mut Slot| match slot.existing()? {
            None => Ok(()),
            Some(_) => slot.writable()?.erase(|transaction| forget(transaction, &sessions)),
        };
        self.database.call(forget).await
    }
}

fn settle(
    transaction: &Transaction<'_>,
    Reservation(id): Reservation,
    day: u64,
    usage: Usage,
    time: Duration,
) -> Result<Usage, Halt> {
    let mut find = transaction.prepare_cached("SELECT session FROM reserved WHERE id = ?1")?;
    let session: Option<String> = find.query_row([id], |row| row.get(0)).optional()?;
    let Some(session) = session else {
        // What took too long counts already.
        spend(transaction, day, Usage::default(), time)?;
        return Ok(Usage::default());
    };
    transaction.execute("DELETE FROM reserved WHERE id = ?1", [id])?;
    spend(transaction, day, usage, time)?;
    let (before, _) = used_by(transaction, &session)?;
    converse(transaction, &session, usage, time)?;
    Ok(before)
}

fn sweep(transaction: &Transaction<'_>, day: u64, holder: &Holder) -> Result<(), Halt> {
    let mut query = transaction.prepare_cached(
        "SELECT input_tokens, output_tokens, requests, usd, id, day, process, at, session FROM reserved",
    )?;
    let kept = |of: u64, process: u32, at: u64| {
        // One day more, for requests that cross midnight.
        of + 1 >= day
            && holder.at.0.saturating_sub(at) < LONGEST_REQUEST_MS
            && (process == holder.process || (holder.is_alive)(process))
    };
    let rows = query.query_map([], |row| {
        let session: String = row.get(8)?;
        Ok((usage(row)?, row.get::<_, i64>(4)?, count(row, 5)?, row.get(6)?, count(row, 7)?, session))
    })?;
    for found in rows {
        let (most, id, of, process, at, session) = found?;
        if !kept(of, process, at) {
            spend(transaction, of, most, Duration::ZERO)?;
            converse(transaction, &session, most, Duration::ZERO)?;
            transaction.execute("DELETE FROM reserved WHERE id = ?1", [id])?;
        }
    }
    Ok(())
}

fn taken_on(connection: &Connection, day: u64) -> Result<Taken, Halt> {
    let (spent, time) = spent(connection, day)?;
    let mut reserved = connection.prepare_cached(
        "SELECT ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(requests), 0), sum(usd)
         FROM reserved WHERE day = ?1",
    )?;
    Ok(Taken { spent, reserved: reserved.query_row([row(day)], usage)?, time })
}

fn keep(transaction: &Transaction<'_>, day: u64, holder: &Holder, usage: Usage) -> Result<Reservation, Halt> {
    // No session has an empty name.
    let session = holder.conversation.as_ref().map_or("", |conversation| conversation.session.as_str());
    let [day, input, output, requests, usd, _] = used(row(day), usage, Duration::ZERO);
    transaction.execute(
        "INSERT INTO reserved (day, input_tokens, output_tokens, requests, usd, process, at, session)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![day, input, output, requests, usd, holder.process, row(holder.at.0), session],
    )?;
    Ok(Reservation(transaction.last_insert_rowid()))
}

fn spend(transaction: &Transaction<'_>, day: u64, usage: Usage, time: Duration) -> Result<(), Halt> {
    transaction.execute(
        "INSERT INTO spent (day, input_tokens, output_tokens, requests, usd, ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (day) DO UPDATE SET
             input_tokens = input_tokens + excluded.input_tokens,
             output_tokens = output_tokens + excluded.output_tokens,
             requests = requests + excluded.requests,
             ms = ms + excluded.ms,
             usd = CASE WHEN usd IS NULL AND excluded.usd IS NULL THEN NULL
                        ELSE ifnull(usd, 0) + ifnull(excluded.usd, 0) END",
        used(row(day), usage, time),
    )?;
    Ok(())
}

fn spent(connection: &Connection, day: u64) -> Result<(Usage, Duration), Halt> {
    let mut query = connection
        .prepare_cached("SELECT input_tokens, output_tokens, requests, usd, ms FROM spent WHERE day = ?1")?;
    Ok(query.query_row([row(day)], usage_and_time).optional()?.unwrap_or_default())
}

/// Whose it is, what was used and how long runs were at work, as six columns.
pub(super) fn used(whose: impl Into<Value>, usage: Usage, time: Duration) -> [Value; 6] {
    [
        whose.into(),
        row(usage.input_tokens).into(),
        row(usage.output_tokens).into(),
        row(usage.requests).into(),
        usage.usd.filter(|usd| usd.is_finite()).into(),
        row(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).into(),
    ]
}

/// A count as a column holds it. A count of nonsense stays far from the end of its range, so that sums fit.
pub(super) fn row(count: u64) -> i64 {
    i64::try_from(count.min(1 << 53)).unwrap_or(i64::MAX)
}

/// Tokens both ways, requests and dollars, in the first four columns.
pub(super) fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    Ok(Usage {
        input_tokens: count(row, 0)?,
        output_tokens: count(row, 1)?,
        requests: count(row, 2)?,
        usd: row.get(3)?,
        ..Usage::default()
    })
}

/// The same, and in the fifth how long runs were at work.
pub(super) fn usage_and_time(row: &Row<'_>) -> rusqlite::Result<(Usage, Duration)> {
    Ok((usage(row)?, Duration::from_millis(count(row, 4)?)))
}

pub(super) fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
}
