//! Whole folders that a command may change: `rustfmt src`, `cargo fmt`, `prettier --write .`, `rm -r src`.
//!
//! What lies in a folder is not in the words, and reading looks at no disk. So the places are told, and who starts the
//! command looks what lies there.

use std::path::PathBuf;

use super::hatches::{is_among, peeled};
use super::screen::parts;
use super::tools::{self, Operands};
use super::{Script, Simple, among, checkers, scope};
use crate::path::Access;
use crate::policy::Policy;

/// Programs that look for what they change by themselves, with the subcommands by which they do.
#[rustfmt::skip]
const FINDERS: &[(&str, &str)] = &[
    ("cargo", "fmt fix clippy"), ("rustfmt taplo", ""),
    ("black isort ruff autopep8 autoflake yapf docformatter mdformat pyproject-fmt djlint sqlfluff", ""),
    ("prettier eslint stylelint oxlint xo standard ts-standard semistandard tslint biome dprint", ""),
    ("markdownlint markdownlint-cli2 codespell typos treefmt topiary", ""),
    ("gofmt goimports gofumpt golines golangci-lint", ""), ("go", "fmt fix generate"), ("buf", "format"),
    ("rubocop standardrb erblint erb_lint php-cs-fixer rector pint", ""),
    ("ktlint detekt scalafmt scalafix swiftformat swift-format swiftlint google-java-format", ""),
    ("clang-format clang-tidy cmake-format shfmt stylua nixfmt alejandra elm-format ormolu fourmolu stylish-haskell", ""),
    ("dotnet mix gleam", "format"), ("dart", "format fix"), ("deno zig terraform tofu", "fmt"), ("pre-commit", "run"),
];

/// Places that may be folders, of which the command may change everything.
pub(super) fn look(script: &Script, policy: &Policy) -> Vec<PathBuf> {
    let mut places: Vec<PathBuf> =
        script.all().into_iter().flat_map(|simple| of_one(simple, policy)).collect();
    places.sort();
    places.dedup();
    places
}

fn of_one(simple: &Simple, policy: &Policy) -> Vec<PathBuf> {
    let findings = simple.findings(policy);
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    let written = findings.touches.iter().filter(|touch| touch.access == Access::Write);
    let mut places: Vec<PathBuf> = written.map(|touch| touch.place.clone()).collect();
    let is_known = tools::tool(name).operands != Operands::Unknown || among::OWN_WORDS.contains(&name);
    let finds = is_finder(simple);
    if findings.only_reads || checkers::only_looks(&simple.words) || (is_known && !finds) {
        return places;
    }
    let goals = scope::has_goals(name);
    let end = if simple.inner.is_empty() { simple.words.len() } else { simple.before };
    for word in simple.words.iter().take(end).skip(1) {
        let whole = word.path(policy).unwrap_or_default();
        let named = parts(&whole)
            .filter(|part| !part.contains('\0') && !part.contains("://") && !part.starts_with('-'))
            .filter(|part| !goals || part.contains(['/', '.']));
        places.extend(named.flat_map(|part| simple.cwds.places_of(part).unwrap_or_default()));
    }
    if finds {
        // What stands among its words may be the value of an option: it may go through the folder all the same.
        places.extend(simple.cwds.places_of(".").unwrap_or_default());
    }
    places
}

fn is_finder(simple: &Simple) -> bool {
    let (name, words) = peeled(&simple.words);
    FINDERS.iter().any(|(names, subs)| {
        is_among(name, names)
            && (subs.is_empty() || words.iter().skip(1).any(|word| is_among(&word.text, subs)))
    })
}

#[cfg(test)]
mod tests {
    use copydesk_base::{Grade, config::Mode};

    use super::super::effects_of;
    use super::*;

    #[test]
    fn the_folders_that_a_command_may_change_are_told() {
        let policy = Policy {
            root: "/project".into(),
            additional: vec![],
            home: None,
            state_home: "/state".into(),
            mode: Mode::Default,
            taint: Grade::Typed,
            rules: vec![],
            started: [].into(),
        };
        for (command, expected) in [
            ("cat src/a.rs", ""),
            ("grep -r x src", ""),
            ("ls src", ""),
            ("cargo test", ""),
            ("make", ""),
            ("cargo fmt", "."),
            ("cargo fmt --check", ""),
            ("cd sub && npx prettier --write .", "sub"),
            ("npx prettier .", ""),
            ("eslint --fix", "."),
            ("eslint src", ""),
            ("gofmt -w .", "."),
            ("black --check .", ""),
            ("mytool src", "src"),
            ("rm -r src", "src"),
            ("mv src old", "old src"),
            ("env X=1 ruff format", "."),
        ] {
            let found = effects_of(command, "/project".as_ref(), &policy).sweeps;
            let mut found: Vec<String> = found
                .iter()
                .map(|place| match place.strip_prefix("/project").unwrap().to_str().unwrap() {
                    "" => ".".to_owned(),
                    below => below.to_owned(),
                })
                .collect();
            found.sort();
            let is_told =
                expected.split(' ').filter(|one| !one.is_empty()).all(|one| found.contains(&one.to_owned()));
            assert!(is_told && (found.is_empty() == expected.is_empty()), "{command}: {found:?}");
        }
    }
}
