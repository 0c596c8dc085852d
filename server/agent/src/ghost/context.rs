//! What a model gets to see: the text around the cursor, the lines that enclose it, and parts of what else is open.
//!
//! What encloses is the definitions around the cursor, as [`super::scope`] knows them; without a grammar, the lines
//! above with less indentation.

use std::path::Path;

use copydesk_base::path;

use super::scope::Scopes;
use super::{Beside, Spot};

/// Bytes of each part; a token has about three.
const BEFORE: usize = 3600;
const AFTER: usize = 1200;
const BESIDE: usize = 1200;
/// Of one other file.
const ONE: usize = 600;
/// Other files.
const MOST: usize = 3;
/// Lines that enclose the cursor above that, and the longest of them that are sent.
const ENCLOSING: usize = 8;
pub(super) const ENCLOSING_LINE: usize = 200;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    /// Relative to the workspace.
    pub(super) name: String,
    /// Up to the cursor.
    pub(super) before: String,
    /// From the cursor on.
    pub(super) after: String,
    pub(super) beside: Vec<Part>,
}

/// Lines of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) text: String,
}

/// The context of a spot; none where its line alone is too long. `hide` takes secrets out of a text.
pub(super) fn choose(
    spot: &Spot,
    root: &Path,
    may_be_sent: impl Fn(&Path) -> bool,
    hide: impl Fn(&str) -> String,
    scopes: Option<&Scopes>,
) -> Option<Context> {
    let (start, end) = window(&spot.text, spot.cursor)?;
    let mut before = String::new();
    let heads = scopes.map(|scopes| scopes.heads(&spot.text, spot.cursor, start)).unwrap_or_default();
    let heads = if heads.is_empty() { enclosing(&spot.text, start) } else { heads };
    // The inner ones say more.
    for line in &heads[heads.len().saturating_sub(ENCLOSING)..] {
        before.push_str(line);
        before.push('\n');
    }
    before.push_str(&spot.text[start..spot.cursor]);
    let mut beside = Vec::new();
    let mut room = BESIDE;
    for other in &spot.beside {
        if beside.len() == MOST || room < ONE / 2 {
            break;
        }
        let text = part(other, &spot.language, room.min(ONE));
        if !text.trim().is_empty() && other.path != spot.path && may_be_sent(&other.path) {
            room -= text.len();
            beside.push(Part { name: path::shown(root, &other.path), text: hide(text) });
        }
    }
    Some(Context {
        name: path::shown(root, &spot.path),
        before: hide(&before),
        after: hide(&spot.text[spot.cursor..end]),
        beside,
    })
}

/// Where the text around the cursor begins and ends, at whole lines: a cut within one could show half of a secret. None
/// where there is no room for the line.
pub(super) fn window(text: &str, cursor: usize) -> Option<(usize, usize)> {
    let from = text.ceil_char_boundary(cursor.saturating_sub(BEFORE)).min(cursor);
    let start = if from == 0 { 0 } else { from + text[from..cursor].find('\n')? + 1 };
    let to = text.floor_char_boundary(cursor.saturating_add(AFTER)).max(cursor);
    let end = if to == text.len() { to } else { cursor + text[cursor..to].rfind('\n')? + 1 };
    Some((start, end))
}

/// The lines above `start` that enclose what begins there, outermost first.
fn enclosing(text: &str, start: usize) -> Vec<&str> {
    let mut depth = text[start..].lines().find(|line| !line.trim().is_empty()).map_or(0, indentation);
    let mut lines = Vec::new();
    for line in text[..start].lines().rev() {
        if depth == 0 || lines.len() == ENCLOSING {
            break;
        }
        if !line.trim().is_empty() && indentation(line) < depth {
            depth = indentation(line);
            lines.extend(Some(line).filter(|line| line.len() <= ENCLOSING_LINE));
        }
    }
    lines.reverse();
    lines
}

/// How far a line is indented; a tab counts as four.
pub(super) fn indentation(line: &str) -> usize {
    line.chars()
        .take_while(|letter| matches!(letter, ' ' | '\t'))
        .map(|letter| if letter == '\t' { 4 } else { 1 })
        .sum()
}

/// The lines of another text that may help: around its last edit, else its head where it is of the same language.
fn part<'t>(other: &'t Beside, language: &str, room: usize) -> &'t str {
    match other.edited {
        Some(line) => {
            let starts: Vec<usize> =
                std::iter::once(0).chain(other.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
            let first = starts[line.saturating_sub(6).min(starts.len() - 1)];
            let last = starts.get(line + 7).copied().unwrap_or(other.text.len());
            cut(&other.text[first..last.max(first)], room)
        }
        None if other.language == language => cut(&other.text, room),
        None => "",
    }
}

