//! One edit, from the question to the text and back.

use std::time::Instant;

use copydesk_tests::client::{PATIENCE, eventually};
use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::{Personality, Prompts};
use copydesk_tests::scene::{
    FILE, TEXT, Way, done, everywhere, in_four, triple, triple_both, tripled, usual,
};
use serde_json::{Value, json};

use crate::{begin, with_files};

/// The main story, in every client that has a person in it, both ways of answering.
#[test]
fn allow_once_puts_the_edit_to_the_person_once_and_undo_takes_it_back() {
    for personality in Personality::all() {
        if personality.prompts == Prompts::Null {
            continue; // its person never sees a question; see `prompts`
        }
        for (format, way) in [(Format::Anthropic, Way::Prompt), (Format::OpenaiChat, Way::Action)] {
            let way = if personality.prompts_reach_a_person() { way } else { Way::Action };
            eprintln!("--- {} speaking {} by {way:?}", personality.name, format.kind());
            let mut scene = begin(personality.clone(), format, "{}", vec![triple(), done()]);
            scene.ask("make it three times");
            let read = scene.answer(way, "Allow once");
            assert!(read.contains(FILE), "the question names the file: {read}");
            assert!(read.contains("+1") && read.contains("−1"), "and its lines: {read}");
            scene.edit();
            scene.wait_for_text(&tripled());
            scene.over(1);
            let told = scene.result(1);
            assert!(told.contains(FILE) && told.contains("changed"), "the model is told: {told}");
            let uri = scene.uri.clone();
            scene.client.no_diagnostic(&uri, "pending-approval");
            // Once: nothing was asked twice, nothing was edited twice.
            let prompts = scene.client.heard("window/showMessageRequest").len();
            assert_eq!(
                prompts,
                usize::from(!personality.prompts_reach_a_person()),
                "answered prompts are looked at"
            );
            assert!(scene.client.heard("workspace/applyEdit").is_empty());
            assert_eq!(scene.workspace.read(FILE), TEXT, "an open document changes in the editor alone");

            // Later typing is kept.
            scene.client.replace(&uri, "# What a shop", "# All that a shop");
            let report = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
            assert_eq!(report["refused"], json!([]), "{report}");
            scene.edit();
            scene.wait_for_text(&TEXT.replace("# What a shop", "# All that a shop"));
            let report = scene.client.command("copydesk.redo", json!({})).expect("a redo is answered");
            assert_eq!(report["refused"], json!([]), "{report}");
            scene.edit();
            scene.wait_for_text(&tripled().replace("# What a shop", "# All that a shop"));
            scene.end();
        }
    }
}

#[test]
fn a_verdict_of_allow_is_applied_at_once_and_undoable() {
    for permissions in ["{allow: [\"Edit(**)\"]}", "{mode: accept-edits}", "{mode: auto}"] {
        everywhere(|personality, format| {
            let mut scene = begin(personality, format, permissions, vec![triple(), done()]);
            scene.ask("make it three times");
            scene.edit();
            scene.wait_for_text(&tripled());
            scene.over(1);
            assert!(scene.client.heard("window/showMessageRequest").is_empty(), "nobody is asked");
            scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
            scene.edit();
            scene.wait_for_text(TEXT);
            scene.end();
        });
    }
}

#[test]
fn a_verdict_of_deny_is_refused_and_the_model_is_told_why() {
    for mode in ["default", "accept-edits", "auto", "plan", "locked"] {
        everywhere(|personality, format| {
            let rules = format!("{{mode: {mode}, allow: [\"Edit(**)\"], deny: [\"Edit({FILE})\"]}}");
            let mut scene = begin(personality, format, &rules, vec![triple(), done()]);
            scene.ask("make it three times");
            let told = scene.result(1);
            assert!(told.contains("refused"), "{told}");
            if mode != "plan" {
                assert!(told.contains(&format!("Edit({FILE})")), "the rule is named: {told}");
            }
            scene.over(1);
            assert_eq!(scene.text(), TEXT);
            scene.end();
        });
    }
}

#[test]
fn plan_refuses_every_edit_whatever_the_rules_allow() {
    everywhere(|personality, format| {
        let mut scene =
            begin(personality, format, "{mode: plan, allow: [\"Edit(**)\"]}", vec![triple(), done()]);
        scene.ask("make it three times");
        let told = scene.result(1);
        assert!(told.contains("refused") && told.contains("plan"), "{told}");
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn locked_refuses_what_no_rule_allows_and_asks_nothing() {
    everywhere(|personality, format| {
        let mut scene = begin(personality.clone(), format, "{mode: locked}", vec![triple(), done()]);
        scene.ask("make it three times");
        let told = scene.result(1);
        assert!(told.contains("refused") && told.contains("locked"), "{told}");
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
        let rules = "{mode: locked, allow: [\"Edit(**)\"]}";
        let mut scene = begin(personality, format, rules, vec![triple(), done()]);
        scene.ask("make it three times");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(1);
        scene.end();
    });
}

#[test]
fn deny_refuses_and_nothing_was_sent_before() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple(), done()]);
        scene.ask("make it three times");
        let prompt = scene.client.prompt();
        assert!(
            scene.client.heard("workspace/applyEdit").is_empty(),
            "nothing is sent before it is approved"
        );
        scene.client.choose(&prompt, "Deny");
        let told = scene.result(1);
        assert!(told.contains("refused") && told.contains("person"), "{told}");
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    });
}

