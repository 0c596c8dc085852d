//! Chat documents: sending the last turn, and what may be written in one: `/actions` and `@files`.

use std::path::Path;
use std::sync::Arc;

use copydesk_agent::{Action, AgentError, Ask, Voice};
use copydesk_base::config::{Mode, several_models};
use copydesk_base::files::Entry;
use copydesk_base::{Files, SessionId, Span, path};
use copydesk_language::chat::{self, Role, Turn};
use copydesk_language::mentions;
use copydesk_language::{FileKind, head_amiss};
use copydesk_text::{Kind, Node, front_matter, position};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use super::execute_command::{no_mode, open_when_settled};
use crate::comments;
use crate::convert;
use crate::documents::Open;
use crate::host::chats::{Agreed, agreed};
use crate::intake::beside;
use crate::snapshot::Snapshot;
use crate::state::{Session, State};

/// The command behind lens and code action.
pub(crate) const SEND: &str = "copydesk.chat.send";
/// The most files of a folder that are proposed.
const MOST_FILES: usize = 500;

#[derive(Deserialize)]
pub(super) struct SendArgument {
    uri: String,
}

/// Sends the last turn of a document; the answer is written below it.
pub(super) async fn send(
    state: &Arc<State>,
    session: &Session,
    argument: SendArgument,
) -> Result<Option<Value>> {
    let open = state.documents.get(&argument.uri);
    let Some((open, file)) = open.and_then(|open| Some((open.clone(), open.path.clone()?))) else {
        return Err(Error::invalid_params(format!("{} is not open", argument.uri)));
    };
    if !chat::is_chat(&file) {
        return Err(Error::invalid_params("this is no chat document: its name does not end with '.chat.md'"));
    }
    let Some(claim) = session.host.chats.claim(&file) else {
        return Err(Error::invalid_params("the question before is still being answered: cancel it, or wait"));
    };
    let text = open.document.text().clone();
    let Some(turn) = chat::unsent(&text) else {
        return Err(Error::invalid_params("nothing is asked: write below the last '# User'"));
    };
    // It moves with what is typed while files are read.
    let peg = state.documents.marks.peg(file.clone(), turn.span());
    let known = session.desk.clone();
    let actions = beside(move || known.actions()).await?;
    let is_known = |name: &str| actions.iter().any(|action| action.name == name);
    let (action, prompt) = order(turn.words(&text), is_known);
    let amiss = head_amiss(&text).map(|(at, what)| Unclear { at, what: what.to_owned() });
    let head = amiss.map_or_else(|| Head::read(open.document.tree().root()), Err).map_err(|wrong| {
        let line = text[..wrong.at.start].matches('\n').count() + 1;
        Error::invalid_params(format!("nothing was sent: line {line}: {}", wrong.what))
    })?;
    let read = |words| order(words, is_known);
    let Known { session: session_id, told, cut } =
        known_in(session, head.session, &file, &text, read).await?;
    let chooses = head.model.is_some() || head.agent.is_some() || head.fallback.is_some();
    let ask = Ask {
        prompt: prompt.to_owned(),
        action: action.to_owned(),
        agent: head.agent.map(str::to_owned),
        place: peg.place(),
        model: head.model.map(str::to_owned),
        fallback: head.fallback,
        ceiling: head.mode,
        chat: told,
        session: session_id,
        ..Ask::new(voice(&open, &file, turn, chooses))
    };
    let started = session.desk.ask(ask);
    claim.hand_to(&started.run, cut);
    peg.hand_over(started.run.clone());
    open_when_settled(state, started.gate);
    Ok(Some(json!({"runId": started.run.as_str()})))
}

/// What is known of the conversation that a document names.
struct Known {
    session: Option<SessionId>,
    /// What the model is to be told of the document.
    told: Option<Arc<str>>,
    /// The turn whose answer was cut off and does not say so yet.
    cut: Option<usize>,
}

