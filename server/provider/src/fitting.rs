//! A conversation as a server takes it.
//!
//! What a model invents goes on in the conversation, and so do the calls that another server began: a tool named
//! `multi_tool_use.parallel`, an id of 46 letters, the same id twice. The server that is asked next refuses a request
//! with such a thing in it, and every one behind it. So a request says it in a form that is always taken. What fits
//! stays as it is, and the same thing is said the same way each time: what was sent before is sent again.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use copydesk_base::ContentHash;

use crate::request::{Message, Request, ToolCall};
use crate::wire::Wire;

/// Letters of a tool's name, by the strictest of the APIs.
const LONGEST_NAME: usize = 64;

/// Letters of a call's id, by the strictest of the APIs (OpenAI's Chat Completions).
const LONGEST_ID: usize = 40;

/// What stands for a tool's name where there is none.
const NAMELESS: &str = "unnamed";

/// The request as it can be sent in this format.
pub(crate) fn fitted(request: &Request, wire: Wire) -> Cow<'_, Request> {
    let ids = ids(wire);
    let mut known = HashSet::new();
    let mut all = request.messages.iter().flat_map(calls);
    if all.all(|call| is_name(&call.name) && (ids == Ids::Free || is_id(&call.id) && known.insert(&*call.id)))
    {
        return Cow::Borrowed(request);
    }
    let mut request = request.clone();
    let mut names = Names::default();
    for message in &mut request.messages {
        match message {
            Message::User { .. } => {}
            Message::Assistant { calls, .. } => {
                names.latest.clear();
                for call in calls {
                    call.name = name(&call.name);
                    if ids == Ids::Apart {
                        call.id = names.of(&call.id);
                    }
                }
            }
            Message::ToolResults { results } => {
                for result in results {
                    if let Some(id) = names.latest.get(&result.call) {
                        result.call.clone_from(id);
                    }
                }
            }
        }
    }
    Cow::Owned(request)
}

/// What a format has to do with the ids of calls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ids {
    /// It has none, or says them its own way: [`crate::quirks`].
    Free,
    /// Each is a word, and another one in all of the conversation.
    Apart,
}

fn ids(wire: Wire) -> Ids {
    match wire {
        Wire::Anthropic | Wire::OpenaiResponses => Ids::Apart,
        Wire::OpenaiChat | Wire::Azure | Wire::Ollama | Wire::Infill(_) => Ids::Free,
    }
}

fn calls(message: &Message) -> &[ToolCall] {
    if let Message::Assistant { calls, .. } = message { calls } else { &[] }
}

/// The ids of a conversation.
#[derive(Default)]
struct Names {
    /// How often each was met, as it was written.
    met: HashMap<String, usize>,
    given: HashSet<String>,
    /// Those of the last answer, with what became of them.
    latest: HashMap<String, String>,
}

impl Names {
    fn of(&mut self, id: &str) -> String {
        let met = self.met.entry(id.to_owned()).or_default();
        *met += 1;
        let is_fit = is_id(id) && !self.given.contains(id);
        let named = if is_fit { id.to_owned() } else { short(&format!("{id} {met}")) };
        self.given.insert(named.clone());
        self.latest.insert(id.to_owned(), named.clone());
        named
    }
}

/// An id that every server takes, always the same one for a word.
pub(crate) fn short(word: &str) -> String {
    let hash = ContentHash::of(word).to_string();
    let hash: String = hash.chars().filter(char::is_ascii_hexdigit).take(24).collect();
    format!("call_{hash}")
}

/// Whether a server takes this for the length of an id.
pub(crate) const fn is_short(id: &str) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID
}