#[test]
fn allow_once_applies_all_hunks_in_one_edit() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
        scene.ask("make both three times");
        let read = scene.answer(Way::Prompt, "Allow once");
        assert!(read.contains("+2") && read.contains("−2"), "{read}");
        scene.edit();
        scene.wait_for_text(&TEXT.replace("x * 2", "x * 3"));
        scene.over(1);
        assert!(scene.client.heard("workspace/applyEdit").is_empty(), "one document, one edit");
        scene.end();
    });
}

#[test]
fn closed_and_new_files_are_written_by_the_server() {
    for personality in usual() {
        for format in Format::BOTH {
            let script = vec![
                Reply::tool("write", &json!({"path": "new/one.txt", "content": "one\n"})),
                Reply::tool("edit", &json!({"path": "closed.txt", "old": "two", "new": "deux"})),
                Reply::tool("write", &json!({"path": "new/__init__.py", "content": ""})),
                done(),
            ];
            let files = [("closed.txt", "one\ntwo\n")];
            let mut scene = with_files(personality.clone(), format, "{}", script, &files);
            scene.ask("write them");
            let read = scene.answer(Way::Prompt, "Allow once");
            assert!(read.contains("new/one.txt") && read.contains("+1"), "{read}");
            let read = scene.answer(Way::Prompt, "Allow once");
            assert!(read.contains("closed.txt"), "{read}");
            let read = scene.answer(Way::Prompt, "Allow once");
            assert!(read.contains("new/__init__.py"), "{read}");
            scene.over(3);
            assert_eq!(scene.workspace.read("new/one.txt"), "one\n");
            assert_eq!(scene.workspace.read("new/__init__.py"), "");
            assert_eq!(scene.workspace.read("closed.txt"), "one\ndeux\n");
            assert!(scene.client.heard("workspace/applyEdit").is_empty(), "never by an edit of the client's");
            let report = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
            assert_eq!(report["refused"], json!([]), "{report}");
            // The command answers at once, what it starts comes behind.
            let (closed, new) = (
                || scene.workspace.read("closed.txt"),
                || ["new/one.txt", "new/__init__.py"].iter().any(|path| scene.workspace.exists(path)),
            );
            let back =
                eventually(Instant::now() + PATIENCE, || (closed() == "one\ntwo\n" && !new()).then_some(()));
            assert!(back.is_some(), "after the undo: {:?}, and what it made is there: {}", closed(), new());
            scene.end();
        }
    }
}

