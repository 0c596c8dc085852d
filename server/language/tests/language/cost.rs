//! What one typed character costs in a long workflow: the next version's tree, its check, what others are told.
//!
//! Printed with `--nocapture`; asserted is what each of them says.

use std::path::Path;
use std::time::Instant;

use copydesk_language::{File, Memo, Told, check_again, complete, hover, summary_again};
use copydesk_text::{Change, Document, Encoding, LineIndex, Range};

use crate::support::untrusted;

/// With an anchor, some steps of which take from it.
fn anchored(lines: usize) -> String {
    let text = workflow(lines).replacen("inputs:\n", "inputs: &inputs\n", 1);
    let shared = "finally:\n  - {id: last, type: request, url: 'https://x', body: *inputs}\n";
    text + shared
}

fn workflow(lines: usize) -> String {
    let mut text = "name: long\ninputs:\n  who: {type: string, default: you}\nsteps:\n".to_owned();
    for step in 0..lines / 8 {
        let before = step.checked_sub(1).map_or_else(String::new, |before| format!("step_{before}"));
        text.push_str(&format!(
            "  # What step {step} is for\n  - id: step_{step}\n    type: shell\n    needs: [{before}]\n    timeout: 90000\n    \
             env:\n      WHO: ${{{{ inputs.who }}}}\n    run: echo \"step {step} for $WHO\"\n"
        ));
    }
    text
}

fn typed(document: &Document, at: usize, gone: usize, come: &str) -> Document {
    let index = LineIndex::new(document.text());
    let place = |at| index.position(at, Encoding::Utf8);
    let range = Some(Range::new(place(at), place(at + gone)));
    document.edited(document.version() + 1, &[Change { range, text: come.to_owned() }], Encoding::Utf8)
}

#[test]
fn an_edit_of_a_long_workflow() {
    let (path, index) = (Path::new("long.workflow.yaml"), untrusted());
    let texts = [1_000, 10_000, 50_000]
        .map(|lines| [("", lines, workflow(lines)), (", an anchor", lines, anchored(lines))]);
    for (anchor, lines, text) in texts.into_iter().flatten() {
        let middle = text.len() / 2 + text[text.len() / 2..].find("timeout").unwrap();
        let mut document = Document::open_at(1, "yaml", path, &text);
        let (mut memo, mut told) = (Memo::default(), Told::default());
        let mut best = [f64::MAX; 5];
        for round in 0..7 {
            document = match round % 2 {
                0 => typed(&document, middle, 0, "x"),
                _ => typed(&document, middle, 1, ""),
            };
            let mut start = Instant::now();
            let mut lap = |which: usize| {
                best[which] = best[which].min(start.elapsed().as_secs_f64() * 1_000.0);
                start = Instant::now();
            };
            document.text();
            lap(0);
            let file = File::new(path, document.text(), document.tree());
            lap(1);
            let summary = summary_again(&file, &mut told);
            lap(2);
            let found = check_again(&file, &index, &mut memo);
            lap(3);
            let hovered = hover(&file, &index, middle + 2).is_some();
            let proposed = complete(&file, &index, middle + 2).is_empty();
            lap(4);
            assert_eq!(
                (found.len(), hovered, proposed),
                if round % 2 == 0 { (1, false, false) } else { (0, true, false) }
            );
            assert_eq!(summary.title.as_deref(), Some("long"));
        }
        let [text, tree, summary, check, help] = best;
        eprintln!(
            "{lines} lines{anchor}: text {text:.2} ms, tree {tree:.2} ms, summary {summary:.2} ms, check {check:.2} ms, \
             hover and completion {help:.2} ms"
        );
    }
}
