//! What was used up on a day, what requests under way may use at most, and how far our estimates of tokens are off.
//!
//! Looking and taking are one transaction: of two processes that ask at the same moment one comes second, and sees what
//! the first has reserved.

use std::time::Duration;

use copydesk_base::{Timestamp, Usage};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{UserStore, reading, writing};
use crate::StoreError;
use crate::database::Halt;

/// What is kept free for one request, until it is settled.
#[derive(Debug, PartialEq, Eq)]
pub struct Reservation(i64);

/// What is taken of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Taken {
    /// Used up.
    pub spent: Usage,
    /// What requests under way may use at most.
    pub reserved: Usage,
    /// How long runs were at work.
    pub time: Duration,
}

/// Who reserves, and when.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    pub process: u32,
    pub at: Timestamp,
    /// Whether a process lives; what a dead one had reserved counts as used: its requests may have been billed.
    pub is_alive: fn(u32) -> bool,
}

/// What a model's requests were estimated at, and what it reported; old ones weigh less and less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    pub estimated: f64,
    pub reported: f64,
    pub requests: u64,
}

/// A request that takes longer was forgotten, and may have been billed: its process lives, and its run broke.
const LONGEST_REQUEST_MS: u64 = 60 * 60 * 1000;

/// What the requests before weigh at the next one: about the last twenty count.
const MEMORY: f64 = 0.95;

impl Measured {
    /// By how much an estimate is to be multiplied; one where nothing is known, and never absurd.
    pub fn ratio(&self) -> f64 {
        if self.estimated < 1.0 { 1.0 } else { (self.reported / self.estimated).clamp(0.25, 4.0) }
    }
}

impl UserStore {
    /// Adds to what was used up on a day, counted from 1970-01-01 in UTC, in all workspaces.
    pub async fn spend(&self, day: u64, usage: Usage) -> Result<(), StoreError> {
        self.database.call(writing(move |transaction| spend(transaction, day, usage, Duration::ZERO))).await
    }

    /// What was used up on a day, in all workspaces, without what is reserved.
    pub async fn spent(&self, day: u64) -> Result<Usage, StoreError> {
        self.database.call(reading(move |connection| Ok(spent(connection, day)?.0))).await
    }

    /// Decides about a request with what the day has used and others have reserved, and reserves what it says. Nothing
    /// comes in between.
    pub async fn reserve<T: Send + 'static, E: Send + 'static>(
        &self,
        day: u64,
        holder: Holder,
        decide: impl FnOnce(Taken) -> Result<(T, Usage), E> + Send + 'static,
    ) -> Result<Result<(T, Reservation), E>, StoreError> {
        self.database
            .call(writing(move |transaction| {
                sweep(transaction, day, holder)?;
                let (spent, time) = spent(transaction, day)?;
                let taken = Taken { spent, reserved: reserved(transaction, day)?, time };
                match decide(taken) {
                    Ok((answer, usage)) => Ok(Ok((answer, keep(transaction, day, holder, usage)?))),
                    Err(refusal) => Ok(Err(refusal)),
                }
            }))
            .await
    }

    /// Puts what a request really used in the place of what was reserved for it, and adds how long its run was at work
    /// since the last time.
    pub async fn settle(
        &self,
        reservation: Reservation,
        day: u64,
        usage: Usage,
        time: Duration,
    ) -> Result<(), StoreError> {
        self.database
            .call(writing(move |transaction| {
                let held = transaction.execute("DELETE FROM reserved WHERE id = ?1", [reservation.0])?;
                // What took too long counts already.
                spend(transaction, day, if held == 0 { Usage::default() } else { usage }, time)
            }))
            .await
    }

    /// Notes what a request to a model was estimated at, and what the model reported.
    pub async fn measure(&self, model: &str, estimated: u64, reported: u64) -> Result<(), StoreError> {
        let model = model.to_owned();
        self.database
            .call(writing(move |transaction| measure(transaction, &model, estimated, reported)))
            .await
    }

    /// What is known of a model's counting; nothing counts as nothing known.
    pub async fn measured(&self, model: &str) -> Result<Measured, StoreError> {
        let model = model.to_owned();
        self.database.call(reading(move |connection| measured(connection, &model))).await
    }

