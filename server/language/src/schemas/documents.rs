//! The documents that a schema is made of: its own and all that its references lead to.
//!
//! Whoever calls says how a document is read; here nothing is opened. Bundled schemas are never asked for, and what is
//! not there is noted and passed over, so that one missing piece does not cost the whole schema.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jsonschema::Draft;
use referencing::uri;
use serde_json::Value;

use super::{bundled, value};

/// How many documents one schema may be made of.
const MOST_DOCUMENTS: usize = 200;

/// The largest document, in bytes.
pub(super) const LARGEST_DOCUMENT: usize = 8 * 1024 * 1024;

/// How deep a document may be nested: what JSON readers take.
const DEEPEST: usize = 128;

/// Reads the text behind a URL. The error is a fragment of a sentence that says why it is not there.
pub type Read<'r> = dyn FnMut(&str) -> Result<String, String> + 'r;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) by_url: BTreeMap<String, Value>,
    /// What references lead to and is not there, with the reason.
    pub(super) missing: BTreeMap<String, String>,
}

/// Reads the document at `url` and all that it refers to. The error says why there is no schema at all.
pub(super) fn gather(url: &str, read: &mut Read<'_>) -> Result<Documents, String> {
    let mut found = Documents::default();
    let start = document(url, read)?;
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut waiting = VecDeque::new();
    take_in(&mut found, &mut known, &mut waiting, url, start);
    while let Some(next) = waiting.pop_front() {
        if known.contains(&next) || found.missing.contains_key(&next) || is_metaschema(&next) {
            continue;
        }
        if found.by_url.len() >= MOST_DOCUMENTS {
            found.missing.insert(next, format!("a schema is made of at most {MOST_DOCUMENTS} files"));
            continue;
        }
        match document(&next, read) {
            Ok(value) => take_in(&mut found, &mut known, &mut waiting, &next, value),
            Err(why) => {
                found.missing.insert(next, why);
            }
        }
    }
    Ok(found)
}

/// Reads one text as a schema document: JSON, or else YAML.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    if text.len() > LARGEST_DOCUMENT {
        return Err(format!("it has more than {} MB", LARGEST_DOCUMENT / 1024 / 1024));
    }
    let text = text.trim_start_matches('\u{feff}');
    let value = match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(error) => {
            let tree = copydesk_text::yaml::parse(text);
            if !tree.problems().is_empty() || tree.root().is_none() {
                return Err(format!("it is no JSON: {error}"));
            }
            value::of_tree(&tree, value::Keys::Merged).value
        }
    };
    if !matches!(value, Value::Object(_) | Value::Bool(_)) {
        return Err("it is no schema: a schema is a mapping".to_owned());
    }
    Ok(value)
}

/// Whether a URL is one of the metaschemas that the validator knows by heart.
pub(super) fn is_metaschema(url: &str) -> bool {
    Draft::from_schema_uri(url) != Draft::Unknown || {
        let folder = url.trim_start_matches("https://").trim_start_matches("http://");
        folder.starts_with("json-schema.org/draft/2019-09/meta/")
            || folder.starts_with("json-schema.org/draft/2020-12/meta/")
    }
}

/// Calls `look` with every schema object of a document and its base URL.
pub(super) fn each_object<'v>(
    value: &'v Value,
    base: &str,
    draft: Draft,
    look: &mut impl FnMut(&'v Value, &str),
) {
    walk(value, base, draft.detect(value), DEEPEST, look);
}

fn walk<'v>(
    value: &'v Value,
    base: &str,
    draft: Draft,
    depth: usize,
    look: &mut impl FnMut(&'v Value, &str),
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Object(map) => {
            let id = own_id(value, draft).and_then(|id| absolute(base, id));
            let base = id.as_deref().map_or(base, |id| id.split('#').next().unwrap_or(id));
            look(value, base);
            for (key, value) in map {
                // Data, not schemas: what looks like a reference there is none.
                if !matches!(key.as_str(), "const" | "enum" | "default" | "examples" | "defaultSnippets") {
                    walk(value, base, draft, depth, look);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, base, draft, depth, look)),
        _ => {}
    }
}

/// The identifier of a schema object. Beside a `$ref` the old drafts know nothing else.
fn own_id(value: &Value, draft: Draft) -> Option<&str> {
    let is_old = matches!(draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7);
    let id = value.get(draft.id_keyword())?.as_str()?;
    (!is_old || value.get("$ref").is_none()).then_some(id)
}

