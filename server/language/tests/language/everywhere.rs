//! What stands in a good file could have been proposed right there.

use std::path::Path;

use copydesk_language::{File, complete, hover, parse};
use copydesk_text::{Kind, Node};

use crate::support::{WORKFLOW, trusted};

const TEXTS: &[(&str, &str)] = &[
    (WORKFLOW, include_str!("fixtures/every-step.yaml")),
    (WORKFLOW, include_str!("fixtures/release.yaml")),
    (".copydesk/agents/editor.md", include_str!("fixtures/editor.md")),
    (".copydesk/actions/tidy.md", include_str!("fixtures/tidy.md")),
    (".keystone/config.yaml", include_str!("fixtures/keystone-config.yaml")),
];

fn labels(path: &str, text: &str, offset: usize) -> Vec<String> {
    let path = Path::new(path);
    let tree = parse(path, text);
    complete(&File::new(path, text, &tree), &trusted(), offset).into_iter().map(|found| found.label).collect()
}

/// Calls `visit` with every key of the language, and with every word of a list.
fn words(path: &str, text: &str, mut visit: impl FnMut(Node<'_>)) {
    let tree = parse(Path::new(path), text);
    let file = File::new(Path::new(path), text, &tree);
    let mut next: Vec<Node<'_>> = tree.documents().iter().collect();
    while let Some(node) = next.pop() {
        match node.kind() {
            Kind::Mapping(entries) => {
                for entry in entries {
                    let found = hover(&file, &trusted(), entry.key().span().start);
                    // Names of inputs and pools are the person's own.
                    let is_own = |help: &str| help.contains(" input") || help.contains(": a pool");
                    if found.is_some_and(|found| !is_own(&found.markdown)) {
                        visit(entry.key());
                    }
                    next.push(entry.value());
                }
            }
            Kind::Sequence(items) => next.extend(items),
            _ => {}
        }
    }
}

#[test]
fn every_key_is_proposed_where_it_stands() {
    for (path, text) in TEXTS {
        let mut count = 0;
        words(path, text, |key| {
            let name = key.scalar_text().unwrap_or("");
            if matches!(name, "autoHeal" | "<<") {
                return;
            }
            count += 1;
            // In the whole text with its first letter left, and in the text as it was when that was typed.
            let offset = key.span().start + 1;
            let short = format!("{}{}", &text[..offset], &text[key.span().end..]);
            let found = labels(path, &short, offset);
            assert!(found.iter().any(|label| label == name), "'{name}' at {offset} of {path}: {found:?}");
            let found = labels(path, &text[..offset], offset);
            assert!(found.iter().any(|label| label == name), "'{name}' cut at {offset} of {path}: {found:?}");
            let before = key.span().start;
            let found = labels(path, &text[..before], before);
            assert!(found.iter().any(|label| label == name), "'{name}' cut at {before} of {path}: {found:?}");
        });
        assert!(count > 3, "{path}");
    }
}

#[test]
fn every_need_is_proposed_where_it_stands() {
    for (path, text) in TEXTS.iter().filter(|(path, _)| *path == WORKFLOW) {
        let tree = parse(Path::new(path), text);
        let steps = tree.root().and_then(|root| root.get("steps")).map(Node::items).unwrap_or_default();
        for item in steps.iter().filter_map(|step| step.get("needs")).flat_map(Node::items) {
            let name = item.scalar_text().unwrap_or("");
            for offset in [item.span().start, item.span().start + 1] {
                let short = format!("{}{}", &text[..offset], &text[item.span().end..]);
                let found = labels(path, &short, offset);
                assert!(found.iter().any(|label| label == name), "'{name}' at {offset}: {found:?}\n{short}");
                let found = labels(path, &text[..offset], offset);
                assert!(found.iter().any(|label| label == name), "'{name}' cut at {offset}: {found:?}");
            }
        }
    }
}

#[test]
fn every_reference_is_proposed_where_it_stands() {
    for (path, text) in TEXTS.iter().filter(|(path, _)| *path == WORKFLOW) {
        for root in ["inputs.", "steps."] {
            for (at, _) in
                text.match_indices(root).filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric))
            {
                let start = at + root.len();
                let rest = &text[start..];
                let name =
                    &rest[..rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())];
                for offset in [start, start + 1] {
                    let short = format!("{}{}", &text[..offset], &text[start + name.len()..]);
                    let found = labels(path, &short, offset);
                    assert!(found.iter().any(|label| label == name), "'{name}' at {offset}: {found:?}");
                }
            }
        }
    }
}
