//! `git`: which of its words write files or run commands.

use super::options;
use super::words::Word;

/// What is found about one `git` command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Git {
    /// What it would run or change besides the repository's history.
    pub(super) risk: Option<String>,
    /// Files it writes on the side.
    pub(super) writes: Vec<String>,
    /// The folder that it is there to make.
    pub(super) makes: Option<String>,
    /// Its operands are files that change.
    pub(super) changes_operands: bool,
    /// It only looks.
    pub(super) only_reads: bool,
    /// It looks, or needs no program of the repository for what it does.
    pub(super) needs_no_program: bool,
    /// Where its operands start.
    pub(super) operands: usize,
}

/// Options before the subcommand that change nothing but the output.
const HARMLESS: &[&str] = &["--no-pager", "-P", "--no-optional-locks", "--version", "--help"];

/// Options of subcommands whose value is a file that is written.
const WRITES: &[&str] = &["--output", "--output-directory"];

/// Options of subcommands that run something or look elsewhere for what to run.
const RUNS: &[&str] = &[
    "--ext-diff",
    "--textconv",
    "--open-files-in-pager",
    "--upload-pack",
    "--receive-pack",
    "--exec",
    "--extcmd",
    "--template",
    "--separate-git-dir",
    "--config",
    "--tool",
    "--git-dir",
    "--work-tree",
    "--exec-path",
    "--show-signature",
    "--prefix",
    "--strategy",
    // Would go into repositories that only history names.
    "--submodule",
];

/// Options whose value is a text and no file, however it looks.
const TEXTS: &[&str] = &[
    "-S",
    "-G",
    "-L",
    "-m",
    "-e",
    "--grep",
    "--author",
    "--committer",
    "--format",
    "--pretty",
    "--since",
    "--until",
    "--after",
    "--before",
    "--date",
    "--exclude",
    "--glob",
    "--branches",
    "--tags",
    "--remotes",
    "--line-prefix",
    "--src-prefix",
    "--dst-prefix",
    "--message",
    "--sort",
    "--word-diff-regex",
];

/// Short options that do the same, by subcommand.
const RUNS_SHORT: &[(&str, &str)] = &[
    ("-O", "grep"),
    ("-x", "rebase difftool"),
    ("-u", "clone"),
    ("-c", "clone"),
    ("-o", "archive format-patch mailsplit"),
    ("-s", "merge pull rebase"),
];

/// Subcommands that are risky as a whole.
const RISKY: &[&str] = &[
    "filter-branch",
    "difftool",
    "mergetool",
    "daemon",
    "instaweb",
    "gui",
    "gitk",
    "citool",
    "credential",
    "hook",
    "maintenance",
    "submodule",
    "bisect",
    "worktree",
    "apply",
    "am",
    "init",
    "send-email",
    "p4",
    "svn",
    "upload-pack",
    "receive-pack",
    "shell",
    "remote-ext",
    "for-each-repo",
    "web--browse",
    "help",
    "replace",
    "update-index",
    "bundle",
    "fast-import",
    "fast-export",
    "archive",
    "format-patch",
    "sparse-checkout",
    "var",
    "subtree",
    "merge-index",
    "merge-one-file",
    "mailsplit",
    "checkout-index",
    "read-tree",
];

/// Subcommands that are known and not named elsewhere. What is none of git's own may be an alias, which runs anything.
const OTHER: &[&str] = &[
    "add",
    "branch",
    "cherry",
    "cherry-pick",
    "clone",
    "commit",
    "config",
    "count-objects",
    "fetch",
    "for-each-ref",
    "fsck",
    "gc",
    "hash-object",
    "ls-remote",
    "merge",
    "merge-file",
    "merge-tree",
    "mktree",
    "notes",
    "prune",
    "pull",
    "push",
    "range-diff",
    "rebase",
    "reflog",
    "remote",
    "repack",
    "reset",
    "revert",
    "show-branch",
    "show-ref",
    "stage",
    "stash",
    "symbolic-ref",
    "tag",
    "update-ref",
    "verify-pack",
    "write-tree",
    "commit-tree",
    "diff-index",
    "diff-files",
    "check-ignore",
    "check-attr",
    "version",
    "lfs",
    "interpret-trailers",
    "check-ref-format",
    "rerere",
    "pack-refs",
    "fetch-pack",
    "send-pack",
];

/// Of those, the ones that lists of references and settings are made of: no filter, hook or driver has a part in them.
const LISTING: &[&str] = &[
    "branch",
    "check-attr",
    "check-ignore",
    "check-ref-format",
    "cherry",
    "config",
    "count-objects",
    "for-each-ref",
    "ls-remote",
    "reflog",
    "remote",
    "show-branch",
    "show-ref",
    "symbolic-ref",
    "tag",
    "verify-pack",
    "version",
];

const CHANGING: &[&str] = &["checkout", "restore", "rm", "mv", "clean", "switch"];

const READING: &[&str] = &[
    "log",
    "show",
    "diff",
    "status",
    "blame",
    "annotate",
    "grep",
    "ls-files",
    "ls-tree",
    "rev-parse",
    "describe",
    "shortlog",
    "cat-file",
    "rev-list",
    "merge-base",
    "diff-tree",
    "whatchanged",
    "name-rev",
];

