//! Tools that look at a project, and the options by which they change it.
//!
//! `Bash(eslint:*)` and `Bash(ruff check:*)` mean looking; `eslint --fix` and `ruff check --fix` write. So an option of
//! this table is within a rule only where the rule names it, too (see `scope`). The words are those of `hatches`:
//! `--name`, `-x`, `=word`, `~part`.

use super::hatches::{is_among, opens, peeled};
use super::words::Word;

/// One line of the table.
#[derive(Debug)]
pub(super) struct Checker {
    names: &'static str,
    /// The subcommands that the line is about; empty for all.
    subs: &'static str,
    /// What makes it look only; empty where it does so by itself.
    checks: &'static str,
    /// What makes it change files, or more than its other words say.
    acts: &'static str,
    /// Letters of options with a value, attached or in the next word.
    values: &'static str,
}

const fn row(
    names: &'static str,
    subs: &'static str,
    checks: &'static str,
    acts: &'static str,
    values: &'static str,
) -> Checker {
    Checker { names, subs, checks, acts, values }
}

#[rustfmt::skip]
const TABLE: &[Checker] = &[
    // JavaScript
    row("prettier", "", "", "--write -w", ""),
    row("eslint", "", "", "--fix --output-file --init --suppress-all --suppress-rule --prune-suppressions -o", "cf"),
    row("stylelint", "", "", "--fix --output-file -o", "cf"),
    row("oxlint", "", "", "--fix --fix-suggestions --fix-dangerously --init", ""),
    row("xo standard ts-standard semistandard tslint htmlhint", "", "", "--fix", ""),
    row("biome", "check lint format ci", "", "--write --fix --apply --apply-unsafe --suppress", ""),
    row("markdownlint markdownlint-cli2", "", "", "--fix --output -f -o", "cip"),
    row("tsc vue-tsc", "", "", "--outDir --outFile --declarationDir --tsBuildInfoFile --init --generateTrace --generateCpuProfile --build -b", ""),
    row("jest", "", "", "--updateSnapshot --outputFile --coverageDirectory --clearCache -u", "tcw"),
    row("vitest", "", "", "--update --outputFile -u", "tcr"),
    row("playwright", "test", "", "--update-snapshots --output -u", "cgj"),
    row("ava", "", "", "--update-snapshots -u", "mcT"),
    row("npm", "audit", "", "=fix", ""),
    row("pnpm", "audit", "", "--fix", ""),
    row("npm pnpm yarn bun", "run run-script test t", "", "--fix --write --update --updateSnapshot --update-snapshots", ""),
    row("deno", "fmt", "--check", "", ""),
    row("deno", "lint", "", "--fix", ""),
    // Python
    row("ruff", "check", "", "--fix --fix-only --add-noqa --output-file -o", ""),
    row("ruff", "format", "--check --diff", "", ""),
    row("black", "", "--check --diff", "", ""),
    row("isort", "", "--check --check-only --diff -c -d", "--overwrite-in-place", ""),
    row("autopep8 docformatter", "", "", "--in-place -i", ""),
    row("autoflake yapf", "", "", "--in-place -i", ""),
    row("mdformat pyproject-fmt", "", "--check", "", ""),
    row("flake8", "", "", "--output-file --tee", ""),
    row("pylint", "", "", "--output", ""),
    row("mypy", "", "", "--junit-xml ~-report", ""),
    row("pyright basedpyright", "", "", "--createstub --writebaseline", ""),
    row("pytest py.test", "", "", "--snapshot-update --inline-snapshot --force-regen --regen-all --junitxml --junit-xml --report-log --html", ""),
    row("bandit semgrep", "", "", "--output --autofix --fix -o", ""),
    row("pip-audit", "", "", "--fix --output -o", ""),
    row("codespell typos", "", "", "--write-changes --interactive -w -i", ""),
    row("sqlfluff djlint", "", "", "=fix =format --reformat", ""),
    // Go
    row("gofmt goimports gofumpt golines", "", "", "-w --cpuprofile", ""),
    row("golangci-lint", "run", "", "--fix", ""),
    row("golangci-lint", "fmt", "--diff -d", "", ""),
    row("go", "env", "", "=-w =-u", ""),
    row("go", "vet", "", "=-fix =--fix", ""),
    row("go", "test build", "", "=-o =--o --coverprofile --cpuprofile --memprofile --blockprofile --mutexprofile --trace --outputdir", ""),
    // Rust
    row("rustfmt", "", "--check", "--emit --backup --print-config", ""),
    row("cargo", "fmt", "--check", "--emit --backup", ""),
    row("cargo", "clippy check", "", "--fix --open", ""),
    row("cargo", "doc test build bench run", "", "--open --artifact-dir --out-dir", ""),
    row("cargo", "insta", "", "--accept --accept-unseen --review --force-update-snapshots", ""),
    row("cargo", "audit", "", "=fix", ""),
    row("taplo", "fmt format", "--check", "", ""),
    // C and its kin
    row("clang-format", "", "", "=-i =--i", ""),
    row("clang-tidy", "", "", "--fix --fix-errors --fix-notes --export-fixes", ""),
    row("cmake-format", "", "", "--in-place -i", "o"),
    // Other languages
    row("rubocop standardrb haml-lint cookstyle", "", "", "--autocorrect --auto-correct --autocorrect-all --auto-correct-all --safe-auto-correct --fix --fix-layout --fix-unsafely --auto-gen-config --regenerate-todo --init --out -a -A -x -o", "rfc"),
    row("erblint erb_lint", "", "", "--autocorrect -a", ""),
    row("brakeman", "", "", "--output --interactive-ignore -o -I", ""),
    row("rspec", "", "", "--out -o", "eft"),
    row("php-cs-fixer rector", "", "--dry-run -n", "", ""),
    row("phpstan psalm", "", "", "--generate-baseline --alter --set-baseline --update-baseline -b", "clm"),
    row("pint", "", "--test", "", ""),
    row("ktlint", "", "", "--format -F", ""),
    row("detekt", "", "", "--auto-correct --create-baseline =-ac =-cb", ""),
    row("google-java-format", "", "", "--replace -i -r", ""),
    row("scalafmt", "", "--check --test --list", "", ""),
    row("dotnet", "format", "--verify-no-changes", "", ""),
    row("swiftlint swift-format", "", "", "--fix --autocorrect --in-place --write-baseline --output -i", ""),
    row("swiftformat", "", "--lint --dryrun", "", ""),
    row("dart", "fix", "--dry-run -n", "--apply", ""),
    row("mix", "format", "--check-formatted", "", ""),
    row("zig", "fmt", "--check", "", ""),
    row("gleam", "format", "--check", "", ""),
    row("elm-format", "", "--validate", "--yes --output", ""),
    row("hlint", "", "", "--refactor --refactor-options", ""),
    row("ormolu fourmolu stylish-haskell", "", "--mode", "-i --inplace", ""),
    row("stylua nixfmt alejandra", "", "--check -c", "", ""),
    row("shfmt", "", "", "=-w --write =-lw", ""),
    // Machines
    row("terraform tofu", "fmt", "--check", "--write", ""),
    row("terraform tofu", "plan", "", "--out --generate-config-out", ""),
    row("tflint ansible-lint puppet-lint", "", "", "--fix --write -f", ""),
    row("trivy", "", "", "--output -o", ""),
    // Git
    row("git", "push", "", "--force --force-with-lease --delete --mirror --prune --no-dry-run -f -d", "o"),
    row("git", "branch", "", "--delete --move --force -d -D -m -M -C -f", ""),
    row("git", "tag", "", "--delete --force -d -f", "mFu"),
    row("git", "remote", "", "=add =remove =rm =rename =set-url =set-head =set-branches =prune =update", ""),
    row("git", "reset", "", "--hard --merge --keep", ""),
    row("git", "add rm mv clean fetch commit", "", "--no-dry-run", ""),
    row("rsync", "", "", "--no-dry-run --no-n --delete --remove-source-files --delete-before --delete-after --delete-excluded", ""),
];

