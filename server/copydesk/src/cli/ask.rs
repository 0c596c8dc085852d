//! `copydesk ask`: one agent turn without an editor.
//!
//! The answer streams to standard output, differences and questions to the terminal. Without a terminal every question
//! is a denial, and the difference that was refused is printed only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::builder::NonEmptyStringValueParser;
use copydesk_agent::{Ask, DiskFiles, Form, Outcome as Ended, SentPart, Voice as Whose, image_at};
use copydesk_base::config::Mode;
use copydesk_base::{Files, RunId, RunStatus, Span, path};
use tokio_util::sync::CancellationToken;

use report::{report, word};

use super::terminal::{self, Terminal, Voice};
use super::{Outcome, input, lsp, replay, sessions};
use crate::config::Flags;
use crate::here::Here;
use crate::office::Office;
use crate::out;
use crate::render::visible;

mod report;

/// One agent turn without an editor
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What is asked; - reads it from standard input
    prompt: Option<String>,
    /// A - behind the words hands over what is piped in, as material: cargo test 2>&1 | copydesk ask "why?" -
    #[arg(value_parser = ["-"])]
    input: Option<String>,
    /// The file it is about, with a line or lines behind it: src/main.rs:10-20
    #[arg(long, value_name = "FILE[:LINE[-LINE]]")]
    file: Option<String>,
    /// An image that goes along, for a model that can look at one; may be given again
    #[arg(long, value_name = "FILE")]
    image: Vec<PathBuf>,
    /// A JSON Schema: the answer is one JSON document that fits it, and the only output
    #[arg(long, value_name = "FILE")]
    json_schema: Option<PathBuf>,
    /// What to do: ask, explain, fix, document, test, review, or an action of your own
    #[arg(long, default_value = "ask")]
    action: String,
    /// Who does it: an agent of yours, by its name
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    agent: Option<String>,
    /// The model, as provider/model
    #[arg(long, value_name = "PROVIDER/MODEL", value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,
    /// Only this model: no fallback may answer in its place
    #[arg(long)]
    strict: bool,
    /// What may happen without asking: default, plan, accept-edits, auto, locked, or bypass
    #[arg(long, value_parser = mode)]
    mode: Option<Mode>,
    /// Make edits inside the workspace without asking; nothing else
    #[arg(long, conflicts_with = "mode")]
    apply: bool,
    /// Go on with the last conversation here
    #[arg(long = "continue", conflicts_with = "session")]
    goes_on: bool,
    /// Go on with this conversation, by id or name; 'copydesk sessions' lists them
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Ask the last turn again, or the turn of this run, as if it had not been asked: with --model, another model
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["prompt", "input", "file", "action", "agent", "goes_on", "session"])]
    retry: Option<String>,
    /// Answer from a recorded conversation instead of a model: what 'sessions export --json' wrote, or a conversation
    /// here. A request that is not in it is an error
    #[arg(long, value_name = "FILE|ID", conflicts_with_all = ["model", "strict"])]
    replay: Option<String>,
    /// Ask anew, also where models.cache has an answer
    #[arg(long)]
    no_cache: bool,
    /// Say behind the answer what was sent: every section with its size, where it comes from and what was left out
    #[arg(long, conflicts_with = "json")]
    show_context: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