pub(super) fn look(words: &[Word]) -> Git {
    let mut git = Git::default();
    let mut at = 1;
    while let Some(word) = words.get(at).filter(|word| word.text.starts_with('-')) {
        if !HARMLESS.contains(&word.text.as_str()) {
            git.risk = Some(format!("{} lets git run commands or work elsewhere", word.text));
            at += usize::from(matches!(
                word.text.as_str(),
                "-c" | "-C"
                    | "--git-dir"
                    | "--work-tree"
                    | "--namespace"
                    | "--config-env"
                    | "--exec-path"
                    | "--super-prefix"
            ));
        }
        at += 1;
    }
    git.operands = at + 1;
    let Some(subcommand) = words.get(at).map(|word| word.text.as_str()) else { return git };
    if RISKY.contains(&subcommand) {
        git.risk = Some(format!("git {subcommand} can run commands or write files that it does not name"));
    }
    let is_known = [RISKY, CHANGING, READING, OTHER].iter().any(|list| list.contains(&subcommand));
    if !is_known {
        git.risk =
            Some(format!("git {subcommand} is none of git's own commands known here: it may be an alias"));
    }
    let rest = &words[at + 1..];
    let only_asks =
        rest.iter().any(|word| is_asking(&word.text)) && !rest.iter().any(|word| is_setting(&word.text));
    if subcommand == "config" && !only_asks {
        git.risk = Some("git config can name programs that git runs later".to_owned());
    }
    git.changes_operands = CHANGING.contains(&subcommand);
    for (index, word) in rest.iter().enumerate() {
        let text = word.text.as_str();
        if text.contains("ext::") || text.contains("fd::") {
            git.risk = Some("an address that names a command".to_owned());
        }
        if WRITES.iter().any(|option| names(text, option)) {
            let value = text.split_once('=').map(|(_, value)| value.to_owned());
            git.writes.extend(value.or_else(|| rest.get(index + 1).map(|word| word.text.clone())));
        }
        if text.contains("%G") {
            git.risk = Some("a format that asks for signatures runs the program that checks them".to_owned());
        }
        if RUNS.iter().any(|option| names(text, option)) || is_short_risk(text, subcommand) {
            git.risk = Some(format!("git {subcommand} {text} can run commands or write files"));
        }
    }
    if READING.contains(&subcommand) && git.risk.is_none() {
        let options = rest.iter().take_while(|word| word.text != "--");
        let unknown = options.filter(|word| !WRITES.iter().any(|option| names(&word.text, option)));
        if let Some(word) = unknown.into_iter().find(|word| options::is_unknown_to_git(word)) {
            git.risk = Some(format!("git {subcommand} {} is not known here", word.text));
        }
    }
    git.makes = (subcommand == "clone").then(|| cloned(rest)).flatten();
    git.needs_no_program = LISTING.contains(&subcommand);
    git.only_reads = READING.contains(&subcommand) && git.risk.is_none() && git.writes.is_empty();
    git.needs_no_program |= git.only_reads;
    git
}

/// The folder that a clone makes: the last word, or what the address ends with.
fn cloned(words: &[Word]) -> Option<String> {
    let operands: Vec<&Word> = words.iter().filter(|word| !word.text.starts_with('-')).collect();
    let last = operands.last()?.text.trim_end_matches('/');
    let is_address = last.contains(':') || operands.len() == 1;
    let name = if is_address { last.rsplit(['/', ':']).next()? } else { last };
    Some(name.strip_suffix(".git").filter(|name| is_address && !name.is_empty()).unwrap_or(name).to_owned())
}

/// Whether a word is that long option, or an abbreviation of it that a program would take for it.
pub(super) fn names(word: &str, option: &str) -> bool {
    let word = word.split_once('=').map_or(word, |(name, _)| name);
    word.len() > 2 && word.starts_with("--") && option.starts_with(word)
}

/// Whether a word of `git` is an option that may carry the name of a file: `-Ofile`, `--contents=file`.
pub(super) fn may_carry_file(word: &Word, subcommand: &str) -> bool {
    let text = word.text.as_str();
    let is_text = |option: &&&str| match option.strip_prefix("--") {
        Some(_) => text.split_once('=').is_some_and(|(name, _)| name == **option),
        // `git blame -S file` is another one than `git log -S text`.
        None => text.starts_with(**option) && !text.starts_with("--") && subcommand != "blame",
    };
    text.starts_with('-') && !TEXTS.iter().any(|option| is_text(&option))
}

fn is_short_risk(text: &str, subcommand: &str) -> bool {
    text.starts_with('-')
        && !text.starts_with("--")
        && RUNS_SHORT
            .iter()
            .any(|(option, of)| of.split(' ').any(|one| one == subcommand) && text.contains(&option[1..]))
}

fn is_setting(text: &str) -> bool {
    let options = [
        "--add",
        "--replace-all",
        "--unset",
        "--unset-all",
        "--edit",
        "--rename-section",
        "--remove-section",
    ];
    options.iter().any(|option| names(text, option)) || matches!(text, "-e" | "set" | "unset" | "edit")
}

fn is_asking(text: &str) -> bool {
    matches!(
        text,
        "--get" | "--get-all" | "--get-regexp" | "--list" | "-l" | "get" | "list" | "--get-urlmatch"
    )
}
