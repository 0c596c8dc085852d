//! Twenty seeded bugs in five languages, and a model that errs twice: each ends green or explained, and until then the
//! person's tree is as it was.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use copydesk_tests::model_server::{Format, Gate, ModelServer, Reply};
use copydesk_tests::scene::{KEY, config};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// One bug. The four texts are what stands in the file, and what the model writes there one after the other.
struct Bug {
    file: &'static str,
    /// `@` stands where the four texts stand.
    text: &'static str,
    tries: [&'static str; 4],
    /// The place that the checks name after the first try.
    place: &'static str,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Green,
    /// The last try is no better, and the model says why.
    Explained,
}

/// A language: the tool without which its bugs are skipped, the check, and a file that tests the others.
struct Language {
    tool: &'static str,
    check: &'static str,
    test: (&'static str, &'static str),
    bugs: [Bug; 4],
}

const fn bug(file: &'static str, text: &'static str, tries: [&'static str; 4], place: &'static str) -> Bug {
    Bug { file, text, tries, place, end: End::Green }
}

const fn hopeless(
    file: &'static str,
    text: &'static str,
    tries: [&'static str; 4],
    place: &'static str,
) -> Bug {
    Bug { file, text, tries, place, end: End::Explained }
}

const LANGUAGES: [Language; 5] = [
    Language {
        tool: "python3",
        check: "python3 -B test_it.py",
        test: (
            "test_it.py",
            "import it\nfor name, want in it.WANT:\n    got = eval('it.' + name)\n    assert got == want, (name, got)\n",
        ),
        bugs: [
            bug(
                "it.py",
                "WANT = [('last([1, 2, 3])', 3)]\ndef last(xs):\n    return @\n",
                ["xs[len(xs)]", "xs[0]", "xs[1]", "xs[-1]"],
                "test_it.py:4: AssertionError",
            ),
            bug(
                "it.py",
                "WANT = [('add(1, 2)', 3)]\ndef add@\n    return a + b\n",
                ["(a, b)", "(a b):", "(a):", "(a, b):"],
                "it.py:2: SyntaxError",
            ),
            bug(
                "it.py",
                "WANT = [('mean([1, 2])', 1.5)]\ndef mean(xs):\n    return @\n",
                ["sum(xs) * len(xs)", "sum(xs) // len(xs)", "total(xs) / 2", "sum(xs) / len(xs)"],
                "test_it.py:4: AssertionError",
            ),
            hopeless(
                "it.py",
                "WANT = [('one()', 1), ('one()', 2)]\ndef one():\n    return @\n",
                ["0", "1", "2", "3"],
                "test_it.py:4: AssertionError",
            ),
        ],
    },
    Language {
        tool: "node",
        check: "node test_it.js",
        test: (
            "test_it.js",
            "const assert = require('assert');\nconst it = require('./it.js');\nassert.deepStrictEqual(it.run(), it.want);\n",
        ),
        bugs: [
            bug(
                "it.js",
                "exports.want = [1, 9, 10];\nexports.run = () => [10, 9, 1].@;\n",
                ["sort()", "sort((a, b) => b - a)", "slice()", "sort((a, b) => a - b)"],
                "test_it.js:3: AssertionError",
            ),
            bug(
                "it.js",
                "exports.want = 6;\nexports.run = () => {\n  const total = 6;\n  return @;\n};\n",
                ["totl", "tota", "totals", "total"],
                "it.js:4: ReferenceError",
            ),
            bug(
                "it.js",
                "exports.want = 'a-b';\nexports.run = () => ['a', 'b'].join@;\n",
                ["('')", "('-'", "('+')", "('-')"],
                "it.js:2: SyntaxError",
            ),
            bug(
                "it.js",
                "exports.want = 0;\nexports.run = (name) => @;\n",
                ["name.length", "name.size()", "name ?? 1", "(name ?? '').length"],
                "it.js:2: TypeError",
            ),
        ],
    },
    Language {
        tool: "rustc",
        check: "rustc --edition 2021 --crate-type lib --emit=metadata -o it.rmeta it.rs",
        test: ("README.md", "Nothing runs here; it must compile.\n"),
        bugs: [
            bug(
                "it.rs",
                "pub fn length(text: &str) -> u32 {\n    @\n}\n",
                ["text.len()", "text.len() as u64", "text.length()", "text.len() as u32"],
                "it.rs:2: mismatched types",
            ),
            bug(
                "it.rs",
                "pub fn longest<'a>(a: &'a str, b: &'a str) -> @ {\n    if a.len() > b.len() { a } else { b }\n}\n",
                ["&'b str", "String", "&'static mut str", "&'a str"],
                "it.rs:2: mismatched types",
            ),
            bug(
                "it.rs",
                "pub fn grow(list: @) {\n    list.push(1);\n}\n",
                ["&Vec<u8>", "&[u8]", "Vec<u8>", "&mut Vec<u8>"],
                "it.rs:2: no method named `push`",
            ),
            bug(
                "it.rs",
                "pub enum Light { Red, Green }\npub fn go(light: Light) -> bool {\n    match light {\n        Light::Red => false,\n        @\n    }\n}\n",
                ["", "Light::Blue => true,", "Light::Red => true,", "Light::Green => true,"],
                "it.rs:5: no variant",
            ),
        ],
    },
    Language {
        tool: "cc",
        check: "cc -Wall -Werror -o it it.c && ./it",
        test: ("README.md", "It must compile without a warning, and its assertions hold.\n"),
        bugs: [
            bug(
                "it.c",
                "int main(void) {\n    int x = 3@\n    return x - 3;\n}\n",
                ["", ",", ":", ";"],
                "it.c:3: error",
            ),
            bug(
                "it.c",
                "#include <stdio.h>\nint main(void) {\n    printf(\"@\\n\", 7);\n    return 0;\n}\n",
                ["%s", "%f", "%ld", "%d"],
                "it.c:3: error",
            ),
            bug(
                "it.c",
                "#include <assert.h>\nint sum(int n) {\n    int s = 0;\n    for (int i = 1; @; i++) s += i;\n    return s;\n}\nint main(void) {\n    assert(sum(4) == 10);\n}\n",
                ["i < n", "i < n - 1", "i <= n + 1", "i <= n"],
                "it.c:8: main: Assertion",
            ),
            bug(
                "it.c",
                "int twice(int x) {\n    return @ * 2;\n}\nint main(void) {\n    return twice(2) - 4;\n}\n",
                ["y", "z", "*x", "x"],
                "it.c:2: error: ",
            ),
        ],
    },
    Language {
        tool: "bash",
        check: "bash it.sh",
        test: ("names", "a b\nc\n"),
        bugs: [
            bug(
                "it.sh",
                "if [ 1 = 1 ]; then\n  echo yes\n@\n",
                ["", "end", "done", "fi"],
                "it.sh:4: syntax error",
            ),
            bug(
                "it.sh",
                "count=0\nwhile read -r name; do count=$((count + 1)); done < names\n[ \"$count\" = @ ] || ./it.sh\n",
                ["3", "4", "1", "2"],
                "it.sh:3: ./it.sh: Permission denied",
            ),
            bug(
                "it.sh",
                "greet() {\n  @ \"hello $1\"\n}\n[ \"$(greet you)\" = 'hello you' ] || missing_tool\n",
                ["ehco", "print_it", "printf '%s!'", "echo"],
                "it.sh:2: print_it: command not found",
            ),
            hopeless(
                "it.sh",
                "mode=@\n[ \"$mode\" = a ] && [ \"$mode\" = b ] || never_there\n",
                ["c", "a", "b", "d"],
                "it.sh:2: never_there: command not found",
            ),
        ],
    },
];

#[test]
fn a_bug_ends_green_or_explained_and_the_tree_is_untouched_until_then() {
    let path = search_path();
    let mut ended: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, language) in LANGUAGES.iter().enumerate() {
        if !path.iter().any(|folder| folder.join(language.tool).exists()) {
            writeln!(std::io::stderr(), "skipped: 4 bugs, for {} is not installed", language.tool).unwrap();
            continue;
        }
        for (number, bug) in language.bugs.iter().enumerate() {
            eprintln!("--- {} bug {number}", language.tool);
            tell(language, bug, Format::BOTH[(at + number) % 2], &path);
            let word = if bug.end == End::Green { "green" } else { "explained" };
            *ended.entry(word).or_default() += 1;
        }
    }
    writeln!(std::io::stderr(), "seeded bugs: {ended:?}").unwrap();
}

fn tell(language: &Language, bug: &Bug, format: Format, path: &[PathBuf]) {
    let [text, .., last] = bug.tries.map(|this| bug.text.replace('@', this));
    let pairs: Vec<_> = bug.tries.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let gates: Vec<Gate> = (0..8).map(|_| Gate::new()).collect();
    let mut script = Vec::new();
    for (old, new) in pairs {
        script.push(edit(bug, old, new));
        script.push(Reply::text("It should pass now."));
    }
    if bug.end == End::Explained {
        script.push(Reply::text("Two of its demands contradict each other."));
    }
    let requests = script.len();
    let script: Vec<Reply> = script.into_iter().zip(&gates).map(|(reply, gate)| reply.hold(gate)).collect();
    let model = ModelServer::start(format, script);
    let settings =
        format!("{}checks: [{{name: suite, command: {:?}}}]\n", config(&model, "{}"), language.check);
    let joined = std::env::join_paths(path).expect("paths without a colon");
    let workspace = Workspace::new(COPYDESK)
        .with([(bug.file, text.as_str()), language.test])
        .with_user_config(&settings)
        .with_variable("BENCH_KEY", KEY)
        .with_variable("PATH", joined.to_str().expect("a path that is text"));
    let before = tree(&workspace.root());
    let ran = std::thread::scope(|threads| {
        let run =
            threads.spawn(|| workspace.run(&["ask", "--mode", "auto", "--json", "make the suite pass"]));
        for (number, gate) in gates.iter().take(requests).enumerate() {
            model.wait_request(number);
            assert_eq!(tree(&workspace.root()), before, "before answer {number} nothing was accepted");
            gate.open();
        }
        run.join().expect("the run ends")
    });
    let told = model.wait_request(2).text();
    assert!(told.contains(bug.place), "after the first try: {}\n{told}", bug.place);
    let report = ran.json();
    match bug.end {
        End::Green => {
            assert_eq!(report["status"], "succeeded", "{report}");
            assert_eq!(report["checks"][0]["verdict"], "passed", "{report}");
            assert_eq!(workspace.read(bug.file), last, "{report}");
            workspace.write(bug.file, &text);
        }
        End::Explained => {
            assert_eq!(report["status"], "denied", "{report}");
            assert_eq!(report["checks"][0]["verdict"], "failed", "{report}");
            assert_eq!(report["text"], "Two of its demands contradict each other.", "{report}");
            let reason = report["denied"][0]["reason"].as_str().unwrap_or_default();
            assert!(reason.starts_with("checks still fail: suite"), "{report}");
        }
    }
    let names = |tree: &BTreeMap<PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&tree(&workspace.root())), names(&before), "what checks write is thrown away");
}

