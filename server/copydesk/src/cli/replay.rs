//! Where `ask --replay` finds its recording: a file that `sessions export --json` has written, or a conversation here.

use copydesk_agent::recording;
use copydesk_base::{Record, path};
use copydesk_provider::Recording;
use serde::Deserialize;

use super::sessions;
use crate::here::Here;

/// What `sessions export --json` writes.
#[derive(Deserialize)]
struct Exported {
    schema: String,
    #[serde(default)]
    root: String,
    runs: Vec<Vec<Record>>,
}

/// The recording that a person names; the error is a sentence for them.
pub(super) fn find(here: &Here, named: &str) -> anyhow::Result<Result<Recording, String>> {
    let file = path::resolve(&here.cwd, std::path::Path::new(named));
    if file.is_file() {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("failed to read {named}: {error}"));
        return Ok(text.and_then(|text| read(named, &text)));
    }
    let turns = sessions::turns(here, named)?;
    let nobody = || {
        format!(
            "there is neither a file nor a conversation '{named}' here; 'copydesk sessions' lists conversations"
        )
    };
    let root = here.root.display().to_string();
    Ok(turns.map(|turns| recording(format!("conversation {named}"), root, &turns)).ok_or_else(nobody))
}

fn read(named: &str, text: &str) -> Result<Recording, String> {
    let no_recording = |why: String| {
        format!("{named} is no recording: {why}; 'copydesk sessions export ID --json > FILE' writes one")
    };
    let exported: Exported = serde_json::from_str(text).map_err(|error| no_recording(error.to_string()))?;
    if exported.schema != copydesk_agent::telling::RECORDS {
        return Err(no_recording(format!("its schema is '{}'", exported.schema)));
    }
    Ok(recording(named.to_owned(), exported.root, &exported.runs))
}
