//! The first half: a workflow with mistakes, quick fixes, completion and hover.

use serde_json::{Value, json};

use super::draw::{self, Line, Remark, Tone};
use super::editor::{Editor, Mark};
use super::stage::{Stage, WORKFLOW, WORKFLOW_PATH};
use super::{Missing, Told};

/// The mistakes in the workflow, as they must be marked.
const MISTAKES: [(&str, &str); 2] = [("unknown-step", "tset"), ("unknown-key", "rnu")];

/// The editor introduces itself.
pub(super) async fn start(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let root = stage.root();
    let params = json!({
        "processId": null,
        "clientInfo": {"name": "copydesk tour"},
        "rootUri": stage.uri(""),
        "capabilities": {
            "window": {"workDoneProgress": true, "showDocument": {"support": true}},
            "workspace": {"applyEdit": true, "workspaceEdit": {"documentChanges": true}},
            "textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {"versionSupport": true, "relatedInformation": true},
            },
        },
    });
    let answer = editor.request("initialize", params).await?;
    let (name, version) = (&answer["serverInfo"]["name"], &answer["serverInfo"]["version"]);
    let (Some(name), Some(version)) = (name.as_str(), version.as_str()) else {
        return Err(Missing::new("a server that says who it is", answer.to_string()));
    };
    editor.notify("initialized", json!({})).await?;
    let detail = format!("{name} {version} serves {}", root.display());
    let lines = vec![
        Line::of(Tone::Strong, " Copydesk in a minute"),
        Line::of(
            Tone::Faint,
            format!(
                " The real language server ({name} {version}) with a very small editor. No network, no model:"
            ),
        ),
        Line::of(
            Tone::Faint,
            " what the agent says is scripted, all else is real and happens in a folder of its own.",
        ),
    ];
    Ok(Told { detail, lines })
}

/// A broken workflow is opened; each mistake is marked at its exact place.
pub(super) async fn diagnose(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(WORKFLOW_PATH);
    editor.open(&uri, "yaml", WORKFLOW).await?;
    let marks = settled(editor, &uri, "marks on the workflow").await?;
    let found: Vec<(&str, &str)> =
        marks.iter().map(|mark| (mark.code.as_str(), mark.span.of(WORKFLOW))).collect();
    if found != MISTAKES {
        return Err(Missing::new(format!("the marks {MISTAKES:?}"), format!("there are {found:?}")));
    }
    let remarks: Vec<Remark> = marks.iter().map(remark).collect();
    let mut lines = draw::heading(1, "A broken workflow: its mistakes are marked as you type", WORKFLOW_PATH);
    lines.extend(draw::code(WORKFLOW, 0..WORKFLOW.lines().count(), &remarks));
    let places: Vec<String> = marks.iter().map(|mark| format!("{} at {}", mark.code, place(mark))).collect();
    Ok(Told { detail: places.join(", "), lines })
}

/// The quick fix of each mistake is taken; nothing is left to mend.
pub(super) async fn fix(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(WORKFLOW_PATH);
    let mut titles = Vec::new();
    for (code, words) in MISTAKES {
        let marks = settled(editor, &uri, "marks on the workflow").await?;
        let Some(mark) = marks.iter().find(|mark| mark.code == code) else {
            return Err(Missing::new(format!("the mark {code} until it is mended"), "it is gone"));
        };
        let action = preferred(editor, &uri, mark).await?;
        let edits = editor.edits_for(&uri, &action["edit"])?;
        editor.edit(&uri, edits).await?;
        titles.push((words, action["title"].as_str().unwrap_or_default().to_owned()));
    }
    clean(editor, &uri).await?;
    let text = editor.text(&uri);
    let mended = WORKFLOW.replace("tset", "test").replace("rnu", "run");
    if text != mended {
        return Err(Missing::new(format!("the workflow mended:\n{mended}"), format!("it is:\n{text}")));
    }
    let mut lines = draw::heading(2, "Take the quick fixes", WORKFLOW_PATH);
    for (number, line) in WORKFLOW.lines().enumerate() {
        for (words, title) in titles.iter().filter(|(words, _)| line.contains(*words)) {
            let now = text.lines().nth(number).unwrap_or_default();
            let row = draw::numbered(number, ' ', Tone::Come, now).filled_to(40);
            lines.push(
                row.and(Tone::Faint, format!("{words}: ")).and(Tone::Chosen, format!("[\u{25b8}{title}]")),
            );
        }
    }
    lines.push(draw::fine("no problems left"));
    let titles: Vec<&str> = titles.iter().map(|(_, title)| title.as_str()).collect();
    Ok(Told { detail: format!("{}; no problems left", titles.join(", ")), lines })
}

