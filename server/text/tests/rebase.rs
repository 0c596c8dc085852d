//! Hunks carried to newer texts, and undo.

use copydesk_base::Span;
use copydesk_text::rebase::{Rebased, apply, hunks, rebase, undo, unified};
use proptest::prelude::*;

/// Rebases the hunks from `before` to `after`, and shows `current` with those made that moved.
#[track_caller]
fn check(before: &str, after: &str, current: &str, expected: &str, overlaps: &[&str]) {
    let hunks = hunks(before, after);
    let borrowed: Vec<_> = hunks.iter().map(|(span, text)| (*span, text.as_str())).collect();
    let (mut edits, mut refused) = (Vec::new(), Vec::new());
    for (rebased, (_, text)) in rebase(before, &borrowed, current).into_iter().zip(&borrowed) {
        match rebased {
            Rebased::Moved(span) => edits.push((span, *text)),
            Rebased::Overlaps { with } => refused.push(with.of(current)),
        }
    }
    assert_eq!((apply(current, &edits).as_str(), refused.as_slice()), (expected, overlaps));
}

#[test]
fn hunks_move_with_their_lines() {
    let cases: &[(&str, &str, &str, &str, &[&str])] = &[
        // Nothing was typed.
        ("a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", "a\nB\nc\n", &[]),
        ("", "new\n", "", "new\n", &[]),
        ("", "new", "", "new", &[]),
        // Lines were typed above, below, and right beside.
        ("a\nb\nc\n", "a\nB\nc\n", "x\na\nb\nc\ny\n", "x\na\nB\nc\ny\n", &[]),
        ("a\nb\nc\n", "a\nB\nc\n", "a\nx\nb\ny\nc\n", "a\nx\nB\ny\nc\n", &[]),
        // Another line was changed.
        ("a\nb\nc\n", "a\nB\nc\n", "a!\nb\nc\n", "a!\nB\nc\n", &[]),
        // The same line was changed, or removed.
        ("a\nb\nc\n", "a\nB\nc\n", "a\nb!\nc\n", "a\nb!\nc\n", &["b!\n"]),
        ("a\nb\nc\n", "a\nB\nc\n", "a\nc\n", "a\nc\n", &[""]),
        // Typed in between two lines of one hunk.
        ("a\nb\nc\nd\n", "a\nB\nC\nd\n", "a\nb\nx\nc\nd\n", "a\nb\nx\nc\nd\n", &["x\n"]),
        // The line above was changed too: only its own line stands in the way.
        ("a\nb\nc\n", "a\nB\nc\n", "a!\nb!\nc\n", "a!\nb!\nc\n", &["b!\n"]),
        ("a\nb\nc\n", "a\nB\nc\n", "a!\nb!\nc!\nd\n", "a!\nb!\nc!\nd\n", &["a!\nb!\nc!\nd\n"]),
        // One hunk of two moves.
        ("a\nb\nc\nd\ne\n", "a\nB\nc\nd\nE\n", "a\nb!\nc\nd\ne\n", "a\nb!\nc\nd\nE\n", &["b!\n"]),
        // Insertions: nothing beside, something beside, something exactly there.
        ("a\nb\n", "a\nnew\nb\n", "x\na\nb\n", "x\na\nnew\nb\n", &[]),
        ("a\nb\n", "a\nnew\nb\n", "a!\nb\n", "a!\nnew\nb\n", &[]),
        ("a\nb\n", "a\nnew\nb\n", "a\nx\nb\n", "a\nx\nb\n", &["x\n"]),
        ("a\nb\n", "a\nnew\nb\n", "a!\nx\nb\n", "a!\nx\nb\n", &["a!\nx\n"]),
        ("a\nb\n", "a\nnew\nb\n", "b\n", "new\nb\n", &[]),
        ("a\nb\n", "a\nnew\nb\n", "", "", &[""]),
        ("", "new\n", "x\n", "x\n", &["x\n"]),
        // Last lines without a break.
        ("a\nb", "a\nb\nc", "x\na\nb", "x\na\nb\nc", &[]),
        ("a\nb", "a\nb\nc", "a\nb!", "a\nb!", &["b!"]),
        ("a\nb\n", "a\nb\nc\n", "a\nb", "a\nb", &["b"]),
        // All sorts of line breaks.
        ("a\r\nb\rc\n", "a\r\nB\rc\n", "x\ra\r\nb\rc\n", "x\ra\r\nB\rc\n", &[]),
        ("a\r\nb\r\n", "a\r\nB\r\n", "a\nb\n", "a\nb\n", &["b\n"]),
    ];
    for (before, after, current, expected, overlaps) in cases {
        check(before, after, current, expected, overlaps);
    }
}

