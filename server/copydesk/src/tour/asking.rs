//! The second half: an agent is asked for an edit, asks for permission, is reviewed piece by piece, and taken back.

use serde_json::{Value, json};

use super::draw::{self, Line, Tone};
use super::editor::{Editor, Mark};
use super::stage::{CODE, CODE_APPLIED, CODE_PATH, Stage};
use super::{Missing, Told};

/// The person's words, and the function they are about.
const PROMPT: &str = "make this a loop, keep the signature";
const FUNCTION: &str = "def ways(steps: int) -> int:\n    if steps < 2:\n        return 1\n    return ways(steps - 1) + ways(steps - 2)\n";
/// What the person writes while the edit stands.
const TYPED: &str = "    print(ways(20))\n";

/// The choices of a question, and of a proposal.
const CHOICES: [&str; 4] = ["Allow once", "Always allow", "Deny", "Show"];
const VERDICTS: [&str; 4] = ["Apply", "Apply all", "Reject", "Show"];

/// The person asks; the agent wants to edit, and is made to wait.
pub(super) async fn ask(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(CODE_PATH);
    editor.open(&uri, "python", CODE).await?;
    let (span, range) = editor.find(&uri, FUNCTION)?;
    let argument = json!({"uri": uri, "range": range, "prompt": PROMPT});
    let answer = command(editor, "copydesk.ask", argument).await?;
    let Some(run) = answer["runId"].as_str() else {
        return Err(Missing::new("the run's id at once", answer.to_string()));
    };
    let prompt = editor
        .until("a question for permission", |editor| editor.prompts.front().cloned().ok_or("none".to_owned()))
        .await?;
    if prompt.titles != CHOICES {
        return Err(Missing::new(
            format!("the choices {CHOICES:?}"),
            format!("there are {:?}", prompt.titles),
        ));
    }
    if !prompt.text.starts_with("Edit stairs.py") {
        return Err(Missing::new("a question that names the file", prompt.text));
    }
    // Progress and questions are told by different tasks of the server's.
    editor
        .until("progress that says who is waited for", |editor| match editor.progress.last() {
            Some(said) if said == "waits for you" => Ok(()),
            said => Err(format!("{said:?}")),
        })
        .await?;
    if !editor.progress.iter().any(|said| said.contains("no real model")) {
        let said = editor.progress.join("; ");
        return Err(Missing::new("progress that says 'no real model'", format!("it says: {said}")));
    }
    pending(editor, &uri).await?;
    unchanged(editor, &uri)?;

    let mut lines = draw::heading(
        4,
        "Ask an agent: it says what it does, and asks before it changes anything",
        CODE_PATH,
    );
    let first = CODE[..span.start].lines().count();
    lines.extend(draw::code(CODE, first..first + FUNCTION.lines().count(), &[]));
    lines.push(Line::aside(Tone::Notice, "ask \u{25b8} ").and(Tone::Strong, PROMPT));
    for said in &editor.progress {
        lines.push(Line::aside(Tone::Faint, format!("  \u{2026} {said}")));
    }
    let mut question: Vec<Line> = Vec::new();
    for (at, line) in prompt.text.lines().enumerate() {
        let tone = if at == 0 { Tone::Strong } else { Tone::Faint };
        question.extend(draw::wrapped(line, 84).iter().map(|line| Line::of(tone, line)));
    }
    question.push(draw::buttons(Line::default(), &prompt.titles, "Show"));
    lines.extend(draw::boxed(6, question));
    let head = prompt.text.lines().next().unwrap_or_default();
    Ok(Told { detail: format!("{run} asks: {head}"), lines })
}

/// *Show*: nothing is changed yet; every piece of the edit is a mark of its own, with its choices.
pub(super) async fn review(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(CODE_PATH);
    let Some(prompt) = editor.prompts.pop_front() else {
        return Err(Missing::new("a question that waits", "there is none"));
    };
    editor.choose(&prompt, "Show").await?;
    let marks = proposals(editor, &uri, 2).await?;
    let shown = |editor: &Editor| editor.opened.last().cloned().ok_or("no document".to_owned());
    let diff = editor.until("the whole difference, opened for reading", shown).await?;
    for words in ["-    if steps < 2:", "+    return now", "+    print(ways(100))"] {
        if !diff.contains(words) {
            return Err(Missing::new(format!("'{words}' in the difference"), diff));
        }
    }
    unchanged(editor, &uri)?;

    let mut lines = draw::heading(5, "Review it piece by piece: the last one was not asked for", CODE_PATH);
    for (mark, verdict) in marks.iter().zip(["Apply", "Reject"]) {
        let titles = verdicts(editor, &uri, mark).await?;
        let first = CODE[..mark.span.start].lines().count();
        let gone = mark.span.of(CODE).lines().enumerate();
        lines.extend(gone.map(|(at, line)| draw::numbered(first + at, '-', Tone::Gone, line)));
        // As the mark says it: the word, then the text that would come.
        let come = mark.message.lines().skip(1);
        lines.extend(come.map(|line| draw::unnumbered('+', Tone::Come, line)));
        lines.push(draw::buttons(draw::unnumbered(' ', Tone::Plain, "  "), &titles, verdict));
    }
    Ok(Told { detail: "2 proposals are marked; nothing is changed yet".to_owned(), lines })
}