/// Brings a conversation to what its document says before the last turn: the document is what the person sees.
async fn known_in<'t>(
    session: &Session,
    named: Option<&str>,
    file: &Path,
    text: &'t Arc<str>,
    read: impl Fn(&'t str) -> (&'t str, &'t str),
) -> Result<Known> {
    let desk = &session.desk;
    let refused = |error: AgentError| Error::invalid_params(format!("nothing was sent: failed to {error}"));
    let named = named.map(SessionId::from);
    let turns = match &named {
        Some(named) => desk.sent_from(named, file).await.map_err(refused)?,
        None => None,
    };
    // It was begun elsewhere, or in another document: what was said stands in this one.
    let Some(turns) = turns else { return Ok(Known { session: None, told: Some(text.clone()), cut: None }) };
    let Agreed { other, from, broken, cut } = agreed(text, &turns, read, |text| desk.as_written(text));
    for (run, words) in broken {
        desk.add(&run, file, &words).await.map_err(refused)?;
    }
    if !other.is_empty() {
        let why = changed(&path::shown(&session.root, file), from.map(|(_, number)| number), other.len());
        desk.forget(other, why).await.map_err(refused)?;
    }
    Ok(Known { session: named, told: from.map(|(start, _)| Arc::from(&text[start..])), cut })
}

/// What the person is told of turns that do not count any more: their document says something else, or has them no
/// more.
fn changed(name: &str, from: Option<usize>, gone: usize) -> String {
    let questions = if gone == 1 { "question".to_owned() } else { format!("{gone} questions") };
    from.map_or_else(
        || {
            format!(
                "The document {name} no longer has the last {questions} of its conversation: the model forgets what was said \
                 there."
            )
        },
        |number| {
            format!(
                "The document {name} was changed from its question {number} on: the model is told what it says now, in \
                 place of what was said."
            )
        },
    )
}

/// The action that words begin with, and the rest of them; a word behind `/` that is no action is a word.
pub(crate) fn order(words: &str, is_known: impl Fn(&str) -> bool) -> (&str, &str) {
    let command =
        words.strip_prefix('/').map(|rest| rest.split_once(char::is_whitespace).unwrap_or((rest, "")));
    command.filter(|(name, _)| is_known(name)).map_or(("ask", words), |(name, rest)| (name, rest.trim()))
}

/// What the front matter chooses.
struct Head<'a> {
    agent: Option<&'a str>,
    model: Option<&'a str>,
    fallback: Option<Vec<String>>,
    mode: Option<Mode>,
    session: Option<&'a str>,
}

/// What was chosen, and cannot be told.
#[derive(Debug, PartialEq, Eq)]
struct Unclear {
    at: Span,
    what: String,
}

impl<'a> Head<'a> {
    /// A mode that is none may have been meant to be stricter than the one in force, and of models that nobody has
    /// somebody else would answer: nothing is chosen then.
    fn read(root: Option<Node<'a>>) -> std::result::Result<Self, Unclear> {
        let word = |key: &str| root?.get(key)?.scalar_text().filter(|word| !word.is_empty());
        let mut ceiling = None;
        for entry in root.map(Node::entries).unwrap_or_default() {
            let (text, at) = (entry.value().scalar_text(), entry.value().span());
            if entry.key().scalar_text() != Some("mode") || text == Some("") || at.start == at.end {
                continue;
            }
            let mode = text
                .and_then(Mode::parse)
                .ok_or_else(|| Unclear { at, what: no_mode(text.unwrap_or("…")) })?;
            // Of two the stricter one.
            ceiling = Some(ceiling.map_or(mode, |other: Mode| other.min(mode)));
        }
        Ok(Self {
            agent: word("agent"),
            model: word("model"),
            fallback: fallback(root)?,
            mode: ceiling,
            session: word("session"),
        })
    }
}

