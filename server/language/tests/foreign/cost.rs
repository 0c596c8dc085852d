//! What a large file costs: right ones next to nothing, wrong ones no more than a person reads.

use std::time::Instant;

use copydesk_language::schemas::{self, Schema};
use copydesk_language::{File, FileKind, parse};
use std::path::Path;

/// A workflow of about `lines` lines; every `wrong`th step has a mistake, none where it is zero.
fn workflow(lines: usize, wrong: usize) -> String {
    let mut text = "name: big\nsteps:\n".to_owned();
    for at in 0..lines / 5 {
        let key = if wrong > 0 && at % wrong == 0 { "rnu" } else { "run" };
        text.push_str(&format!(
            "  - id: step{at}\n    type: shell\n    {key}: echo {at}\n    timeout: 5\n    env: {{A: \"{at}\"}}\n"
        ));
    }
    text
}

fn cost(schema: &Schema, text: &str) -> (usize, f64) {
    let path = Path::new("big.yaml");
    let tree = parse(path, text);
    let file = File { path, text, tree: &tree, kind: FileKind::Other };
    let mut best = f64::MAX;
    let mut count = 0;
    for _ in 0..3 {
        let start = Instant::now();
        count = schemas::check(&file, schema).len();
        best = best.min(start.elapsed().as_secs_f64() * 1_000.0);
    }
    (count, best)
}

#[test]
fn a_large_file_is_checked_in_bounds() {
    let url = schemas::by_name("workflow").unwrap();
    let start = Instant::now();
    let schema = Schema::load(&url, &mut |_| Err(String::new())).unwrap();
    eprintln!("workflow.schema.json is made in {:.1} ms", start.elapsed().as_secs_f64() * 1_000.0);
    let (none, right) = cost(&schema, &workflow(10_000, 0));
    assert_eq!(none, 0);
    let (one, with_one) = cost(&schema, &workflow(10_000, 100_000));
    assert_eq!(one, 1);
    let (many, with_many) = cost(&schema, &workflow(10_000, 2));
    assert_eq!(many, 1_000);
    let (most, with_most) = cost(&schema, &workflow(10_000, 1));
    assert!(most <= 1_000, "{most}");
    eprintln!(
        "10 000 lines: right {right:.1} ms, 1 mistake {with_one:.1} ms, 1 000 {with_many:.1} ms, 2 000 {with_most:.1} ms"
    );
}
