//! Damaged and hostile files: everything that an editor asks is answered, soon, and help goes on around the damage.

use std::path::Path;
use std::time::{Duration, Instant};

use copydesk_base::Span;
use copydesk_language::navigate::{Declaration, definition, highlights, references};
use copydesk_language::{
    File, FormatStyle, check, complete, edited, folds, format, hints, hover, parse, selections,
    semantic_tokens, signature, symbols,
};
use copydesk_text::document::{Change, Document};
use copydesk_text::{Encoding, LineIndex, Range, Tree};

use crate::marked;
use crate::support::{WORKFLOW, untrusted};

const FIXTURES: &[(&str, &str)] = &[
    (WORKFLOW, include_str!("fixtures/every-step.yaml")),
    (WORKFLOW, include_str!("fixtures/release.yaml")),
    (WORKFLOW, include_str!("fixtures/slips.yaml")),
    (".keystone/config.yaml", include_str!("fixtures/keystone-config.yaml")),
    (".copydesk/agents/editor.md", include_str!("fixtures/editor.md")),
];

/// One round of everything, built without optimizations, on a machine that builds at the same time.
const SOON: Duration = Duration::from_secs(5);

/// Asks everything that there is to ask about a text, at one place of it.
fn ask(path: &str, text: &str, tree: &Tree, offset: usize) {
    let begun = Instant::now();
    let offset = text.floor_char_boundary(offset.min(text.len()));
    let path = Path::new(path);
    let file = File::new(path, text, tree);
    let index = untrusted();
    for finding in check(&file, &index) {
        assert!(text.get(finding.span.start..finding.span.end).is_some(), "{finding:?} in {text:?}");
        for fix in &finding.fixes {
            assert_ne!(marked::apply(text, fix), text, "{finding:?} has a mend that changes nothing");
        }
    }
    complete(&file, &index, offset);
    signature(&file, &index, offset);
    hover(&file, &index, offset);
    symbols(&file);
    let nothing = |_: &Path, _: &mut dyn FnMut(&File<'_>)| {};
    definition(&file, &index, &nothing, offset);
    references(&file, &index, &nothing, offset, Declaration::With);
    highlights(&file, &index, offset);
    edited(text, &format(&file, FormatStyle::default()));
    semantic_tokens(&file, None);
    hints(&file, &index, Span::new(0, text.len()));
    folds(&file);
    selections(&file, offset);
    assert!(begun.elapsed() < SOON, "{:?} for {} bytes", begun.elapsed(), text.len());
}

fn ask_fresh(path: &str, text: &str, offset: usize) {
    ask(path, text, &parse(Path::new(path), text), offset);
}

/// A new line beside the keys of line `line`: the text with it, and where to write.
fn new_line(text: &str, line: usize) -> Option<(String, usize)> {
    let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
    let this = text.get(start..)?.lines().next()?;
    let content = this.trim_start();
    let is_key = content.starts_with(char::is_alphabetic) && content.contains(':');
    let indent = this.len() - content.len();
    is_key.then(|| (format!("{}{}\n{}", &text[..start], &this[..indent], &text[start..]), start + indent))
}

fn is_helped(path: &str, text: &str, line: usize) -> bool {
    let Some((text, offset)) = new_line(text, line) else { return false };
    let tree = parse(Path::new(path), &text);
    !complete(&File::new(Path::new(path), &text, &tree), &untrusted(), offset).is_empty()
}

/// How many of the places two lines before and behind a damage that have help without it have help with it.
#[derive(Default)]
struct Help {
    asked: usize,
    helped: usize,
}

impl Help {
    fn around(&mut self, path: &str, whole: &str, damaged: &str, at: usize) {
        let line = whole[..whole.floor_char_boundary(at)].matches('\n').count();
        for line in [line.checked_sub(2), Some(line + 2)].into_iter().flatten() {
            // Where the file ends before, or the damage has moved the lines, there is nothing to compare.
            if damaged.lines().nth(line) == whole.lines().nth(line) && is_helped(path, whole, line) {
                self.asked += 1;
                self.helped += usize::from(is_helped(path, damaged, line));
            }
        }
    }

    fn expect(&self, what: &str, hundredths: usize) {
        eprintln!("{what}: keys are proposed at {} of {} places around the damage", self.helped, self.asked);
        assert!(self.asked > 20, "{}", self.asked);
        assert!(self.helped * 100 >= self.asked * hundredths, "{what}: {} of {}", self.helped, self.asked);
    }
}

#[test]
fn cut_at_every_fiftieth_byte() {
    let mut help = Help::default();
    for (path, whole) in FIXTURES {
        for at in (0..whole.len()).step_by(50) {
            let at = whole.floor_char_boundary(at);
            ask_fresh(path, &whole[..at], at);
            help.around(path, whole, &whole[..at], at);
        }
    }
    help.expect("cut", 95);
}

/// Whether `key` is proposed at the end of `text`, or where `text` was cut out of more.
fn offers(path: &str, text: &str, offset: usize, key: &str) -> bool {
    let tree = parse(Path::new(path), text);
    let found = complete(&File::new(Path::new(path), text, &tree), &untrusted(), offset);
    found.iter().any(|proposal| proposal.label == key)
}

/// A file is written from its head to its end: before each key that is proposed in the whole file without its line, the
/// file is cut, and the key is proposed there as well; so it is behind its first letter, and with a bracket left open
/// above.
#[test]
fn the_key_that_comes_next_is_proposed_where_the_file_ends() {
    let (mut asked, mut helped, mut begun, mut beside) = (0, 0, 0, 0);
    for (path, whole) in FIXTURES {
        let mut start = 0;
        for line in whole.split_inclusive('\n') {
            let (from, indent) = (start, line.len() - line.trim_start().len());
            start += line.len();
            let Some((key, _)) = line.trim_start().split_once(':') else { continue };
            let is_key = key.starts_with(char::is_alphabetic) && key.chars().all(char::is_alphanumeric);
            let (head, rest) = (&whole[..from + indent], &whole[from + line.len()..]);
            if !is_key || !offers(path, &format!("{head}\n{rest}"), head.len(), key) {
                continue;
            }
            asked += 1;
            helped += usize::from(offers(path, head, head.len(), key));
            let typed = format!("{head}{}", &key[..1]);
            begun += usize::from(offers(path, &typed, typed.len(), key));
            let blank = &head[from..];
            let open = format!("{}{blank}x: [a, {{b\n{blank}\n{rest}", &whole[..from]);
            let place = open.len() - rest.len() - 1;
            beside += usize::from(offers(path, &open, place, key));
        }
    }
    eprintln!(
        "of {asked} keys {helped} are proposed at the cut, {begun} behind a letter, {beside} beside a bracket"
    );
    assert!(asked > 100, "{asked}");
    assert!([helped, begun, beside].iter().all(|count| count * 100 >= asked * 95));
}

#[test]
fn bytes_flipped() {
    let mut help = Help::default();
    for (path, whole) in FIXTURES {
        // Every byte where the corpora are damaged as a whole: see `foreign::damage`.
        let is_whole = std::env::var_os("COPYDESK_DAMAGE").is_some_and(|how| how == "whole");
        let stride = if is_whole { 1 } else { 13 };
        for at in (0..whole.len()).step_by(stride) {
            let mut bytes = whole.as_bytes().to_vec();
            // Each bit has its turn.
            bytes[at] ^= 1 << (at % 8);
            let text = String::from_utf8_lossy(&bytes);
            ask_fresh(path, &text, at);
            help.around(path, whole, &text, at);
        }
    }
    help.expect("flipped", 93);
}

#[test]
fn edits_in_sequence_over_one_document() {
    let pieces = [
        "", "\n", "  ", "- ", ": ", "{", "]", "\"", "'", "|\n", "#", "&a ", "*a", "${{ ", " }}", "steps:\n",
        "%", "\t",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed >> 33).unwrap_or(0) % below.max(1)
    };
    for (path, whole) in FIXTURES.iter().take(3) {
        let mut document = Document::open_at(0, "yaml", Path::new(path), whole);
        for version in 1..=60 {
            let text = document.text().clone();
            document.tree();
            let start = text.floor_char_boundary(next(text.len() + 1));
            let end = text.floor_char_boundary((start + next(9)).min(text.len())).max(start);
            let lines = LineIndex::new(&text);
            let place = |at| lines.position(at, Encoding::Utf16);
            let change = Change {
                range: Some(Range::new(place(start), place(end))),
                text: pieces[next(pieces.len())].to_owned(),
            };
            document = document.edited(version, &[change], Encoding::Utf16);
            ask(path, document.text(), document.tree(), start);
        }
    }
}

