//! Approvals that wait for a person, as rows, so that another process can list and answer them.
//!
//! The process that runs the agent writes the question ([`ask`]) and takes it away ([`settle`]); any process may
//! [`answer`] in between. The first decision stands, whoever made it: each is one conditional update.

use copydesk_base::{ApprovalId, RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;

use crate::database::Halt;

/// One approval that nobody has decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PendingRow {
    pub approval: ApprovalId,
    pub run: RunId,
    /// What is asked, rendered for people: bounded and escaped.
    pub summary: String,
    /// The literal rules that *Always allow* would store; empty where it is not offered.
    pub always: Vec<String>,
    pub asked: Timestamp,
    /// When silence becomes a denial; `None` where it waits for ever.
    pub expires: Option<Timestamp>,
}

/// The decision that stands, and whose it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub decision: String,
    pub by: String,
}

/// What an answer from another process did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It stands; the process that runs the agent will find it.
    Taken,
    /// Somebody was first.
    AlreadySettled,
    /// No such approval was ever asked in this workspace.
    Unknown,
}

pub(crate) fn ask(transaction: &Transaction<'_>, row: &PendingRow) -> Result<(), Halt> {
    transaction
        .prepare_cached(
            "INSERT INTO approvals (approval, run, summary, always, asked, expires)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (approval) DO UPDATE SET summary = excluded.summary, always = excluded.always,
                 expires = excluded.expires",
        )?
        .execute(params![
            row.approval.as_str(),
            row.run.as_str(),
            row.summary,
            serde_json::Value::from(row.always.clone()).to_string(),
            millis(row.asked),
            row.expires.map(millis),
        ])?;
    Ok(())
}

/// Ends the waiting with this decision, or with the one that stands already, and answers which it was.
pub(crate) fn settle(
    transaction: &Transaction<'_>,
    approval: &ApprovalId,
    decision: &str,
    by: &str,
) -> Result<Answer, Halt> {
    let own = Answer { decision: decision.to_owned(), by: by.to_owned() };
    let stands = transaction
        .prepare_cached(
            "UPDATE approvals SET settled = 1, decision = coalesce(decision, ?2),
                 decided_by = coalesce(decided_by, ?3)
             WHERE approval = ?1 RETURNING decision, decided_by",
        )?
        .query_row(params![approval.as_str(), decision, by], |row| {
            Ok(Answer { decision: row.get(0)?, by: row.get(1)? })
        })
        .optional()?;
    Ok(stands.unwrap_or(own))
}

pub(crate) fn answer(
    transaction: &Transaction<'_>,
    approval: &ApprovalId,
    decision: &str,
    by: &str,
) -> Result<Answered, Halt> {
    let changed = transaction
        .prepare_cached(
            "UPDATE approvals SET decision = ?2, decided_by = ?3 WHERE approval = ?1 AND decision IS NULL",
        )?
        .execute(params![approval.as_str(), decision, by])?;
    let is_known = "SELECT EXISTS (SELECT 1 FROM approvals WHERE approval = ?1)";
    Ok(if changed == 1 {
        Answered::Taken
    } else if transaction.query_row(is_known, [approval.as_str()], |row| row.get(0))? {
        Answered::AlreadySettled
    } else {
        Answered::Unknown
    })
}

/// What nobody has decided, oldest first.
pub(crate) fn pending(connection: &Connection) -> Result<Vec<PendingRow>, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT approval, run, summary, always, asked, expires FROM approvals
         WHERE settled = 0 AND decision IS NULL ORDER BY asked, approval",
    )?;
    let rows = query.query_map([], |row| {
        let always: String = row.get("always")?;
        Ok(PendingRow {
            approval: ApprovalId(row.get("approval")?),
            run: RunId(row.get("run")?),
            summary: row.get("summary")?,
            always: serde_json::from_str(&always).unwrap_or_default(),
            asked: timestamp(row.get("asked")?),
            expires: row.get::<_, Option<i64>>("expires")?.map(timestamp),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What was decided and not yet taken by the process that asked.
pub(crate) fn answers(connection: &Connection) -> Result<Vec<(ApprovalId, Answer)>, Halt> {
    let mut query = connection.prepare_cached(
        "SELECT approval, decision, decided_by FROM approvals
         WHERE settled = 0 AND decision IS NOT NULL ORDER BY asked, approval",
    )?;
    let rows = query.query_map([], |row| {
        let answer = Answer { decision: row.get(1)?, by: row.get(2)? };
        Ok((ApprovalId(row.get(0)?), answer))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn millis(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp(u64::try_from(millis).unwrap_or(0))
}
