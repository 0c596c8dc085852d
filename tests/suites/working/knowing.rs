//! What other servers of the editor know: references, renames and problems, through our extensions, and a plain answer
//! elsewhere.

use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality::{self, Personality};
use copydesk_tests::scene::{FILE, Scene, Stage, TEXT, done};
use serde_json::{Value, json};

use crate::COPYDESK;

fn scene(personality: Personality, tool: &str, arguments: &Value) -> Scene {
    let script = vec![Reply::tool(tool, arguments), done()];
    let permissions = "{mode: accept-edits}".to_owned();
    let files = vec![("other.py".to_owned(), "from calc import twice\nprint(twice(2))\n".to_owned())];
    let format = Format::Anthropic;
    let mut scene =
        Scene::begin(Stage { program: COPYDESK, personality, format, permissions, script, files });
    scene.client.hold("copydesk/facts");
    scene
}

fn at(line: u32, from: u32, to: u32) -> Value {
    json!({"start": {"line": line, "character": from}, "end": {"line": line, "character": to}})
}

/// Where `twice` is defined, counted from zero.
fn line() -> u32 {
    let before = TEXT.split("def twice").next().unwrap_or_default();
    u32::try_from(before.matches('\n').count()).unwrap_or_default()
}

#[test]
fn uses_of_a_name_come_from_the_languages_own_server() {
    let mut scene = scene(
        personality::vs_code().with_extension(),
        "references",
        &json!({"path": FILE, "symbol": "twice"}),
    );
    let (uri, other) = (scene.uri.clone(), scene.workspace.uri("other.py"));
    scene.ask("who uses it?");
    let answer = json!({"files": [
        {"uri": uri, "items": [{"range": at(line(), 4, 9)}]},
        {"uri": other, "items": [{"range": at(1, 6, 11)}, {"range": at(0, 17, 22)}]},
        {"uri": "file:///nowhere/x.py", "items": [{"range": at(0, 0, 1)}]},
    ]});
    let asked = scene.client.expect_request("copydesk/facts", Ok(answer));
    assert_eq!(
        asked.params,
        json!({"kind": "references", "uri": uri, "position": {"line": line(), "character": 4}})
    );
    assert_eq!(
        scene.result(1),
        format!(
            "calc.py:{}: def twice(x):\nother.py:1: from calc import twice\nother.py:2: print(twice(2))",
            line() + 1
        )
    );
    scene.over(1);
    scene.end();
}

#[test]
fn a_rename_is_the_agents_edit_in_every_file() {
    let wanted = json!({"path": FILE, "symbol": "twice", "new_name": "twofold"});
    let mut scene = scene(personality::vs_code().with_extension(), "rename", &wanted);
    let (uri, other) = (scene.uri.clone(), scene.workspace.uri("other.py"));
    scene.ask("rename it");
    let item = |line, from, to| json!({"range": at(line, from, to), "text": "twofold"});
    let answer = json!({"files": [
        {"uri": uri, "items": [item(line(), 4, 9)]},
        {"uri": other, "items": [item(0, 17, 22), item(1, 6, 11)]},
    ]});
    let asked = scene.client.expect_request("copydesk/facts", Ok(answer));
    assert_eq!((&asked.params["kind"], &asked.params["newName"]), (&json!("rename"), &json!("twofold")));
    scene.edit();
    scene.wait_for_text(&TEXT.replace("def twice", "def twofold"));
    assert_eq!(scene.result(1), "calc.py changed: +1 -1 lines\nother.py changed: +2 -2 lines");
    assert_eq!(scene.workspace.read("other.py"), "from calc import twofold\nprint(twofold(2))\n");
    scene.over(1);
    scene.end();
}

#[test]
fn what_an_editor_cannot_tell_is_said_with_what_to_use_instead() {
    for (tool, arguments, says) in [
        ("references", json!({"path": FILE, "symbol": "twice"}), "this editor cannot tell; grep for"),
        (
            "rename",
            json!({"path": FILE, "symbol": "twice", "new_name": "x"}),
            "this editor cannot rename; find",
        ),
        ("references", json!({"path": FILE, "symbol": "thrice"}), "'thrice' does not stand in that file"),
    ] {
        let mut scene = scene(personality::helix_25_07(), tool, &arguments);
        scene.ask("try it");
        let told = scene.result(1);
        assert!(told.starts_with(says), "{told}");
        scene.over(1);
        assert_eq!(scene.text(), TEXT);
        scene.end();
    }
}

#[test]
fn problems_are_those_of_this_moment_where_the_editor_can_tell() {
    let mut scene = scene(personality::vs_code().with_extension(), "diagnostics", &json!({"path": FILE}));
    let uri = scene.uri.clone();
    scene.ask("what is wrong?");
    let item = json!({"range": at(line(), 4, 9), "text": "unused function (pylint)"});
    let asked =
        scene.client.expect_request("copydesk/facts", Ok(json!({"files": [{"uri": uri, "items": [item]}]})));
    assert_eq!(asked.params, json!({"kind": "diagnostics", "uri": uri}));
    let told = format!("Reported by the editor now:\ncalc.py:{}: unused function (pylint)", line() + 1);
    assert_eq!(scene.result(1), told);
    scene.over(1);
    scene.end();
}