/// One piece is applied, the other rejected; the agent hears what really happened.
pub(super) async fn apply(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(CODE_PATH);
    let marks = proposals(editor, &uri, 2).await?;
    press(editor, &uri, &marks[0], "Apply").await?;
    becomes(editor, &uri, CODE_APPLIED).await?;
    let marks = proposals(editor, &uri, 1).await?;
    press(editor, &uri, &marks[0], "Reject").await?;
    editor
        .until("the end of the run", |editor| match editor.progress.last() {
            Some(said) if said == "done" => Ok(()),
            said => Err(format!("{said:?}")),
        })
        .await?;
    let none = |editor: &Editor| match editor.marks(&uri) {
        Some(marks) if marks.is_empty() => Ok(()),
        marks => Err(format!("{:?}", marks.map(|marks| marks.len()))),
    };
    editor.until("no mark left", none).await?;
    becomes(editor, &uri, CODE_APPLIED).await?;
    let said = |editor: &Editor| {
        let said = editor.log.iter().filter_map(|said| said.strip_prefix("Copydesk: "));
        let last = said.rev().find(|said| said.contains("is a loop now"));
        last.map(str::to_owned).ok_or_else(|| format!("{:?}", editor.log))
    };
    let said = editor.until("the agent's last words", said).await?;

    let mut lines =
        draw::heading(6, "Only what you applied is in the file, and the agent knows it", CODE_PATH);
    let changed = difference(CODE, CODE_APPLIED);
    for (number, line) in CODE_APPLIED.lines().enumerate() {
        if changed.contains(&number) {
            lines.push(draw::numbered(number, '+', Tone::Come, line));
        } else if line.starts_with("def ") {
            lines.push(draw::numbered(number, ' ', Tone::Plain, line));
        } else if line.contains("print") {
            lines.push(beside(number, Tone::Plain, line, "rejected, as it was"));
        }
    }
    lines.push(Line::aside(Tone::Notice, "agent \u{25b8} ").and(Tone::Plain, &said));
    Ok(Told { detail: format!("1 piece applied, 1 rejected; the agent says: {said}"), lines })
}

/// The person goes on typing; undo takes the agent's edit back and leaves what they typed.
pub(super) async fn undo(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(CODE_PATH);
    editor.type_at_end(&uri, TYPED).await?;
    let before = editor.text(&uri).to_owned();
    let context = json!({"diagnostics": [], "only": ["source.copydesk"]});
    let range = json!({"start": editor.end(&uri), "end": editor.end(&uri)});
    let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
    let actions = editor.request("textDocument/codeAction", params).await?;
    let mut offered = actions.as_array().into_iter().flatten();
    let Some(action) = offered.find(|action| action["command"]["command"] == "copydesk.undo") else {
        return Err(Missing::new("the code action that undoes", actions.to_string()));
    };
    let report = command(editor, "copydesk.undo", action["command"]["arguments"][0].clone()).await?;
    let sent = report["sent"].as_array().map_or(0, Vec::len);
    if sent == 0 || report["refused"] != json!([]) {
        return Err(Missing::new("an undo of the whole edit", format!("the report is {report}")));
    }
    let after = format!("{CODE}{TYPED}");
    becomes(editor, &uri, &after).await?;

    let mut lines =
        draw::heading(7, "You type a line. Then undo: the agent's edit goes, your line stays", CODE_PATH);
    let back = difference(&before, &after);
    let typed = after.lines().count() - 1;
    let title = action["title"].as_str().unwrap_or_default();
    lines.push(Line::aside(Tone::Chosen, format!("[\u{25b8}{title}]")));
    for (number, line) in after.lines().enumerate() {
        if number == typed {
            lines.push(beside(number, Tone::Strong, line, "yours, kept"));
        } else if back.first() == Some(&number) {
            lines.push(beside(number, Tone::Come, line, "as it was"));
        } else if back.contains(&number) {
            lines.push(draw::numbered(number, ' ', Tone::Come, line));
        } else if line.starts_with("def ") || line.contains("print") {
            lines.push(draw::numbered(number, ' ', Tone::Plain, line));
        }
    }
    Ok(Told { detail: "the agent's edit is gone, the typed line stays".to_owned(), lines })
}

