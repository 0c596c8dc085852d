//! The definitions that a cursor stands in, by the grammar of its language.
//!
//! Reading a long file costs more than a suggestion may take, and hardly any of it changes between two keys. So the
//! outline of a moment ago serves: what was typed since lies between the part of the text that is the same before it
//! and the part that is the same behind it, and a definition that begins in the one and ends in the other is still
//! around the cursor. It is read anew, beside the suggestion, once more was typed than is sent with every suggestion
//! anyway.

use std::path::Path;
use std::sync::Arc;

use copydesk_outline::{Outline, Reader, read};

use super::context::ENCLOSING_LINE;

/// How many bytes before a cursor the text may differ from what was read: less than is sent from there.
const NEAR: usize = 1_024;

/// The outline of a text.
#[derive(Debug)]
pub(super) struct Scopes {
    text: Arc<str>,
    outline: Outline,
}

impl Scopes {
    pub(super) fn read(path: &Path, text: &Arc<str>) -> Self {
        Self { text: text.clone(), outline: read(path, text) }
    }

    /// Whether it still serves at this cursor: what is not the same begins so near that it is sent anyway.
    pub(super) fn serves(&self, text: &Arc<str>, cursor: usize) -> bool {
        Arc::ptr_eq(&self.text, text) || cursor.saturating_sub(Same::of(&self.text, text).head) <= NEAR
    }

    /// The lines above `start` that begin the definitions around the cursor, outermost first; nothing where no grammar
    /// knows the language. `text` may be a later one than was read.
    pub(super) fn heads<'t>(&self, text: &'t str, cursor: usize, start: usize) -> Vec<&'t str> {
        if self.outline.by == Reader::Lines {
            return Vec::new();
        }
        let same = Same::of(&self.text, text);
        let before = same.before(cursor);
        let around = self
            .outline
            .symbols
            .iter()
            .filter(|symbol| symbol.span.start <= before && before <= symbol.span.end);
        let lines = around.filter_map(|symbol| {
            let at = same.after(symbol.selection.start).filter(|at| *at < start)?;
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            text[line..].lines().next().filter(|line| line.len() <= ENCLOSING_LINE)
        });
        let mut lines: Vec<&str> = lines.collect();
        // A definition and its container may begin in one line.
        lines.dedup_by(|one, other| std::ptr::eq(*one, *other));
        lines
    }
}

/// What two versions of a text share at their ends.
#[derive(Clone, Copy)]
struct Same {
    head: usize,
    tail: usize,
    then: usize,
    now: usize,
}

impl Same {
    fn of(then: &str, now: &str) -> Self {
        let most = then.len().min(now.len());
        let head = then.bytes().zip(now.bytes()).take_while(|(one, other)| one == other).count();
        let tail = then.bytes().rev().zip(now.bytes().rev()).take_while(|(one, other)| one == other).count();
        Self { head, tail: tail.min(most - head), then: then.len(), now: now.len() }
    }

    /// Where a place of now was; what was typed since stood where it begins.
    fn before(self, at: usize) -> usize {
        if at <= self.head {
            at
        } else if at >= self.now - self.tail {
            at + self.then - self.now
        } else {
            self.head
        }
    }

    /// Where a place of then is now, if it is in what stayed.
    fn after(self, at: usize) -> Option<usize> {
        if at < self.head {
            Some(at)
        } else {
            (at >= self.then - self.tail).then(|| at + self.now - self.then)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RUST: &str =
        "struct B;\n\nimpl B {\nfn f(&self) {\n    let x = 1;\n}\n\nfn g(&self) {\n    let y = 2;\n}\n}\n";

    /// The heads above the line of the cursor, in the text as it is when `typed` stands there.
    fn heads(scopes: &Scopes, mark: &str, typed: &str) -> Vec<String> {
        let at = RUST.find(mark).unwrap() + mark.len();
        let text = format!("{}{typed}{}", &RUST[..at], &RUST[at..]);
        let cursor = at + typed.len();
        let start = text[..cursor].rfind('\n').map_or(0, |end| end + 1);
        scopes.heads(&text, cursor, start).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_definitions_around_a_cursor_are_found_by_their_grammar_also_while_somebody_types() {
        let scopes = Scopes::read(Path::new("a.rs"), &RUST.into());
        for typed in ["", " + 2", "\n    if x {\n        self.", "\n    // }}}\n    "] {
            assert_eq!(heads(&scopes, "let x = 1;", typed), ["impl B {", "fn f(&self) {"], "{typed:?}");
            assert_eq!(heads(&scopes, "let y = 2;", typed), ["impl B {", "fn g(&self) {"], "{typed:?}");
        }
        assert_eq!(heads(&scopes, "struct B;", ""), [] as [&str; 0]);
        // A line that is not there any more is not shown.
        let renamed = RUST.replace("fn f(", "fn other(");
        let at = renamed.find("let x").unwrap();
        assert_eq!(scopes.heads(&renamed, at, at), ["impl B {"]);
        let unknown = Scopes::read(Path::new("a.unknown"), &RUST.into());
        assert_eq!(unknown.heads(RUST, RUST.len(), RUST.len()), [] as [&str; 0]);
    }

    #[test]
    fn an_outline_serves_until_what_changed_is_farther_from_the_cursor_than_a_suggestion_sees() {
        let scopes = Scopes::read(Path::new("a.rs"), &RUST.into());
        let serves = |typed: usize, cursor: usize| {
            let text: Arc<str> = format!("{}{}{}", &RUST[..20], "x".repeat(typed), &RUST[20..]).into();
            scopes.serves(&text, cursor)
        };
        assert_eq!([serves(0, RUST.len()), serves(NEAR, 20 + NEAR), serves(2 * NEAR, 20)], [true; 3]);
        assert!(!serves(NEAR + 1, 21 + NEAR));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
        #[test]
        fn heads_are_lines_of_the_text_above_the_start(
            from in 0_usize..RUST.len(), to in 0_usize..RUST.len(), typed in "[ a-z{}\nä]{0,20}", at in 0.0_f64..1.0,
        ) {
            let scopes = Scopes::read(Path::new("a.rs"), &RUST.into());
            let text = format!("{}{typed}{}", &RUST[..from.min(to)], &RUST[from.max(to)..]);
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short text")]
            let cursor = text.floor_char_boundary((text.len() as f64 * at) as usize);
            let start = text[..cursor].rfind('\n').map_or(0, |end| end + 1);
            for head in scopes.heads(&text, cursor, start) {
                prop_assert!(text[..start].lines().any(|line| line == head), "{head:?} in {text:?}");
            }
        }
    }
}
