//! Programs inside words: what `sed 'w out'` and `awk '{print > "out"}'` would do besides filtering.
//!
//! Both languages can write files, read others and run commands, and both have dialects that cut the same text in
//! different places. So this is no interpreter but a sieve: a small part of each language, which every dialect reads
//! alike and which only filters, passes; all else is a risk, and whoever allows it must have seen the whole command.

use super::git;
use super::words::Word;

/// What is found in the words of a command that takes a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Programs {
    /// Words that are programs or values of options, and no files.
    pub(super) not_files: Vec<usize>,
    /// The programs.
    pub(super) texts: Vec<String>,
    /// It changes the files it is given.
    pub(super) in_place: bool,
    /// Why it may do more than filter.
    pub(super) risk: Option<String>,
}

/// Where `find -exec` and `fd -x` put names that are known only when they run.
const PLACEHOLDERS: &[&str] = &["{}", "{/}", "{//}", "{.}", "{/.}"];

/// Reads the programs of a command; none for a tool whose programs are not looked into.
pub(super) fn look(name: &str, words: &[Word]) -> Option<Programs> {
    match name {
        "sed" | "gsed" => Some(sed(name, words)),
        "awk" | "gawk" | "mawk" | "nawk" => Some(awk(name, words)),
        _ => None,
    }
}

impl Programs {
    fn risk(&mut self, reason: impl Into<String>) {
        self.risk.get_or_insert_with(|| reason.into());
    }

    fn option(&mut self, name: &str, option: &str) {
        self.risk(format!("{name} {option} can run commands or write files, or is not known here"));
    }

    /// A suffix with these is a pattern for the copy's path: `-i'../*'`.
    fn suffix(&mut self, name: &str, suffix: &str) {
        if suffix.contains(['/', '*', '\\']) {
            self.risk(format!("{name} keeps copies where {suffix} says"));
        }
    }

    /// Takes a word, or what is left of one, as a program.
    fn program(&mut self, name: &str, word: &Word, text: &str, is_safe: fn(&str) -> bool) {
        if !word.is_literal() || PLACEHOLDERS.iter().any(|one| text.contains(one)) {
            self.risk(format!("what {name} does is known only when it runs"));
        } else if !is_safe(text) {
            self.risk(format!(
                "its program can do more than filter: {name} can write files and run commands"
            ));
        }
        self.texts.push(text.to_owned());
    }

    /// Without a program it comes from whoever adds words: `fd -x sed`.
    fn must_have(&mut self, name: &str, words: &[Word]) {
        let only_tells = words.len() == 2 && matches!(words[1].text.as_str(), "--help" | "--version");
        if self.texts.is_empty() && !only_tells {
            self.risk(format!("the program of {name} is not among its words"));
        }
    }

    /// Takes the word behind an option as its value.
    fn value<'a>(&mut self, words: &'a [Word], at: &mut usize) -> Option<&'a Word> {
        *at += 1;
        self.not_files.push(*at);
        words.get(*at)
    }
}

/// What could be file names in a program: its pieces between blanks and quotes, with and without a command before them.
pub(super) fn pieces(program: &str) -> impl Iterator<Item = &str> {
    program
        .split(|letter: char| letter.is_whitespace() || "\"';{}()<>|,`".contains(letter))
        .flat_map(|piece| {
            let behind = piece.split_once(['w', 'W', 'r', 'R']).map(|(_, rest)| rest);
            [Some(piece), behind]
        })
        .flatten()
        .filter(|piece| !piece.is_empty())
}

/// Why a command of `jq`, `yq`, `make`, `curl` or `less` may do more than it is there for, its words can name other
/// files and commands; or one of `date` or `hostname`, which set what they else show.
pub(super) fn beyond(name: &str, words: &[Word]) -> Option<String> {
    let mut words = words.iter().skip(1).map(|word| word.text.as_str());
    match name {
        "jq" | "gojq" | "jaq" | "yq" => {
            let loads = ["import", "include", "modulemeta", "eval"];
            let reads = |text: &&str| {
                loads.iter().any(|word| has_word(text, word)) || (name == "yq" && text.contains("load"))
            };
            words.find(reads).map(|_| format!("a program of {name} can read files that it does not name"))
        }
        "make" | "gmake" => {
            let sets =
                words.find(|text| text.split_once('=').is_some_and(|(name, value)| !is_tame(name, value)))?;
            Some(format!("{sets} can change what {name} runs"))
        }
        "curl" => {
            words.find(|text| text.contains("%output")).map(|_| "curl writes where a format says".to_owned())
        }
        "less" | "more" => words
            .find(|text| text.starts_with('+'))
            .map(|text| format!("{name} begins with the command {text}")),
        "date" | "hostname" => {
            setting(name, words).map(|text| format!("{name} {text} can set it for the whole machine"))
        }
        _ => None,
    }
}

/// The word by which a program sets what it shows without one; those of the options `-d` and `-r` of `date` are none.
fn setting<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut is_value = false;
    for text in words {
        let is_option = text.starts_with('-');
        let is_format = name == "date" && text.starts_with('+');
        if !(is_value || is_option || is_format) {
            return Some(text);
        }
        // Behind the letter `I` stands its own value.
        let short = is_option && !text.starts_with("--") && !text.contains('I') && text.ends_with(['d', 'r']);
        is_value = !is_value && name == "date" && (short || matches!(text, "--date" | "--reference"));
    }
    None
}

