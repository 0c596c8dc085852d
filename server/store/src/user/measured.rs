//! How far our estimates of tokens are off, model by model.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::spending::{count, row};
use super::{UserStore, reading, writing};
use crate::StoreError;
use crate::database::Halt;

/// What a model's requests were estimated at, and what it reported; old ones weigh less and less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    pub estimated: f64,
    pub reported: f64,
    pub requests: u64,
}

/// What the requests before weigh at the next one: about the last twenty count.
const MEMORY: f64 = 0.95;

impl Measured {
    /// By how much an estimate is to be multiplied; one where nothing is known, and never absurd.
    pub fn ratio(&self) -> f64 {
        if self.estimated < 1.0 { 1.0 } else { (self.reported / self.estimated).clamp(0.25, 4.0) }
    }
}

impl UserStore {
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
