//! What mends are worth: each is tried before anybody sees it.
//!
//! Who cannot read a text can only guess what was meant. All mends of such guesses pass here, whoever made them. One
//! that may be made unseen must be a part of the way to a text that can be read, with nothing of the person's lost on
//! it; one that a person may choose must leave fewer errors than before. What does neither is not offered. As long as a
//! text cannot be read and that way is not known, no other mend is made unseen either. And no mend of any finding may
//! leave a text that reads worse than before, a key that then stands twice, or the same text.
//!
//! It costs a reading of the text for each mend. So it is done where mends are shown or made, and not at each
//! keystroke.

use copydesk_base::{Code, Diagnostic, Fix, Safety, TextEdit};
use copydesk_text::{Step, Tree};

use super::mend::{choose, edited, is_safe, made};
use crate::{File, FileKind, WorkspaceIndex, check, syntax};

/// So many bytes are read for the mends of one text; what is not tried by then is not offered.
const MOST_READ: usize = 16 << 20;

/// The findings that are `wanted`, with those of their mends that help. `found` is all that was found in the file, and
/// `read` reads another text as this one was read.
pub fn vouched(
    file: &File<'_>,
    index: &WorkspaceIndex,
    found: &[Diagnostic],
    read: &dyn Fn(&str) -> Tree,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Vec<Diagnostic> {
    let mut list = with_syntax_vouched(file, index, found, read, wanted);
    let trial = Trial { file, index, read, has_expressions: false };
    let before = std::cell::LazyCell::new(|| {
        let found = syntax(file);
        (Broken::of(&found), twins(&found))
    });
    let mut left = MOST_READ;
    for finding in list.iter_mut().filter(|finding| !is_syntax(finding.code)) {
        finding.fixes.retain(|fix| {
            let text = edited(file.text, &fix.edits);
            if text == file.text || fix.edits.iter().all(|edit| is_word(file.text, edit)) {
                return text != file.text && !fix.edits.iter().any(|edit| makes_twin(file.tree, edit));
            }
            let Some(rest) = left.checked_sub(text.len()) else { return false };
            left = rest;
            let after = trial.found(&text);
            Broken::of(&after) <= before.0 && twins(&after) <= before.1
        });
    }
    list
}

/// The same, with the mends of all other findings as they are.
pub(super) fn with_syntax_vouched(
    file: &File<'_>,
    index: &WorkspaceIndex,
    found: &[Diagnostic],
    read: &dyn Fn(&str) -> Tree,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Vec<Diagnostic> {
    let mut list: Vec<Diagnostic> = found.iter().filter(|finding| wanted(finding)).cloned().collect();
    let before = Broken::of(found);
    if before == Broken::default() || list.iter().all(|finding| finding.fixes.is_empty()) {
        return list;
    }
    let trial = Trial { file, index, read, has_expressions: before.expressions > 0 };
    let mut left = MOST_READ;
    let mut try_one = |text: &str| {
        left = left.checked_sub(text.len())?;
        Some(trial.broken(text))
    };
    let chosen = choose(found, is_syntax);
    let keeps = |fix: &Fix| keeps_words(file.text, &edited(file.text, &fix.edits));
    let is_whole = !chosen.is_empty()
        && chosen.iter().all(|(_, fix)| keeps(fix))
        && try_one(&made(file.text, &chosen)) == Some(Broken::default());
    for finding in &mut list {
        if is_syntax(finding.code) {
            finding.fixes.retain_mut(|fix| {
                if is_whole && is_safe(fix) && keeps(fix) {
                    return true;
                }
                fix.safety = Safety::Suggested;
                try_one(&edited(file.text, &fix.edits)).is_some_and(|after| after < before)
            });
        } else if before.text > 0 && !is_whole {
            finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Suggested);
        }
    }
    list
}

/// How many keys stand where the same one stands already.
pub(super) fn twins(found: &[Diagnostic]) -> usize {
    found.iter().filter(|finding| finding.code == Code::DuplicateKey).count()
}

/// Whether a word that is put in the place of a key is a key there already.
fn makes_twin(tree: &Tree, edit: &TextEdit) -> bool {
    let path = tree.path_at(edit.span.start);
    let Some((Step::Key(entry), around)) = path.split_last() else { return false };
    let mapping = around.last().map(|step| step.node()).or_else(|| tree.root());
    let twin = mapping.and_then(|mapping| mapping.entry(&edit.text));
    twin.is_some_and(|twin| twin.key().span() != entry.key().span())
}

/// Whether findings of this kind say that all of the text cannot be read.
pub(super) fn is_of_text(code: Code) -> bool {
    is_syntax(code) && code != Code::ExpressionSyntax
}

/// Whether an edit puts one word in the place of another, which no reader of the text can take amiss.
fn is_word(text: &str, edit: &TextEdit) -> bool {
    let is_plain = |part: &str| {
        part.starts_with(char::is_alphabetic) && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    is_plain(edit.span.of(text)) && is_plain(&edit.text)
}

/// Whether findings of this kind say that a text cannot be read.
pub(crate) fn is_syntax(code: Code) -> bool {
    matches!(code, Code::YamlSyntax | Code::JsonSyntax | Code::TomlSyntax | Code::ExpressionSyntax)
}

/// How much of a text cannot be read. Less of the text itself counts for more: behind it expressions come to light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Broken {
    text: usize,
    expressions: usize,
}

impl Broken {
    fn of(found: &[Diagnostic]) -> Self {
        let count =
            |is_counted: &dyn Fn(Code) -> bool| found.iter().filter(|one| is_counted(one.code)).count();
        Self { text: count(&is_of_text), expressions: count(&|code| code == Code::ExpressionSyntax) }
    }
}

/// What is needed to look at another text as this one was looked at.
struct Trial<'t> {
    file: &'t File<'t>,
    index: &'t WorkspaceIndex,
    read: &'t dyn Fn(&str) -> Tree,
    /// Whether there is more to look at than what the reader of the text says.
    has_expressions: bool,
}

impl Trial<'_> {
    fn broken(&self, text: &str) -> Broken {
        Broken::of(&self.found(text))
    }

    fn found(&self, text: &str) -> Vec<Diagnostic> {
        let tree = (self.read)(text);
        let file = File { text, tree: &tree, ..*self.file };
        let is_enough = !self.has_expressions || file.kind == FileKind::Other;
        if is_enough { syntax(&file) } else { check(&file, self.index) }
    }
}

/// Whether all that is no sign of the syntax is still there, in its order. `True` may have become `true`.
fn keeps_words(before: &str, after: &str) -> bool {
    let mut after = letters(after);
    letters(before).all(|letter| after.any(|other| other == letter))
}

/// What a text is made of but for blanks and the signs of YAML, JSON and TOML.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let is_sign = |c: &char| c.is_whitespace() || "{}[],:=\"'\\/#*-+“”„‟‘’‚‛\u{feff}".contains(*c);
    text.chars().filter(move |c| !is_sign(c)).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::keeps_words;

    #[test]
    fn words_are_kept_whatever_the_signs_around_them() {
        for (before, after, is_kept) in [
            ("{a: 'x',}", "{\"a\": \"x\"}", true),
            ("[True]", "[true]", true),
            ("[\"a\tb\"]", "[\"a\\tb\"]", true),
            ("{\"a\": }", "{\"a\": null}", true),
            ("[None]", "[null]", false),
            ("[1, 2] x", "[1, 2]", false),
            ("a b", "b a", false),
            ("{“a”: 1}", "{\"a\": 1}", true),
        ] {
            assert_eq!(keeps_words(before, after), is_kept, "{before:?} to {after:?}");
        }
    }
}
