//! Where a program says that something is wrong: `file:line: message`, found in whatever it printed.
//!
//! The formats of the usual programs are known by name; a project may bring a regular expression of its own. A place
//! counts only if there is such a file, so that a clock time or an address is no finding.

use std::path::Path;
use std::sync::LazyLock;

use copydesk_base::path;
use regex::Regex;

/// The most findings of one check.
const MOST: usize = 20;
/// The longest message, in characters.
const LONGEST: usize = 300;

/// One format: its name, and an expression with the groups `file`, `line` and `message`.
const KNOWN: &[(&str, &str)] = &[
    ("gcc", r"(?m)^(?<file>[^\s:][^:\n]*):(?<line>\d+):(?:\d+:)?[ \t]*(?<message>[^\n]+)$"),
    ("gcc", r"(?m)^[^:\n]+: (?<file>[^\s:]+):(?<line>\d+): (?<message>[^\n]*Assertion[^\n]+)$"),
    (
        "rustc",
        r"(?m)^(?:error|warning)(?:\[\w+\])?: (?<message>[^\n]+)\n\s*--> (?<file>[^:\n]+):(?<line>\d+):\d+",
    ),
    ("rustc", r"(?m)panicked at (?<file>[^:\n]+):(?<line>\d+):\d+:\n(?<message>[^\n]+)"),
    // The innermost place of a traceback: behind it come its source line and the error.
    (
        "python",
        r#"(?m)^[ \t]*File "(?<file>[^"\n]+)", line (?<line>\d+)[^\n]*\n(?:[ \t]{3,}[^\n]*\n)*(?<message>[\w.]+(?:Error|Exception|Warning|Exit|Interrupt)\b[^\n]*)"#,
    ),
    (
        "node",
        r"(?m)^(?:file://)?(?<file>/[^:\n]+):(?<line>\d+)\n(?:[^\n]*\n){1,6}?(?<message>\w*Error\b[^\n]*)",
    ),
    (
        "node",
        r"(?m)^(?:Uncaught )?(?<message>\w*Error\b[^\n]*)\n(?:[^\n]*\n){0,40}?\s+at [^\n]*?(?:file://)?(?<file>/[^:\n()]+):(?<line>\d+):\d+",
    ),
    ("tsc", r"(?m)^(?<file>[^\s(][^(\n]*)\((?<line>\d+),\d+\): (?<message>[^\n]+)$"),
    ("shell", r"(?m)^(?<file>[^\s:][^:\n]*): line (?<line>\d+): (?<message>[^\n]+)$"),
];

static COMPILED: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| KNOWN.iter().filter_map(|(name, text)| Some((*name, Regex::new(text).ok()?))).collect());

/// How the output of one check is read.
pub(super) enum Matcher {
    /// Those of that name; all where there is none.
    Known(Option<&'static str>),
    Own(Regex),
}

impl Matcher {
    /// Reads the word of a setting; the error says what is wrong with it.
    pub(super) fn of(setting: Option<&str>) -> Result<Self, String> {
        let Some(text) = setting else { return Ok(Self::Known(None)) };
        if let Some((name, _)) = KNOWN.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Known(Some(name)));
        }
        let own = Regex::new(&format!("(?m){text}")).map_err(|_| {
            format!("its matcher '{text}' is no name that is known and no regular expression")
        })?;
        let has = |group: &str| own.capture_names().flatten().any(|name| name == group);
        if has("file") && has("line") {
            Ok(Self::Own(own))
        } else {
            Err(format!("its matcher '{text}' has no groups (?<file>…) and (?<line>…)"))
        }
    }

    /// What the output says, as `file:line: message`, each place once. `roots` are the folders that the program may
    /// have taken for the workspace; `is_there` says whether a file is one of the workspace's.
    pub(super) fn problems(
        &self,
        output: &str,
        roots: &[&Path],
        is_there: impl Fn(&Path) -> bool,
    ) -> Vec<String> {
        let expressions: Vec<&Regex> = match self {
            Self::Own(own) => vec![own],
            Self::Known(wanted) => COMPILED
                .iter()
                .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name))
                .map(|(_, known)| known)
                .collect(),
        };
        let mut found: Vec<(usize, String)> = Vec::new();
        for hit in expressions.iter().flat_map(|expression| expression.captures_iter(output)) {
            let part = |name: &str| hit.name(name).map_or("", |part| part.as_str().trim());
            let file = below(part("file"), roots);
            if !is_there(&file) {
                continue;
            }
            let message: String = part("message").chars().take(LONGEST).collect();
            let problem = format!("{}:{}: {message}", file.display(), part("line"));
            let at = hit.get(0).map_or(0, |whole| whole.start());
            if !found.iter().any(|(_, known)| *known == problem) {
                found.push((at, problem));
            }
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, problem)| problem).take(MOST).collect()
    }
}

