//! An answer that must be one JSON document and fit a schema.
//!
//! The model is told so in words, for not every API can hold it to a schema. What comes is read as people get it: a fence
//! around the document is taken off. What does not fit goes back once with the reasons, and is an error after that.

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
        let text = unfenced(answer);
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
            ("Here it is: {\"title\": \"a\"}", Err("it is no JSON")),
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