/// The editor says goodbye, and the server ends.
pub(super) async fn stop(editor: &mut Editor) -> Result<Told, Missing> {
    editor.request("shutdown", Value::Null).await?;
    editor.notify("exit", Value::Null).await?;
    editor.until_closed().await?;
    Ok(Told { detail: "the server ended in order".to_owned(), lines: vec![] })
}

async fn command(editor: &mut Editor, name: &str, argument: Value) -> Result<Value, Missing> {
    editor.request("workspace/executeCommand", json!({"command": name, "arguments": [argument]})).await
}

/// The approval stands in the text too, for editors that show no questions.
async fn pending(editor: &mut Editor, uri: &str) -> Result<(), Missing> {
    let waits = |editor: &Editor| {
        let codes: Vec<String> = editor.marks(uri).into_iter().flatten().map(|mark| mark.code).collect();
        if codes.iter().any(|code| code == "pending-approval") { Ok(()) } else { Err(format!("{codes:?}")) }
    };
    editor.until("the mark pending-approval where it was asked", waits).await
}

/// The proposals that are open, from the top.
async fn proposals(editor: &mut Editor, uri: &str, count: usize) -> Result<Vec<Mark>, Missing> {
    let look = |editor: &Editor| {
        let mut marks = editor.marks(uri).unwrap_or_default();
        marks.retain(|mark| mark.code == "proposal");
        marks.sort_by_key(|mark| mark.span.start);
        if marks.len() == count { Ok(marks) } else { Err(format!("{} proposals", marks.len())) }
    };
    editor.until(&format!("{count} proposals"), look).await
}

/// The code actions of a proposal.
async fn actions(editor: &mut Editor, uri: &str, mark: &Mark) -> Result<Vec<Value>, Missing> {
    let context = json!({"diagnostics": [mark.raw], "only": ["quickfix"]});
    let params = json!({"textDocument": {"uri": uri}, "range": mark.raw["range"], "context": context});
    let answer = editor.request("textDocument/codeAction", params).await?;
    let of_mark = |action: &&Value| action["diagnostics"][0]["data"] == mark.raw["data"];
    Ok(answer.as_array().into_iter().flatten().filter(of_mark).cloned().collect())
}

async fn verdicts(editor: &mut Editor, uri: &str, mark: &Mark) -> Result<Vec<String>, Missing> {
    let actions = actions(editor, uri, mark).await?;
    let titles: Vec<String> =
        actions.iter().map(|action| action["title"].as_str().unwrap_or_default().to_owned()).collect();
    if titles == VERDICTS {
        return Ok(titles);
    }
    Err(Missing::new(format!("the choices {VERDICTS:?} at a proposal"), format!("there are {titles:?}")))
}

/// Runs the command of a proposal's code action; its report must refuse nothing.
async fn press(editor: &mut Editor, uri: &str, mark: &Mark, title: &str) -> Result<(), Missing> {
    let actions = actions(editor, uri, mark).await?;
    let Some(action) = actions.iter().find(|action| action["title"] == title) else {
        return Err(Missing::new(format!("'{title}' at a proposal"), json!(actions).to_string()));
    };
    let name = action["command"]["command"].as_str().unwrap_or_default().to_owned();
    let argument = action["command"]["arguments"][0].clone();
    let report = command(editor, &name, argument).await?;
    if report["sent"] == json!([mark.raw["data"]["hunk"]]) && report["refused"] == json!([]) {
        return Ok(());
    }
    Err(Missing::new(format!("{title} for one piece"), format!("the report is {report}")))
}

fn unchanged(editor: &Editor, uri: &str) -> Result<(), Missing> {
    let text = editor.text(uri);
    if text == CODE { Ok(()) } else { Err(Missing::new("a file that nobody changed yet", text)) }
}

async fn becomes(editor: &mut Editor, uri: &str, text: &str) -> Result<(), Missing> {
    let same = |editor: &Editor| match editor.text(uri) {
        now if now == text => Ok(()),
        now => Err(format!("this text:\n{now}")),
    };
    editor.until(&format!("this text:\n{text}"), same).await
}

/// A numbered line with a word at its right.
fn beside(number: usize, tone: Tone, line: &str, word: &str) -> Line {
    let line = draw::numbered(number, ' ', tone, line);
    line.filled_to(56).and(Tone::Faint, format!("\u{25c2} {word}"))
}

/// The lines of `after` that are not `before`'s.
fn difference(before: &str, after: &str) -> Vec<usize> {
    similar::TextDiff::from_lines(before, after)
        .iter_all_changes()
        .filter(|change| change.tag() == similar::ChangeTag::Insert)
        .filter_map(|change| change.new_index())
        .collect()
}
