//! What is known about programs: which of their words are files, and which options write or run something.
//!
//! A program that is not here is not harmless, only unknown: words of it that lie outside the workspace or name a
//! protected file ask.

use super::git;
use super::words::Word;

/// What the operands of a program are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operands {
    /// No files.
    Data,
    /// Files that are read.
    Read,
    /// A pattern or program first, then files that are read.
    Pattern,
    /// Files that are written or made.
    Write,
    /// Files that go away or change for good.
    Remove,
    /// All but the last go, the last is written.
    Moving,
    /// All but the last are read, the last is written.
    Copying,
    /// The first is read, the second written.
    Filter,
    /// Nothing is known.
    Unknown,
}

/// One line of the table.
pub(super) struct Tool {
    pub(super) operands: Operands,
    /// Options whose value is a file that is written.
    pub(super) writes: &'static str,
    /// Options that run commands, take further options from files, or write files that they do not name.
    pub(super) runs: &'static str,
}

use Operands::{Copying, Data, Filter, Moving, Pattern, Read, Remove, Unknown, Write};

/// Names, operands, options that write, options that run.
const TOOLS: &[(&str, Operands, &str, &str)] = &[
    (
        "echo printf true false : pwd whoami id uname sleep seq basename dirname expr arch nproc uptime groups tty",
        Data,
        "",
        "",
    ),
    ("exit break continue return shift type which test [ [[ for", Data, "", ""),
    ("hostname", Data, "", "-F --file -b"),
    (
        "cat head tail wc ls stat du df cmp md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum",
        Read,
        "",
        "",
    ),
    (
        "nl cut tr column od hexdump strings readlink realpath comm join paste fold fmt rev tac expand unexpand",
        Read,
        "",
        "",
    ),
    ("cd dir vdir lsof tsort base64 base32 zcat bzcat xzcat", Read, "", ""),
    ("diff diff3 sdiff", Read, "--output", "--editor"),
    ("shuf", Read, "-o --output", ""),
    ("iconv xmllint", Read, "-o --output", ""),
    ("sort", Read, "-o --output", "--compress-program -T --temporary-directory"),
    ("file", Read, "", "-C --compile -m --magic-file"),
    ("tree", Read, "-o", "-R"),
    (
        "less more most",
        Read,
        "-o -O --log-file --LOG-FILE",
        "-k --lesskey-file --lesskey-src --lesskey-content --cmd -t -T --tag-file",
    ),
    ("column pr", Read, "", ""),
    ("date", Data, "", "-s --set -f --file"),
    ("make gmake ninja", Unknown, "", "-E --eval -f --file --makefile -I --include-dir"),
    (
        "man",
        Read,
        "",
        "-P --pager -H --html -B --browser -C --config-file -M --manpath -X --gxditview -p --preprocessor -r --prompt",
    ),
    ("grep egrep fgrep zgrep", Pattern, "", ""),
    ("rg", Pattern, "", "--pre --hostname-bin --search-zip -z"),
    ("ag ack", Pattern, "", "--pager --ackrc --output"),
    ("jq gojq jaq", Pattern, "", "-f --from-file -L"),
    ("yq", Pattern, "", "-i --inplace -s --split-exp --from-file"),
    // `programs` reads the options of these.
    ("awk gawk mawk nawk", Pattern, "", ""),
    ("uniq xxd", Filter, "", ""),
    ("touch mkdir mkfifo mknod tee truncate fallocate mktemp", Write, "", ""),
    ("rm rmdir unlink shred chmod chown chgrp chattr setfacl", Remove, "", ""),
    ("mv", Moving, "", ""),
    ("cp ln install link", Copying, "", ""),
    (
        "rsync",
        Copying,
        "--log-file --write-batch --only-write-batch --backup-dir --partial-dir --temp-dir -T",
        "-e --rsh --rsync-path --files-from --config -M --remote-option",
    ),
    ("scp sftp", Copying, "", "-S -F -o -D"),
    ("ssh", Unknown, "-E", "-o -F -I"),
    ("strace ltrace", Unknown, "-o --output", "-O --overhead -E --env -u --user"),
    ("bat batcat", Read, "", "--pager --paging --config-file"),
    ("kubectl oc", Unknown, "", "--kubeconfig"),
    ("openssl", Unknown, "-out -writerand", "-engine -config -provider -provider-path"),
    ("perf gdb valgrind", Unknown, "-o --output --log-file --xml-file", "-x --command -ex -ix --log-socket"),
    ("dd", Unknown, "", ""),
    (
        "docker podman nerdctl",
        Unknown,
        "",
        "-v --volume --volumes-from --mount --privileged --device --cap-add --security-opt --pid --userns",
    ),
    ("gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4 compress uncompress", Remove, "-o", ""),
    ("split csplit patch unzip cpio pax ar ex ed vi vim nvim nano emacs", Unknown, "", "*"),
    ("zip", Write, "", "-TT --unzip-command"),
    (
        "curl",
        Unknown,
        "-o --output -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --output-dir --libcurl --etag-save --hsts --alt-svc",
        "-K --config -O --remote-name --remote-name-all -J --remote-header-name -T --upload-file",
    ),
    (
        "wget",
        Unknown,
        "-O --output-document -o --output-file -a --append-output -P --directory-prefix --save-cookies --warc-file",
        "-e --execute --config --use-askpass --post-file --body-file -i --input-file",
    ),
];