/// The models that answer instead.
fn fallback(root: Option<Node<'_>>) -> std::result::Result<Option<Vec<String>>, Unclear> {
    let written = root.and_then(|root| root.get("fallback")).filter(|written| !written.is_null());
    let (Some(root), Some(written)) = (root, written) else { return Ok(None) };
    let names = match written.kind() {
        Kind::Sequence(items) => items.iter().collect(),
        _ => vec![written],
    };
    for name in names {
        let wrong = match name.scalar_text() {
            Some(text) => several_models(text),
            None => Some("'fallback' is a model or a list of models".to_owned()),
        };
        wrong.map_or(Ok(()), |what| Err(Unclear { at: name.span(), what }))?;
    }
    Ok(copydesk_language::fallback(root))
}

/// Whose words a turn is: the person's where every line of it, and the model or agent that it chooses, was typed here.
fn voice(open: &Open, file: &Path, turn: Turn, names_model: bool) -> Voice {
    let text = open.document.text();
    let language = comments::language_of(Some(file), open.document.language_id());
    let head = front_matter::split(text).filter(|_| names_model).map_or("", |parts| parts.yaml.of(text));
    // The session is written by us, and counts by where it was begun.
    let line_of = |offset: usize| text[..offset].matches('\n').count();
    let top = front_matter::split(text).map_or(0, |parts| line_of(parts.yaml.start));
    let chosen = (top..).zip(position::lines(head));
    let chosen = chosen.filter(|(_, line)| !line.trim_start().starts_with("session:"));
    // The words of a turn are one order, and stand where the turn begins.
    let body = position::lines(turn.body.of(text)).map(|line| (line_of(turn.body.start), line));
    let strange: Vec<(usize, String)> = chosen
        .chain(body)
        .filter_map(|(at, line)| Some((at, comments::in_line(language, line)?)))
        .filter(|(_, line)| !open.voiced.contains(line))
        .collect();
    let Some((line, _)) = strange.first() else { return Voice::Person };
    let text = strange.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
    Voice::Comment { path: file.to_owned(), line: u32::try_from(*line).unwrap_or(u32::MAX), text }
}

/// What sends the last turn, and where it stands; `None` where nothing waits.
pub(super) fn sending(open: &Open) -> Option<(Span, lsp::Command)> {
    open.path.as_deref().filter(|path| chat::is_chat(path))?;
    let turn = chat::unsent(open.document.text())?;
    let command = lsp::Command {
        title: "Copydesk: send".to_owned(),
        tooltip: None,
        command: SEND.to_owned(),
        arguments: Some(vec![json!({"uri": open.uri})]),
    };
    Some((turn.heading, command))
}

/// What may stand at a place of a turn; `None` outside the person's turns.
pub(super) fn complete(snapshot: &Snapshot, open: &Open, offset: usize) -> Option<Vec<lsp::CompletionItem>> {
    if open.file().kind != FileKind::Chat {
        return None;
    }
    let text = open.document.text();
    let turn = chat::turns(text).into_iter().rev().find(|turn| turn.body.start <= offset)?;
    if turn.role != Role::User {
        return Some(Vec::new());
    }
    let start = text[..offset].rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let word = &text[start..offset];
    let line = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    if let Some((at, begun)) = mentions::begun(&text[line..offset]) {
        return Some(files(snapshot, open, Span::new(line + at, offset), begun));
    }
    let at = Span::new(start, offset);
    let is_first = Span::new(turn.body.start.min(start), start).of(text).trim().is_empty();
    if word.starts_with('/') && is_first {
        let actions = snapshot.desk.actions();
        let item =
            |action: &Action| proposal(snapshot, open, at, &format!("/{}", action.name), &action.title);
        return Some(actions.iter().filter(|action| action.name != "ask").map(item).collect());
    }
    Some(Vec::new())
}