/// A command that was found in the table: its line, and its words from the tool on.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) checker: &'static Checker,
    words: &'a [Word],
}

/// What is known about the tool that a command starts, itself or by `npx` and its kin. A tool may have several lines.
pub(super) fn find(words: &[Word]) -> impl Iterator<Item = Found<'_>> {
    let (name, words) = peeled(words);
    let is_about = move |checker: &&'static Checker| {
        is_among(name, checker.names) && checker.subs.is_empty()
            || is_among(name, checker.names)
                && words.iter().skip(1).any(|word| is_among(&word.text, checker.subs))
    };
    TABLE.iter().filter(is_about).map(move |checker| Found { checker, words })
}

impl Checker {
    /// The words among these that make it change something.
    pub(super) fn acts<'a>(&self, words: &'a [Word]) -> Vec<(&'static str, &'a str)> {
        self.opened(self.acts, words)
    }

    /// Whether the words name one of its subcommands; true where it has none.
    pub(super) fn is_named(&self, words: &[Word]) -> bool {
        self.subs.is_empty() || words.iter().any(|word| is_among(&word.text, self.subs))
    }

    fn opened<'a>(&self, list: &'static str, words: &'a [Word]) -> Vec<(&'static str, &'a str)> {
        let name = self.names.split(' ').next().unwrap_or_default();
        let of = |(at, word): (usize, &'a Word)| {
            let next = words.get(at + 1).map_or("", |word| word.text.as_str());
            let text = word.text.as_str();
            let mut acts = list.split_ascii_whitespace();
            acts.find(|act| opens(act, name, self.values, text, next)).map(|act| (act, text))
        };
        words.iter().enumerate().filter_map(of).collect()
    }
}

impl Found<'_> {
    /// The words by which it changes something.
    pub(super) fn acts(&self) -> Vec<(&'static str, &str)> {
        self.checker.acts(self.words.get(1..).unwrap_or_default())
    }
}

/// Whether a command is one of a known tool that changes none of the files that it names.
pub(super) fn only_looks(words: &[Word]) -> bool {
    let mut found = find(words).peekable();
    let looks = |found: Found<'_>| {
        let rest = found.words.get(1..).unwrap_or_default();
        let checks = found.checker.checks;
        found.acts().is_empty() && (checks.is_empty() || !found.checker.opened(checks, rest).is_empty())
    };
    found.peek().is_some() && found.all(looks)
}