/// What is known about a program.
pub(super) fn tool(name: &str) -> Tool {
    TOOLS.iter().find(|(names, ..)| names.split(' ').any(|one| one == name)).map_or(
        Tool { operands: Unknown, writes: "", runs: "" },
        |(_, operands, writes, runs)| Tool { operands: *operands, writes, runs },
    )
}

/// Whether a program reads files and shows them, whatever its options.
pub(super) fn only_shows(name: &str) -> bool {
    let tool = tool(name);
    tool.operands == Read && tool.writes.is_empty() && tool.runs.is_empty() && name != "cd"
}

/// The value of one of the options, in this word or the next; empty for an option without any.
pub(super) fn option_value(word: &Word, next: Option<&Word>, options: &str) -> Option<String> {
    let text = word.text.as_str();
    if options.is_empty() || !text.starts_with('-') || text.len() < 2 {
        return None;
    }
    let next = || next.map(|next| next.text.clone()).unwrap_or_default();
    for option in options.split_ascii_whitespace() {
        if option.starts_with("--") {
            if git::names(text, option) {
                return Some(text.split_once('=').map_or_else(next, |(_, value)| value.to_owned()));
            }
        } else if option.len() > 2 {
            if text == option {
                return Some(next());
            }
        } else if !text.starts_with("--") {
            let letter = option.chars().nth(1)?;
            if let Some((_, value)) = text[1..].split_once(letter) {
                return Some(if value.is_empty() { next() } else { value.to_owned() });
            }
        }
    }
    None
}

/// Builtins that take names, and names can be code (`a[$(…)]`), or that change what later words mean.
pub(super) const CODE: &[&str] = &[
    ".",
    "alias",
    "bind",
    "builtin",
    "caller",
    "compgen",
    "complete",
    "compopt",
    "declare",
    "dirs",
    "disown",
    "enable",
    "eval",
    "exec",
    "export",
    "fc",
    "getopts",
    "hash",
    "history",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "set",
    "shopt",
    "source",
    "suspend",
    "trap",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
];

/// Programs besides the [`INTERPRETERS`] that run what comes in.
const ALSO_FED: &[&str] =
    &["xargs", "parallel", "psql", "sqlite3", "mysql", "ssh", "at", "batch", "crontab", "entr"];

/// Whether a program runs what comes in, unless it is given a file or a program.
pub(super) fn is_fed(name: &str) -> bool {
    INTERPRETERS.contains(&name) || ALSO_FED.contains(&name)
}

/// Programs that take a whole program where they are given none.
pub(super) const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "dash",
    "zsh",
    "ksh",
    "ash",
    "fish",
    "python",
    "python2",
    "python3",
    "node",
    "deno",
    "bun",
    "perl",
    "ruby",
    "php",
    "lua",
    "Rscript",
    "tclsh",
    "osascript",
    "pwsh",
];

/// Whether a command only tells about its program: `node --version`.
pub(super) fn only_tells(words: &[Word]) -> bool {
    let tells = ["--version", "--help", "-V", "-version"];
    words.len() == 2 && tells.contains(&words[1].text.as_str())
}

/// Programs that need no rule where every word is literal: they only steer the shell.
pub(super) const STEERING: &[&str] =
    &["cd", "true", "false", ":", "exit", "break", "continue", "test", "[", "[[", "for"];

/// Programs to which a number is a number: they tell it or compare it.
pub(super) const TELLING: &[&str] = &["echo", "exit", "return", "test", "[", "[["];
