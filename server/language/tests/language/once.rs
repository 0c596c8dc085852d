//! One mistake, one mark: good files with one character less, and how many errors stand on its line then.

use std::collections::BTreeMap;

use copydesk_base::Severity;

use crate::support::{WORKFLOW, all_findings, knowing, trusted};

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

#[test]
fn one_mistake_has_one_mark() {
    let step = "name: x\nsteps:\n  - id: a\n    type: shell\n";
    let calls = "name: x\nsteps: [{id: a, type: workflow, path: child.yaml, inputs: {none: [1]}}]\n";
    let cases: &[(&str, &str, &str)] = &[
        (
            WORKFLOW,
            &format!("{step}    run: ls\n   - id: b\n     type: shell\n     run: ls\n"),
            "this line's indentation",
        ),
        (WORKFLOW, &format!("{step}    run: |\n\tls\n"), "tabs cannot indent"),
        (WORKFLOW, &format!("{step}    run: |\n      ls\n\tls\n"), "tabs cannot indent"),
        (WORKFLOW, calls, "'child.yaml' has no input 'none'"),
        ("/w/.mcp.json", "{\"mcpServers\": {\"e\": []}}", "'e' takes a mapping"),
        ("/w/.mcp.json", "{\"mcpServers\": {\"e\": null}}", "'e' has no value"),
        ("/w/.mcp.json", "{\"mcpServers\": {\"e\": {}}}", "the server 'e' needs"),
    ];
    let index = knowing(&[(
        ".copydesk/workflows/child.yaml",
        "name: child\nsteps: [{id: a, type: shell, run: ls}]\n",
    )]);
    for (path, text, said) in cases {
        let found: Vec<String> =
            all_findings(path, text, &index).into_iter().map(|finding| finding.message).collect();
        assert!(found.len() == 1 && found[0].starts_with(said), "{text}\n{found:#?}");
    }
}
