//! What the mends of syntax errors are worth: each is tried before anybody sees it.
//!
//! Who cannot read a text can only guess what was meant. All mends of such guesses pass here, whoever made them. One that
//! may be made unseen must be a part of the way to a text that can be read, with nothing of the person's lost on it; one
//! that a person may choose must leave fewer errors than before. What does neither is not offered.
//!
//! It costs a reading of the text for each mend. So it is done where mends are shown or made, and not at each keystroke.

use copydesk_base::{Code, Diagnostic, Safety, TextEdit};
use copydesk_text::Tree;

use super::mend::{edited, is_safe};
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
    let mut list: Vec<Diagnostic> = found.iter().filter(|finding| wanted(finding)).cloned().collect();
    let is_asked = |finding: &Diagnostic| is_syntax(finding.code) && !finding.fixes.is_empty();
    if !list.iter().any(is_asked) {
        return list;
    }
    let has_expressions = found.iter().any(|finding| finding.code == Code::ExpressionSyntax);
    let trial = Trial { file, index, read, has_expressions };
    let mut left = MOST_READ;
    let mut try_one = |edits: &[TextEdit]| {
        left = left.checked_sub(file.text.len())?;
        let text = edited(file.text, edits);
        Some(trial.broken(&text))
    };
    let before = Broken::of(found);
    let is_whole = try_one(&first_mends(found)) == Some(Broken::default());
    for finding in list.iter_mut().filter(|finding| is_asked(finding)) {
        finding.fixes.retain_mut(|fix| {
            if is_whole && is_safe(fix) && keeps_words(file.text, &edited(file.text, &fix.edits)) {
                return true;
            }
            fix.safety = Safety::Suggested;
            try_one(&fix.edits).is_some_and(|after| after < before)
        });
    }
    list
}

/// Whether findings of this kind say that a text cannot be read.
pub(super) fn is_syntax(code: Code) -> bool {
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
        let expressions = found.iter().filter(|finding| finding.code == Code::ExpressionSyntax).count();
        let all = found.iter().filter(|finding| is_syntax(finding.code)).count();
        Self { text: all - expressions, expressions }
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
        let tree = (self.read)(text);
        let file = File { text, tree: &tree, ..*self.file };
        let is_enough = !self.has_expressions || file.kind == FileKind::Other;
        Broken::of(&if is_enough { syntax(&file) } else { check(&file, self.index) })
    }
}

/// The first mend of each syntax error, as far as they leave each other alone.
fn first_mends(found: &[Diagnostic]) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = Vec::new();
    for fix in found.iter().filter(|finding| is_syntax(finding.code)).filter_map(|one| one.fixes.first()) {
        let is_free = |edit: &TextEdit| edits.iter().all(|other| !other.span.overlaps(edit.span));
        if fix.edits.iter().all(is_free) {
            edits.extend(fix.edits.iter().cloned());
        }
    }
    edits
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
