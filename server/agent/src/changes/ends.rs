//! How lines end, and the mark at the start of a text: an editor may tell them otherwise than it saves them.
//!
//! Some send `\n` for a file with `\r\n`, or leave a byte order mark out. What was recorded of an open document is then
//! other bytes than what is on the disk, line by line, though nobody changed a line.
//!
//! # Invariants
//! - Only whole texts are carried over, where every line ends in one way and all of the other in another. A text with
//!   both stays as it is, and so does an edit that was about line ends.

use copydesk_text::BYTE_ORDER_MARK as MARK;

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// There is no line break.
    None,
    Lf,
    CrLf,
    Mixed,
}

/// What a text looks like beside its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    ends: Ends,
    /// Whether it begins with a byte order mark; an empty text says nothing.
    mark: Option<bool>,
}

impl Form {
    fn of(text: &str) -> Self {
        let count = |pattern: &str| text.matches(pattern).count();
        let (both, feeds, returns) = (count("\r\n"), count("\n"), count("\r"));
        let ends = match (feeds, returns) {
            (0, 0) => Ends::None,
            (_, 0) => Ends::Lf,
            _ if both == feeds && both == returns => Ends::CrLf,
            _ => Ends::Mixed,
        };
        Self { ends, mark: (!text.is_empty()).then(|| text.starts_with(MARK)) }
    }

    /// What two texts have in common; an edit of line ends or of the mark has no form.
    fn with(self, other: Self) -> Self {
        let ends = match (self.ends, other.ends) {
            (one, Ends::None) => one,
            (Ends::None, other) => other,
            (one, other) if one == other => one,
            _ => Ends::Mixed,
        };
        let mark = match (self.mark, other.mark) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        };
        Self { ends, mark }
    }

    /// A text of this form in that of another one.
    fn carry(self, text: &str, to: Self) -> String {
        let text = match (self.ends, to.ends) {
            (Ends::Lf, Ends::CrLf) => text.replace('\n', "\r\n"),
            (Ends::CrLf, Ends::Lf) => text.replace("\r\n", "\n"),
            _ => text.to_owned(),
        };
        match (self.mark, to.mark) {
            (Some(false), Some(true)) if !text.is_empty() => format!("{MARK}{text}"),
            (Some(true), Some(false)) => text.strip_prefix(MARK).map(str::to_owned).unwrap_or(text),
            _ => text,
        }
    }
}

/// Texts before and after, oldest first, with the line ends and the mark of the text that is there now.
pub(super) fn like(pairs: &[(String, String)], current: &str) -> Vec<(String, String)> {
    let mut now = Form::of(current);
    let mut carried: Vec<_> = pairs
        .iter()
        .rev()
        .map(|(before, after)| {
            let (was, is) = (Form::of(before), Form::of(after));
            let recorded = was.with(is);
            let pair = (recorded.carry(before, now), recorded.carry(after, now));
            // What stood before the edit is what the edit before it is compared with.
            let earlier = Form::of(&pair.0);
            let ends = if earlier.ends == Ends::None { now.ends } else { earlier.ends };
            now = Form { ends, mark: earlier.mark.or(now.mark) };
            pair
        })
        .collect();
    carried.reverse();
    carried
}

/// Whether two texts are the same line by line.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    in_form_of(other, one) == other
}

/// A text with the line ends and the mark of another: that of an open document as its editor will save it.
pub(crate) fn in_form_of(saved: &str, text: &str) -> String {
    Form::of(text).carry(text, Form::of(saved))
}

/// A whole new text in the form of the one before, but for what it says by itself: its own line breaks of two bytes, and
/// its own mark.
pub(crate) fn in_place_of(before: &str, text: &str) -> String {
    let (is, was) = (Form::of(text), Form::of(before));
    let ends = if is.ends == Ends::Lf { was.ends } else { is.ends };
    let mark = if is.mark == Some(true) { is.mark } else { was.mark };
    is.carry(text, Form { ends, mark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_the_line_ends_and_the_mark_of_the_one_before() {
        for (before, content, after) in [
            ("a\n", "b\n", "b\n"),
            ("a\r\n", "b\nc\n", "b\r\nc\r\n"),
            ("a\r\n", "b\r\n", "b\r\n"),
            ("a\n", "b\r\n", "b\r\n"),
            ("a\r\nb\n", "c\n", "c\n"),
            ("\u{feff}a\n", "b\n", "\u{feff}b\n"),
            ("\u{feff}a\r\n", "\u{feff}b\n", "\u{feff}b\r\n"),
            ("a\n", "\u{feff}b\n", "\u{feff}b\n"),
            ("a\n", "", ""),
        ] {
            assert_eq!(in_place_of(before, content), after, "{before:?} {content:?}");
        }
    }

    #[test]
    fn edits_are_carried_over_to_the_line_ends_that_are_there() {
        type Pair = (&'static str, &'static str);
        let check = |pairs: &[Pair], current: &str, expect: &[Pair]| {
            let owned = |pairs: &[Pair]| -> Vec<(String, String)> {
                pairs.iter().map(|(before, after)| ((*before).to_owned(), (*after).to_owned())).collect()
            };
            assert_eq!(like(&owned(pairs), current), owned(expect), "{current:?}");
        };
        check(&[("a\n", "b\n")], "b\r\n", &[("a\r\n", "b\r\n")]);
        check(&[("a\r\n", "b\r\n")], "b\n", &[("a\n", "b\n")]);
        check(&[("a\n", "b\n")], "b\n", &[("a\n", "b\n")]);
        check(&[("", "b\n")], "b\r\n", &[("", "b\r\n")]);
        check(&[("a\n", "b\n")], "\u{feff}b\n", &[("\u{feff}a\n", "\u{feff}b\n")]);
        check(&[("\u{feff}a\n", "\u{feff}b\n")], "b\n", &[("a\n", "b\n")]);
        // Both ways in one text are nobody's form, and an edit of line ends is an edit.
        check(&[("a\n", "b\n")], "b\r\nc\n", &[("a\n", "b\n")]);
        check(&[("a\r\n", "a\n")], "a\r\n", &[("a\r\n", "a\n")]);
        check(&[("a\r\n", "b\r\n"), ("b\r\n", "b\n")], "b\n", &[("a\r\n", "b\r\n"), ("b\r\n", "b\n")]);
        // Each edit by itself: one in an editor that tells `\n`, one on the disk.
        check(&[("a\n", "b\n"), ("b\r\n", "c\r\n")], "c\r\n", &[("a\r\n", "b\r\n"), ("b\r\n", "c\r\n")]);
    }
}