fn is_id(id: &str) -> bool {
    is_short(id) && id.bytes().all(is_plain)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// A tool's name in letters that every API takes.
fn name(written: &str) -> String {
    let plain = |letter: char| if letter.is_ascii() && is_plain(letter as u8) { letter } else { '_' };
    let name: String = written.chars().map(plain).take(LONGEST_NAME).collect();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Arguments, ToolOutcome, ToolResult};

    /// A conversation of answers, each with its calls as id and name, and their results.
    fn request(answers: &[&[(&str, &str)]]) -> Request {
        let mut messages = vec![Message::user("go")];
        for calls in answers {
            let call = |(id, name): &(&str, &str)| ToolCall {
                id: (*id).to_owned(),
                name: (*name).to_owned(),
                arguments: Arguments::read("{}"),
            };
            let result = |(id, _): &(&str, &str)| ToolResult {
                call: (*id).to_owned(),
                text: String::new(),
                outcome: ToolOutcome::Done,
            };
            let results = calls.iter().map(result).collect();
            let calls = calls.iter().map(call).collect();
            messages.push(Message::Assistant { text: String::new(), calls, carried: vec![] });
            messages.push(Message::ToolResults { results });
        }
        Request { messages, ..Request::default() }
    }

    type Calls<'a> = &'a [(&'a str, &'a str)];

    #[test]
    fn what_fits_stays_and_the_rest_is_made_to_fit() {
        let long = format!("chatcmpl-tool-{}", "a".repeat(32));
        let umlauts = "ä".repeat(70);
        let cut = "_".repeat(64);
        let table: &[(Wire, &[Calls<'_>], &[Calls<'_>])] = &[
            (Wire::Anthropic, &[&[("toolu_1", "read")]], &[&[("toolu_1", "read")]]),
            // The one that fits keeps its id; a result finds its call.
            (
                Wire::Anthropic,
                &[&[("functions.read:0", "read"), ("b", "read")]],
                &[&[("call_?", "read"), ("b", "read")]],
            ),
            (
                Wire::Anthropic,
                &[&[("call_1", "read"), ("call_2", "read")], &[("call_1", "read")]],
                &[&[("call_1", "read"), ("call_2", "read")], &[("call_?", "read")]],
            ),
            (Wire::OpenaiResponses, &[&[(&long, "read")]], &[&[("call_?", "read")]]),
            (Wire::OpenaiResponses, &[&[("", "")]], &[&[("call_?", "unnamed")]]),
            (
                Wire::OpenaiChat,
                &[&[("functions.read:0", "functions.read")]],
                &[&[("functions.read:0", "functions_read")]],
            ),
            (
                Wire::Ollama,
                &[&[("call_1", "a b")], &[("call_1", &umlauts)]],
                &[&[("call_1", "a_b")], &[("call_1", &cut)]],
            ),
        ];
        for (wire, written, expect) in table {
            let request = request(written);
            let fitted_once = fitted(&request, *wire);
            let got: Vec<Vec<(String, String)>> = fitted_once
                .messages
                .iter()
                .filter(|message| matches!(message, Message::Assistant { .. }))
                .map(|message| {
                    calls(message).iter().map(|call| (call.id.clone(), call.name.clone())).collect()
                })
                .collect();
            for (got, expect) in got.iter().zip(*expect) {
                for ((id, name), (like, expect)) in got.iter().zip(*expect) {
                    assert_eq!(name, expect, "{wire:?} {written:?}");
                    let is_made = id.starts_with("call_") && id.len() == 29 && is_id(id);
                    assert!(
                        if *like == "call_?" { is_made } else { id == like },
                        "{wire:?} {written:?}: {id}"
                    );
                }
            }
            let ids: Vec<&str> = got.iter().flatten().map(|(id, _)| id.as_str()).collect();
            let answered: Vec<&str> = fitted_once
                .messages
                .iter()
                .flat_map(|message| match message {
                    Message::ToolResults { results } => results.as_slice(),
                    _ => &[],
                })
                .map(|result| result.call.as_str())
                .collect();
            assert_eq!(ids, answered, "{wire:?} {written:?}");
            let is_same = written == expect;
            assert_eq!(matches!(fitted_once, Cow::Borrowed(_)), is_same, "{wire:?} {written:?}");
            // What was sent is sent again, with more behind it.
            let mut longer = request.clone();
            longer.messages.push(Message::user("more"));
            assert_eq!(fitted(&longer, *wire).messages[..request.messages.len()], fitted_once.messages[..]);
        }
    }
}
