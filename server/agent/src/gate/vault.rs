//! Secrets on their way to a model and back: a placeholder goes, and the secret comes back where it stood, nowhere
//! else.
//!
//! The same secret has the same placeholder as long as this process lives, so that a model can speak about it. The
//! placeholder's word is random: one that this process did not give out stands for nothing. No file, no command and no
//! record ever gets one: [`Vault::restored`] puts the secret back into an edit that keeps it in its place and refuses
//! every other, and the recorder writes `[redacted]`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use copydesk_base::redact::{self, Found, apart, placeholder, placeholders, replaced};
use copydesk_base::{Ids, Redactor};
use serde_json::Value;

/// Pieces of a known secret that are this long are hidden, too: whoever cuts it up still shows it. Shorter secrets are
/// hidden where they were found, and not looked for elsewhere.
const PIECE: usize = 12;

/// A text as a model sees it.
pub(crate) struct Seen {
    pub(crate) text: String,
    /// Where each placeholder is, and what it stands for in the text itself.
    hidden: Vec<(Range<usize>, Range<usize>)>,
}

impl Seen {
    /// Where a place that is seen stands in the text itself; nowhere if it begins or ends in a placeholder.
    pub(crate) fn place(&self, seen: Range<usize>) -> Option<Range<usize>> {
        let at = |at: usize| {
            let before = self.hidden.partition_point(|(seen, _)| seen.start < at);
            match before.checked_sub(1).and_then(|last| self.hidden.get(last)) {
                Some((seen, _)) if at < seen.end => None,
                Some((seen, there)) => Some(there.end + (at - seen.end)),
                None => Some(at),
            }
        };
        Some(at(seen.start)?..at(seen.end)?)
    }

    /// Whether a place of the text itself is hidden, or a part of it.
    pub(crate) fn hides(&self, place: &Range<usize>) -> bool {
        self.hidden.iter().any(|(_, there)| there.start < place.end && place.start < there.end)
    }
}

/// The secrets that were seen.
#[derive(Default)]
pub(crate) struct Vault {
    /// Secret to placeholder.
    given: HashMap<String, String>,
    /// Placeholder to secret.
    secrets: HashMap<String, String>,
    /// The pieces of them all, however they are written.
    pieces: HashSet<[u8; PIECE]>,
}

impl Vault {
    /// The text as a model may see it.
    pub(crate) fn hidden(&mut self, text: &str, redactor: &Redactor, ids: &dyn Ids) -> String {
        self.seen(text, redactor, ids).text
    }

    /// The same, and where each part of it stands in the text.
    pub(crate) fn seen(&mut self, text: &str, redactor: &Redactor, ids: &dyn Ids) -> Seen {
        let found = self.found(text, redactor);
        let mut lengths = Vec::new();
        let seen = replaced(text, &found, |secret, found| {
            let placeholder = self.placeholder_of(secret, found.kind, ids);
            lengths.push(placeholder.len());
            placeholder
        });
        let (mut end, mut there) = (0, 0);
        let mut hidden = Vec::new();
        for (one, length) in found.iter().zip(lengths) {
            let start = end + one.span.start - there;
            (end, there) = (start + length, one.span.end);
            hidden.push((start..end, one.span.clone()));
        }
        Seen { text: seen, hidden }
    }

    /// The same with as many lines as before: each line of a secret has its placeholder.
    pub(crate) fn hidden_in_lines(&mut self, text: &str, redactor: &Redactor, ids: &dyn Ids) -> String {
        let found = self.found(text, redactor);
        replaced(text, &found, |secret, found| {
            let placeholder = self.placeholder_of(secret, found.kind, ids);
            let more = secret.trim_end_matches('\n').matches('\n').count();
            let end = if secret.ends_with('\n') { "\n" } else { "" };
            format!("{placeholder}{}{end}", format!("\n{placeholder}").repeat(more))
        })
    }

    fn found(&self, text: &str, redactor: &Redactor) -> Vec<Found> {
        let mut found = redactor.find(text);
        found.extend(self.pieces(text));
        apart(found)
    }

    /// Looks at a whole text of which the model will see a part: a line of a key says nothing by itself.
    pub(crate) fn learn(&mut self, text: &str, redactor: &Redactor, ids: &dyn Ids) {
        if !text.contains("PRIVATE KEY") && !text.contains("PuTTY-User-Key-File") {
            return;
        }
        for found in redactor.find(text).into_iter().filter(|found| found.kind == "private-key") {
            self.placeholder_of(&text[found.span], found.kind, ids);
        }
    }

