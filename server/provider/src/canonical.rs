//! A request told so that it is the same in another folder and in another process.
//!
//! The workspace's path becomes [`ROOT`], and the placeholder of the n-th secret the number n: both are chosen anew for
//! each folder and each process, and say nothing about what is asked. What a provider wants back from its own answers,
//! the ids of calls, the run's cache key and the room that a budget left are no part of a request's meaning either.
//! [`crate::cache`] finds an answer by this, [`crate::replay`] compares by it.

use copydesk_base::redact::{Found, placeholders, replaced};
use copydesk_base::{ContentHash, Redactor};
use serde_json::{Value, json};

use crate::request::{Message, Request};

/// What stands for the workspace's path.
pub(crate) const ROOT: &str = "⟨root⟩";

/// The names that belong to one folder and one process.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// The folder that an answer is about.
    root: String,
    /// The same, and every other that stands for it.
    roots: Roots,
    /// The placeholders of a conversation, in the order in which they first stand there.
    placeholders: Vec<String>,
}

impl Names {
    /// The names of a workspace, and of all secrets that a request speaks of.
    pub(crate) fn of(root: &str, request: &Request) -> Self {
        let roots = Roots::of(request.by.root.iter().map(String::as_str).chain([root]));
        let root = request.by.root.as_deref().unwrap_or(root);
        let mut names = Self { root: root.to_owned(), roots, placeholders: Vec::new() };
        let mut note = |text: &str| {
            for span in placeholders(text) {
                let word = &text[span];
                if !names.placeholders.iter().any(|known| known == word) {
                    names.placeholders.push(word.to_owned());
                }
            }
        };
        note(&request.system);
        for message in &request.messages {
            match message {
                Message::User { text, .. } => note(text),
                Message::Assistant { text, calls, .. } => {
                    note(text);
                    for call in calls {
                        note(&call.arguments.raw);
                    }
                }
                Message::ToolResults { results } => {
                    for result in results {
                        note(&result.text);
                    }
                }
            }
        }
        names
    }

    /// The text without the names.
    pub(crate) fn general(&self, text: &str) -> String {
        let found: Vec<Found> =
            placeholders(text).into_iter().map(|span| Found { span, kind: "placeholder" }).collect();
        let numbered = replaced(text, &found, |word, _| {
            let at = self.placeholders.iter().position(|known| known == word);
            at.map_or_else(|| word.to_owned(), |at| format!("<secret:{}:{}>", kind(word), at + 1))
        });
        self.roots.without(&numbered)
    }

    /// What [`Names::general`] made of a text that speaks of no secret, for this folder.
    pub(crate) fn particular(&self, text: &str) -> String {
        within(text, &self.root)
    }

    /// The name of a request's content, and of who is asked.
    pub(crate) fn digest(&self, asked: &str, request: &Request) -> String {
        let messages: Vec<Value> = request.messages.iter().map(|message| self.message(message)).collect();
        let tools: Vec<Value> = (request.tools.iter())
            .map(|tool| json!([tool.name, tool.description, tool.parameters]))
            .collect();
        let told =
            json!([asked, request.model, self.general(&request.system), tools, request.schema, messages]);
        ContentHash::of(told.to_string()).to_string()
    }

    fn message(&self, message: &Message) -> Value {
        match message {
            Message::User { text, images } => {
                let images: Vec<&str> = images.iter().map(|image| &*image.base64).collect();
                json!({"user": self.general(text), "images": images})
            }
            Message::Assistant { text, calls, .. } => {
                let calls: Vec<Value> = (calls.iter())
                    .map(|call| json!([call.name, self.general(&call.arguments.raw)]))
                    .collect();
                json!({"assistant": self.general(text), "calls": calls})
            }
            Message::ToolResults { results } => {
                let results: Vec<Value> = (results.iter())
                    .map(|result| json!([self.general(&result.text), format!("{:?}", result.outcome)]))
                    .collect();
                json!({ "results": results })
            }
        }
    }
}

/// The folders that are one to a request: the workspace, and the worktrees in which helpers have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roots(Vec<String>);

impl Roots {
    pub(crate) fn of<'r>(roots: impl IntoIterator<Item = &'r str>) -> Self {
        let mut all = Self::default();
        roots.into_iter().for_each(|root| all.add(root));
        all
    }

    /// One more, where it is not known.
    pub(crate) fn add(&mut self, root: &str) {
        if !root.is_empty() && !self.0.iter().any(|known| known == root) {
            self.0.push(root.to_owned());
            // One may lie in another.
            self.0.sort_by_key(|root| std::cmp::Reverse(root.len()));
        }
    }

    /// The text with [`ROOT`] for each of them.
    pub(crate) fn without(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, root| text.replace(root, ROOT))
    }
}

/// A text as a journal has it: no placeholder stands there, and the workspace may be another one.
pub(crate) fn as_recorded(text: &str, roots: &Roots) -> String {
    roots.without(&Redactor::default().clean(text))
}

/// The text with a workspace's path for [`ROOT`].
pub(crate) fn within(text: &str, root: &str) -> String {
    text.replace(ROOT, root)
}

/// The kind in a placeholder.
fn kind(word: &str) -> &str {
    word.trim_start_matches("<secret:").split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Arguments, ToolCall};

    fn request(root: &str, word: &str) -> Request {
        let call = ToolCall { id: word.into(), name: "read".into(), arguments: Arguments::read("{}") };
        Request {
            model: "m".into(),
            system: format!("You are in {root}."),
            messages: vec![
                Message::user(format!("Why is {word} in {root}/a?")),
                Message::Assistant { text: String::new(), calls: vec![call], carried: vec![] },
            ],
            cache_key: Some(word.into()),
            max_output_tokens: Some(word.len().try_into().unwrap()),
            ..Request::default()
        }
    }

    #[test]
    fn a_request_is_the_same_in_another_folder_and_process() {
        let (one, two) = (request("/one", "<secret:token:a1>"), request("/two/deep", "<secret:token:x0y>"));
        let (of_one, of_two) = (Names::of("/one", &one), Names::of("/two/deep", &two));
        assert_eq!(of_one.digest("p", &one), of_two.digest("p", &two));
        assert_ne!(of_one.digest("p", &one), of_one.digest("q", &one), "another provider");
        let other = Request { system: "Be brief.".into(), ..one.clone() };
        assert_ne!(of_one.digest("p", &one), of_one.digest("p", &other));
        // What one was answered fits the other.
        let answer = "Take <secret:token:a1> out of /one/a; <secret:token:b> is nobody's.";
        let general = of_one.general(answer);
        assert_eq!(general, "Take <secret:token:1> out of ⟨root⟩/a; <secret:token:b> is nobody's.");
        assert_eq!(of_two.particular("out of ⟨root⟩/a"), "out of /two/deep/a");
    }

    #[test]
    fn a_recorded_text_names_neither_folder_nor_secret() {
        for (roots, text, expect) in [
            (vec!["/one"], "/one/a: <secret:token:a1>", "⟨root⟩/a: [redacted]"),
            (vec!["/one", "/one/tree"], "/one/tree/a and /one/b", "⟨root⟩/a and ⟨root⟩/b"),
            (vec![""], "/one/a", "/one/a"),
        ] {
            assert_eq!(as_recorded(text, &Roots::of(roots)), expect);
        }
    }
}
