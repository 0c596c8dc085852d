//! Searches of a model's: what they cost is bounded, a cancel ends them, and they tell nothing about what is hidden.

use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::neovim_0_12;
use copydesk_tests::scene::done;
use serde_json::json;

use crate::with_files;

/// A pattern that keeps many thousand places at once in mind.
const HOSTILE: &str = "(?:a{0,120}){0,120}b";

fn grep(pattern: &str) -> Reply {
    Reply::tool("grep", &json!({"pattern": pattern}))
}

#[test]
fn a_search_does_not_tell_what_a_placeholder_hides() {
    for format in Format::BOTH {
        let token = format!("ghp_{}", "a8Fk29dLq0ZxB7mPw4".repeat(2));
        let text = format!("host = 1\nDB_PASSWORD=Hazel7Otter\ntoken = \"{token}\"\n");
        // The pattern, and what it finds: how often it matches must not depend on what is hidden.
        let rows = [
            ("^DB_PASSWORD=H", None),
            ("^DB_PASSWORD=[A-H]", None),
            ("PASSWORD=.{11}$", None),
            ("ghp_a8", None),
            ("Otter$", None),
            ("DB_PASSWORD", Some("settings.txt:2:DB_PASSWORD=<secret:")),
            ("^token = ", Some("settings.txt:3:token = \"<secret:github-token:")),
            ("host", Some("settings.txt:1:host = 1")),
        ];
        let script = rows.iter().map(|(pattern, _)| grep(pattern)).chain([done()]).collect();
        let files = [("settings.txt", text.as_str())];
        let mut scene = with_files(neovim_0_12(), format, "{}", script, &files);
        scene.ask("find out");
        for (at, (pattern, expected)) in rows.iter().enumerate() {
            let told = scene.result(at + 1);
            let is_right = expected.map_or(told == "no line matches", |start| told.starts_with(start));
            assert!(is_right, "{pattern}: {told}");
        }
        scene.over(rows.len());
        scene.end();
    }
}

#[test]
fn a_search_shows_lines_files_or_counts() {
    let files = [("a.txt", "one\ntwo\none more\n"), ("b.txt", "two\n"), ("c.txt", "one\n")];
    let rows = [
        (json!({}), "a.txt:1:one\na.txt:3:one more\nc.txt:1:one"),
        (json!({"context": 1}), "a.txt:1:one\na.txt-2-two\na.txt:3:one more\nc.txt:1:one"),
        (json!({"output": "text", "context": 1}), "a.txt:one\na.txt-two\na.txt:one more\nc.txt:one"),
        (json!({"output": "files"}), "a.txt\nc.txt"),
        (json!({"output": "files", "context": 1}), "a.txt\nc.txt"),
        (json!({"output": "count"}), "a.txt:2\nc.txt:1"),
        (json!({"output": "count", "glob": "c*"}), "c.txt:1"),
    ];
    let call = |more: &serde_json::Value| {
        let mut arguments = json!({"pattern": "^one", "glob": "?.txt"});
        for (key, value) in more.as_object().into_iter().flatten() {
            arguments[key] = value.clone();
        }
        Reply::tool("grep", &arguments)
    };
    let script = rows.iter().map(|(more, _)| call(more)).chain([done()]).collect();
    let mut scene = with_files(neovim_0_12(), Format::Anthropic, "{}", script, &files);
    scene.ask("find out");
    for (at, (more, expected)) in rows.iter().enumerate() {
        assert_eq!(scene.result(at + 1), *expected, "{more}");
    }
    scene.over(rows.len());
    scene.end();
}

#[test]
fn an_edit_does_not_tell_what_a_placeholder_hides() {
    let token = format!("ghp_{}", "a8Fk29dLq0ZxB7mPw4".repeat(2));
    let text = format!("token = \"{token}\"\nend\n");
    let missing = "`old` does not stand in the file. Read the file and copy the text exactly";
    for format in Format::BOTH {
        let rows = [
            ("ghp_a", missing),
            ("ghp_b", missing),
            ("\"ghp_a8", missing),
            (token.as_str(), missing),
            ("end", "settings.txt is like that already; nothing was changed"),
        ];
        let edit = |old: &str| Reply::tool("edit", &json!({"path": "settings.txt", "old": old, "new": old}));
        let script = rows.iter().map(|(old, _)| edit(old)).chain([done()]).collect();
        let files = [("settings.txt", text.as_str())];
        let mut scene = with_files(neovim_0_12(), format, "{}", script, &files);
        scene.ask("find out");
        for (at, (old, expected)) in rows.iter().enumerate() {
            assert_eq!(scene.result(at + 1), *expected, "{old}");
        }
        scene.over(rows.len());
        scene.end();
    }
}

#[test]
fn what_is_too_large_to_be_searched_is_said() {
    let long = format!("needle {}", "a".repeat(30_000_000));
    for format in Format::BOTH {
        let files = [("long.txt", long.as_str()), ("small.txt", "aaa\nneedle b\n")];
        let script =
            vec![grep(&format!("needle.*{HOSTILE}|needle b")), grep(&"(a{0,900}b?){900}".repeat(9)), done()];
        let mut scene = with_files(neovim_0_12(), format, "{}", script, &files);
        scene.ask("find it");
        assert_eq!(
            scene.result(1),
            "small.txt:2:needle b\n[not searched to the end, for a very long line: long.txt]"
        );
        let told = scene.result(2);
        assert!(told.starts_with("the pattern cannot be used: "), "{told}");
        scene.over(2);
        scene.end();
    }
}

#[test]
fn a_cancel_ends_a_search_in_the_middle_of_a_file() {
    let line = "a".repeat(200_000);
    for format in Format::BOTH {
        let names: Vec<String> = (0..40).map(|number| format!("{number}.txt")).collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), line.as_str())).collect();
        let mut scene = with_files(neovim_0_12(), format, "{}", vec![grep(HOSTILE)], &files);
        let run = scene.ask("find it");
        scene.answered(0);
        scene.client.command("copydesk.cancel", json!({"runId": run})).expect("an answer");
        scene.over(0);
        scene.end();
    }
}

#[test]
fn a_file_that_may_not_be_read_is_hidden_under_its_other_names_too() {
    for format in Format::BOTH {
        let read = |path: &str| Reply::tool("read", &json!({"path": path}));
        let edit =
            |path: &str, old: &str| Reply::tool("edit", &json!({"path": path, "old": old, "new": old}));
        let script = vec![
            read("notes.txt"),
            grep("word"),
            read("plain.txt"),
            grep("same"),
            edit("notes.txt", "word"),
            Reply::tool("write", &json!({"path": "plain.txt", "content": "other\n"})),
            done(),
        ];
        let files = [(".env", "word = x\n"), ("plain.txt", "same = y\n")];
        let mut scene = with_files(neovim_0_12(), format, "{}", script, &files);
        let root = scene.workspace.root();
        for (there, other) in [(".env", "notes.txt"), ("plain.txt", "twin.txt")] {
            std::fs::hard_link(root.join(there), root.join(other)).unwrap();
        }
        scene.ask("find out");
        assert_eq!(scene.result(1), "refused: notes.txt is another name of a file that may not be read");
        assert_eq!(scene.result(2), "no line matches");
        assert_eq!(scene.result(3), "same = y\n");
        assert_eq!(scene.result(4), "plain.txt:1:same = y\ntwin.txt:1:same = y");
        assert_eq!(scene.result(5), "refused: notes.txt is another name of a file that may not be read");
        let told = scene.result(6);
        assert!(told.contains("several names (hard links)") && !told.contains("same = y"), "{told}");
        scene.over(6);
        scene.end();
    }
}
