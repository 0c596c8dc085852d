//! Mode `plan`: a model that does as it is told tries everything, the person allows it all, and the tree stays as it
//! was.

use std::collections::BTreeMap;
use std::path::Path;

use copydesk_tests::model_server::{Format, Reply};
use copydesk_tests::personality;
use copydesk_tests::scene::{FILE, Scene, Stage, done};
use serde_json::json;

use crate::COPYDESK;
use crate::ground::Ground;

/// Every way to leave something behind.
const COMMANDS: &[&str] = &[
    "touch made",
    "echo x > calc.py",
    "rm -rf calc.py sub",
    "mv calc.py other.py",
    "chmod 600 calc.py",
    "touch -d 2001-01-01 calc.py",
    "ln calc.py second",
    "ln -s calc.py third",
    "mkdir folder",
    "truncate -s 0 calc.py",
    "python3 -c \"open('calc.py', 'w').write('x')\"",
    "git init -q . ; true",
    "sed -i s/x/y/ calc.py",
    "cp calc.py copy",
    "tee calc.py < /dev/null",
];

/// Every file with its kind, rights, time and content.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    use std::os::unix::fs::MetadataExt as _;
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(place) = pending.pop() {
        for entry in std::fs::read_dir(&place).into_iter().flatten().flatten() {
            let metadata = entry.metadata().expect("it is there");
            let content = std::fs::read(entry.path()).unwrap_or_default();
            let told = format!("{:o} {} {} {content:?}", metadata.mode(), metadata.nlink(), metadata.mtime());
            found.insert(entry.path().display().to_string(), told);
            if metadata.is_dir() {
                pending.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn in_plan_nothing_changes_whatever_is_tried_and_allowed() {
    if Ground::Full.workspace("plan", "").is_none() {
        return;
    }
    let mut script: Vec<Reply> = vec![
        Reply::tool("edit", &json!({"path": FILE, "old": "x * 2", "new": "x * 3", "all": true})),
        Reply::tool("write", &json!({"path": "new.py", "content": "x"})),
        Reply::tool("bash", &json!({"command": "cat calc.py | wc -l"})),
    ];
    script.extend(COMMANDS.iter().map(|command| Reply::tool("bash", &json!({"command": command}))));
    script.push(done());
    let last = script.len() - 1;
    let mut scene = Scene::begin(Stage {
        program: COPYDESK,
        personality: personality::neovim_0_12(),
        format: Format::Anthropic,
        permissions: "{mode: plan, allow: [\"Bash(*)\", \"Edit(**)\"]}".to_owned(),
        script,
        files: vec![("sub/deep.py".to_owned(), "y = 1\n".to_owned())],
    });
    let before = tree(&scene.workspace.root());
    scene.ask("do it all");
    // Whatever is asked is allowed, until the model has had its last answer.
    loop {
        let Scene { client, model, .. } = &mut scene;
        client.wait("a question or the last request", |client| {
            client.listen();
            (client.prompts_on_screen() > 0 || model.requests().len() > last).then_some(())
        });
        if client.prompts_on_screen() == 0 {
            break;
        }
        let prompt = client.prompt();
        client.choose(&prompt, "Allow once");
    }
    scene.over(last);
    assert_eq!(tree(&scene.workspace.root()), before);
    let told: Vec<String> = (1..=last).map(|n| scene.result(n)).collect();
    assert!(told[0].contains("refused") && told[1].contains("refused"), "{told:?}");
    assert!(told[2].contains("exit code 0"), "reading works: {told:?}");
    scene.end();
}

#[test]
fn without_walls_nothing_runs_in_plan() {
    let Some(workspace) = Ground::Off.workspace("plan without walls", "") else { return };
    let before = tree(&workspace.root());
    let (told, ran) = Ground::Off.run(&workspace, "plan", COMMANDS);
    assert_eq!(tree(&workspace.root()), before, "{ran}");
    assert!(told.iter().all(|told| told.contains("refused")), "{told:?}");
}
