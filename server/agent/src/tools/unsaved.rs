//! What a command does not see: texts that the person's editor holds and has not saved.
//!
//! Tools of ours read open buffers first, and a command reads the disk. Nothing here saves a buffer, which is the
//! person's to do; the model is told, file by file, so that it takes no old text for the new one.

use std::io::Read;
use std::path::Path;

use copydesk_base::files::{FileError, LARGEST_FILE};
use copydesk_base::{Files, path};
use copydesk_language::chat;

use crate::gate::twins::Twins;
use crate::run::Turn;

/// The most files that are named.
const MOST: usize = 5;

/// What stands behind the result of a command that starts now; nothing where it sees all that the person sees.
pub(super) fn note(turn: &Turn) -> Option<String> {
    let (root, files) = (&turn.settings.root, &*turn.world.files);
    let twins = Twins::of(turn.policy());
    // The document that an answer is written into is never saved meanwhile, and no command is about it.
    let counts = |file: &Path| {
        file.starts_with(root) && !chat::is_chat(file) && twins.may_send(file) && is_unsaved(files, file)
    };
    let unsaved = files.held_open().into_iter().filter(|file| counts(file));
    let mut names: Vec<String> = unsaved.map(|file| path::shown(root, &file)).collect();
    names.sort();
    words(&names)
}

/// Whether an editor's text is another one than the file's.
fn is_unsaved(files: &dyn Files, file: &Path) -> bool {
    let Ok(held) = files.read(file) else { return false };
    let mut saved = String::new();
    match files.open(file) {
        // How lines end and a mark at the start are the editor's business: some tell them otherwise than they save
        // them.
        Ok(disk) if (&disk).take(LARGEST_FILE).read_to_string(&mut saved).is_ok() => {
            !held.text.lines().eq(saved.trim_start_matches('\u{feff}').lines())
        }
        Err(FileError::Absent { .. }) => true,
        Ok(_) | Err(_) => false,
    }
}

fn words(names: &[String]) -> Option<String> {
    let (last, others) = names.split_last()?;
    let (are, them) = if others.is_empty() { ("is", "it as it was") } else { ("are", "them as they were") };
    let named = match others.len() {
        0 => last.clone(),
        more if more < MOST => format!("{} and {last}", others.join(", ")),
        more => format!("{} and {} more", names[..MOST].join(", "), more + 1 - MOST),
    };
    Some(format!("[{named} {are} open with unsaved changes: the command saw {them} saved last]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_people_name_them() {
        let names = |count: usize| (1..=count).map(|at| format!("{at}.py")).collect::<Vec<_>>();
        let told = |files: &str| Some(format!("[{files}]"));
        for (count, expect) in [
            (0, None),
            (1, told("1.py is open with unsaved changes: the command saw it as it was saved last")),
            (
                2,
                told(
                    "1.py and 2.py are open with unsaved changes: the command saw them as they were saved last",
                ),
            ),
            (
                5,
                told(
                    "1.py, 2.py, 3.py, 4.py and 5.py are open with unsaved changes: the command saw them as they were \
                     saved last",
                ),
            ),
            (
                7,
                told(
                    "1.py, 2.py, 3.py, 4.py, 5.py and 2 more are open with unsaved changes: the command saw them as they \
                     were saved last",
                ),
            ),
        ] {
            assert_eq!(words(&names(count)), expect);
        }
    }
}