/// The model takes the whole line that a try stands on.
fn edit(bug: &Bug, old: &str, new: &str) -> Reply {
    let line = bug.text.lines().find(|line| line.contains('@')).unwrap_or_default();
    let arguments: Value =
        json!({"path": bug.file, "old": line.replace('@', old), "new": line.replace('@', new)});
    // An empty line is in every text: the whole file goes then.
    if line.replace('@', old).trim().is_empty() {
        let content = bug.text.replace('@', new);
        return Reply::tool("read", &json!({"path": bug.file}))
            .call("write", &json!({"path": bug.file, "content": content}));
    }
    Reply::tool("edit", &arguments)
}

/// Every file with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(place) = pending.pop() {
        for entry in std::fs::read_dir(&place).expect("a folder").flatten() {
            if entry.path().is_dir() {
                pending.push(entry.path());
            } else {
                found.insert(entry.path(), std::fs::read(entry.path()).expect("a file"));
            }
        }
    }
    found
}

/// The folders of programs: those of the system, and the real compiler where a stand-in would look for its home.
fn search_path() -> Vec<PathBuf> {
    let sysroot = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let toolchain = sysroot.map(|folder| Path::new(folder.trim()).join("bin"));
    let system = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
    toolchain.into_iter().chain(system).collect()
}