/// Whole lines, as many as there is room for.
fn cut(text: &str, room: usize) -> &str {
    if text.len() <= room {
        return text;
    }
    let end = text.floor_char_boundary(room);
    &text[..text[..end].rfind('\n').map_or(0, |at| at + 1)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ghost::spot;

    fn seen(text: &str, cursor: usize, beside: Vec<Beside>) -> Spot {
        Spot { text: text.into(), cursor, beside, ..spot("|") }
    }

    fn other(name: &str, language: &str, text: &str, edited: Option<usize>) -> Beside {
        Beside { path: Path::new("/w").join(name), language: language.into(), text: text.into(), edited }
    }

    #[test]
    fn a_method_keeps_its_class_and_its_head() {
        let body = "        x = 1\n".repeat(400);
        let text = format!("import a\n\nclass B:\n    # far\n    def f(self):\n{body}        return ");
        let context =
            choose(&seen(&text, text.len(), vec![]), Path::new("/w"), |_| true, str::to_owned, None).unwrap();
        assert!(
            context.before.starts_with("class B:\n    def f(self):\n        x = 1\n"),
            "{}",
            &context.before[..80]
        );
        assert!(context.before.ends_with("        return ") && context.before.len() < BEFORE + 100);
        assert_eq!((context.name.as_str(), context.after.as_str()), ("a.py", ""));
    }

    #[test]
    fn what_a_grammar_knows_goes_before_what_indentation_looks_like() {
        let body = "    let x = 1;\n".repeat(400);
        let text = format!("struct B;\nimpl B {{\nfn f(&self) {{\n{body}    self.\n}}\n}}\n");
        let at = text.find("self.\n").unwrap() + 5;
        let spot = Spot { path: "/w/a.rs".into(), language: "rust".into(), ..seen(&text, at, vec![]) };
        let begins = |scopes: Option<&Scopes>| {
            choose(&spot, Path::new("/w"), |_| true, str::to_owned, scopes).unwrap().before
        };
        let scopes = Scopes::read(&spot.path, &spot.text);
        assert!(begins(Some(&scopes)).starts_with("impl B {\nfn f(&self) {\n    let x"));
        assert!(begins(None).starts_with("fn f(&self) {\n    let x"), "which indentation does not tell");
    }

    #[test]
    fn other_texts_come_by_their_last_edit_and_only_what_may_go() {
        let long = (0..200).map(|line| format!("line {line}\n")).collect::<Vec<_>>().concat();
        let beside = vec![
            other("a.py", "python", "itself", Some(0)),
            other("secret.py", "python", "hush", Some(0)),
            other("b.rs", "rust", &long, Some(100)),
            other("c.rs", "rust", "not edited, another language", None),
            other("d.py", "python", "d = 1\n", None),
            other("e.py", "python", &long, None),
            other("f.py", "python", "one too many", None),
        ];
        let context = choose(
            &seen("x", 1, beside),
            Path::new("/w"),
            |path| !path.ends_with("secret.py"),
            |text| text.replace("line 100\n", "LINE\n"),
            None,
        )
        .unwrap();
        let names: Vec<&str> = context.beside.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["b.rs", "d.py", "e.py"]);
        assert!(
            context.beside[0].text.starts_with("line 94\n") && context.beside[0].text.ends_with("line 106\n")
        );
        assert!(context.beside[0].text.contains("LINE\n"), "secrets are taken out of every part");
        assert!(context.beside[2].text.len() <= ONE && context.beside[2].text.ends_with('\n'));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
        #[test]
        fn a_window_is_a_piece_of_the_text_around_the_cursor(
            lines in prop::collection::vec("[ \ta-zä😀]{0,3000}", 0..8),
            at in 0.0_f64..1.0,
            edited in prop::option::of(0_usize..20),
        ) {
            let text = lines.join("\n");
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short text")]
            let cursor = text.floor_char_boundary((text.len() as f64 * at) as usize);
            let Some((start, end)) = window(&text, cursor) else { return Ok(()) };
            prop_assert!(start <= cursor && cursor <= end && cursor - start <= BEFORE && end - cursor <= AFTER);
            let beside = vec![other("b.py", "python", &text, edited)];
            let context = choose(&seen(&text, cursor, beside), Path::new("/w"), |_| true, str::to_owned, None).unwrap();
            prop_assert!(start == 0 || text[..start].ends_with('\n'));
            prop_assert!(end == text.len() || text[..end].ends_with('\n'));
            prop_assert!(context.before.ends_with(&text[start..cursor]));
            let sent: usize = context.beside.iter().map(|part| part.text.len()).sum();
            prop_assert!(context.before.len() + context.after.len() + sent <= BEFORE + AFTER + BESIDE + ENCLOSING * (ENCLOSING_LINE + 1));
        }
    }
}