/// The files of the folder that a path is in so far; hidden ones where the dot is there.
fn files(snapshot: &Snapshot, open: &Open, at: Span, begun: &str) -> Vec<lsp::CompletionItem> {
    let Some(session) = snapshot.state.session() else { return Vec::new() };
    let (folder, name) = begun.rsplit_once('/').map_or(("", begun), |(folder, name)| (folder, name));
    let place = path::resolve(&session.root, Path::new(folder));
    if !place.starts_with(&session.root) {
        return Vec::new();
    }
    let found = snapshot.files().list(&place).unwrap_or_default();
    let entries = found.into_iter().filter(|entry| !entry.name.starts_with('.') || name.starts_with('.'));
    let slash = if folder.is_empty() { "" } else { "/" };
    let item = |entry: Entry| {
        let name = format!("{folder}{slash}{}", entry.name);
        if entry.is_folder {
            // What is chosen in it comes next: quotes stay open.
            let word = mentions::written(&(name + "/"));
            proposal(snapshot, open, at, word.trim_end_matches(['"', '\'']), "folder")
        } else {
            proposal(snapshot, open, at, &mentions::written(&name), "file")
        }
    };
    entries.take(MOST_FILES).map(item).collect()
}

fn proposal(snapshot: &Snapshot, open: &Open, at: Span, word: &str, detail: &str) -> lsp::CompletionItem {
    let range = convert::range(&open.document, at, snapshot.ladder.encoding);
    lsp::CompletionItem {
        label: word.to_owned(),
        filter_text: Some(word.to_owned()),
        detail: Some(detail.to_owned()),
        kind: Some(if word.starts_with('@') {
            lsp::CompletionItemKind::File
        } else {
            lsp::CompletionItemKind::Event
        }),
        text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(lsp::TextEdit {
            range,
            new_text: word.to_owned(),
        })),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_begin_with_an_action() {
        for (words, expect) in [
            ("why?", ("ask", "why?")),
            ("/explain @a.py\nshortly", ("explain", "@a.py\nshortly")),
            ("/explain", ("explain", "")),
            ("/etc/hosts is odd", ("ask", "/etc/hosts is odd")),
        ] {
            assert_eq!(order(words, |name| name == "explain"), expect);
        }
    }

    #[test]
    fn a_mode_that_is_none_is_not_sent_in_another_one() {
        for (text, expect) in [
            ("model: a/b\n", Ok(None)),
            ("mode:\n", Ok(None)),
            ("mode: plan\n", Ok(Some(Mode::Plan))),
            ("mode: plan\nmode: auto\n", Ok(Some(Mode::Plan))),
            ("mode: plann\n", Err(Unclear { at: Span::new(6, 11), what: no_mode("plann") })),
            ("mode: 5\n", Err(Unclear { at: Span::new(6, 7), what: no_mode("5") })),
            ("mode: [plan]\n", Err(Unclear { at: Span::new(6, 12), what: no_mode("…") })),
        ] {
            let tree = copydesk_text::yaml::parse(text);
            assert_eq!(Head::read(tree.root()).map(|head| head.mode), expect, "{text:?}");
        }
    }

    #[test]
    fn models_that_nobody_has_are_not_passed_over() {
        let wrong =
            |start, end, what: &str| Err(Unclear { at: Span::new(start, end), what: what.to_owned() });
        for (text, expect) in [
            ("fallback:\n", Ok(None)),
            ("fallback: []\n", Ok(Some(vec![]))),
            ("fallback: a/b\n", Ok(Some(vec!["a/b".to_owned()]))),
            ("fallback: [a/b, c:d]\n", Ok(Some(vec!["a/b".to_owned(), "c:d".to_owned()]))),
            (
                "fallback: a/b, c/d\n",
                wrong(10, 18, "'a/b, c/d' are several models in one text; make them a list"),
            ),
            (
                "fallback: [a/b, c d]\n",
                wrong(16, 19, "'c d' are several models in one text; make them a list"),
            ),
            ("fallback: {a: b}\n", wrong(10, 16, "'fallback' is a model or a list of models")),
            ("fallback: [a/b, [c]]\n", wrong(16, 19, "'fallback' is a model or a list of models")),
        ] {
            let tree = copydesk_text::yaml::parse(text);
            assert_eq!(Head::read(tree.root()).map(|head| head.fallback), expect, "{text:?}");
        }
    }
}
