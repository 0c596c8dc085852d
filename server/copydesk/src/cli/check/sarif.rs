//! The findings as SARIF 2.1.0, as code hosts take them.
//!
//! Paths are relative to the repository, which is how a host finds the line; columns count UTF-16 units and say so. A
//! finding's fingerprint is made from its code, its path and the words it stands on, so that it stays the same finding
//! when lines move.

use std::collections::HashMap;
use std::path::Path;

use copydesk_base::{Code, ContentHash, Diagnostic, Fix, Severity, Span};
use copydesk_text::{Encoding, LineIndex};
use serde_json::{Value, json};

use super::look::Checked;
use crate::here::Here;

/// Where the page of each code is.
const PAGES: &str = "https://github.com/copydesk/copydesk/blob/main/docs/guide/diagnostics/";

/// One run of ours.
pub(super) fn document(here: &Here, files: &[Checked]) -> Value {
    let base = here.cwd.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&here.cwd);
    let mut results = Vec::new();
    for file in files {
        let (text, findings) = file.as_seen();
        let lines = LineIndex::new(text);
        let place = Place { uri: uri(base, &here.cwd.join(&file.path)), path: &file.path, text, lines };
        let mut seen = HashMap::new();
        for finding in findings.iter() {
            results.push(result(&place, finding, &mut seen));
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "copydesk",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

/// A file and how its places are written.
struct Place<'f> {
    uri: Value,
    path: &'f str,
    text: &'f str,
    lines: LineIndex<'f>,
}

fn rule(code: Code) -> Value {
    let words = code.as_str().replace('-', " ");
    let page = format!("{PAGES}{code}.md");
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": words },
        "fullDescription": { "text": format!("{words}: see {page}") },
        "help": { "text": format!("What it means and how to mend it: {page}"),
                  "markdown": format!("[What it means and how to mend it]({page})") },
        "helpUri": page,
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(place: &Place<'_>, finding: &Diagnostic, seen: &mut HashMap<String, usize>) -> Value {
    let rule = Code::ALL.iter().position(|code| *code == finding.code);
    let words = format!("{} {} {}", finding.code, place.path, finding.span.of(place.text));
    let count = seen.entry(words.clone()).or_insert(0);
    *count += 1;
    let mut fingerprint = ContentHash::of(&words).to_string();
    fingerprint.truncate(16);
    let mut result = json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": { "artifactLocation": place.uri, "region": region(place, finding.span) } }],
        "partialFingerprints": { "copydesk/v1": format!("{fingerprint}:{count}") },
    });
    let related = finding.related.iter().filter(|related| related.path.is_none()).enumerate();
    let related: Vec<Value> = related
        .map(|(at, related)| {
            json!({
                "id": at,
                "message": { "text": related.message },
                "physicalLocation": { "artifactLocation": place.uri, "region": region(place, related.span) },
            })
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    let fixes = finding.fixes.iter().filter(|fix| !fix.edits.is_empty());
    let fixes: Vec<Value> = fixes.map(|fix| mend(place, fix)).collect();
    if !fixes.is_empty() {
        result["fixes"] = fixes.into();
    }
    result
}

fn mend(place: &Place<'_>, fix: &Fix) -> Value {
    let replacements = fix.edits.iter().map(
        |edit| json!({ "deletedRegion": region(place, edit.span), "insertedContent": { "text": edit.text } }),
    );
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{
            "artifactLocation": place.uri,
            "replacements": replacements.collect::<Vec<_>>(),
        }],
    })
}

/// Lines and columns count from one; the end is the column behind the last character.
fn region(place: &Place<'_>, span: Span) -> Value {
    let range = place.lines.range(span, Encoding::Utf16);
    json!({
        "startLine": range.start.line + 1,
        "startColumn": range.start.character + 1,
        "endLine": range.end.line + 1,
        "endColumn": range.end.character + 1,
    })
}

/// The address of a file: relative to the repository where it lies inside.
fn uri(base: &Path, path: &Path) -> Value {
    let path = copydesk_base::path::resolve(Path::new("/"), path);
    let base = copydesk_base::path::resolve(Path::new("/"), base);
    let whole = url::Url::from_file_path(&path).map_or_else(|()| path.display().to_string(), String::from);
    let folder = url::Url::from_directory_path(&base).map_or_else(|()| String::new(), String::from);
    match whole.strip_prefix(&folder) {
        Some(inside) if !folder.is_empty() => json!({ "uri": inside, "uriBaseId": "%SRCROOT%" }),
        _ => json!({ "uri": whole }),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info | Severity::Hint => "note",
    }
}
