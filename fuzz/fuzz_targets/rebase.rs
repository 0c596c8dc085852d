//! A change is taken back exactly where nothing came after it, and never takes later bytes with it.

#![no_main]

use copydesk_text::rebase::{Rebased, hunks, rebase, undo};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (before, after, current) = texts;
    let undone = undo(&[(before, after)], after);
    assert_eq!((undone.text.as_str(), undone.refused.len()), (before, 0));
    let hunks = hunks(before, after);
    let borrowed: Vec<_> = hunks.iter().map(|(span, text)| (*span, text.as_str())).collect();
    for (rebased, (span, _)) in rebase(before, &borrowed, current).into_iter().zip(&borrowed) {
        if let Rebased::Moved(moved) = rebased {
            assert_eq!(current.get(moved.start..moved.end), before.get(span.start..span.end));
        }
    }
});
