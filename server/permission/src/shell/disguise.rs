//! Programs that show what they read in another form: `rev`, `fold -w 3`, `gzip -c`, `sed 's/./& /g'`.
//!
//! What looks like a secret is hidden in whatever a command prints, as long as it stands there letter by letter, or in
//! base64 or hexadecimal digits. Of what such a program makes of it nobody can tell. So a command that has one among
//! its programs is told with the files that it reads ([`Disguise`]), and who starts it looks whether they hold a
//! secret.
//!
//! Of the tools that are known to read, those that show whole lines, or nothing of them, are named; all others count.
//! Of programs that are not known to read, a few are named that are there to encode; and a program that stands among
//! the words of an interpreter (`python3 -c`, `perl -ne`) may do anything with the files that its text names.

use std::path::PathBuf;

use super::screen::parts;
use super::tools::{self, Operands};
use super::{Script, Simple, programs};
use crate::policy::Policy;

/// A command that shows what it reads in another form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disguise {
    /// The simple command that does.
    pub by: String,
    /// Every file that the whole command names as one that it reads, resolved. The last part of a path may be a
    /// pattern.
    pub files: Vec<PathBuf>,
}

/// Readers that show whole lines or words of what they read, or nothing of it, and their options with which they do
/// not.
const WHOLE: &[(&str, &str)] = &[
    (
        "cat tac nl sort uniq tee less more most wc ls dir vdir stat du df cmp file comm paste expand unexpand",
        "",
    ),
    ("column pr strings shuf zcat bzcat xzcat readlink realpath lsof tsort tree cd diff diff3 sdiff", ""),
    ("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum bat batcat", ""),
    ("head tail", "-c --bytes"),
    ("grep egrep fgrep zgrep", "-o --only-matching"),
    ("rg", "-o --only-matching -r --replace -p --pretty"),
    ("ag ack", "-o --only-matching --output"),
];

/// Programs that are there to encode what they read.
const ENCODERS: &str = "gzip bzip2 xz zstd lz4 compress brotli zip 7z tar bsdtar gtar openssl gpg age dd uuencode basenc qrencode \
    mcrypt ccrypt";

/// What a command shows in another form; none where it shows what it reads as it is.
pub(super) fn look(script: &Script, policy: &Policy) -> Option<Disguise> {
    let all = script.all();
    let by = all.iter().find(|simple| disguises(simple))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for redirect in &script.redirects {
        files.extend(redirect.cwds.places(&redirect.target, policy).unwrap_or_default());
    }
    for simple in &all {
        files.extend(simple.findings(policy).touches.iter().map(|touch| touch.place.clone()));
        if is_encoder(simple) {
            let words = simple.words.iter().skip(1).flat_map(|word| parts(&word.text));
            files.extend(words.filter_map(|part| simple.cwds.places_of(part)).flatten());
        }
        if has_program(simple) {
            let words = simple.words.iter().skip(1).flat_map(|word| programs::pieces(&word.text));
            let names = words.filter(|piece| piece.len() <= LONGEST_NAME && !piece.contains('\0'));
            files.extend(names.filter_map(|name| simple.cwds.places_of(name)).flatten());
        }
    }
    files.sort();
    files.dedup();
    Some(Disguise { by: by.text.clone(), files })
}

/// Interpreters that are no shells: what those are given is read.
const PROGRAMMED: &str =
    "python python2 python3 pypy3 node deno bun perl ruby php lua Rscript tclsh osascript pwsh";
/// No piece of a program that is longer names a file.
const LONGEST_NAME: usize = 4096;

/// Whether a program stands among the words of an interpreter: behind `-c`, `-e`, `-pe`, `-r`, `--eval`, `eval`.
fn has_program(simple: &Simple) -> bool {
    let gives = |text: &str| match text.strip_prefix('-') {
        Some(letters) if !letters.starts_with('-') => letters.contains(['c', 'e', 'E', 'p', 'r']),
        _ => matches!(text, "eval" | "--eval" | "--print" | "--run" | "--command"),
    };
    PROGRAMMED.split(' ').any(|one| one == bare(simple))
        && simple.words.iter().skip(1).any(|word| gives(word.text.split('=').next().unwrap_or_default()))
}

fn is_encoder(simple: &Simple) -> bool {
    ENCODERS.split_ascii_whitespace().any(|one| one == bare(simple))
}

fn bare(simple: &Simple) -> &str {
    simple.name().rsplit('/').next().unwrap_or_default()
}

