//! Models whose servers took more than they were allowed, as they say themselves, or do not say what they took: what they
//! did once they may do again.
//!
//! It is kept for a day, and one memory for whoever asks: runs, their helpers, suggestions, other processes. Who reserves
//! for a request is told in the same transaction.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::spending::{count, row};
use super::{UserStore, writing};
use crate::StoreError;
use crate::database::Halt;

/// By how much the requests to a model took more than they were allowed, at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Where the longest of its too long answers was told to end, in tokens.
    pub told: u64,
    /// What counts of that answer; 0 where each ended as it was told to.
    pub received: u64,
    /// What was counted of a request beyond the most that was reserved for its text.
    pub sent: u64,
    /// Whether nothing that can be was reported of what a request sent.
    pub is_silent: bool,
}

impl Passed {
    /// The worst of both.
    fn or(self, other: Self) -> Self {
        let longest = if other.received > self.received { other } else { self };
        Self { sent: self.sent.max(other.sent), is_silent: self.is_silent || other.is_silent, ..longest }
    }
}

impl UserStore {
    /// Keeps in mind, for this day, that a model took more than it was allowed.
    pub async fn pass(&self, model: &str, day: u64, passed: Passed) -> Result<(), StoreError> {
        let model = model.to_owned();
        self.database.call(writing(move |transaction| pass(transaction, &model, day, passed))).await
    }
}

fn pass(transaction: &Transaction<'_>, model: &str, day: u64, more: Passed) -> Result<(), Halt> {
    let Passed { told, received, sent, is_silent } = passed(transaction, model, day)?.or(more);
    transaction.execute(
        "INSERT OR REPLACE INTO passed (model, day, told, received, sent, silent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![model, row(day), row(told), row(received), row(sent), is_silent],
    )?;
    Ok(())
}

/// What is known of a model on a day.
pub(super) fn passed(connection: &Connection, model: &str, day: u64) -> Result<Passed, Halt> {
    let mut query = connection
        .prepare_cached("SELECT told, received, sent, silent FROM passed WHERE model = ?1 AND day = ?2")?;
    let found = query.query_row(params![model, row(day)], |row| {
        Ok(Passed {
            told: count(row, 0)?,
            received: count(row, 1)?,
            sent: count(row, 2)?,
            is_silent: row.get(3)?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}
