//! Texts for reading: an answer, a difference, a whole effect. Kept in `COPYDESK_HOME`, opened where the client can.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use copydesk_agent::{harmless, visible};
use copydesk_base::RunId;
use copydesk_base::event::Denied;
use copydesk_base::host::Shown;
use tower_lsp::gen_lsp_types as lsp;

use super::EditorHost;
use crate::convert;
use crate::intake::beside;
use crate::state::State;

/// How many texts are kept: the newest.
const KEPT: usize = 100;

/// Opens a difference, the whole of an effect, a page.
pub(super) async fn show(state: &State, host: &EditorHost, what: Shown) {
    let (name, text) = match what {
        Shown::Approval { id, title, text } => (format!("{id}.txt"), format!("{title}\n\n{text}")),
        Shown::Change { id, diff, .. } => (format!("{id}.diff"), diff),
        Shown::Page { name, text } => (format!("{name}.md"), text),
    };
    if !put(state, host, &name, &text).await {
        host.client.log_message(lsp::MessageType::Info, harmless(&text)).await;
    }
}

/// Opens a text for reading, or says it in the log.
pub(crate) async fn read(state: &State, host: &EditorHost, name: &str, text: &str) {
    if !put(state, host, name, text).await {
        host.client.log_message(lsp::MessageType::Info, visible(text)).await;
    }
}

/// What the model said last: opened if it is more than a line, else said in the log.
pub(super) async fn answer(state: &State, host: &EditorHost, run: &RunId, text: &str, denied: &[Denied]) {
    let text = told(text, denied);
    if text.is_empty() {
        return;
    }
    if is_short(&text) {
        let text = visible(&text);
        host.client.log_message(lsp::MessageType::Info, format!("Copydesk: {text}")).await;
    } else {
        read(state, host, &format!("{run}.md"), &text).await;
    }
}

/// The same for an answer that its own document did not take: however short, the person looks for it.
pub(super) async fn homeless(state: &State, host: &EditorHost, run: &RunId, text: &str, denied: &[Denied]) {
    let text = told(text, denied);
    if text.is_empty() {
        return;
    }
    if !host.ladder.show_document {
        let line = if is_short(&text) { visible(&text) } else { "the answer is in the log".to_owned() };
        host.client.show_message(lsp::MessageType::Info, format!("Copydesk: {line}")).await;
    }
    read(state, host, &format!("{run}.md"), &text).await;
}

fn told(text: &str, denied: &[Denied]) -> String {
    let mut text = text.trim().to_owned();
    for denied in denied {
        text.push_str(&format!("\n\nNot done: {} ({})", denied.effect, denied.reason));
    }
    text.trim().to_owned()
}

fn is_short(text: &str) -> bool {
    text.lines().count() <= 3 && text.chars().count() <= 240
}

/// Opens a text, where the client can; whether it was.
async fn put(state: &State, host: &EditorHost, name: &str, text: &str) -> bool {
    if host.ladder.show_document
        && let Some(session) = state.session()
    {
        let folder = (state.backstage.shelf)(&session.root);
        let (name, written) = (name.to_owned(), text.to_owned());
        match beside(move || shelve(&folder, &name, &written)).await {
            Ok(Ok(file)) => {
                shown(state, host, &file);
                return true;
            }
            Ok(Err(error)) => tracing::warn!(%error, "the text to show could not be written"),
            Err(_) => {}
        }
    }
    false
}

/// Opens a file, or names it in the log.
pub(crate) async fn open(state: &State, host: &EditorHost, file: &Path) {
    if host.ladder.show_document {
        shown(state, host, file);
    } else {
        host.client.log_message(lsp::MessageType::Info, format!("Copydesk: see {}", file.display())).await;
    }
}

fn shown(state: &State, host: &EditorHost, file: &Path) {
    let params = lsp::ShowDocumentParams {
        uri: lsp::Uri(convert::uri_of(file)),
        external: Some(false),
        take_focus: Some(true),
        selection: None,
    };
    // Not waited for: some clients answer when the person closes it.
    let client = host.client.clone();
    state.tracker.spawn(async move {
        let _ = client.show_document(params).await;
    });
}

/// Writes one text, and takes the oldest away where there are too many.
fn shelve(folder: &Path, name: &str, text: &str) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(name);
    std::fs::write(&file, text)?;
    let mut others: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(folder)?
        .flatten()
        .filter(|entry| entry.path() != file && is_ours(&entry.path()))
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            about.is_file().then_some((about.modified().ok()?, entry.path()))
        })
        .collect();
    others.sort();
    let too_many = (others.len() + 1).saturating_sub(KEPT);
    for (_, old) in others.into_iter().take(too_many) {
        // One that stays is taken away another time.
        let _ = std::fs::remove_file(old);
    }
    Ok(file)
}

/// Whether a file has an ending of ours: an editor puts files of its own beside the one it shows.
fn is_ours(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["txt", "diff", "md"].iter().any(|ours| ending == *ours))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_newest_texts_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("shown");
        let start = SystemTime::UNIX_EPOCH;
        for at in 0..KEPT + 3 {
            let file = shelve(&folder, &format!("run-{at}.md"), "text").unwrap();
            let file = std::fs::File::options().write(true).open(file).unwrap();
            file.set_modified(start + Duration::from_secs(at as u64)).unwrap();
        }
        std::fs::write(folder.join(".run-1.md.swp"), "").unwrap();
        shelve(&folder, "run-3.md", "again").unwrap();
        let names: Vec<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.len(), KEPT + 1);
        for (name, expect) in
            [("run-2.md", false), ("run-3.md", true), ("run-102.md", true), (".run-1.md.swp", true)]
        {
            assert_eq!(names.iter().any(|known| known == name), expect, "{name}");
        }
    }
}
