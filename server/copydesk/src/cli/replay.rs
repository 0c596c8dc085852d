//! Where `ask --replay` finds its recording: a file that `sessions export --json` has written, or a conversation here.
//!
//! Anybody may have written a file. Its answers are taken for a model's only where a journal of this person has the
//! same conversation, verified, and the file is its beginning. What a person said and decided is taken from that
//! journal alone, and never from the file.

use copydesk_agent::{Conversation, Replay, replay};
use copydesk_base::{Event, Grade, Record, SessionId, path};
use copydesk_store::Journal;
use serde::Deserialize;

use super::sessions;
use crate::here::Here;

/// What `sessions export --json` writes.
#[derive(Deserialize)]
pub(super) struct Exported {
    schema: String,
    #[serde(default)]
    root: String,
    session: Option<SessionId>,
    pub(super) runs: Vec<Vec<Record>>,
    /// Those that worked for them; older versions wrote none.
    #[serde(default)]
    helpers: Vec<Vec<Record>>,
}

/// The recording that a person names; the error is a sentence for them.
pub(super) fn find(here: &Here, named: &str) -> anyhow::Result<Result<Replay, String>> {
    let file = path::resolve(&here.cwd, std::path::Path::new(named));
    if file.is_file() {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("failed to read {named}: {error}"));
        return Ok(text.and_then(|text| read(here, named, &text)));
    }
    let journal = here.journal();
    let known = sessions::whole(&journal, &sessions::find(here, named)?)?;
    let nobody = || {
        format!(
            "there is neither a file nor a conversation '{named}' here; 'copydesk sessions' lists conversations"
        )
    };
    let root = here.root.display().to_string();
    let made = |known: Conversation| {
        let replay = replay(format!("conversation {named}"), root, &known);
        if is_a_models(&journal, &known) { of_a_model(replay) } else { replay }
    };
    Ok(known.map(made).ok_or_else(nobody))
}

fn read(here: &Here, named: &str, text: &str) -> Result<Replay, String> {
    let Exported { root, session, runs, helpers, .. } = exported(named, text)?;
    let read = replay(named.to_owned(), root.clone(), &Conversation { turns: runs, helpers });
    let known = session.and_then(|session| known(here, root, &session));
    Ok(match known {
        Some(Replay { recording, spoken }) if read.recording.begins(&recording) => {
            of_a_model(Replay { spoken, ..read })
        }
        _ => read,
    })
}

/// The same, of which it is known that a model said all that is in it.
fn of_a_model(replay: Replay) -> Replay {
    Replay { recording: replay.recording.of_a_model(), ..replay }
}

/// What a file has that was exported.
pub(super) fn exported(named: &str, text: &str) -> Result<Exported, String> {
    let no_recording = |why: String| {
        format!("{named} is no recording: {why}; 'copydesk sessions export ID --json > FILE' writes one")
    };
    let exported: Exported = serde_json::from_str(text).map_err(|error| no_recording(error.to_string()))?;
    if exported.schema != copydesk_agent::telling::RECORDS {
        return Err(no_recording(format!("its schema is '{}'", exported.schema)));
    }
    Ok(exported)
}

/// The conversation as a journal of this person has it, if one does. What cannot be verified is not known.
fn known(here: &Here, root: String, session: &SessionId) -> Option<Replay> {
    let journal = Journal::at(&here.places.state, std::path::Path::new(&root));
    let known = sessions::whole(&journal, session).ok().flatten()?;
    is_a_models(&journal, &known).then(|| replay(String::new(), root, &known))
}

/// Whether a model gave the answers of a conversation: its journal is verified, and none was replayed from a file.
fn is_a_models(journal: &Journal, conversation: &Conversation) -> bool {
    let is_replayed = |record: &Record| matches!(record.event, Event::Tainted { grade: Grade::Recorded, .. });
    sessions::is_verified(journal) && !conversation.runs().flatten().any(is_replayed)
}
