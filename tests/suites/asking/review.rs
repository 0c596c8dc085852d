//! *Show* opens the review: a proposal for each hunk, settled one by one, in any editor that has code actions.

use copydesk_tests::model_server::Reply;
use copydesk_tests::scene::{FILE, Scene, TEXT, Way, done, everywhere, triple, triple_both};
use serde_json::{Value, json};

use crate::begin;

#[test]
fn show_settles_nothing_and_opens_a_proposal_for_each_hunk() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
        show(&mut scene);
        let hunks = proposals(&mut scene, 2);
        assert_eq!(scene.text(), TEXT, "nothing is written into the buffer");
        assert_eq!(scene.model.requests().len(), 1, "the tool call waits");
        scene.pending();
        let uri = scene.uri.clone();
        for proposal in &hunks {
            assert_eq!(proposal["severity"], 3, "{proposal}");
            assert!(scene.client.text_of(&uri, &proposal["range"]).contains("x * 2"), "{proposal}");
            for title in ["Apply", "Apply all", "Reject", "Show"] {
                let action = scene.action(proposal, title);
                assert!(action["edit"].is_null(), "a review is a command, not an edit: {action}");
            }
        }
        // The second hunk first: applied; then the first: rejected.
        press(&mut scene, &hunks[1], "Apply");
        scene.edit();
        let half = half();
        scene.wait_for_text(&half);
        let left = proposals(&mut scene, 1);
        assert_eq!(scene.model.requests().len(), 1, "until every hunk is settled");
        press(&mut scene, &left[0], "Reject");
        let told = scene.result(1);
        assert!(told.contains("1 of 2 hunks applied"), "{told}");
        assert!(told.contains("the hunk at line 5"), "the refused hunk is named: {told}");
        scene.over(1);
        scene.client.no_diagnostic(&uri, "proposal");
        scene.client.no_diagnostic(&uri, "pending-approval");
        assert_eq!(scene.text(), half);
        scene.end();
    });
}

#[test]
fn apply_all_settles_the_rest_at_once() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
        show(&mut scene);
        let hunks = proposals(&mut scene, 2);
        press(&mut scene, &hunks[0], "Apply all");
        scene.edit();
        scene.wait_for_text(&TEXT.replace("x * 2", "x * 3"));
        let told = scene.result(1);
        assert!(told.contains("changed"), "{told}");
        scene.over(1);
        scene.end();
    });
}

#[test]
fn hunks_are_made_in_whatever_order_they_are_named() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
        show(&mut scene);
        let hunks = proposals(&mut scene, 2);
        let params = json!({"changeId": hunks[0]["data"]["changeId"], "hunks": [1, 0]});
        let report = scene.client.command("copydesk.change.apply", params).expect("both fit");
        assert_eq!(report, json!({"sent": [0, 1], "refused": []}));
        scene.edit();
        scene.wait_for_text(&TEXT.replace("x * 2", "x * 3"));
        let told = scene.result(1);
        assert!(told.contains("changed"), "{told}");
        scene.over(1);
        scene.end();
    });
}

#[test]
fn a_review_counts_in_the_text_of_that_moment_and_a_hunk_that_does_not_fit_is_offered_anew() {
    everywhere(|personality, format| {
        let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
        show(&mut scene);
        proposals(&mut scene, 2);
        let uri = scene.uri.clone();
        // Proposals move with the text above them.
        scene.client.replace(&uri, "# What a shop", "# ä😀\n# What a shop");
        scene.client.replace(&uri, "def double(x):\n    return x * 2", "def double(x):\n    return x + x");
        let open = scene.client.diagnostics(&uri, "moved proposals", |now| {
            now.iter().filter(|one| one["code"] == "proposal").all(|one| one["range"]["start"]["line"] != 4)
        });
        let open: Vec<Value> = open.into_iter().filter(|one| one["code"] == "proposal").collect();
        assert_eq!(open.len(), 2, "{open:?}");
        assert!(scene.client.text_of(&uri, &open[1]["range"]).contains("x * 2"), "{open:?}");
        // The first does not fit any more: refused with its reason, and it stays.
        let mine = scene.text();
        let report = scene.press(&open[0], "Apply");
        assert_eq!(report["sent"], json!([]), "{report}");
        assert!(report["refused"][0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{report}");
        let stale = scene.client.diagnostic(&uri, "stale-edit");
        assert_eq!(stale["severity"], 2, "{stale}");
        assert_eq!(scene.text(), mine, "never over newer text");
        press(&mut scene, &open[1], "Apply");
        scene.edit();
        scene.wait_for_text(&mine.replacen("return x * 2", "return x * 3", 1));
        // Its place is as it was, and so it fits again.
        scene.client.replace(&uri, "    return x + x", "    return x * 2");
        let open = proposals(&mut scene, 1);
        press(&mut scene, &open[0], "Apply");
        scene.edit();
        scene.over(1);
        let told = scene.result(1);
        assert!(told.contains("changed"), "{told}");
        scene.end();
    });
}

#[test]
fn allow_and_deny_still_settle_everything_during_a_review() {
    for title in ["Allow once", "Deny"] {
        everywhere(|personality, format| {
            let mut scene = begin(personality, format, "{}", vec![triple_both(), done()]);
            show(&mut scene);
            let hunks = proposals(&mut scene, 2);
            press(&mut scene, &hunks[0], "Reject");
            proposals(&mut scene, 1);
            let pending = scene.pending();
            scene.press(&pending, title);
            if title == "Allow once" {
                scene.edit();
                scene.wait_for_text(&half());
            }
            scene.over(1);
            assert_eq!(scene.text(), if title == "Deny" { TEXT.to_owned() } else { half() });
            scene.end();
        });
    }
}

#[test]
fn later_calls_see_only_what_was_applied() {
    everywhere(|personality, format| {
        let script = vec![triple(), Reply::tool("read", &json!({"path": FILE})), done()];
        let mut scene = begin(personality, format, "{}", script);
        show(&mut scene);
        let hunks = proposals(&mut scene, 1);
        press(&mut scene, &hunks[0], "Reject");
        assert_eq!(scene.result(2), TEXT);
        scene.over(2);
        scene.end();
    });
}

/// The person asks, and chooses *Show*.
fn show(scene: &mut Scene) {
    // What it opens, each client opens where it can.
    scene.client.quiet("window/showDocument");
    scene.client.quiet("window/showMessage");
    scene.ask("make it three times");
    scene.answer(Way::Prompt, "Show");
}

fn proposals(scene: &mut Scene, count: usize) -> Vec<Value> {
    let uri = scene.uri.clone();
    let is_one = |one: &&Value| one["code"] == "proposal";
    let all = scene
        .client
        .diagnostics(&uri, &format!("{count} proposals"), |now| now.iter().filter(is_one).count() == count);
    all.into_iter().filter(|one| one["code"] == "proposal").collect()
}

/// Runs an action of a proposal; what it reports is checked elsewhere.
fn press(scene: &mut Scene, proposal: &Value, title: &str) {
    let report = scene.press(proposal, title);
    assert_eq!(report["refused"], json!([]), "{title}: {report}");
    assert!(report["sent"].as_array().is_some_and(|sent| !sent.is_empty()), "{title}: {report}");
}

/// [`TEXT`] with its second hunk made.
fn half() -> String {
    TEXT.replace("x * 2", "x * 3").replacen("x * 3", "x * 2", 1)
}
