//! The guide to expressions says what is so: its examples are run, its lists are whole.

use copydesk_language::expression::{Context, Strictness, evaluate, evaluate_expression, library};

const PAGE: &str = include_str!("../../../../docs/guide/expressions.md");

/// The lines of the fenced blocks of one kind.
fn fenced(kind: &str) -> Vec<&'static str> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in PAGE.lines() {
        match line.strip_prefix("```") {
            Some(info) => inside = !inside && info == kind,
            None if inside => lines.push(line),
            None => {}
        }
    }
    lines
}

#[test]
fn every_example_gives_what_it_says() {
    let roots = serde_json::from_str(&fenced("json").join("\n")).unwrap();
    let context = Context::new().with_roots(&roots);
    let mut count = 0;
    for kind in ["expressions", "templates"] {
        for line in fenced(kind) {
            let (source, expected) = line.rsplit_once(" → ").unwrap();
            let value = match kind {
                "expressions" => evaluate_expression(source, &context),
                _ => evaluate(source, &context, Strictness::Lax),
            };
            let shown = match value {
                Ok(value) => value.to_string(),
                Err(error) => format!("error: {error}"),
            };
            assert_eq!(shown, expected, "{source}");
            count += 1;
        }
    }
    assert!(count > 50, "only {count} examples were found");
}

#[test]
fn every_function_is_named() {
    let named = |name: &str| PAGE.contains(&format!("`{name}`")) || PAGE.contains(&format!("`{name}("));
    for kind in ["string", "array", "number", "boolean", "object"] {
        for method in library::methods(kind) {
            assert!(named(method.name), "the guide leaves out '{}' of {kind}", method.name);
        }
    }
    for global in library::GLOBALS {
        assert!(PAGE.contains(global.name), "the guide leaves out '{}'", global.name);
        for member in library::members(global.name) {
            assert!(named(member.name()), "the guide leaves out '{}'", member.path);
        }
    }
}