/// A third step is written with completion, in a file that is half-typed; a hover explains a key.
pub(super) async fn complete(stage: &Stage, editor: &mut Editor) -> Result<Told, Missing> {
    let uri = stage.uri(WORKFLOW_PATH);
    let mended = editor.text(&uri).lines().count();
    editor.type_at_end(&uri, "\n  - id: announce\n    type: ").await?;
    let types = completions(editor, &uri).await?;
    take(editor, &uri, &types, "shell").await?;
    editor.type_at_end(&uri, "\n    needs: [").await?;
    let ids = completions(editor, &uri).await?;
    let labels: Vec<&str> = ids.iter().map(|item| item["label"].as_str().unwrap_or_default()).collect();
    if labels != ["test", "publish"] {
        return Err(Missing::new(
            "the ids of the other steps, test and publish",
            format!("there is {labels:?}"),
        ));
    }
    take(editor, &uri, &ids, "publish").await?;
    editor.type_at_end(&uri, "]\n    run: echo released\n").await?;
    clean(editor, &uri).await?;
    let hover = hover(editor, &uri, "needs: [publish]").await?;

    let text = editor.text(&uri);
    let mut lines =
        draw::heading(3, "Write on: completion knows the place, hover explains it", WORKFLOW_PATH);
    for (number, line) in text.lines().enumerate().skip(mended) {
        let typed =
            |words: &str| draw::numbered(number, ' ', Tone::Plain, words).and(Tone::Notice, "\u{258f}");
        if line.trim_start().starts_with("type:") {
            lines.push(typed("    type: "));
            lines.extend(draw::boxed(20, list(&types, "shell")));
        } else if line.trim_start().starts_with("needs:") {
            lines.push(typed("    needs: ["));
            lines.extend(draw::boxed(22, list(&ids, "publish")));
            lines.push(draw::numbered(number, ' ', Tone::Plain, line));
            lines.extend(draw::boxed(14, note(&hover)));
        } else if !line.is_empty() {
            lines.push(draw::numbered(number, ' ', Tone::Plain, line));
        }
    }
    let detail = format!(
        "{} step types and the ids {} offered; hover says what needs is; no problems left",
        types.len(),
        labels.join(" and ")
    );
    Ok(Told { detail, lines })
}

/// The marks of the version that is open.
async fn settled(editor: &mut Editor, uri: &str, expected: &str) -> Result<Vec<Mark>, Missing> {
    editor.until(expected, |editor| editor.marks(uri).ok_or_else(|| "none for this version".to_owned())).await
}

/// Waits until the version that is open has marks, and that there are none.
async fn clean(editor: &mut Editor, uri: &str) -> Result<(), Missing> {
    let marks = settled(editor, uri, "a check of the workflow").await?;
    if marks.is_empty() {
        return Ok(());
    }
    let left: Vec<&str> = marks.iter().map(|mark| mark.message.as_str()).collect();
    Err(Missing::new("no problems left", format!("there is: {}", left.join("; "))))
}

