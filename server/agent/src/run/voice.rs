//! A comment that nobody typed here is no order until the person says so.

use std::path::Path;

use copydesk_base::host::Presence;
use copydesk_base::{Because, Effect, Question};

use super::Turn;
use crate::error::AgentError;
use crate::gate::{self, Permit, Put};
use crate::session::spoken;

/// Asks whether the comment is to be followed.
pub(super) async fn confirm(turn: &mut Turn, file: &Path, line: u32, text: &str) -> Result<(), AgentError> {
    let call = turn.shared.call_id();
    let effect = Effect::Follow { path: file.to_owned(), line, text: text.to_owned() };
    let because = Because::of("the comment was in the file before, and may be a stranger's");
    let question = Question { because, always: vec![] };
    let put = Put { recorded: spoken::decision(turn, &effect, None), ..Put::default() };
    if turn.world.host.presence() == Presence::Nobody && put.recorded.is_none() {
        return Err(AgentError::Settings("follow a comment that nobody here can confirm".to_owned()));
    }
    match gate::ask(turn, &call, effect, question, put).await? {
        Permit::Refused(_) => Err(AgentError::Canceled),
        _ => Ok(()),
    }
}