fn mode(word: &str) -> Result<Mode, String> {
    Mode::parse(word)
        .ok_or_else(|| "one of default, plan, accept-edits, auto, locked, bypass is expected".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let (prompt, input) = match words(arguments) {
        Ok(words) => words,
        Err(error) => {
            out::note(format!("error: {error}"));
            return Ok(Outcome::WrongUsage);
        }
    };
    let place = match &arguments.file {
        Some(file) => match place(&here, file) {
            Ok(place) => Some(place),
            Err(error) => {
                out::note(format!("error: {error:#}"));
                return Ok(Outcome::WrongUsage);
            }
        },
        None => None,
    };
    let images: Vec<PathBuf> = arguments.image.iter().map(|image| path::resolve(&here.cwd, image)).collect();
    for (named, path) in arguments.image.iter().zip(&images) {
        if let Err(reason) = image_at(&DiskFiles, path) {
            out::note(format!("error: {} cannot be sent: {reason}", named.display()));
            return Ok(Outcome::WrongUsage);
        }
    }
    let session = match &arguments.session {
        None if arguments.goes_on => sessions::newest(&here)?,
        named => named.as_deref().map(|named| sessions::find(&here, named)).transpose()?,
    };
    if arguments.goes_on && session.is_none() {
        out::note("error: there is no conversation here to go on with");
        return Ok(Outcome::WrongUsage);
    }
    if let Some(session) = session.as_ref().filter(|_| !arguments.goes_on)
        && !sessions::exists(&here, session)?
    {
        out::note(format!(
            "error: there is no conversation '{session}' here; 'copydesk sessions' lists them"
        ));
        return Ok(Outcome::WrongUsage);
    }
    let replay = match arguments.replay.as_deref().map(|named| replay::find(&here, named)).transpose()? {
        Some(Err(error)) => {
            out::note(format!("error: {error}"));
            return Ok(Outcome::WrongUsage);
        }
        found => found.and_then(Result::ok),
    };
    let form = match arguments.json_schema.as_deref().map(form).transpose() {
        Ok(form) => form,
        Err(error) => {
            out::note(format!("error: {error}"));
            return Ok(Outcome::WrongUsage);
        }
    };
    let voice = match (arguments.json, &form) {
        (true, _) => Voice::Silent,
        (false, Some(_)) => Voice::Notes,
        (false, None) => Voice::Aloud,
    };
    lsp::adopt_orphans();
    let flags = Flags {
        mode: chosen_mode(arguments),
        model: arguments.model.clone(),
        strict: arguments.strict,
        without_cache: arguments.no_cache,
    };
    let ask = Ask {
        prompt,
        input,
        images,
        form,
        action: arguments.action.clone(),
        agent: arguments.agent.clone(),
        place,
        model: arguments.model.clone(),
        session,
        ..Ask::new(Whose::Person)
    };
    let office = Office::replaying(here, flags, replay);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(turn(&office, ask, arguments, voice));
    runtime.shutdown_background();
    let Some((ended, notices)) = ended? else { return Ok(Outcome::WrongUsage) };
    report(&office, (&ended, &notices), voice, chosen_mode(arguments))?;
    Ok(match (ended.status, word(&ended)) {
        (RunStatus::Canceled, _) => Outcome::Interrupted,
        (RunStatus::Succeeded, "succeeded") => Outcome::Fine,
        _ => Outcome::Problems,
    })
}

/// The person's words, and what is piped in beside them.
fn words(arguments: &Arguments) -> Result<(String, Option<String>), String> {
    let (prompt, input) = match (arguments.prompt.as_deref(), &arguments.input) {
        (Some("-"), Some(_)) => return Err("standard input can be read only once".to_owned()),
        (Some("-"), None) => (input::stdin()?, None),
        (prompt, Some(_)) => (prompt.unwrap_or_default().to_owned(), Some(input::tail()?)),
        (prompt, None) => (prompt.unwrap_or_default().to_owned(), None),
    };
    if prompt.trim().is_empty() && arguments.action == "ask" && arguments.retry.is_none() {
        return Err("nothing is asked: copydesk ask \"what to do\"".to_owned());
    }
    if input.as_ref().is_some_and(|input| input.trim().is_empty()) {
        return Err("nothing was piped in: the program before printed nothing".to_owned());
    }
    Ok((prompt, input))
}

/// The form that a file describes; the error is a sentence.
fn form(file: &Path) -> Result<Form, String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("failed to read {shown}: {error}"))?;
    Form::read(&text).map_err(|why| format!("{shown} is no JSON Schema that can be used: {why}"))
}

fn chosen_mode(arguments: &Arguments) -> Option<Mode> {
    if arguments.apply { Some(Mode::AcceptEdits) } else { arguments.mode }
}

