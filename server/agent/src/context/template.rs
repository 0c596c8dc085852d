//! What the text of a prompt command brings in by itself: files, variables, what commands print.
//!
//! `{file:src/a.py}` is a file, `{env:LANG}` a variable that children get, a line ``!`git status` `` what the command
//! prints. Each counts where policy allows it without a question: nobody who calls a command by its name expects to be
//! asked what stands in it. What is not brought in is named in its place, and told to the person.
//!
//! Only the text of the file is looked at, never the words that a person gives along.

use std::path::Path;
use std::time::Duration;

use copydesk_base::{Effect, Event, Verdict, path};
use copydesk_permission::judge;

use crate::action::Action;
use crate::context::prompt;
use crate::error::AgentError;
use crate::gate::twins;
use crate::process::Ended;
use crate::process::quarters;
use crate::run::Turn;
use crate::tools::Output;

/// How long a command of a text may take.
const LONGEST: Duration = Duration::from_secs(20);
/// The most bytes of what one place brings in: the beginning.
const MOST: usize = 16 * 1024;
/// Letters that no text has, around the number of what is brought in: so values and texts are not mixed up.
const MARKS: [char; 2] = ['\u{e000}', '\u{e001}'];

/// Something that a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(String),
    Variable(String),
    Command(String),
}

/// The task of an action with the person's words, and with what its own text brings in.
pub(crate) async fn task(turn: &mut Turn, action: &Action, words: &str) -> Result<String, AgentError> {
    if action.arguments.is_none() {
        return prompt::task(action, words).map_err(AgentError::Settings);
    }
    let (text, places) = places(&action.task);
    let bare = Action { task: text, ..action.clone() };
    let mut task = prompt::task(&bare, words).map_err(AgentError::Settings)?;
    for (number, place) in places.into_iter().enumerate() {
        let brought = match brought(turn, &place).await? {
            Ok(output) => {
                turn.reads(output.grade, &output.source).await?;
                output.text
            }
            Err(reason) => {
                let text = format!("{} in the command {} is left out: {reason}", place.shown(), action.name);
                turn.record(vec![Event::notice(&text)]).await?;
                format!("[{text}]")
            }
        };
        task = task.replace(&mark(number), &brought);
    }
    Ok(task)
}

impl Place {
    fn shown(&self) -> String {
        match self {
            Self::File(name) => format!("{{file:{name}}}"),
            Self::Variable(name) => format!("{{env:{name}}}"),
            Self::Command(command) => format!("!`{command}`"),
        }
    }
}

fn mark(number: usize) -> String {
    format!("{}{number}{}", MARKS[0], MARKS[1])
}

/// A text with numbers in the places that it has.
fn places(text: &str) -> (String, Vec<Place>) {
    let (mut out, mut places) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '!']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let inside = |start: &str, end: &str| {
            let (inside, behind) = rest.strip_prefix(start)?.split_once(end)?;
            (!inside.trim().is_empty() && !inside.contains('\n')).then(|| (inside.trim().to_owned(), behind))
        };
        let found = inside("{file:", "}")
            .map(|(name, behind)| (Place::File(name), behind))
            .or_else(|| inside("{env:", "}").map(|(name, behind)| (Place::Variable(name), behind)))
            .or_else(|| inside("!`", "`").map(|(command, behind)| (Place::Command(command), behind)));
        if let Some((place, behind)) = found {
            out.push_str(&mark(places.len()));
            places.push(place);
            rest = behind;
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    (out, places)
}

/// What a place brings in, or why it does not.
async fn brought(turn: &mut Turn, place: &Place) -> Result<Result<Output, String>, AgentError> {
    match place {
        Place::Variable(name) => {
            let found = turn.settings.child_env.iter().find(|(known, _)| known == name);
            let value = found.map(|(_, value)| Output::fine(value.clone()));
            Ok(value.ok_or_else(|| "it is none of the variables that commands get".to_owned()))
        }
        Place::File(name) => {
            let place = path::resolve(&turn.settings.root, Path::new(name));
            match judge(&Effect::Read { path: place.clone() }, &turn.policy()) {
                Verdict::Allow(_) => {}
                Verdict::Ask(question) => return Ok(Err(question.because.reason)),
                Verdict::Deny(because) => return Ok(Err(because.reason)),
            }
            let call = turn.shared.call_id();
            if let Err(output) = twins::look_into(turn, &call, &place, name).await? {
                return Ok(Err(output.text));
            }
            let grade = turn.grade_of(&place);
            let read = turn.world.files.read(&place).map_err(|error| format!("failed to {error}"));
            Ok(read.map(|file| {
                turn.shared.learn(&file.text, &turn.settings.redactor);
                Output::fine(beginning(&file.text)).with(grade, name)
            }))
        }
        Place::Command(command) => {
            let effect = Effect::Execute { command: command.clone(), cwd: turn.settings.root.clone() };
            match judge(&effect, &turn.policy()) {
                Verdict::Allow(_) => {}
                Verdict::Ask(_) => return Ok(Err("no rule of yours allows it".to_owned())),
                Verdict::Deny(because) => return Ok(Err(because.reason)),
            }
            let finished = quarters::perform(turn, &effect, LONGEST).await?;
            Ok(finished.and_then(|finished| match finished.ended {
                Ended::Exit(0) => Ok(Output::fine(beginning(finished.output.trim_end()))
                    .with(copydesk_base::Grade::Tool, format!("the output of {command}"))),
                ended => Err(ended.told(LONGEST)),
            }))
        }
    }
}

fn beginning(text: &str) -> String {
    let cut = &text[..text.floor_char_boundary(MOST)];
    if cut.len() < text.len() { format!("{cut}\n[the rest is left out]") } else { cut.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_and_nothing_else_is_changed() {
        for (text, expect) in [
            ("plain {x} {{y}} !", vec![]),
            ("see {file: src/a.py }.", vec![Place::File("src/a.py".into())]),
            (
                "{env:LANG} !`git log -1`",
                vec![Place::Variable("LANG".into()), Place::Command("git log -1".into())],
            ),
            ("{file:} {env:\n} !`", vec![]),
        ] {
            let (marked, found) = places(text);
            assert_eq!(found, expect, "{text}");
            let back = found
                .iter()
                .enumerate()
                .fold(marked, |text, (number, place)| text.replace(&mark(number), &place.shown()));
            assert_eq!(back.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
