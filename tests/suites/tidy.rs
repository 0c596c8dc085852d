//! The house is in order: rooms import what they may, licences are free, files have heads and are finished.

use copydesk_tests::tidy::{self, Repository};

/// A rule: its name, and what it finds.
type Rule = (&'static str, fn(&Repository) -> Vec<String>);

const RULES: &[Rule] = &[
    ("rooms import what the table allows", tidy::imports),
    ("docs/architecture.md has the same table", the_page_has_the_table),
    ("licences ask for no more than a notice", tidy::licences),
    ("the licence of this project is here", licence_texts),
    ("every file says what it is", tidy::heads),
    ("no file is too long", tidy::lengths),
    ("nothing is unfinished", tidy::unfinished),
    ("no path of somebody's machine", tidy::machine_paths),
    ("every suite runs", tidy::suites),
    ("every script starts", tidy::executables),
    ("every diagnostic has its page", diagnostic_pages),
];

#[test]
fn the_house_is_in_order() {
    let repository = Repository::here();
    let complaints: Vec<String> = RULES
        .iter()
        .flat_map(|(rule, find)| find(&repository).into_iter().map(move |found| format!("{rule}: {found}")))
        .collect();
    assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
}

fn the_page_has_the_table(repository: &Repository) -> Vec<String> {
    match repository.text("docs/architecture.md") {
        Some(page) => tidy::table_of(&page),
        None => vec!["there is no docs/architecture.md".to_owned()],
    }
}

fn licence_texts(repository: &Repository) -> Vec<String> {
    [("LICENSE-MIT", "Permission is hereby granted"), ("LICENSE-APACHE", "Apache License")]
        .into_iter()
        .filter(|(file, words)| !repository.text(file).is_some_and(|text| text.contains(words)))
        .map(|(file, _)| format!("{file} is missing"))
        .collect()
}

/// The link of a diagnostic leads somewhere, and no page is about a code that does not exist.
fn diagnostic_pages(repository: &Repository) -> Vec<String> {
    let codes: Vec<&str> = copydesk_base::Code::ALL.iter().map(|code| code.as_str()).collect();
    let pages: Vec<&str> = repository
        .files
        .iter()
        .filter_map(|file| file.strip_prefix("docs/guide/diagnostics/")?.strip_suffix(".md"))
        .filter(|page| *page != "README" && *page != "index")
        .collect();
    let missing = codes.iter().filter(|code| !pages.contains(code)).map(|code| format!("{code} has no page"));
    let extra = pages.iter().filter(|page| !codes.contains(page)).map(|page| format!("{page} is no code"));
    missing.chain(extra).collect()
}
