//! Programs that run the words behind their options: where those words begin.
//!
//! An option that takes the next word moves that place, and one that does not is the place. So an option that is not
//! known here makes the whole a guess, and a guess is no permission.

use super::words::Word;

/// What is known of one of them.
pub(super) struct Runner {
    name: &'static str,
    /// Letters that stand alone or together.
    flags: &'static str,
    /// Letters with a value, attached or in the next word.
    values: &'static str,
    /// Long options that stand alone, and with `=` and a value.
    long: &'static str,
    /// Long options that take the next word.
    long_values: &'static str,
    /// How many words come before the command.
    before: usize,
}

const fn runner(
    name: &'static str,
    flags: &'static str,
    values: &'static str,
    long: &'static str,
    long_values: &'static str,
    before: usize,
) -> Runner {
    Runner { name, flags, values, long, long_values, before }
}

#[rustfmt::skip]
const RUNNERS: &[Runner] = &[
    runner("xargs", "0oprtxeil", "adEILnPs", "null open-tty interactive no-run-if-empty verbose exit show-limits replace eof max-lines", "arg-file delimiter max-args max-procs max-chars", 0),
    runner("strace", "cCdfFhiknqrtTvwxyYzZD", "abeIosSP", "follow-forks summary-only summary", "trace string-limit", 0),
    runner("ltrace", "bcCfhiLrStT", "aAeosnwx", "", "", 0),
    runner("watch", "bcCdegprtwx", "nq", "beep color no-color differences errexit chgexit precise no-title no-rerun no-wrap exec", "interval equexit", 0),
    runner("entr", "acdnprsxz", "", "", "", 0),
    runner("parallel", "0kmXutrvq", "jNnLlsIdE", "keep-order bar dry-run line-buffer tag will-cite ungroup null verbose no-run-if-empty pipe", "jobs max-args colsep halt delay timeout retries", 0),
    runner("flock", "sxeunoFv", "wE", "shared exclusive unlock nonblock close no-fork verbose", "timeout wait conflict-exit-code", 1),
    runner("taskset", "ac", "", "all-tasks cpu-list", "", 1),
    runner("chrt", "abdfior", "", "batch deadline fifo idle other rr", "", 1),
    runner("ssh", "46ACfgkNnqTtVvxXyYaKM", "BbcDilmpRLJWwQ", "", "", 1),
    runner("hyperfine", "iN", "wmMr", "ignore-failure show-output", "warmup runs min-runs max-runs style time-unit", 0),
    runner("valgrind", "qv", "", "leak-check show-leak-kinds track-origins error-exitcode num-callers quiet verbose", "", 0),
    runner("xvfb-run", "a", "n", "auto-servernum", "server-num", 0),
    runner("faketime", "", "", "", "", 1),
    runner("tmux", "", "", "", "", 1),
    runner("script", "aefq", "", "append flush quiet return", "", 0),
    runner("chronic", "ev", "", "", "", 0),
    runner("unbuffer", "p", "", "", "", 0),
    runner("caffeinate", "dimsu", "tw", "", "", 0),
    runner("busybox", "", "", "", "", 0),
    runner("toybox", "", "", "", "", 0),
    runner("dbus-run-session", "", "", "", "", 0),
    runner("rlwrap", "", "", "", "", 0),
    runner("prlimit", "", "", "", "", 0),
    runner("fakeroot", "", "", "", "", 0),
    runner("proot", "", "", "", "", 0),
    runner("firejail", "", "", "", "", 0),
    runner("bwrap", "", "", "", "", 0),
    runner("numactl", "", "", "", "", 0),
    runner("screen", "", "", "", "", 0),
];

/// Where a runner's words begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    pub(super) at: usize,
    /// An option before that, of which nobody can tell whether it takes a word.
    pub(super) unknown: Option<String>,
}

/// Where the words begin that a program runs; none for a program that is no runner.
pub(super) fn beginning(name: &str, words: &[Word]) -> Option<Beginning> {
    let runner = RUNNERS.iter().find(|runner| runner.name == name)?;
    let mut found = Beginning { at: 1, unknown: None };
    while let Some(word) =
        words.get(found.at).filter(|word| word.text.starts_with('-') && word.text.len() > 1)
    {
        found.at += 1;
        if word.text == "--" {
            break;
        }
        match takes_next(runner, &word.text) {
            Some(takes) => found.at += usize::from(takes),
            None => found.unknown = Some(word.text.clone()),
        }
    }
    found.at += runner.before;
    Some(found)
}

/// Whether an option takes the next word; none where it is not known.
fn takes_next(runner: &Runner, text: &str) -> Option<bool> {
    let is_one = |list: &str, option: &str| list.split_ascii_whitespace().any(|one| one == option);
    if let Some(long) = text.strip_prefix("--") {
        let (option, has_value) = long.split_once('=').map_or((long, false), |(option, _)| (option, true));
        let takes = is_one(runner.long_values, option);
        return (takes || is_one(runner.long, option)).then_some(takes && !has_value);
    }
    for (at, letter) in text.char_indices().skip(1) {
        let rest = &text[at + letter.len_utf8()..];
        if runner.values.contains(letter) {
            return Some(rest.is_empty());
        }
        // What is attached to these is theirs: `-i{}`.
        if runner.name == "xargs" && "eil".contains(letter) {
            return Some(false);
        }
        if !runner.flags.contains(letter) {
            return None;
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_moves_the_beginning() {
        for (command, at, unknown) in [
            ("xargs touch c", 1, None),
            ("xargs -r touch c", 2, None),
            ("xargs -0rt touch c", 2, None),
            ("xargs -n 1 touch c", 3, None),
            ("xargs -n1 touch c", 2, None),
            ("xargs -0n 1 touch c", 3, None),
            ("xargs -i touch {}", 2, None),
            ("xargs -I {} touch {}", 3, None),
            ("xargs -I{} touch {}", 2, None),
            ("xargs --max-args 1 touch c", 3, None),
            ("xargs --max-args=1 touch c", 2, None),
            ("xargs -- touch c", 2, None),
            ("xargs -J % touch %", 2, Some("-J")),
            ("xargs --new 1 touch c", 2, Some("--new")),
            ("strace -f -t touch c", 3, None),
            ("strace -E A=B touch c", 2, Some("-E")),
            ("watch -t touch c", 2, None),
            ("watch -n 1 touch c", 3, None),
            ("flock . touch c", 2, None),
            ("ssh -p 22 host touch c", 4, None),
            ("ssh -o A=B host touch c", 2 + 1, Some("-o")),
            ("bwrap --ro-bind / / touch c", 2, Some("--ro-bind")),
        ] {
            let words: Vec<Word> = command.split(' ').map(Word::plain).collect();
            let expected = Beginning { at, unknown: unknown.map(str::to_owned) };
            assert_eq!(beginning(&words[0].text, &words), Some(expected), "{command}");
        }
        assert_eq!(beginning("ls", &[Word::plain("ls")]), None);
    }
}
