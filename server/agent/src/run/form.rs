//! An answer that must be one JSON document and fit a schema.
//!
//! The model is told so in words, for not every API can hold it to a schema. What comes is read as people get it:
//! thinking aloud, words and fences around the document are taken off, if exactly one document that fits stands among
//! them. What does not fit goes back once with the reasons, and is an error after that.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use copydesk_language::{File, FileKind, schemas};
use copydesk_text::json::{self, Dialect};
use serde_json::Value;

/// Reasons that go back to a model, and that a person reads.
const MOST_REASONS: usize = 5;

/// The schema of an answer. Cheap to clone.
#[derive(Clone)]
pub struct Form(Arc<Known>);

struct Known {
    schema: Value,
    checker: schemas::Schema,
}

/// Brackets of an answer at which a document may begin; one that has more is no answer.
const MOST_TRIED: usize = 64;

/// What the document is called in messages.
const NAME: &str = "schema:answer";

impl Form {
    /// Reads a schema. The error is a fragment about it.
    pub fn read(text: &str) -> Result<Self, String> {
        let schema: Value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
        let mut own = |url: &str| {
            if url == NAME { Ok(text.to_owned()) } else { Err("nothing is fetched".to_owned()) }
        };
        let checker = schemas::Schema::load(NAME, &mut own)?;
        match checker.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(Self(Arc::new(Known { schema, checker }))),
        }
    }

    pub(crate) fn schema(&self) -> &Value {
        &self.0.schema
    }

    /// What is asked for, behind the person's words.
    pub(crate) fn words(&self) -> String {
        format!(
            "\nWhen you are done, answer with one JSON document and nothing else, no words around it, that fits this JSON \
             Schema:\n{}\n",
            self.0.schema
        )
    }

    /// What is asked for where an answer did not fit.
    pub(crate) fn again(reasons: &str) -> String {
        format!(
            "That is not what was asked for: {reasons}. Answer once more with the JSON document alone, so that it fits the \
             schema."
        )
    }

    /// The document in an answer; the error says what is wrong with it.
    pub(crate) fn document(&self, answer: &str) -> Result<Value, String> {
        let answer = spoken(answer);
        let whole = self.fitting(unfenced(answer));
        if whole.is_ok() {
            return whole;
        }
        let mut among: Vec<Result<Value, String>> =
            documents(answer).into_iter().map(|text| self.fitting(text)).collect();
        if among.iter().any(Result::is_ok) {
            among.retain(Result::is_ok);
            among.dedup();
        }
        // One that does not fit says more than that there are words around it.
        if among.len() == 1 { among.remove(0) } else { whole }
    }

    fn fitting(&self, text: &str) -> Result<Value, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| no_json(&error))?;
        let tree = json::parse(text, Dialect::Strict);
        let file = File { path: Path::new("answer.json"), text, tree: &tree, kind: FileKind::Other };
        let wrong = schemas::check(&file, &self.0.checker);
        let reasons: Vec<&str> =
            wrong.iter().take(MOST_REASONS).map(|finding| finding.message.as_str()).collect();
        if reasons.is_empty() { Ok(document) } else { Err(reasons.join("; ")) }
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Form").field(&self.0.schema).finish()
    }
}

/// Where a text is no JSON; the parser's own words help nobody who asked for something else.
fn no_json(error: &serde_json::Error) -> String {
    format!("it is no JSON from line {}, column {} on", error.line(), error.column())
}

/// An answer without a mark of its encoding and without what its model thought aloud before.
fn spoken(answer: &str) -> &str {
    let answer = answer.trim_start_matches('\u{feff}').trim();
    let thought = answer.strip_prefix("<think>").and_then(|rest| rest.split_once("</think>"));
    thought.map_or(answer, |(_, rest)| rest.trim())
}

/// The objects and lists of JSON that stand in a text, none within another.
fn documents(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut at, mut tried) = (0, 0);
    while let Some(next) = text[at..].find(['{', '[']).filter(|_| tried < MOST_TRIED) {
        let rest = &text[at + next..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        tried += 1;
        let length = match values.next() {
            Some(Ok(_)) => {
                found.push(&rest[..values.byte_offset()]);
                values.byte_offset()
            }
            _ => 1,
        };
        at += next + length;
    }
    found
}

/// The text within a fence, if the whole answer is one.
fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inside = || {
        let inside = answer.strip_prefix("```")?.strip_suffix("```")?;
        let (word, text) = inside.split_once('\n')?;
        (word.trim().is_empty() || word.trim().eq_ignore_ascii_case("json")).then(|| text.trim())
    };
    inside().unwrap_or(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type": "object", "properties": {"title": {"type": "string"}, "lines": {"type": "integer"}},
        "required": ["title"], "additionalProperties": false}"#;

    #[test]
    fn a_document_fits_or_says_why_it_does_not() {
        let form = Form::read(SCHEMA).unwrap();
        for (answer, expect) in [
            (r#"{"title": "a"}"#, Ok(r#"{"title":"a"}"#)),
            ("```json\n{\"title\": \"a\", \"lines\": 3}\n```\n", Ok(r#"{"title":"a","lines":3}"#)),
            ("```\n{\"title\": \"a\"}\n```", Ok(r#"{"title":"a"}"#)),
            ("Here it is: {\"title\": \"a\"}", Ok(r#"{"title":"a"}"#)),
            ("\u{feff}{\"title\": \"a\"}", Ok(r#"{"title":"a"}"#)),
            ("<think>Is {\"title\": \"b\"} it? No.</think>\n{\"title\": \"a\"}", Ok(r#"{"title":"a"}"#)),
            ("It has no [lines].\n```json\n{\"title\": \"a\"}\n```\nFine?", Ok(r#"{"title":"a"}"#)),
            ("{\"title\": \"a\"} or {\"title\": \"a\"}", Ok(r#"{"title":"a"}"#)),
            ("{\"title\": 3} or {\"title\": \"a\"}", Ok(r#"{"title":"a"}"#)),
            // Which of them is meant nobody can say.
            ("{\"title\": \"a\"} or {\"title\": \"b\"}", Err("it is no JSON")),
            ("Here it is: {\"title\": 3}", Err("'title' takes a text")),
            ("Here it is: {\"title\": \"a\"", Err("it is no JSON")),
            ("I cannot.", Err("it is no JSON")),
            (r#"{"lines": 3}"#, Err("title")),
            (r#"{"title": 3}"#, Err("'title' takes a text; this is a whole number")),
            (r#"{"title": "a", "page": 1}"#, Err("page")),
            ("[]", Err("")),
        ] {
            match (form.document(answer), expect) {
                (Ok(document), Ok(expect)) => {
                    assert_eq!(document, serde_json::from_str::<Value>(expect).unwrap(), "{answer}");
                }
                (Err(why), Err(part)) => assert!(why.contains(part), "{answer}: {why}"),
                (got, _) => panic!("{answer}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_schema_that_cannot_be_used_says_why() {
        for (text, part) in [
            ("{", "it is no JSON"),
            ("{\"type\": \"rocket\"}", "it is no valid schema"),
            (
                "{\"$ref\": \"https://schemas.example/a.json\"}",
                "it refers to 'https://schemas.example/a.json'",
            ),
        ] {
            assert!(Form::read(text).is_err_and(|why| why.contains(part)), "{text}");
        }
    }
}
