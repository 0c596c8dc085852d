//! What the settings start by themselves: which files a command means, and that no agent changes one without a
//! question.

use std::path::{Path, PathBuf};

use copydesk_base::config::Mode;
use copydesk_base::{Effect, Grade};
use copydesk_permission::{Policy, Started, judge, started};

use crate::common::{ROOT, check_all, policy};

fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = made(tempfile::tempdir());
    let root = made(folder.path().canonicalize()).join("w");
    made(std::fs::create_dir(&root));
    for (file, text) in files {
        let place = root.join(file);
        place.parent().map(std::fs::create_dir_all).map(made);
        made(std::fs::write(place, text));
    }
    (folder, root)
}

fn made<T>(result: std::io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("the bench's own folder: {error}"))
}

fn here(root: &Path) -> Policy {
    let (additional, home) = (vec![root.with_file_name("more")], Some(root.with_file_name("home")));
    Policy { root: root.to_owned(), additional, home, ..policy(Mode::AcceptEdits, &["allow Edit"]) }
}

/// What was found that is there or expected. A path that is nobody's may count, too: it costs a question when somebody
/// makes it.
fn found(command: &str, root: &Path, expected: &[&str]) -> Vec<String> {
    let shown = |one: Started| copydesk_base::path::shown(root, &one.place);
    let found = started(command, "a hook", &here(root)).into_iter().map(shown);
    found.filter(|file| root.join(file).exists() || expected.contains(&file.as_str())).collect()
}

#[test]
fn a_command_means_the_files_that_it_names_and_those_that_they_name() {
    let (_folder, root) = tree(&[
        ("mend.sh", "echo\n"),
        (
            "scripts/fmt.sh",
            ". \"$(dirname \"$0\")/lib.sh\"\nexec tools/run\n[ -f scripts/local.sh ] && . scripts/local.sh\ncat notes.md\n",
        ),
        ("scripts/lib.sh", "python3 tools/check.py \"$@\"\n"),
        ("tools/check.py", "import rules\nfrom os import path\nopen('src/data.json')\n"),
        ("tools/rules.py", ""),
        ("tools/other.py", ""),
        ("tools/run", "text, and no right to run"),
        ("notes.md", ""),
        ("src/data.json", ""),
        ("src/app.ts", ""),
        ("Makefile", "lint:\n\tsh mend.sh\n"),
        ("package.json", "{\"scripts\": {\"lint\": \"node src/lint.mjs\"}}"),
        ("src/lint.mjs", ""),
    ]);
    let scripts =
        ["scripts/fmt.sh", "scripts/lib.sh", "scripts/local.sh", "tools/check.py", "tools/rules.py"];
    for (command, expected) in [
        ("sh ./mend.sh", &["mend.sh"][..]),
        ("sh mend.sh && true", &["mend.sh"]),
        ("./scripts/fmt.sh", &scripts),
        ("timeout 5 bash -c './scripts/fmt.sh'", &scripts),
        ("\"$PWD/scripts/fmt.sh\"", &scripts),
        ("$(git rev-parse --show-toplevel)/scripts/fmt.sh", &scripts),
        ("cd tools && python3 rules.py", &["tools/rules.py"]),
        ("python3 -m tools.rules", &["tools/rules.py"]),
        ("sh < mend.sh", &["mend.sh"]),
        ("cat mend.sh | sh", &["mend.sh"]),
        ("make lint", &["Makefile", "mend.sh"]),
        ("make -fmend.sh", &["Makefile", "mend.sh"]),
        ("npm run lint", &["package.json", "src/lint.mjs"]),
        ("../w/mend.sh", &["mend.sh"]),
        ("./not-there", &["not-there"]),
        ("echo \"open ./mend.sh", &["mend.sh"]),
        // These only look, or name nothing of the workspace.
        ("cat notes.md; grep -q TODO src/app.ts", &[]),
        ("notify-send 'done'", &[]),
        ("curl -d done https://ntfy.sh/topic", &[]),
        ("cargo fmt", &[]),
        ("jq -r .arguments.path", &[]),
        ("/usr/bin/env true", &["/usr/bin/env"]),
    ] {
        assert_eq!(found(command, &root, expected), expected, "{command}");
    }
}

fn with_hooks(mode: Mode, rules: &[&str]) -> Policy {
    let one = |place: &str| Started { place: Path::new(ROOT).join(place), by: "a hook at Stop".to_owned() };
    Policy { started: [one("scripts/fmt.sh"), one("tools/ä.py")].into(), ..policy(mode, rules) }
}