#[test]
fn hostile_texts_are_bounded() {
    let levels = 10_000;
    let bomb: String = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, at| {
        text + &format!("a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 10].join(", "))
    });
    let stairs = |count: usize| (0..count).map(|at| " ".repeat(at) + "a:\n").collect::<String>();
    let long = (0..100_000).map(|at| format!("k{at}: {at}\n")).collect::<Vec<_>>().concat();
    // What it is, the text, and what is said of it.
    let cases: Vec<(&str, String, Option<&str>)> = vec![
        ("lists in a flow", "a: ".to_owned() + &"[".repeat(levels) + &"]".repeat(levels), Some("deep")),
        ("mappings in a flow", "{a: ".repeat(levels) + &"}".repeat(levels), Some("deep")),
        ("a flow that nobody closes", "a: ".to_owned() + &"[".repeat(levels), Some("")),
        ("lists in a line", "- ".repeat(levels) + "a\n", Some("deep")),
        ("mappings in blocks", stairs(1_000), Some("deep")),
        ("more than is read", stairs(levels), Some("too large")),
        ("an alias bomb", bomb, None),
        ("an anchor in itself", "a: &a [*a]\nb: &b {<<: *b}\nsteps: *a\n".to_owned(), None),
        ("a scalar of a megabyte", format!("a: {}\n", "x".repeat(1 << 20)), None),
        ("a quoted one", format!("a: \"{}\"\n", "x\\n".repeat(1 << 18)), None),
        ("a block of a megabyte", format!("a: |\n{}", "  x\n".repeat(1 << 18)), None),
        ("100 000 lines", long, None),
    ];
    for (name, text, expected) in &cases {
        let begun = Instant::now();
        let path = Path::new("anything.yaml");
        let tree = parse(path, text);
        let file = File::new(path, text, &tree);
        check(&file, &untrusted());
        complete(&file, &untrusted(), text.len());
        hover(&file, &untrusted(), text.len() / 2);
        symbols(&file);
        let messages: Vec<&str> = tree.problems().iter().map(|problem| problem.message.as_str()).collect();
        eprintln!("{name}: {} bytes in {:?}: {:?}", text.len(), begun.elapsed(), messages.first());
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}: {:?}", begun.elapsed());
        match expected {
            None => assert!(messages.is_empty(), "{name}: {messages:?}"),
            Some(part) => {
                assert!(messages.iter().any(|message| message.contains(part)), "{name}: {messages:?}");
            }
        }
        // The same as a workflow, by everything that is asked; a text that is not read costs nothing more.
        if text.len() < 1 << 16 {
            ask_fresh(WORKFLOW, text, text.len() / 2);
        }
    }
}