fn disguises(simple: &Simple) -> bool {
    let (name, words) = (bare(simple), simple.words.as_slice());
    let texts = || words.iter().skip(1).map(|word| word.text.as_str());
    if is_encoder(simple) || has_program(simple) {
        return true;
    }
    // Colours stand between the letters.
    if texts().any(|text| matches!(text, "--color=always" | "--colour=always" | "--color=ansi")) {
        return true;
    }
    match name {
        "sed" | "gsed" | "awk" | "gawk" | "mawk" | "nawk" => {
            let found = programs::look(name, words).unwrap_or_default();
            let picks = if name.ends_with("sed") { picks_lines } else { picks_records };
            return !found.texts.iter().all(|text| picks(text));
        }
        // Whole, and known in this form.
        "base64" => {
            let mut texts = texts();
            while let Some(text) = texts.next() {
                let is_one_line = match text {
                    "-w0" | "--wrap=0" => true,
                    "-w" | "--wrap" => texts.next() == Some("0"),
                    text => !text.starts_with('-'),
                };
                if !is_one_line {
                    return true;
                }
            }
            return false;
        }
        "xxd" => return !texts().any(|text| matches!(text, "-p" | "-ps" | "-plain" | "-postscript")),
        _ => {}
    }
    if let Some((_, options)) = WHOLE.iter().find(|(names, _)| names.split(' ').any(|one| one == name)) {
        return words.iter().skip(1).any(|word| tools::option_value(word, None, options).is_some());
    }
    matches!(tools::tool(name).operands, Operands::Read | Operands::Pattern | Operands::Filter)
}

/// Whether a program of `sed` only chooses lines: addresses, patterns, and what prints, drops or ends.
fn picks_lines(program: &str) -> bool {
    program.split('/').step_by(2).all(|outside| {
        outside.chars().all(|letter| letter.is_ascii_digit() || ",$!;pdqn={}~+I \n".contains(letter))
    })
}

/// Whether a program of `awk` only chooses records.
fn picks_records(program: &str) -> bool {
    !program.contains(['{', '}', ';'])
}

#[cfg(test)]
mod tests {
    use copydesk_base::{Grade, config::Mode};

    use super::super::effects_of;
    use super::*;

    #[test]
    fn what_shows_its_input_in_another_form_is_told_with_the_files() {
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
            ("rev k.txt", Some(("rev k.txt", "k.txt"))),
            ("tr a b < k.txt", Some(("tr a b < k.txt", "k.txt"))),
            ("cat k.txt | fold -w 3", Some(("fold -w 3", "k.txt"))),
            ("cat k.txt | gzip -c", Some(("gzip -c", "k.txt"))),
            ("gzip -c k.txt", Some(("gzip -c k.txt", "k.txt"))),
            ("openssl enc -rot -in k.txt", Some(("openssl enc -rot -in k.txt", "k.txt"))),
            ("dd if=k.txt bs=1 count=9", Some(("dd if=k.txt bs=1 count=9", "if=k.txt k.txt"))),
            ("cut -c1-9 k.txt", Some(("cut -c1-9 k.txt", "k.txt"))),
            ("head -c 30 k.txt", Some(("head -c 30 k.txt", "k.txt"))),
            ("head -30 k.txt", None),
            ("grep -o . k.txt", Some(("grep -o . k.txt", "k.txt"))),
            ("grep --color=always H k.txt", Some(("grep --color=always H k.txt", "k.txt"))),
            ("grep -n H k.txt", None),
            ("rg -rx H k.txt", Some(("rg -rx H k.txt", "k.txt"))),
            ("sed -n '1,20p' k.txt", None),
            ("sed '/a/,$d' k.txt", None),
            ("sed 's/./& /g' k.txt", Some(("sed 's/./& /g' k.txt", "k.txt"))),
            ("awk 'NR > 3 && /x/' k.txt", None),
            ("awk '{print $2}' k.txt", Some(("awk '{print $2}' k.txt", "k.txt"))),
            ("jq -r .password k.json", Some(("jq -r .password k.json", "k.json"))),
            ("base64 k.txt", None),
            ("base64 -w 3 k.txt", Some(("base64 -w 3 k.txt", "k.txt"))),
            ("xxd -p k.txt", None),
            ("xxd k.txt", Some(("xxd k.txt", "k.txt"))),
            ("echo \"$(cat k.txt)\" | timeout 5 rev", Some(("rev", "k.txt"))),
            ("cat conf/*.yaml | rev", Some(("rev", "conf/*.yaml"))),
            (
                "python3 -c \"for l in open('k.txt'): print(l[::-1])\"",
                Some(("python3 -c \"for l in open('k.txt'): print(l[::-1])\"", "k.txt")),
            ),
            ("perl -ne 'print reverse' < k.txt", Some(("perl -ne 'print reverse' < k.txt", "k.txt"))),
            ("python3 tool.py", None),
            ("python3 -m pytest k.txt", None),
            ("cat k.txt", None),
            ("cargo test", None),
        ] {
            let found = effects_of(command, "/project".as_ref(), &policy).disguise;
            let found = found.map(|found| {
                let files =
                    found.files.iter().filter_map(|file| file.strip_prefix("/project").ok()?.to_str());
                (found.by.clone(), files.filter(|file| file.contains('.')).collect::<Vec<_>>().join(" "))
            });
            let expected = expected.map(|(by, file)| (by.to_owned(), file.to_owned()));
            assert_eq!(found, expected, "{command}");
        }
    }
}
