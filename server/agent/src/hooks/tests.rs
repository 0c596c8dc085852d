//! Which hooks run, what becomes of those that fail, and what they get to read.

use super::*;
use crate::bench::Bench;

#[test]
fn a_matcher_is_a_name_a_list_or_a_pattern() {
    for (matcher, tool, expect) in [
        (None, "edit", Ok(true)),
        (Some("*"), "edit", Ok(true)),
        (Some("edit|write"), "write", Ok(true)),
        (Some("Edit"), "edit", Ok(true)),
        (Some("edit"), "edits", Ok(false)),
        (Some("run_command"), "bash", Ok(true)),
        (Some("e.*"), "edit", Ok(true)),
        (Some("("), "edit", Err(())),
    ] {
        let hook = Hook { matcher: matcher.map(str::to_owned), ..Hook::default() };
        assert_eq!(fits(&hook, tool).map_err(|_| ()), expect, "{matcher:?} {tool}");
    }
}

async fn heard(point: Point, hooks: Vec<Hook>) -> (Heard, Vec<(bool, String)>) {
    let bench = Bench::new();
    let settings = (bench.desk.shared.world.settings)().unwrap();
    let path = std::env::var("PATH").unwrap();
    let settings = Settings {
        hooks: [(point.as_str().to_owned(), hooks)].into(),
        child_env: vec![("PATH".to_owned(), path)],
        ..settings
    };
    let policy = settings.policy(Mode::Locked, Grade::Typed, &[]);
    let cancel = CancellationToken::new();
    let facts = json!({"arguments": {"path": "a.py"}});
    let home = Home { settings, policy };
    let heard = home.run(home.hooks(point), (point, Some("edit")), facts, None, &cancel).await;
    let ran = heard.ran.iter().map(|event| match event {
        Event::HookRan { ok, note, .. } => (*ok, note.clone()),
        other => panic!("{other:?}"),
    });
    let ran = ran.collect();
    (heard, ran)
}

fn hook(command: &str) -> Hook {
    Hook { command: command.to_owned(), ..Hook::default() }
}

#[tokio::test]
async fn whatever_goes_wrong_before_a_tool_refuses_it_and_elsewhere_nothing() {
    let broken = Hook { matcher: Some("(".to_owned()), ..hook("true") };
    let slow = Hook {
        timeout: Some(copydesk_base::config::Duration(Duration::from_millis(50))),
        ..hook("sleep 20")
    };
    for (wrong, note) in [
        (hook("echo not here; exit 2"), "exit code 2"),
        (hook(" "), "its command is empty"),
        (hook("echo 'open"), "could not start: "),
        (broken, "its matcher cannot be read: "),
        (slow, "stopped: it took longer than 0.05 s"),
    ] {
        let (before, ran) = heard(Point::PreToolUse, vec![wrong.clone(), hook("echo never")]).await;
        assert_eq!(ran.len(), 1, "{wrong:?}");
        assert!(!ran[0].0 && ran[0].1.starts_with(note), "{ran:?}");
        let refusal = before.refusal.unwrap();
        assert!(
            refusal.starts_with("refused by a hook of the person's") && refusal.contains(note),
            "{refusal}"
        );
        let (after, ran) = heard(Point::PostToolUse, vec![wrong, hook("echo said")]).await;
        assert_eq!((after.words.as_str(), after.refusal, ran.len()), ("said\n", None, 2));
    }
}

#[tokio::test]
async fn a_hook_that_may_not_change_what_it_names_says_so() {
    let bench = Bench::new();
    let settings = (bench.desk.shared.world.settings)().unwrap();
    let started = |name: &str| copydesk_permission::Started {
        place: settings.root.join(name),
        by: "a hook at PostToolUse".to_owned(),
    };
    let started = vec![started("b.py"), started("other.sh")].into();
    let policy = settings.policy(Mode::Locked, Grade::Typed, &[]);
    let home = Home { settings: Settings { started, ..settings }, policy };
    let denied = "sed: cannot rename ./sedX: Device or resource busy";
    for (command, output, expect) in [
        ("sed -i s/a/b/ b.py", denied, true),
        ("sed -i s/a/b/ b.py", "b.py: no such file", false),
        ("sed -i s/a/b/ c.py", denied, false),
    ] {
        let why = home.kept_from(&hook(command), Point::PostToolUse, output).unwrap_or_default();
        let is_told = why.contains("(b.py)") && why.contains("docs/guide/extending.md");
        assert_eq!(is_told, expect, "{command}: {why}");
    }
}

#[tokio::test]
async fn a_hook_reads_what_happens() {
    let read = hook("read -r line; echo \"$line\"");
    let (heard, ran) = heard(Point::PreToolUse, vec![read]).await;
    assert_eq!((heard.refusal, ran), (None, vec![(true, "exit code 0".to_owned())]));
    let facts: Value = serde_json::from_str(&heard.words).unwrap();
    assert_eq!((&facts["event"], &facts["tool"]), (&json!("PreToolUse"), &json!("edit")));
    assert_eq!(facts["arguments"], json!({"path": "a.py"}));
}
