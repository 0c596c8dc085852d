//! What a conversation has used while its turns work side by side.
//!
//! That stands in its journal, too, which is the truth about what is over. Each of several turns at the same time has
//! read the journal when it began, and sees here what the others used since. A conversation at rest is forgotten here,
//! and begins again from what its journal says.

use std::time::Duration;

use copydesk_base::{SessionId, Timestamp, Usage};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::spending::{Taken, row, usage, usage_and_time, used};
use crate::database::Halt;

/// The conversation of a request.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub session: SessionId,
    /// What its journal said when the run began. It has used that at least.
    pub spent: Usage,
    pub time: Duration,
}

/// So long nothing was asked in a conversation that is at rest: no run that began before then misses what it does not
/// read in the journal.
const AT_REST_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// What a conversation has taken.
pub(super) fn taken_by(
    transaction: &Transaction<'_>,
    conversation: &Conversation,
    now: Timestamp,
) -> Result<Taken, Halt> {
    let Conversation { session, spent, time } = conversation;
    let reserved = "SELECT ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(requests), 0), sum(usd)
         FROM reserved WHERE session = ?1";
    let reserved = transaction.prepare_cached(reserved)?.query_row([session.as_str()], usage)?;
    let [name, input, output, requests, usd, ms] = used(session.as_str().to_owned(), *spent, *time);
    // While a request is under way, its answer may stand in the journal and not be settled here: it would count twice.
    let known = if reserved.requests == 0 { NO_LESS_THAN_SAID } else { "at = max(at, excluded.at)" };
    transaction.execute(
        &format!(
            "INSERT INTO conversations (session, input_tokens, output_tokens, requests, usd, ms, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (session) DO UPDATE SET {known}"
        ),
        params![name, input, output, requests, usd, ms, row(now.0)],
    )?;
    let (spent, time) = used_by(transaction, session.as_str())?;
    Ok(Taken { spent, reserved, time })
}

const NO_LESS_THAN_SAID: &str = "
    at = max(at, excluded.at),
    input_tokens = max(input_tokens, excluded.input_tokens),
    output_tokens = max(output_tokens, excluded.output_tokens),
    requests = max(requests, excluded.requests),
    ms = max(ms, excluded.ms),
    usd = CASE WHEN usd IS NULL OR usd < excluded.usd THEN ifnull(excluded.usd, usd) ELSE usd END";

pub(super) fn used_by(connection: &Connection, session: &str) -> Result<(Usage, Duration), Halt> {
    let mut query = connection.prepare_cached(
        "SELECT input_tokens, output_tokens, requests, usd, ms FROM conversations WHERE session = ?1",
    )?;
    Ok(query.query_row([session], usage_and_time).optional()?.unwrap_or_default())
}

/// Adds to what a conversation has used. One that is forgotten has it in its journal.
pub(super) fn converse(
    transaction: &Transaction<'_>,
    session: &str,
    usage: Usage,
    time: Duration,
) -> Result<(), Halt> {
    transaction.execute(
        "UPDATE conversations SET
             input_tokens = input_tokens + ?2,
             output_tokens = output_tokens + ?3,
             requests = requests + ?4,
             ms = ms + ?6,
             usd = CASE WHEN usd IS NULL AND ?5 IS NULL THEN NULL ELSE ifnull(usd, 0) + ifnull(?5, 0) END
         WHERE session = ?1",
        used(session.to_owned(), usage, time),
    )?;
    Ok(())
}

/// Forgets conversations in which nothing was asked for long.
pub(super) fn forget_resting(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), Halt> {
    let at_rest = now.0.saturating_sub(AT_REST_MS);
    transaction.execute("DELETE FROM conversations WHERE at < ?1", [row(at_rest)])?;
    Ok(())
}

/// Forgets these conversations; what a dead process had reserved for one of them counts for its day alone.
pub(super) fn forget(transaction: &Transaction<'_>, sessions: &[SessionId]) -> Result<(), Halt> {
    for session in sessions {
        transaction.execute("UPDATE reserved SET session = '' WHERE session = ?1", [session.as_str()])?;
        transaction.execute("DELETE FROM conversations WHERE session = ?1", [session.as_str()])?;
    }
    Ok(())
}