/// The run and its end, with what it gave notice of; nothing where there is no such action.
async fn turn(
    office: &Arc<Office>,
    ask: Ask,
    arguments: &Arguments,
    voice: Voice,
) -> anyhow::Result<Option<(Ended, Vec<String>)>> {
    super::outlive_the_file_limit();
    let cancel = CancellationToken::new();
    let (host, notes) = Terminal::new(&office.here, voice);
    let desk = office.open(host.clone(), Arc::new(DiskFiles), &cancel);
    let ask = match &arguments.retry {
        None => ask,
        Some(run) => {
            let run = Some(run).filter(|run| !run.is_empty()).map(|run| RunId::from(run.as_str()));
            match desk.again(run, ask.model).await {
                Ok(mut again) => {
                    again.images.extend(ask.images);
                    again
                }
                Err(error) => {
                    desk.close().await;
                    out::note(format!("error: there is no turn to ask again: failed to {error}"));
                    return Ok(None);
                }
            }
        }
    };
    let is_silent = ask.prompt.trim().is_empty() && ask.input.is_none() && arguments.retry.is_none();
    let refused = match desk.find(&ask.action, ask.agent.as_deref()) {
        Ok(action) if is_silent && !action.layers.is_empty() => {
            let action = &ask.action;
            Some(format!("{action} needs words: copydesk ask --action {action} \"what to do\""))
        }
        Ok(_) => None,
        Err(reason) => {
            let names: Vec<String> = desk.actions().into_iter().map(|action| action.name).collect();
            let names =
                if names.contains(&ask.action) { String::new() } else { format!(": {}", names.join(", ")) };
            Some(format!("{reason}{names}"))
        }
    };
    if let Some(refused) = refused {
        desk.close().await;
        out::note(format!("error: {refused}"));
        return Ok(None);
    }
    let started = desk.ask(ask);
    let _ = started.gate.send(());
    let mut outcome = started.outcome;
    let conversation = terminal::converse(desk.clone(), notes);
    tokio::pin!(conversation);
    let ended = loop {
        tokio::select! {
            ended = &mut outcome => break ended.context("failed to finish the run: its task is gone")?,
            () = &mut conversation => {}
            () = lsp::told_to_end() => {
                desk.cancel(&started.run).await;
            }
        }
    };
    if arguments.show_context
        && let Ok(sent) = desk.sent(Some(ended.run.clone())).await
    {
        for part in &sent.parts {
            let left_out =
                if part.cut > 0 { format!(", {} bytes left out", part.cut) } else { String::new() };
            let SentPart { section, origin, tokens, .. } = part;
            out::note(format!("sent: {section:<12} ≈ {tokens:>6} tokens  {}{left_out}", visible(origin)));
        }
        out::note(format!("sent: about {} tokens to {}", sent.tokens(), visible(&sent.model)));
    }
    desk.close().await;
    match host.lost() {
        Some(lost) => anyhow::bail!(
            "{lost}; the run is done: 'copydesk sessions show {}' has what it said",
            ended.session
        ),
        None => Ok(Some((ended, host.notices()))),
    }
}

/// `FILE`, `FILE:L` or `FILE:L-L`, lines counted from one.
pub(super) fn place(here: &Here, text: &str) -> anyhow::Result<(PathBuf, Span)> {
    let (file, lines) = match text.rsplit_once(':') {
        Some((file, lines)) if lines.starts_with(|c: char| c.is_ascii_digit()) => (file, Some(lines)),
        _ => (text, None),
    };
    let path = path::resolve(&here.cwd, std::path::Path::new(file));
    let content = DiskFiles.read(&path).map_err(|error| anyhow::anyhow!("failed to {error}"))?.text;
    let Some(lines) = lines else { return Ok((path, Span::new(0, content.len()))) };
    let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
    let number = |text: &str| text.parse::<usize>().ok().filter(|line| *line > 0);
    let (Some(first), Some(last)) = (number(first), number(last)) else {
        anyhow::bail!("'{lines}' is no line or range of lines; lines count from 1, as in 10 or 10-20");
    };
    let index = copydesk_text::position::LineIndex::new(&content);
    let count = content.lines().count().max(1);
    let lines_of = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
    anyhow::ensure!(
        first <= last,
        "'{lines}' ends before it begins; write the first line first, as in 10-20"
    );
    anyhow::ensure!(first <= count, "{file} has only {lines_of}");
    let start = index.line_span(first - 1).start;
    let end = index.line_span(last.min(count) - 1).end;
    Ok((path, Span::new(start, end)))
}
