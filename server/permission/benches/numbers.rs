//! What permission costs and how often it is wrong. `cargo bench -p copydesk-permission` prints it; with folders behind
//! `--`, it also counts what looks like a secret in the text files there: `cargo bench -p copydesk-permission --
//! ~/src`.
//!
//! CPU time is this thread's own, from the scheduler, so it travels better between machines than wall time does.
//! Nothing here asserts: a miss is printed as a miss.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark prints, and stops where its own texts are wrong"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::config::Mode;
use copydesk_base::{Effect, Grade};
use copydesk_permission::{Policy, Rule, RuleVerdict, default_denies, find_secrets, judge, parse_rule};

#[path = "../tests/tables/corpus_file.rs"]
mod corpus_file;

/// Rules of a person who has worked for a while.
const RULES: &[&str] = &[
    "Bash(cargo:*)",
    "Bash(npm:*)",
    "Bash(git log:*)",
    "Bash(git diff:*)",
    "Bash(git status:*)",
    "Bash(ls:*)",
    "Bash(rg:*)",
    "Bash(grep:*)",
    "Bash(cat:*)",
    "Bash(sed -n:*)",
    "Edit(/**)",
    "Edit(src/**)",
    "Read(//usr/include/**)",
];

fn main() {
    judging();
    for folder in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        secrets(Path::new(&folder));
    }
}

/// CPU time of this thread in microseconds.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos: f64 = text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(f64::NAN);
    nanos / 1000.0
}

fn judging() {
    let root = std::env::temp_dir().canonicalize().expect("there is a folder for temporary files");
    let rule = |text: &&str| {
        parse_rule(RuleVerdict::Allow, *text, "bench").expect("the rules of the bench are fine")
    };
    let rules: Vec<Rule> = RULES.iter().map(rule).chain(default_denies()).collect();
    let count = rules.len();
    let policy = Policy {
        root: root.clone(),
        additional: Vec::new(),
        home: Some("/people/ada".into()),
        state_home: "/people/ada/.local/state/copydesk".into(),
        mode: Mode::Default,
        taint: Grade::Tool,
        rules,
        started: [].into(),
    };
    let effects: Vec<Effect> = corpus_file::commands()
        .into_iter()
        .map(|command| Effect::Execute { command, cwd: root.clone() })
        .collect();
    let all = || effects.iter().for_each(|effect| drop(judge(effect, &policy)));
    all();
    let rounds = 10;
    let before = cpu();
    (0..rounds).for_each(|_| all());
    let each = (cpu() - before) / f64::from(rounds) / effects.len() as f64;
    // The scheduler counts in ticks, too coarse for one command: the least of a few wall times it is.
    let once = |effect: &Effect| {
        let began = std::time::Instant::now();
        drop(judge(effect, &policy));
        began.elapsed().as_secs_f64() * 1e6
    };
    let mut times: Vec<f64> =
        effects.iter().map(|effect| (0..7).map(|_| once(effect)).fold(f64::INFINITY, f64::min)).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let miss = if each > 100.0 { "  MISSED" } else { "" };
    println!(
        "judging a command, mean CPU of {} with {count} rules: {each:.1} µs (reach 100 µs){miss}",
        effects.len()
    );
    println!("  median {:.1} µs, 95 of 100 below {:.1} µs, the slowest {:.1} µs", at(0.5), at(0.95), at(1.0));
}

/// Files that are text, and how many lines of them have what looks like a secret.
fn secrets(folder: &Path) {
    let (mut lines, mut bytes) = (0, 0);
    let mut hits: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut pending = vec![folder.to_path_buf()];
    let before = cpu();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending
                .extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            continue;
        }
        let Some(text) = text_of(&path) else { continue };
        lines += text.lines().count();
        bytes += text.len();
        for found in find_secrets(&text) {
            let line = text[..found.span.start].matches('\n').count() + 1;
            let shown: String = text[found.span].chars().take(60).collect();
            hits.entry(found.kind).or_default().push(format!("{}:{line}: {shown}", path.display()));
        }
    }
    let seconds = (cpu() - before) / 1e6;
    let count: usize = hits.values().map(Vec::len).sum();
    let share = count as f64 * 100_000.0 / lines as f64;
    println!(
        "{}: {count} finds in {lines} lines, {share:.2} in 100 000; {:.0} MB/s of CPU",
        folder.display(),
        bytes as f64 / 1e6 / seconds
    );
    for (kind, hits) in hits {
        println!("  {} {kind}", hits.len());
        let shown = if std::env::var_os("ALL_FINDS").is_some() { hits.len() } else { 3 };
        hits.iter().take(shown).for_each(|hit| println!("    {hit}"));
    }
}

fn text_of(path: &PathBuf) -> Option<String> {
    const ENDINGS: &[&str] = &[
        "rs", "toml", "md", "js", "ts", "tsx", "jsx", "json", "py", "go", "c", "h", "cpp", "hpp", "java",
        "rb", "php", "sh", "yaml", "yml", "html", "css", "txt", "swift", "kt", "cs", "scala", "sql", "cfg",
        "ini",
    ];
    let is_code = path.extension().is_some_and(|ending| ENDINGS.iter().any(|one| ending == *one));
    if !is_code || std::fs::metadata(path).ok()?.len() > 2_000_000 {
        return None;
    }
    std::fs::read_to_string(path).ok()
}
