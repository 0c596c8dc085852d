//! Commands that take something away for good, so that one rule can speak about all of them: `ask: [Destroy]`.
//!
//! What is here is about words, like everything in this room: a program that is not named may take away as much.

use std::path::PathBuf;

use super::Simple;
use crate::policy::Policy;

/// Programs whose operands go away.
const REMOVING: &[&str] = &["rm", "rmdir", "unlink", "shred", "srm", "trash", "gio"];

/// Programs, and words that make them take something away.
const WITH_WORDS: &[(&str, &[&str])] = &[
    ("docker", &["rm", "rmi", "prune", "down"]),
    ("docker-compose", &["rm", "down"]),
    ("podman", &["rm", "rmi", "prune", "down"]),
    ("kubectl", &["delete", "drain"]),
    ("helm", &["uninstall", "delete"]),
    ("terraform", &["destroy"]),
    ("tofu", &["destroy"]),
    ("pulumi", &["destroy"]),
    ("gh", &["delete"]),
    ("glab", &["delete"]),
    ("npm", &["unpublish", "deprecate"]),
    ("cargo", &["yank", "clean"]),
    ("aws", &["rm", "rb", "delete-object", "delete-bucket", "terminate-instances"]),
    ("gsutil", &["rm", "rb"]),
    ("gcloud", &["delete"]),
    ("az", &["delete"]),
    ("redis-cli", &["flushall", "flushdb", "FLUSHALL", "FLUSHDB", "DEL"]),
    (
        "rsync",
        &["--delete", "--remove-source-files", "--delete-after", "--delete-before", "--delete-excluded"],
    ),
    ("make", &["clean", "distclean", "mrproper"]),
];

/// Programs that take something away whatever their words are.
const ALWAYS: &[&str] = &["dropdb", "wipefs", "blkdiscard", "mkfs", "fdisk", "parted", "userdel", "groupdel"];

/// Subcommands of `git`, and a word that they need for it; none for those that always do.
const GIT: &[(&str, &[&str])] = &[
    ("clean", &[]),
    ("rm", &[]),
    ("restore", &[]),
    ("reset", &["--hard", "--merge", "--keep"]),
    ("checkout", &["--", ".", "-f", "--force"]),
    ("branch", &["-D", "-d", "--delete"]),
    ("tag", &["-d", "--delete"]),
    ("push", &["-f", "--force", "--force-with-lease", "--delete", "-d", "--mirror", "--prune"]),
    ("stash", &["drop", "clear"]),
    ("reflog", &["expire", "delete"]),
    ("worktree", &["remove", "prune"]),
    ("gc", &["--prune"]),
    ("filter-branch", &[]),
    ("update-ref", &["-d"]),
];

/// What a command takes away, as far as it names it; none for a command that takes nothing away.
pub(super) fn look(simple: &Simple, policy: &Policy) -> Option<Vec<PathBuf>> {
    let name = simple.name().rsplit('/').next().unwrap_or_default().to_lowercase();
    let name = name.as_str();
    let words: Vec<&str> = simple.words.iter().skip(1).map(|word| word.text.as_str()).collect();
    let is_removing = REMOVING.contains(&name) || (name == "find" && words.contains(&"-delete"));
    if is_removing {
        let operands = simple.words.iter().skip(1).filter(|word| !word.text.starts_with('-'));
        return Some(
            operands.flat_map(|word| simple.cwds.places(word, policy).unwrap_or_default()).collect(),
        );
    }
    let has = |wanted: &[&str]| {
        words.iter().any(|word| {
            let word = word.split('=').next().unwrap_or_default();
            wanted.contains(&word) || wanted.iter().any(|one| one.len() == 2 && is_among(word, one))
        })
    };
    let takes = ALWAYS.contains(&name)
        || name.starts_with("mkfs.")
        || (name == "dd" && words.iter().any(|word| word.starts_with("of=")))
        || WITH_WORDS.iter().any(|(one, wanted)| *one == name && has(wanted))
        || (name == "git"
            && GIT.iter().any(|(sub, with)| words.contains(sub) && (with.is_empty() || has(with))))
        || (name == "git"
            && words.contains(&"push")
            && words.iter().any(|word| word.starts_with(['+', ':'])));
    takes.then(Vec::new)
}

/// Whether a cluster of letters has the one of a short option: `-fd` has `-d`.
fn is_among(word: &str, option: &str) -> bool {
    word.starts_with('-')
        && !word.starts_with("--")
        && option.chars().nth(1).is_some_and(|letter| word.contains(letter))
}