    pub fn measured_blocking(&self, model: &str) -> Result<Measured, StoreError> {
        let model = model.to_owned();
        self.database.call_blocking(reading(move |connection| measured(connection, &model)))
    }
}

fn sweep(transaction: &Transaction<'_>, day: u64, holder: Holder) -> Result<(), Halt> {
    let mut query = transaction.prepare_cached(
        "SELECT input_tokens, output_tokens, requests, usd, id, day, process, at FROM reserved",
    )?;
    let kept = |of: u64, process: u32, at: u64| {
        // One day more, for requests that cross midnight.
        of + 1 >= day
            && holder.at.0.saturating_sub(at) < LONGEST_REQUEST_MS
            && (process == holder.process || (holder.is_alive)(process))
    };
    let rows = query.query_map([], |row| {
        Ok((usage(row)?, row.get::<_, i64>(4)?, count(row, 5)?, row.get(6)?, count(row, 7)?))
    })?;
    for found in rows {
        let (most, id, of, process, at) = found?;
        if !kept(of, process, at) {
            spend(transaction, of, most, Duration::ZERO)?;
            transaction.execute("DELETE FROM reserved WHERE id = ?1", [id])?;
        }
    }
    Ok(())
}

fn reserved(connection: &Connection, day: u64) -> Result<Usage, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(requests), 0), sum(usd)
         FROM reserved WHERE day = ?1",
    )?;
    Ok(query.query_row([row(day)], usage)?)
}

fn keep(transaction: &Transaction<'_>, day: u64, holder: Holder, usage: Usage) -> Result<Reservation, Halt> {
    transaction.execute(
        "INSERT INTO reserved (day, process, at, input_tokens, output_tokens, requests, usd)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row(day),
            holder.process,
            row(holder.at.0),
            row(usage.input_tokens),
            row(usage.output_tokens),
            row(usage.requests),
            usage.usd.filter(|usd| usd.is_finite()),
        ],
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
        params![
            row(day),
            row(usage.input_tokens),
            row(usage.output_tokens),
            row(usage.requests),
            usage.usd.filter(|usd| usd.is_finite()),
            row(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        ],
    )?;
    Ok(())
}

fn spent(connection: &Connection, day: u64) -> Result<(Usage, Duration), Halt> {
    let mut query = connection
        .prepare_cached("SELECT input_tokens, output_tokens, requests, usd, ms FROM spent WHERE day = ?1")?;
    let found = query.query_row([row(day)], |row| Ok((usage(row)?, Duration::from_millis(count(row, 4)?))));
    Ok(found.optional()?.unwrap_or_default())
}

/// A count as a column holds it. A count of nonsense stays far from the end of its range, so that sums fit.
fn row(count: u64) -> i64 {
    i64::try_from(count.min(1 << 53)).unwrap_or(i64::MAX)
}

fn measure(transaction: &Transaction<'_>, model: &str, estimated: u64, reported: u64) -> Result<(), Halt> {
    let before = measured(transaction, model)?;
    #[expect(clippy::cast_precision_loss, reason = "tokens of one request are far from 2^53")]
    let (estimated, reported) =
        (before.estimated * MEMORY + estimated as f64, before.reported * MEMORY + reported as f64);
    transaction.execute(
        "INSERT OR REPLACE INTO measured (model, estimated, reported, requests) VALUES (?1, ?2, ?3, ?4)",
        params![model, estimated, reported, row(before.requests + 1)],
    )?;
    Ok(())
}

fn measured(connection: &Connection, model: &str) -> Result<Measured, Halt> {
    let mut query =
        connection.prepare_cached("SELECT estimated, reported, requests FROM measured WHERE model = ?1")?;
    let found = query.query_row([model], |row| {
        Ok(Measured { estimated: row.get(0)?, reported: row.get(1)?, requests: count(row, 2)? })
    });
    Ok(found.optional()?.unwrap_or_default())
}

/// Tokens both ways, requests and dollars, in the first four columns.
fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    Ok(Usage {
        input_tokens: count(row, 0)?,
        output_tokens: count(row, 1)?,
        requests: count(row, 2)?,
        usd: row.get(3)?,
        ..Usage::default()
    })
}

fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
}