/// Whether a text has that word, and not as a part or a field of something.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + word.len()..].chars().next();
        !before.is_some_and(|letter| is_part(letter) || ".$".contains(letter)) && !behind.is_some_and(is_part)
    })
}

/// Whether a variable of `make` is set to a plain word, as in `V=1` and `CC=clang`.
fn is_tame(name: &str, value: &str) -> bool {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._,:+-".contains(letter);
    let runs = ["SHELL", "MAKE", "MAKEFLAGS", "MAKEFILES", "GNUMAKEFLAGS"];
    name.starts_with("--")
        || (name.chars().all(is_name) && !runs.contains(&name) && value.chars().all(is_plain))
}

/// Options of `sed` that only change how it filters.
const SED_OPTIONS: &[&str] = &[
    "--quiet",
    "--silent",
    "--regexp-extended",
    "--unbuffered",
    "--null-data",
    "--zero-terminated",
    "--separate",
    "--posix",
    "--sandbox",
    "--debug",
    "--help",
    "--version",
];

/// Where a `-i` that stands alone takes the next word for a suffix, the program is one word further.
const SUFFIX_STANDS_ALONE: bool =
    cfg!(any(target_os = "macos", target_os = "freebsd", target_os = "netbsd", target_os = "dragonfly"));

fn sed(name: &str, words: &[Word]) -> Programs {
    let mut found = Programs::default();
    let mut operands = Vec::new();
    let mut has_program = false;
    let mut only_operands = false;
    let mut takes_suffix = false;
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if only_operands || !text.starts_with('-') || text == "-" {
            operands.push(at);
        } else if text == "--" {
            only_operands = true;
        } else if let Some(program) = text.strip_prefix("--expression=") {
            has_program = true;
            found.program(name, word, program, super::sed::is_safe);
        } else if text == "--expression" {
            has_program = true;
            if let Some(next) = found.value(words, &mut at) {
                found.program(name, next, &next.text, super::sed::is_safe);
            }
        } else if git::names(text, "--in-place") {
            found.in_place = true;
            found.suffix(name, text.split_once('=').map_or("", |(_, suffix)| suffix));
        } else if text.starts_with("--") {
            let length = text.strip_prefix("--line-length=");
            if !SED_OPTIONS.contains(&text) && !length.is_some_and(is_number) {
                found.option(name, text);
            }
        } else {
            for (index, letter) in text.char_indices().skip(1) {
                let rest = &text[index + letter.len_utf8()..];
                match letter {
                    'n' | 'E' | 'r' | 'u' | 'z' | 's' => continue,
                    'i' | 'I' => {
                        found.in_place = true;
                        takes_suffix |= rest.is_empty();
                        found.suffix(name, rest);
                    }
                    'e' if rest.is_empty() => {
                        has_program = true;
                        if let Some(next) = found.value(words, &mut at) {
                            found.program(name, next, &next.text, super::sed::is_safe);
                        }
                    }
                    'e' => {
                        has_program = true;
                        found.program(name, word, rest, super::sed::is_safe);
                    }
                    // Some dialects take no length: then the number is the program, and no valid one.
                    'l' if is_number(rest) => {}
                    'l' if rest.is_empty() && words.get(at + 1).is_some_and(|next| is_number(&next.text)) => {
                        found.value(words, &mut at);
                    }
                    _ => found.option(name, text),
                }
                break;
            }
            if has_program && !operands.is_empty() {
                found.risk(format!("dialects of {name} disagree about options behind files"));
            }
        }
        at += 1;
    }
    if has_program
        && operands.first().is_some_and(|first| found.not_files.last().is_some_and(|last| first < last))
    {
        found.risk(format!("dialects of {name} disagree about options behind files"));
    }
    let programs = match (has_program, SUFFIX_STANDS_ALONE && takes_suffix) {
        (true, false) => 0,
        (false, false) | (true, true) => 1,
        (false, true) => 2,
    };
    for at in operands.into_iter().take(programs) {
        found.program(name, &words[at], &words[at].text, super::sed::is_safe);
        found.not_files.push(at);
    }
    found.must_have(name, words);
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit())
}

/// `awk` with options of every dialect: a separator and variables. All others can bring code or name files.
fn awk(name: &str, words: &[Word]) -> Programs {
    let mut found = Programs::default();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        match word.text.as_str() {
            "--" => {
                at += 1;
                break;
            }
            "-F" | "-v" => {
                found.value(words, &mut at);
            }
            "--version" => {}
            text if text.starts_with("-F") || text.starts_with("-v") => {}
            text if text.starts_with('-') => found.option(name, text),
            _ => break,
        }
        at += 1;
    }
    if let Some(word) = words.get(at) {
        found.program(name, word, &word.text, super::awk::is_safe);
        found.not_files.push(at);
    }
    found.must_have(name, words);
    // Some dialects look for options behind the program too.
    for word in words.iter().skip(at + 1).filter(|word| word.text.starts_with('-') && word.text.len() > 1) {
        found.option(name, &word.text);
    }
    found
}