/// A path as it is called from the workspace.
fn below(file: &str, roots: &[&Path]) -> std::path::PathBuf {
    let file = Path::new(file.strip_prefix("file://").unwrap_or(file));
    let mut inside = roots.iter().filter(|root| path::is_inside(root, file));
    let file = inside.find_map(|root| file.strip_prefix(root).ok()).unwrap_or(file);
    file.strip_prefix("./").unwrap_or(file).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_settings_may_say_are_those_that_are_known() {
        let mut known: Vec<&str> = KNOWN.iter().map(|(name, _)| *name).collect();
        let mut said = copydesk_base::config::CHECK_MATCHERS.to_vec();
        known.sort_unstable();
        known.dedup();
        said.sort_unstable();
        assert_eq!(known, said);
    }

    fn problems(matcher: Option<&str>, output: &str) -> Vec<String> {
        let roots = [Path::new("/w"), Path::new("/tmp/copy")];
        let there = ["a.c", "src/main.rs", "a.py", "a.js", "a.ts", "run.sh", "notes"];
        Matcher::of(matcher)
            .unwrap()
            .problems(output, &roots, |file| there.iter().any(|known| Path::new(known) == file))
    }

    #[test]
    fn the_formats_of_the_usual_programs_are_read() {
        for (output, expect) in [
            ("a.c:3:5: error: 'x' undeclared\n", &["a.c:3: error: 'x' undeclared"][..]),
            ("/w/a.c:3: undefined\n/tmp/copy/./a.c:4: more\n", &["a.c:3: undefined", "a.c:4: more"]),
            ("prog: a.c:9: main: Assertion `x' failed.\n", &["a.c:9: main: Assertion `x' failed."]),
            (
                "src/main.rs:2:9: error[E0308]: mismatched types\n",
                &["src/main.rs:2: error[E0308]: mismatched types"],
            ),
            (
                "error[E0308]: mismatched types\n --> src/main.rs:2:9\n  |\n2 |     x\n",
                &["src/main.rs:2: mismatched types"],
            ),
            (
                "thread 'main' panicked at src/main.rs:7:5:\nassertion failed: x\n",
                &["src/main.rs:7: assertion failed: x"],
            ),
            (
                "Traceback (most recent call last):\n  File \"/usr/lib/run.py\", line 9, in <module>\n    f()\n  \
                 File \"/w/a.py\", line 4, in f\n    return 1 / 0\n           ~~^~~\nZeroDivisionError: division by zero\n",
                &["a.py:4: ZeroDivisionError: division by zero"],
            ),
            (
                "  File \"a.py\", line 1\n    def f(:\n          ^\nSyntaxError: invalid syntax\n",
                &["a.py:1: SyntaxError: invalid syntax"],
            ),
            (
                "/w/a.js:3\n  throw new TypeError('x');\n  ^\n\nTypeError: x\n    at f (/w/a.js:3:9)\n",
                &["a.js:3: TypeError: x"],
            ),
            (
                "node:assert:126\n  throw new AssertionError(obj);\n  ^\n\nAssertionError [ERR_ASSERTION]: 1 == 2\n    at \
                 Object.<anonymous> (/w/a.js:5:8)\n",
                &["a.js:5: AssertionError [ERR_ASSERTION]: 1 == 2"],
            ),
            ("a.ts(3,5): error TS2322: no\n", &["a.ts:3: error TS2322: no"]),
            ("run.sh: line 4: unexpected end of file\n", &["run.sh:4: unexpected end of file"]),
            // A clock and a file that is not there say nothing.
            ("12:30: started\nother.c:3: no\nall fine\n", &[]),
            ("a.c:3: twice\na.c:3: twice\n", &["a.c:3: twice"]),
        ] {
            assert_eq!(problems(None, output), expect, "{output}");
        }
    }

    #[test]
    fn a_project_may_bring_its_own_and_a_bad_one_is_named() {
        assert_eq!(problems(Some("gcc"), "run.sh: line 4: x\na.c:1: y\n"), ["a.c:1: y"]);
        let own = r"^(?<message>.+) at (?<file>\S+)#(?<line>\d+)$";
        assert_eq!(problems(Some(own), "too long at notes#12\n"), ["notes:12: too long"]);
        for (setting, says) in [("cobol(", "no regular expression"), ("cobol", "no groups")] {
            let error = Matcher::of(Some(setting)).err().unwrap();
            assert!(error.contains(says) && error.contains(setting), "{error}");
        }
        assert_eq!(COMPILED.len(), KNOWN.len(), "an expression of ours does not parse");
    }
}
