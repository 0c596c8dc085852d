//! Commands that stand among the words of another: `pipenv run rm a`, `nodemon --exec 'rm a'`, `bash <<< 'rm a'`.
//!
//! No list of wrappers is whole. So a rule that denies a command denies it too where it stands as a word of a program
//! that is not known here, or in what a shell is fed. That may refuse too much; a rule that denies may.

use super::words::Word;
use super::{Passes, Script, Simple, tools};
use crate::policy::Policy;
use crate::rule::{Pattern, Rule, RuleVerdict};

/// More words than this are not gone through.
const MOST: usize = 256;

/// Programs with words of their own that are named like commands: `docker rm`, `apt install curl`.
pub(super) const OWN_WORDS: &[&str] = &[
    "git",
    "hg",
    "jj",
    "svn",
    "gh",
    "glab",
    "docker",
    "podman",
    "kubectl",
    "helm",
    "aws",
    "gcloud",
    "az",
    "npm",
    "pnpm",
    "yarn",
    "bun",
    "cargo",
    "go",
    "pip",
    "pip3",
    "uv",
    "gem",
    "brew",
    "apt",
    "apt-get",
    "apk",
    "dnf",
    "find",
    "tar",
    "sed",
    "dd",
    "make",
    "systemctl",
];

/// Programs, and subcommands of theirs, that are there to run the program named behind them.
const LAUNCHERS: &[(&str, &str)] = &[
    ("npx pnpx bunx uvx cross-env dotenv nodemon concurrently watchexec direnv", ""),
    ("npm pnpm yarn bun", "exec x dlx"),
    ("docker podman nerdctl docker-compose", "run exec"),
    ("kubectl oc", "exec run debug"),
    ("uv poetry pipenv pdm hatch rye conda mamba pipx doppler op", "run"),
    ("uv", "tool"),
    ("bundle mise rtx asdf rbenv pyenv devbox", "exec x run"),
    ("nix", "run shell develop"),
    ("nix-shell", "--run --command"),
];

/// More of them, which a rule may allow as they are: what they run lies in the workspace.
const RUNNERS: &[(&str, &str)] = &[
    ("cargo", "watch nextest"),
    ("docker podman", "compose"),
    ("go", "generate run"),
    ("git", "bisect submodule rebase filter-branch"),
];

/// The deny rule for a command among the words of a program that is not known.
pub(super) fn wrapped<'a>(simple: &Simple, policy: &'a Policy) -> Option<&'a Rule> {
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    let runs_words =
        LAUNCHERS.iter().chain(RUNNERS).any(|(names, subs)| launch(simple, names, subs).is_some());
    let is_known = tools::tool(name).operands != tools::Operands::Unknown || OWN_WORDS.contains(&name);
    if (is_known && !runs_words) || !simple.inner.is_empty() {
        return None;
    }
    denied(simple.words.iter().skip(1).map(|word| word.text.as_str()), policy)
}

/// The words up to where the program begins that this command is there to run: `npx`, `docker compose run`, `timeout
/// 5`.
pub(super) fn launcher(simple: &Simple) -> Option<String> {
    let behind = match simple.before.checked_sub(1) {
        // What is behind these needs a rule of its own.
        Some(_) if simple.passes == Passes::Both => None,
        Some(last) => Some(last),
        None => LAUNCHERS.iter().find_map(|(names, subs)| launch(simple, names, subs)),
    };
    let words = simple.words.get(..=behind?)?;
    Some(words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" "))
}

/// Where the last word of a launcher stands.
fn launch(simple: &Simple, names: &str, subs: &str) -> Option<usize> {
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    if !names.split(' ').any(|one| one == name) {
        return None;
    }
    let mut words = simple.words.iter();
    let is_sub = |word: &Word| subs.split(' ').any(|sub| sub == word.text);
    if subs.is_empty() { Some(0) } else { words.position(is_sub).filter(|at| *at > 0) }
}

/// The deny rule for a command in what a shell of this script is fed.
pub(super) fn fed<'a>(script: &Script, policy: &'a Policy) -> Option<&'a Rule> {
    let all = script.all();
    let takes_program = |simple: &&Simple| {
        let name = simple.name().rsplit('/').next().unwrap_or_default();
        tools::INTERPRETERS.contains(&name) && simple.findings(policy).is_fed
    };
    if !all.iter().any(takes_program) {
        return None;
    }
    denied(all.iter().map(|simple| simple.text.as_str()), policy)
}

fn denied<'a, 'b>(texts: impl Iterator<Item = &'b str>, policy: &'a Policy) -> Option<&'a Rule> {
    let mut rules = policy.rules.iter().filter(|rule| {
        rule.verdict == RuleVerdict::Deny
            && matches!(rule.pattern.as_ref(), Pattern::Shell(wanted) if !wanted.matches(""))
    });
    let words: Vec<String> = texts
        .flat_map(|text| {
            text.split(|letter: char| letter.is_whitespace() || "'\"`;&|()<>{}".contains(letter))
        })
        .filter(|word| !word.is_empty() && !word.contains('\0'))
        .take(MOST)
        .map(|word| word.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    rules.find(|rule| {
        let Pattern::Shell(wanted) = rule.pattern.as_ref() else { return false };
        (0..words.len()).any(|at| {
            let rest = &words[at..];
            wanted.matches(&rest.join(" ")) || rule.loose.as_ref().is_some_and(|loose| loose.matches(rest))
        })
    })
}