#[test]
fn undo_never_goes_over_newer_text_on_disk() {
    in_four(|personality, format| {
        let script =
            vec![Reply::tool("edit", &json!({"path": "closed.txt", "old": "two", "new": "deux"})), done()];
        let mut scene = with_files(
            personality,
            format,
            "{mode: accept-edits}",
            script,
            &[("closed.txt", "one\ntwo\nthree\n")],
        );
        scene.ask("write it");
        scene.over(1);
        // Somebody else wrote on: the rest of the file is theirs, and so is the very line.
        scene.workspace.write("closed.txt", "one\nzwei\nthree and more\n");
        let report = scene.client.command("copydesk.undo", json!({})).expect("an undo is answered");
        assert_eq!(report["sent"], json!([]), "{report}");
        assert!(report["refused"][0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{report}");
        assert_eq!(scene.workspace.read("closed.txt"), "one\nzwei\nthree and more\n");
        scene.end();
    });
}

#[test]
fn a_file_that_nobody_looked_at_is_not_replaced_whole() {
    in_four(|personality, format| {
        let write = |text: &str| Reply::tool("write", &json!({"path": "other.txt", "content": text}));
        let read = Reply::tool("read", &json!({"path": "other.txt"}));
        let script =
            vec![write("two\n"), read, write("three\n"), write("four\n"), done(), write("five\n"), done()];
        let mut scene =
            with_files(personality, format, "{mode: accept-edits}", script, &[("other.txt", "one\n")]);
        scene.ask("write it");
        let told = scene.result(1);
        assert!(told.contains("other.txt exists, and nothing of it was read"), "{told}");
        scene.over(4);
        assert_eq!(
            scene.workspace.read("other.txt"),
            "four\n",
            "what it read or wrote itself it may replace"
        );
        // Another conversation has not seen it.
        scene.ask("once more");
        assert!(scene.result(6).contains("nothing of it was read"));
        scene.over(6);
        assert_eq!(scene.workspace.read("other.txt"), "four\n");
        scene.end();
    });
}

#[test]
fn a_file_of_which_a_part_was_read_is_not_replaced_whole() {
    in_four(|personality, format| {
        let write = || Reply::tool("write", &json!({"path": "long.txt", "content": "new\n"}));
        let read = |part: Value| Reply::tool("read", &part);
        let script = vec![
            read(json!({"path": "long.txt", "limit": 20})),
            write(),
            read(json!({"path": "long.txt", "offset": 21})),
            write(),
            done(),
            // The lines around the cursor go along by themselves, and are not the whole file either.
            Reply::tool("write", &json!({"path": FILE, "content": "new\n"})),
            done(),
        ];
        let lines: Vec<String> = (1..=60).map(|line| format!("line {line}\n")).collect();
        let long = lines.concat();
        // With its mark, which stays.
        let files = [("long.txt", &*format!("\u{feff}{long}"))];
        let mut scene = with_files(personality, format, "{mode: accept-edits}", script, &files);
        let (uri, end) = (scene.uri.clone(), scene.text().len());
        scene.client.type_over(&uri, end, end, &long);
        scene.ask("write it");
        assert_eq!(
            scene.result(2),
            "not written: long.txt was read in part only (1-20 of 60 lines), and the rest would be lost: change what \
             you mean with edit, or read the rest first"
        );
        scene.over(4);
        assert_eq!(scene.workspace.read("long.txt"), "\u{feff}new\n");
        scene.ask("and this");
        let told = scene.result(6);
        assert!(told.contains("was read in part only ("), "{told}");
        scene.over(6);
        scene.end();
    });
}

#[test]
fn what_was_typed_since_a_file_was_read_is_not_written_over() {
    in_four(|personality, format| {
        let write = || Reply::tool("write", &json!({"path": FILE, "content": "all = 1\n"}));
        let read = || Reply::tool("read", &json!({"path": FILE}));
        let run = Reply::tool("bash", &json!({"command": "printf one"}));
        // An edit of a piece fits, and tells nothing about the rest.
        let script = vec![read(), run, triple(), write(), read(), write(), done()];
        let mut scene = begin(personality, format, "{mode: accept-edits}", script);
        scene.ask("write it anew");
        // The question about the command is the moment between reading and writing.
        let pending = scene.pending();
        let uri = scene.uri.clone();
        scene.client.quiet("window/showMessageRequest");
        let end = scene.text().len();
        scene.client.type_over(&uri, end, end, "# mine\n");
        scene.press(&pending, "Allow once");
        scene.edit();
        let told = scene.result(4);
        assert!(told.contains("has changed since it was read"), "{told}");
        scene.edit();
        scene.over(6);
        scene.wait_for_text("all = 1\n");
        scene.end();
    });
}

#[cfg(unix)]
#[test]
fn no_link_leads_a_write_out_of_the_workspace() {
    in_four(|personality, format| {
        let script = vec![
            Reply::tool("write", &json!({"path": "link/out.txt", "content": "out\n"})),
            Reply::tool("edit", &json!({"path": "leak.txt", "old": "private", "new": "public"})),
            done(),
        ];
        let mut scene = begin(personality, format, "{mode: accept-edits}", script);
        let outside = scene.workspace.outside();
        std::fs::write(outside.join("leak.txt"), "private\n").expect("the bench's own folder");
        std::os::unix::fs::symlink(&outside, scene.workspace.path("link")).expect("a link");
        std::os::unix::fs::symlink(outside.join("leak.txt"), scene.workspace.path("leak.txt"))
            .expect("a link");
        scene.ask("write them");
        // `accept-edits` covers the workspace; what lands outside is asked, under its real name.
        for _ in 0..2 {
            let read = scene.answer(Way::Prompt, "Deny");
            assert!(read.contains(&outside.display().to_string()), "the real place is named: {read}");
        }
        scene.over(2);
        assert!(!outside.join("out.txt").exists());
        assert_eq!(std::fs::read_to_string(outside.join("leak.txt")).expect("it is there"), "private\n");
        scene.end();
    });
}

#[test]
fn a_command_sees_the_disk_and_its_result_names_what_is_not_saved() {
    in_four(|personality, format| {
        let cat = || Reply::tool("bash", &json!({"command": "cat calc.py"}));
        let script = vec![cat(), triple(), cat(), done(), cat(), done()];
        let permissions = "{mode: accept-edits, allow: ['Bash(cat calc.py)']}";
        let mut scene = begin(personality, format, permissions, script);
        scene.ask("make it three times");
        scene.edit();
        scene.wait_for_text(&tripled());
        scene.over(3);
        assert_eq!(scene.result(1), format!("{TEXT}[exit code 0]"));
        let note = "[calc.py is open with unsaved changes: the command saw it as it was saved last]";
        assert_eq!(scene.result(3), format!("{TEXT}[exit code 0]\n{note}"));
        let (uri, file) = (scene.uri.clone(), scene.workspace.root().join(FILE));
        scene.client.save(&uri, &file);
        scene.ask("and now?");
        scene.over(5);
        assert_eq!(scene.results(5), [format!("{}[exit code 0]", tripled())]);
        scene.end();
    });
}