/// The draft of a schema that does not say it: the one whose words it uses, else the one most are written in.
pub(super) fn draft_of(value: &Value) -> Draft {
    let said = Draft::Unknown.detect(value);
    if said != Draft::Unknown || value.get("$schema").is_some() {
        return said;
    }
    let mut is_new = false;
    each_object(value, "json-schema:///", Draft::Draft202012, &mut |object, _| {
        is_new |= NEW_WORDS.iter().any(|word| object.get(word).is_some());
    });
    if is_new { Draft::Draft202012 } else { Draft::Draft7 }
}

/// Words that no old draft has.
const NEW_WORDS: &[&str] = &[
    "$defs",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "prefixItems",
    "dependentSchemas",
    "dependentRequired",
    "unevaluatedProperties",
    "unevaluatedItems",
    "minContains",
    "maxContains",
];

/// A reference beside a base, as a whole URL.
pub(super) fn absolute(base: &str, reference: &str) -> Option<String> {
    let base = uri::from_str(base).ok()?;
    let whole = uri::resolve_against(&base.borrow(), reference).ok()?;
    Some(whole.as_str().to_owned())
}

/// The document that a reference of a schema object leads to, and what it is within it.
pub(super) fn target(base: &str, reference: &str) -> Option<String> {
    let whole = absolute(base, reference)?;
    Some(whole.split('#').next().unwrap_or_default().to_owned())
}

fn document(url: &str, read: &mut Read<'_>) -> Result<Value, String> {
    if let Some(value) = bundled::document(url) {
        return Ok(value);
    }
    parse(&read(url)?)
}

fn take_in(
    found: &mut Documents,
    known: &mut BTreeSet<String>,
    waiting: &mut VecDeque<String>,
    url: &str,
    value: Value,
) {
    known.insert(url.to_owned());
    let draft = draft_of(&value);
    each_object(&value, url, draft, &mut |_, base| {
        known.insert(base.to_owned());
    });
    each_object(&value, url, draft, &mut |object, base| {
        let named =
            ["$ref", "$dynamicRef", "$schema"].into_iter().filter_map(|key| object.get(key)?.as_str());
        for reference in named.filter(|reference| !reference.starts_with('#')) {
            waiting.extend(target(base, reference));
        }
    });
    found.by_url.insert(url.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for, in order, and what is missing in the end.
    fn check(texts: &[(&str, &str)], asked: &[&str], missing: &[&str]) {
        let mut seen = Vec::new();
        let start = texts[0].0;
        let found = gather(start, &mut |url| {
            seen.push(url.to_owned());
            let text = texts.iter().find(|(known, _)| *known == url);
            text.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "it is not there".to_owned())
        });
        assert_eq!(seen, asked);
        assert_eq!(found.unwrap().missing.into_keys().collect::<Vec<_>>(), missing);
    }

    #[test]
    fn references_are_followed_through_files_and_no_further() {
        let a = "file:///s/a.json";
        check(&[(a, r##"{"$ref": "#/x", "properties": {"$ref": {"type": "string"}}}"##)], &[a], &[]);
        check(&[(a, r#"{"const": {"$ref": "b.json"}, "enum": [{"$ref": "b.json"}]}"#)], &[a], &[]);
        check(
            &[
                (a, r#"{"allOf": [{"$ref": "sub/b.json#/x"}, {"$ref": "gone.json"}]}"#),
                ("file:///s/sub/b.json", r#"{"x": {"$ref": "../c.yaml"}}"#),
                ("file:///s/c.yaml", "type: object\nproperties: {a: {$ref: a.json}}\n"),
            ],
            &[a, "file:///s/sub/b.json", "file:///s/gone.json", "file:///s/c.yaml"],
            &["file:///s/gone.json"],
        );
        // An identifier within the document is the document.
        check(
            &[(
                a,
                r#"{"$id": "https://x.test/a", "$defs": {"b": {"$id": "b"}}, "$ref": "https://x.test/b"}"#,
            )],
            &[a],
            &[],
        );
        // The validator knows these, and ours are in the program.
        check(&[(a, r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#)], &[a], &[]);
        check(&[(a, &format!(r#"{{"$ref": "{}config.schema.json"}}"#, crate::schema::HOME))], &[a], &[]);
    }

    #[test]
    fn what_is_no_schema_says_why() {
        for (text, why) in [
            ("", "it is no JSON"),
            ("{", "it is no JSON"),
            ("[1]", "it is no schema: a schema is a mapping"),
            ("just words", "it is no schema: a schema is a mapping"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(why), "{text:?}: {found}");
        }
    }
}