#[test]
fn hunks_within_a_line() {
    let before = "one two\nthree\n";
    let edit = [(Span::new(4, 7), "2"), (Span::at(13), "!")];
    assert_eq!(
        rebase(before, &edit, "zero\none two\nthree\n"),
        [Rebased::Moved(Span::new(9, 12)), Rebased::Moved(Span::at(18)),]
    );
    assert_eq!(
        rebase(before, &edit, "one, two\nthree\n"),
        [Rebased::Overlaps { with: Span::new(0, 9) }, Rebased::Moved(Span::at(14)),]
    );
}

#[test]
fn hunks_of_two_texts() {
    assert_eq!(hunks("a\nb\nc\n", "a\nB\nC\n"), [(Span::new(2, 6), "B\nC\n".to_owned())]);
    assert_eq!(hunks("a\n", "a\nb"), [(Span::at(2), "b".to_owned())]);
    assert_eq!(hunks("a", "a\n"), [(Span::new(0, 1), "a\n".to_owned())]);
    assert_eq!(hunks("same\n", "same\n"), []);
}

#[test]
fn unified_differences() {
    expect_test::expect![[r"
        --- a/x.yaml
        +++ b/x.yaml
        @@ -1,2 +1,2 @@
        -a
        +A
         b
        \ No newline at end of file
    "]]
    .assert_eq(&unified("a\nb", "A\nb", "x.yaml"));
    assert_eq!(unified("a\n", "a\n", "x"), "");
}

#[test]
fn undo_takes_back_what_is_untouched() {
    // Two changes; the second hunk of the first one was typed over.
    let texts = ["a\nb\nc\nd\ne\n", "A\nb\nc\nD\ne\n", "A\nb\nnew\nc\nD\ne\n"];
    let applied = [(texts[0], texts[1]), (texts[1], texts[2])];
    let undone = undo(&applied, "typed\nA\nb\nnew\nc\nD!\ne\n");
    assert_eq!(undone.text, "typed\na\nb\nc\nD!\ne\n");
    assert_eq!(undone.taken_back, 2);
    assert_eq!(undone.refused.iter().map(|refused| refused.span).collect::<Vec<_>>(), [Span::new(16, 19)]);
}

#[test]
fn undo_says_where_an_edit_is_not_there() {
    const GONE: &str = "the edit is not there: it was never saved, or somebody took it back already";
    const OVER: &str = "these lines were changed again later; take them back by hand";
    for (before, after, current, reasons) in [
        // Changed, brought in, taken out; and typed above.
        ("a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", &[GONE][..]),
        ("a\nb\nc\n", "a\nB\nc\n", "a!\nb\nc\n", &[GONE]),
        ("a\nc\n", "a\nb\nc\n", "a\nc\n", &[GONE]),
        ("a\nb\nc\n", "a\nc\n", "a\nb\nc\n", &[GONE]),
        ("a\nb\nc\n", "a\nB\nc\n", "a\nb!\nc\n", &[OVER]),
        ("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n", "a\nb\nc\nd\nE!\n", &[GONE, OVER]),
    ] {
        let undone = undo(&[(before, after)], current);
        let told: Vec<&str> = undone.refused.iter().map(|refused| refused.reason.as_str()).collect();
        assert_eq!((undone.text.as_str(), told.as_slice()), (current, reasons), "{after:?} in {current:?}");
    }
}

const LINES: [&str; 6] = ["a\n", "b\n", "c\n", "\n", "e\r\n", "f"];

fn text_of(lines: &[u8]) -> String {
    lines.iter().map(|line| LINES[usize::from(line % 6)]).collect()
}

fn texts(count: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), count)
        .prop_map(|texts| texts.iter().map(|lines| text_of(lines)).collect())
}

