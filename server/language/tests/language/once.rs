//! One mistake, one mark: good files with one character less, and how many errors stand on its line then.

use std::collections::BTreeMap;

use copydesk_base::Severity;

use crate::support::{all_findings, trusted};

const TEXTS: &[(&str, &str)] = &[
    (crate::support::WORKFLOW, include_str!("fixtures/release.yaml")),
    (crate::support::WORKFLOW, include_str!("fixtures/every-step.yaml")),
    (".keystone/config.yaml", include_str!("fixtures/keystone-config.yaml")),
    (".copydesk/agents/editor.md", include_str!("fixtures/editor.md")),
];

/// Of so many characters one is taken out.
const EVERY: usize = 3;

#[test]
fn a_character_that_is_missing_is_marked_once_on_its_line() {
    let mut several: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut marked, mut twice) = (0, 0);
    for (path, text) in TEXTS {
        let before = all_findings(path, text, &trusted());
        let errors = |text: &str| -> Vec<_> {
            let mut found = all_findings(path, text, &trusted());
            found.retain(|one| one.severity == Severity::Error && !before.contains(one));
            found
        };
        for (at, c) in text.char_indices().filter(|(at, c)| at % EVERY == 0 && *c != '\n') {
            let damaged = format!("{}{}", &text[..at], &text[at + c.len_utf8()..]);
            let line = damaged[..at].rfind('\n').map_or(0, |at| at + 1);
            let end = damaged[line..].find('\n').map_or(damaged.len(), |length| line + length);
            let known: Vec<String> =
                before.iter().map(|one| format!("{} {}", one.code, one.message)).collect();
            let here: Vec<String> = errors(&damaged)
                .iter()
                .filter(|one| (line..=end).contains(&one.span.start))
                .map(|one| format!("{} {}", one.code, one.message))
                .filter(|one| !known.contains(one))
                .collect();
            marked += usize::from(!here.is_empty());
            if here.len() > 1 {
                twice += 1;
                let codes: Vec<&str> = here.iter().map(|one| one.split(' ').next().unwrap_or("")).collect();
                let entry = several.entry(codes.join(" + ")).or_default();
                entry.0 += 1;
                entry.1 = format!("{}\n        {}", &damaged[line..end], here.join("\n        "));
            }
        }
    }
    let shown: Vec<String> = several
        .iter()
        .map(|(codes, (count, one))| format!("{count} times {codes}, as in\n    {one}"))
        .collect();
    assert!(twice * 100 <= marked, "{twice} of {marked} are marked more than once:\n{}", shown.join("\n"));
}