    /// A text of the model's with its secrets back, where they stand `there` as often; a reason for the model where
    /// not.
    pub(crate) fn restored(&self, text: &str, there: &str) -> Result<String, String> {
        let spans = placeholders(text);
        if spans.is_empty() {
            return Ok(text.to_owned());
        }
        let found: Vec<Found> = spans.into_iter().map(|span| Found { span, kind: "placeholder" }).collect();
        for one in &found {
            let word = &text[one.span.clone()];
            let times = found.iter().filter(|other| text[other.span.clone()] == *word).count();
            let secret = self.secrets.get(word).map_or(word, String::as_str);
            if there.matches(secret).count() < times {
                return Err(misplaced(word));
            }
        }
        Ok(replaced(text, &found, |word, _| {
            self.secrets.get(word).cloned().unwrap_or_else(|| word.to_owned())
        }))
    }

    /// Where a text has known secrets, or pieces of them.
    fn pieces(&self, text: &str) -> Vec<Found> {
        if self.pieces.is_empty() {
            return Vec::new();
        }
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, piece) in text.as_bytes().windows(PIECE).enumerate() {
            if !self.pieces.contains(piece) {
                continue;
            }
            match runs.last_mut() {
                // The next letter of the same secret, and not the beginning of the next one.
                Some(run) if run.end == at + PIECE - 1 => run.end = at + PIECE,
                _ => runs.push(at..at + PIECE),
            }
        }
        let whole = |run: Range<usize>| text.floor_char_boundary(run.start)..text.ceil_char_boundary(run.end);
        runs.into_iter().map(|run| Found { span: whole(run), kind: "secret" }).collect()
    }

    fn placeholder_of(&mut self, secret: &str, kind: &str, ids: &dyn Ids) -> String {
        if let Some(known) = self.given.get(secret) {
            return known.clone();
        }
        let new = placeholder(kind, &ids.next());
        for form in redact::forms(secret).iter().map(String::as_str).chain([secret]) {
            self.pieces.extend(
                form.as_bytes().windows(PIECE).filter_map(|piece| <[u8; PIECE]>::try_from(piece).ok()),
            );
        }
        self.given.insert(secret.to_owned(), new.clone());
        self.secrets.insert(new.clone(), secret.to_owned());
        new
    }
}

/// Why a placeholder cannot stand where the model put it.
pub(crate) fn misplaced(word: &str) -> String {
    format!(
        "refused: {word} stands for a secret that you do not see; it can stay where it is in an edit, but not be written \
         anywhere else"
    )
}

/// Why a text may not be written: it has a placeholder that was not there before.
pub(crate) fn leaves_placeholder(before: &str, after: &str) -> Option<String> {
    placeholders(after)
        .into_iter()
        .map(|span| &after[span])
        .find(|word| !before.contains(word))
        .map(misplaced)
}

/// Why a tool call is refused: a placeholder stands in an argument that is no text of a file.
pub(crate) fn outside_edits(tool: &str, arguments: &Value) -> Option<String> {
    let is_text = |key: &str| match tool {
        "edit" => matches!(key, "old" | "new"),
        "write" => key == "content",
        _ => false,
    };
    let found = match arguments {
        Value::Object(map) => map
            .iter()
            .filter(|(key, _)| !is_text(key))
            .find_map(|(key, value)| first(value).or_else(|| first(&Value::String(key.clone())))),
        other => first(other),
    };
    found.map(|word| {
        format!(
            "refused: {word} stands for a secret that you do not see, and no command or search gets it; name the variable \
             or the file that holds it instead"
        )
    })
}

/// The first placeholder in a value.
fn first(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => placeholders(text).first().map(|span| text[span.clone()].to_owned()),
        Value::Array(items) => items.iter().find_map(first),
        Value::Object(map) => {
            map.iter().find_map(|(key, value)| first(value).or_else(|| first(&Value::String(key.clone()))))
        }
        _ => None,
    }
}

