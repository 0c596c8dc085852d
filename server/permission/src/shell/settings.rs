//! Variables that are set for one command and do no more than tell it how to speak: `CI=1 npm test`.
//!
//! Every other variable may name a program, a library or a file (`PAGER`, `LD_PRELOAD`, `NODE_OPTIONS`), and asks.

use super::Simple;

/// Their names. None of them is read as code, and none as a path while its value is a plain word.
const HARMLESS: &[&str] = &[
    "CI",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LINES",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_LOG",
    "RUST_TEST_THREADS",
    "CARGO_TERM_COLOR",
    "CARGO_TERM_PROGRESS_WHEN",
    "CARGO_INCREMENTAL",
    "CARGO_NET_OFFLINE",
    "PROPTEST_CASES",
    "NODE_ENV",
    "DEBUG",
    "RAILS_ENV",
    "RACK_ENV",
    "MIX_ENV",
    "APP_ENV",
    "FLASK_ENV",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    "PIP_NO_INPUT",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "GIT_TERMINAL_PROMPT",
    "GIT_OPTIONAL_LOCKS",
    "DEBIAN_FRONTEND",
    "SOURCE_DATE_EPOCH",
    "GOOS",
    "GOARCH",
    "CGO_ENABLED",
];

/// Names that pick a program, and the one that only copies.
const PAGERS: &[&str] = &["PAGER", "GIT_PAGER", "MANPAGER"];

/// Options of `git` before its subcommand that change nothing but what is shown.
const GIT_OPTIONS: &[&str] = &["--no-pager", "-P", "--no-optional-locks"];

/// Whether to set this does no more than change how a command speaks. The value is as written.
pub(super) fn is_harmless(name: &str, value: &str) -> bool {
    let is_plain = value.chars().all(|letter| letter.is_ascii_alphanumeric() || "._,=-@:+".contains(letter));
    // A time zone with a colon first is a file.
    (HARMLESS.contains(&name) && is_plain && !value.starts_with(':'))
        || (PAGERS.contains(&name) && matches!(value, "cat" | ""))
}

/// A command without what only changes how it speaks, as rules that allow may name it; none where there is no such
/// thing.
pub(super) fn without(simple: &Simple) -> Option<String> {
    let mut text = simple.text.strip_prefix(simple.manner.as_str())?.to_owned();
    let is_git = simple.words.first().is_some_and(|word| word.raw == "git");
    while let Some(rest) = text.strip_prefix("git ").filter(|_| is_git) {
        let Some(rest) = GIT_OPTIONS.iter().find_map(|option| rest.strip_prefix(option)?.strip_prefix(' '))
        else {
            break;
        };
        text = format!("git {rest}");
    }
    (text != simple.text).then_some(text)
}