/// Numbered lines; an edit replaces or inserts at some of them.
fn edited(before: &[String], edits: &[(usize, u8)], mark: &str) -> Vec<String> {
    let mut after = before.to_vec();
    for (number, (at, how)) in edits.iter().enumerate() {
        let at = at % (after.len() + 1);
        match how % 3 {
            0 if at < after.len() => after[at] = format!("{mark} {number}\n"),
            1 if at < after.len() => drop(after.remove(at)),
            _ => after.insert(at, format!("{mark} {number}\n")),
        }
    }
    after
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hunks_lead_from_one_text_to_the_other(texts in texts(2)) {
        prop_assert_eq!(apply(&texts[0], &hunks(&texts[0], &texts[1])), texts[1].clone());
    }

    #[test]
    fn a_moved_hunk_replaces_what_it_was_made_for(texts in texts(3)) {
        let hunks = hunks(&texts[0], &texts[1]);
        let borrowed: Vec<_> = hunks.iter().map(|(span, text)| (*span, text.as_str())).collect();
        let mut end = 0;
        for (rebased, (span, _)) in rebase(&texts[0], &borrowed, &texts[2]).into_iter().zip(&borrowed) {
            if let Rebased::Moved(moved) = rebased {
                prop_assert_eq!(moved.of(&texts[2]), span.of(&texts[0]));
                prop_assert!(moved.end <= texts[2].len() && end <= moved.start);
                end = moved.end;
            }
        }
    }

    #[test]
    fn undo_without_later_typing_restores_the_text(texts in texts(4)) {
        let applied: Vec<_> = texts.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        let undone = undo(&applied, &texts[3]);
        prop_assert_eq!(undone.text, texts[0].clone());
        prop_assert_eq!(undone.refused, vec![]);
    }

    #[test]
    fn undo_keeps_what_was_typed_and_restores_the_rest(
        agent in proptest::collection::vec((0..40usize, any::<u8>()), 1..4),
        typing in proptest::collection::vec((0..40usize, any::<u8>()), 0..5),
    ) {
        let before: Vec<String> = (0..30).map(|number| format!("{number}\n")).collect();
        let after = edited(&before, &agent, "agent");
        let current = edited(&after, &typing, "typed");
        let (before_text, after_text, current_text) = (before.concat(), after.concat(), current.concat());
        let undone = undo(&[(&before_text, &after_text)], &current_text);
        for line in current.iter().filter(|line| line.starts_with("typed")) {
            prop_assert!(undone.text.contains(line.as_str()), "lost {line}");
        }
        // Nothing was refused: then nothing of the agent is left, and everything that nobody else removed is back.
        if undone.refused.is_empty() {
            prop_assert!(!undone.text.contains("agent"));
            let removed: Vec<_> = after.iter().filter(|line| !current.contains(line)).collect();
            for line in before.iter().filter(|line| !removed.contains(line)) {
                prop_assert!(undone.text.lines().any(|restored| restored == line.trim_end()), "missing {line}");
            }
        }
    }

    #[test]
    fn typing_elsewhere_refuses_nothing(at in 0..10usize, typed in 0..10usize, how in 0..3u8) {
        let before: Vec<String> = (0..30).map(|number| format!("{number}\n")).collect();
        let after = edited(&before, &[(at, how)], "agent");
        // Two lines or more away from the hunk.
        let current = edited(&after, &[(at + 3 + typed, how)], "typed");
        let expected = edited(&before, &[(at + 3 + typed + before.len() - after.len().min(before.len()), how)], "typed");
        let undone = undo(&[(&before.concat(), &after.concat())], &current.concat());
        prop_assert_eq!((undone.taken_back, undone.refused.len()), (1, 0));
        if after.len() == before.len() {
            prop_assert_eq!(undone.text, expected.concat());
        }
    }
}