/// The first words of a text for a title. What looks like a secret goes before the text is cut, or a part would stay.
pub(crate) fn first_words(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let redactor = Redactor::default().finding(copydesk_permission::find_secrets);
    redactor.clean(line).chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_base::id::CountingIds;
    use serde_json::json;

    const SECRET: &str = "hush-0123456789";

    fn vault() -> (Vault, Redactor, CountingIds) {
        (Vault::default(), Redactor::new([SECRET.to_owned()]), CountingIds::default())
    }

    #[test]
    fn a_secret_comes_back_where_it_stood_and_nowhere_else() {
        let (mut vault, redactor, ids) = vault();
        let text = format!("key = {SECRET}\nother = 1\n");
        let hidden = vault.hidden(&text, &redactor, &ids);
        assert_eq!(hidden, "key = <secret:provider-key:1>\nother = 1\n");
        assert_eq!(vault.hidden(&text, &redactor, &ids), hidden, "the same each time");
        let word = "<secret:provider-key:1>";
        for (written, there, expected) in [
            (format!("key = {word}"), text.as_str(), Some(format!("key = {SECRET}"))),
            ("other = 2".to_owned(), &text, Some("other = 2".to_owned())),
            (format!("key = {word}"), "key = 1", None),
            (format!("{word} {word}"), &text, None),
            ("<secret:provider-key:2>".to_owned(), &text, None),
            (
                "<secret:provider-key:2>".to_owned(),
                "a <secret:provider-key:2>",
                Some("<secret:provider-key:2>".to_owned()),
            ),
        ] {
            assert_eq!(vault.restored(&written, there).ok(), expected, "{written} in {there}");
        }
    }

    #[test]
    fn a_part_of_a_key_is_hidden_once_the_whole_was_seen() {
        let (mut vault, _, ids) = vault();
        let redactor = Redactor::default().finding(copydesk_permission::find_secrets);
        let (one, two) = ("MIIEpAIBAAKCAQEA7bq0".repeat(3), "q83Jx0pZ5v4Z7w2E".repeat(4));
        let text = format!("-----BEGIN PRIVATE KEY-----\n{one}\n{two}\n-----END PRIVATE KEY-----\n");
        vault.learn(&text, &redactor, &ids);
        let part = vault.hidden(&format!("a.txt:3:{two}"), &redactor, &ids);
        assert_eq!(part, "a.txt:3:<secret:private-key:2>");
    }

    #[test]
    fn a_piece_of_a_known_secret_is_hidden_and_comes_back_in_its_place() {
        let (mut vault, redactor, ids) = vault();
        vault.hidden(&format!("key = {SECRET}"), &redactor, &ids);
        for (shown, expected) in [
            ("hush-0123456", "<secret:secret:2>"),
            ("ä hush-01234567 é", "ä <secret:secret:3> é"),
            ("0123456789 hush-01234", "0123456789 hush-01234"),
            ("hush-0123456789", "<secret:provider-key:1>"),
            // base64, from its end, hexadecimal digits.
            ("aHVzaC0wMTIzNDU2Nzg5", "<secret:secret:4>"),
            ("x9876543210-hsuh", "x<secret:secret:5>"),
            ("687573682d303132333435363738390a", "<secret:secret:6>0a"),
        ] {
            assert_eq!(vault.hidden(shown, &redactor, &ids), expected);
        }
        let there = "a = hush-0123456";
        assert_eq!(vault.restored("b = <secret:secret:2>", there).ok(), Some("b = hush-0123456".to_owned()));
        assert!(vault.restored("b = <secret:secret:2>", "a = 1").is_err());
    }

    #[test]
    fn only_texts_of_files_may_carry_one() {
        let word = "<secret:a:b>";
        for (tool, arguments, is_refused) in [
            ("bash", json!({"command": format!("curl -d {word} x")}), true),
            ("edit", json!({"path": "a", "old": word, "new": word}), false),
            ("edit", json!({"path": word, "old": "a", "new": "b"}), true),
            ("write", json!({"path": "a", "content": word}), false),
            ("grep", json!({"pattern": word}), true),
            ("read", json!({"path": "a"}), false),
            ("other", json!([{"a": {word: 1}}]), true),
        ] {
            assert_eq!(outside_edits(tool, &arguments).is_some(), is_refused, "{tool} {arguments}");
        }
        assert!(leaves_placeholder("a", "a <secret:a:b>").is_some());
        assert!(leaves_placeholder("x <secret:a:b>", "a <secret:a:b>").is_none());
    }
}
