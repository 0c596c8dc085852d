//! Models that call no tools, where somebody works with tools.

use std::sync::Arc;

use copydesk_language::WorkspaceIndex;
use copydesk_language::index::SettingsView;
use expect_test::{Expect, expect};

use crate::support::{check_in, knowing};

/// `near/small` and `near/tiny` call no tools, `far/big` does.
fn index(more: impl FnOnce(&mut SettingsView)) -> WorkspaceIndex {
    let tools = [("near/small", false), ("near/tiny", false), ("far/big", true)];
    let mut settings = SettingsView {
        model_mappings: [("tiny*".to_owned(), "near".to_owned())].into(),
        providers: ["near", "far"].map(|name| (name.to_owned(), None)).into(),
        tools: tools.map(|(model, tools)| (model.to_owned(), tools)).into(),
        ..SettingsView::default()
    };
    more(&mut settings);
    let agents = knowing(&[
        ("/w/.copydesk/agents/reader.md", "---\nname: reader\ntools: [read]\n---\nRead.\n"),
        ("/w/.copydesk/agents/talker.md", "---\nname: talker\n---\nTalk.\n"),
    ]);
    WorkspaceIndex { settings: Some(Arc::new(settings)), root: Some("/w".into()), ..agents }
}

#[test]
fn a_head_that_names_one_is_marked_unless_it_works_without_tools() {
    let check = |path: &str, head: &str, expect: Expect| {
        check_in(path, &format!("---\n{head}\n---\nWork.\n"), &index(|_| {}), expect);
    };
    let agent = "/w/.copydesk/agents/a.md";
    for fine in [
        "name: a\nmodel: near/small\ntools: []",
        "name: a\nmodel: far/big",
        "name: a\nmodel: near/other",
        "name: a\nmodel: \"${{ inputs.model }}\"",
        "name: a",
    ] {
        check(agent, fine, expect![""]);
    }
    check(
        agent,
        "name: a\nmodel: ⟦near/small⟧",
        expect![[r#"
        warning toolless-model the config says that 'near/small' calls no tools, and this agent works with them; name one that does
    "#]],
    );
    check(
        agent,
        "name: a\nprovider: near\nmodel: ⟦small⟧\ntools: [read]",
        expect![[r#"
        warning toolless-model the config says that 'small' calls no tools, and this agent works with them; name one that does
    "#]],
    );
    check(
        agent,
        "name: a\nmodel: ⟦tiny⟧",
        expect![[r#"
        warning toolless-model the config says that 'tiny' calls no tools, and this agent works with them; name one that does
    "#]],
    );
    check(
        agent,
        "name: a\nmodel: ⟦near:small⟧\nfallback: [near/tiny, far/big]",
        expect![[r#"
        warning toolless-model the config says that 'near:small' calls no tools, and this agent works with them; 'far/big' is asked instead [fix: change to 'far/big']
    "#]],
    );
    check(
        "/w/.copydesk/actions/b.md",
        "name: b\ntitle: B\nmodel: ⟦near/small⟧",
        expect![[r#"
        warning toolless-model the config says that 'near/small' calls no tools, and this action works with them; name one that does
    "#]],
    );
    check(
        "/w/.copydesk/prompts/c.md",
        "name: c\nmodel: ⟦near/small⟧\nallowed-tools: Read",
        expect![[r#"
        warning toolless-model the config says that 'near/small' calls no tools, and this prompt command works with them; name one that does
    "#]],
    );
    check(
        "/w/.stepper/layer/d/index.md",
        "description: D.\nmodel: ⟦near/small⟧",
        expect![[r#"
        warning toolless-model the config says that 'near/small' calls no tools, and this layer works with them; name one that does
    "#]],
    );
    check_in(
        "/w/talk.chat.md",
        "---\nmodel: ⟦near/small⟧\n---\n\n# User\n\nHello?\n",
        &index(|settings| settings.default_model = Some("far/big".to_owned())),
        expect![[r#"
            warning toolless-model the config says that 'near/small' calls no tools, and whoever answers here works with them; name one that does [fix: change to 'far/big']
        "#]],
    );
}

#[test]
fn a_step_that_names_one_is_marked_where_it_or_its_agent_has_tools() {
    check_in(
        "/w/flow.yaml",
        "name: flow\nsteps:\n  - {id: a, type: llm, agent: talker, prompt: p, model: ⟦near/small⟧, tools: [read]}\n  \
         - {id: b, type: llm, agent: reader, prompt: p, model: ⟦small⟧, provider: near}\n  \
         - {id: c, type: llm, agent: talker, prompt: p, model: near/small}\n  \
         - {id: d, type: llm, agent: talker, prompt: p, model: near/small, tools: []}\n  \
         - {id: e, type: plan, goal: g, agent: reader, model: ⟦near/small⟧, fallback: far/big}\n",
        &index(|settings| settings.default_model = Some("near/tiny".to_owned())),
        expect![[r#"
            warning toolless-model the config says that 'near/small' calls no tools, and this step works with them; name one that does
            warning toolless-model the config says that 'small' calls no tools, and the agent of this step works with them; name one that does
            warning toolless-model the config says that 'near/small' calls no tools, and the agent of this step works with them; 'far/big' is asked instead [fix: change to 'far/big']
        "#]],
    );
}
