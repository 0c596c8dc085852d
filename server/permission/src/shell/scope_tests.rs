//! Rules, commands that they match, and the word that goes beyond them.

use super::*;

fn simple(command: &str) -> Simple {
    let words = command.split(' ').map(Word::plain).collect();
    Simple::new(command.to_owned(), words, super::super::Cwds::of("/project".as_ref()), None)
}

#[test]
fn a_rule_covers_no_option_or_goal_that_acts_unless_it_has_it() {
    for (rule, command, expected) in [
        ("prettier --check:*", "prettier --check src", None),
        ("prettier --check *", "prettier --check --write x", Some("--write")),
        ("prettier:*", "prettier -w x", Some("-w")),
        ("prettier --write:*", "prettier --write x", None),
        ("prettier *", "prettier --write x", Some("--write")),
        ("npx prettier:*", "npx prettier --write x", Some("--write")),
        ("npx:*", "npx prettier --write x", Some("--write")),
        ("*", "prettier --write x", None),
        ("eslint:*", "eslint .", None),
        ("eslint:*", "eslint . --fix", Some("--fix")),
        ("eslint * --fix", "eslint . --fix", None),
        ("eslint --fix*", "eslint --fix .", None),
        ("eslint:*", "eslint -f json -c x .", None),
        ("ruff check:*", "ruff check --fix .", Some("--fix")),
        ("ruff check:*", "ruff check --select E .", None),
        ("ruff:*", "ruff check --fix .", None),
        ("ruff format --check:*", "ruff format --check --no-check .", Some("--no-check")),
        ("uv run ruff check:*", "uv run ruff check --fix", Some("--fix")),
        ("python -m ruff check:*", "python -m ruff check --fix", Some("--fix")),
        ("cargo clippy:*", "cargo clippy --fix --allow-dirty", Some("--fix")),
        ("cargo clippy:*", "cargo clippy -p a -- -D warnings", None),
        ("cargo:*", "cargo clippy --fix", None),
        ("cargo clippy --fix:*", "cargo clippy --fix", None),
        ("cargo test:*", "cargo test -p a name", None),
        ("gofmt -l:*", "gofmt -l -w .", Some("-w")),
        ("gofmt -l:*", "gofmt -l .", None),
        ("go env:*", "go env -w GOFLAGS=x", Some("-w")),
        ("go test:*", "go test -count=1 ./...", None),
        ("go test:*", "go test -coverprofile=main.go ./...", Some("-coverprofile=main.go")),
        ("black --check:*", "black --check --diff src", None),
        ("clang-format:*", "clang-format -style=file a.c", None),
        ("clang-format:*", "clang-format -i a.c", Some("-i")),
        ("rubocop:*", "rubocop -A", Some("-A")),
        ("bundle exec rubocop:*", "bundle exec rubocop -fa", None),
        ("jest:*", "jest --update-snapshot", Some("--update-snapshot")),
        ("npm audit:*", "npm audit fix", Some("fix")),
        ("npm run lint:*", "npm run lint -- --fix", Some("--fix")),
        ("npm test:*", "npm test -- --runInBand", None),
        ("terraform fmt -check:*", "terraform fmt -check -write=true", Some("-write=true")),
        ("git push:*", "git push origin main", None),
        ("git push:*", "git push -f origin main", Some("-f")),
        ("git push --dry-run:*", "git push --dry-run --no-dry-run", Some("--no-dry-run")),
        ("git branch:*", "git branch -a", None),
        ("git branch:*", "git branch -D x", Some("-D")),
        ("git remote -v:*", "git remote -v add x y", Some("add")),
        ("git remote:*", "git remote -v", None),
        ("kubectl apply --dry-run=client:*", "kubectl apply --dry-run=client -f x", None),
        (
            "kubectl apply --dry-run=client:*",
            "kubectl apply --dry-run=client --dry-run=none",
            Some("--dry-run=none"),
        ),
        ("tsc --noEmit:*", "tsc --noEmit -p .", None),
        ("tsc --noEmit:*", "tsc --noEmit --noEmit false", Some("--noEmit")),
        ("mvn test:*", "mvn test -pl core -am -DskipTests=false", None),
        ("mvn test:*", "mvn test deploy", Some("deploy")),
        ("mvn -q test:*", "mvn -q test deploy", Some("deploy")),
        ("mvn:*", "mvn test deploy", None),
        ("./mvnw test:*", "./mvnw test deploy", Some("deploy")),
        ("gradle test:*", "gradle test --tests A publish", Some("publish")),
        ("make test:*", "make test -j 4 V=1", None),
        ("make test:*", "make test install", Some("install")),
        ("make test*", "make test-unit", None),
        ("make *", "make install", None),
        ("just test:*", "just test deploy", Some("deploy")),
        ("ls:*", "ls --fix", None),
    ] {
        let wanted = ShellPattern::parse(rule).unwrap();
        assert!(wanted.matches(command), "{rule}: {command}");
        assert_eq!(beyond(&simple(command), &wanted).as_deref(), expected, "{rule}: {command}");
    }
}

#[test]
fn a_known_tool_without_such_an_option_changes_nothing_that_it_names() {
    for (command, expected) in [
        ("prettier src/a.js", true),
        ("prettier --write src/a.js", false),
        ("black src", false),
        ("black --check src", true),
        ("ruff format src", false),
        ("ruff check src", true),
        ("rustfmt a.rs", false),
        ("rustfmt --check a.rs", true),
        ("npx eslint a.js", true),
        ("sponge a", false),
        ("gofmt -l a.go", true),
    ] {
        assert_eq!(checkers::only_looks(&simple(command).words), expected, "{command}");
    }
}