/// The quick fix that the server prefers for a mark.
async fn preferred(editor: &mut Editor, uri: &str, mark: &Mark) -> Result<Value, Missing> {
    let context = json!({"diagnostics": [mark.raw], "only": ["quickfix"]});
    let params = json!({"textDocument": {"uri": uri}, "range": mark.raw["range"], "context": context});
    let actions = editor.request("textDocument/codeAction", params).await?;
    let found = actions.as_array().into_iter().flatten().find(|action| {
        action["isPreferred"] == true && action["diagnostics"][0]["code"] == mark.code.as_str()
    });
    found.cloned().ok_or_else(|| Missing::new(format!("a quick fix for {}", mark.code), actions.to_string()))
}

/// What is offered at the end of the text, best first.
async fn completions(editor: &mut Editor, uri: &str) -> Result<Vec<Value>, Missing> {
    let params = json!({"textDocument": {"uri": uri}, "position": editor.end(uri)});
    let answer = editor.request("textDocument/completion", params).await?;
    let list = answer.as_array().or_else(|| answer["items"].as_array());
    let mut items = list.cloned().unwrap_or_default();
    items.sort_by_key(|item| item["sortText"].as_str().unwrap_or_default().to_owned());
    if items.is_empty() { Err(Missing::new("a list to complete from", "it is empty")) } else { Ok(items) }
}

/// Takes one of the list.
async fn take(editor: &mut Editor, uri: &str, items: &[Value], label: &str) -> Result<(), Missing> {
    let Some(item) = items.iter().find(|item| item["label"] == label) else {
        return Err(Missing::new(format!("'{label}' in the list"), format!("there is {}", json!(items))));
    };
    let edits = json!([item["textEdit"]]);
    editor.edit(uri, &edits).await
}

async fn hover(editor: &mut Editor, uri: &str, words: &str) -> Result<String, Missing> {
    let (_, range) = editor.find(uri, words)?;
    let params = json!({"textDocument": {"uri": uri}, "position": range["start"]});
    let answer = editor.request("textDocument/hover", params).await?;
    match answer["contents"]["value"].as_str() {
        Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
        _ => Err(Missing::new("a hover that explains the key", answer.to_string())),
    }
}

/// The first few of a completion list, as a menu.
fn list(items: &[Value], chosen: &str) -> Vec<Line> {
    const MOST: usize = 4;
    let words = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |item: &Value| {
        let label = words(&item["label"]);
        let (tone, sign) = if label == chosen { (Tone::Chosen, '\u{25b8}') } else { (Tone::Plain, ' ') };
        let docs = draw::plain(&words(&item["documentation"]["value"]));
        let docs = docs.lines().next().unwrap_or_default();
        let docs = docs.strip_prefix(&format!("{label}: ")).unwrap_or(docs);
        Line::of(tone, format!("{sign}{label:<8} ")).and(Tone::Faint, format!(" {docs}"))
    };
    let mut rows: Vec<Line> = items.iter().take(MOST).map(row).collect();
    if items.len() > MOST {
        rows.push(Line::of(Tone::Faint, format!(" \u{2026} and {} more", items.len() - MOST)));
    }
    rows
}

/// A hover's text, its first line as a title.
fn note(markdown: &str) -> Vec<Line> {
    let lines = draw::wrapped(&draw::plain(markdown), 74);
    let lines = lines.iter().filter(|line| !line.is_empty()).enumerate();
    lines.map(|(at, line)| Line::of(if at == 0 { Tone::Strong } else { Tone::Plain }, line)).collect()
}

fn remark(mark: &Mark) -> Remark {
    Remark { span: mark.span, tone: Tone::Wrong, label: format!("{}: {}", mark.code, mark.message) }
}

/// Line and column as people count them.
fn place(mark: &Mark) -> String {
    let number = |pointer: &str| mark.raw.pointer(pointer).and_then(Value::as_u64).unwrap_or_default() + 1;
    format!("{}:{}", number("/range/start/line"), number("/range/start/character"))
}