#[test]
fn whoever_may_edit_is_asked_about_what_a_hook_starts() {
    let attacks = [
        "write /project/scripts/fmt.sh",
        "write /project/Scripts/FMT.sh",
        "write /project/tools/a\u{308}.py",
        "bash echo 'id > c' > scripts/fmt.sh",
        "bash echo 'id > c' >> ./scripts/../scripts/fmt.sh",
        "bash tee scripts/fmt.sh",
        "bash cp evil scripts/fmt.sh",
        "bash cp evil/fmt.sh scripts",
        "bash cp evil/fmt.sh scripts/",
        "bash cp -t scripts evil/fmt.sh",
        "bash mv evil scripts",
        "bash mv scripts away",
        "bash ln -sf /project/evil scripts/fmt.sh",
        "bash rm scripts/fmt.sh",
        "bash rm -r scripts",
        "bash sed -i s/x/y/ scripts/fmt.sh",
        "bash tee scripts/*.sh",
        "bash tee s*/fmt.sh",
        "bash truncate -s 0 scripts/fmt.sh",
        "bash touch a b scripts/fmt.sh",
        "bash cd scripts && tee fmt.sh",
    ];
    let wide = ["allow Edit", "allow Edit(scripts/**)", "allow Bash"];
    for mode in [Mode::Default, Mode::AcceptEdits, Mode::Auto] {
        check_all(&with_hooks(mode, &wide), "ask", &attacks);
    }
    check_all(&with_hooks(Mode::Locked, &wide), "deny", &attacks);
    check_all(&with_hooks(Mode::Plan, &wide), "deny", &attacks[..5]);
    let allowed = [
        "write /project/scripts/other.sh",
        "bash ./scripts/fmt.sh",
        "bash cat scripts/fmt.sh",
        "bash touch scripts/x",
    ];
    check_all(&with_hooks(Mode::AcceptEdits, &wide), "allow", &allowed);
}

#[test]
fn a_rule_that_spells_it_out_counts_until_strangers_words_were_read() {
    let policy = with_hooks(Mode::Default, &["allow Edit(scripts/fmt.sh)"]);
    check_all(&policy, "allow", &["write /project/scripts/fmt.sh"]);
    let asked = judge(&Effect::Write { path: "/project/tools/ä.py".into() }, &policy);
    assert_eq!(asked.because().reason, "tools/ä.py runs by itself: a hook at Stop starts it; it asks");
    let strange = Policy { taint: Grade::Tool, ..policy };
    check_all(&strange, "allow", &["write /project/scripts/fmt.sh"]);
}

#[test]
fn what_a_link_of_a_hook_leads_to_is_the_hooks() {
    let (_folder, root) = tree(&[("real/fmt.sh", "echo\n")]);
    std::os::unix::fs::symlink("real", root.join("scripts")).unwrap();
    std::os::unix::fs::symlink("real/fmt.sh", root.join("fmt")).unwrap();
    for command in ["./scripts/fmt.sh", "./fmt"] {
        let policy = here(&root);
        let policy = Policy { started: started(command, "a hook", &policy).into(), ..policy };
        let verdict = judge(&Effect::Write { path: root.join("real/fmt.sh") }, &policy);
        assert_eq!(verdict.as_str(), "ask", "{command}: {}", verdict.because().reason);
    }
}

#[test]
fn scripts_elsewhere_count_where_they_are_named_in_full() {
    let (_folder, root) = tree(&[("../home/bin/fmt", "./scripts/run.sh\n"), ("../more/x.sh", "true\n")]);
    std::fs::create_dir(root.join("scripts")).unwrap();
    std::fs::write(root.join("scripts/run.sh"), "true\n").unwrap();
    let base = root.parent().unwrap().display().to_string();
    for (command, expected) in [
        ("~/bin/fmt".to_owned(), vec![format!("{base}/home/bin/fmt"), "scripts/run.sh".to_owned()]),
        (format!("{base}/more/x.sh --fast"), vec![format!("{base}/more/x.sh")]),
    ] {
        let names: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_eq!(found(&command, &root, &names), expected, "{command}");
        let policy = here(&root);
        let policy = Policy { started: started(&command, "a hook", &policy).into(), ..policy };
        for file in expected {
            let verdict = judge(&Effect::Write { path: root.join(&file) }, &policy);
            assert_eq!(verdict.as_str(), "ask", "{file}: {}", verdict.because().reason);
        }
    }
}
