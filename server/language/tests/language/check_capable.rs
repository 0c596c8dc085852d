//! Models that call no tools, where somebody works with tools, and that see no images, where words name one.

use std::sync::Arc;

use copydesk_language::index::SettingsView;
use copydesk_language::{Abilities, KnownModel, WorkspaceIndex};
use expect_test::{Expect, expect};

use crate::support::{check_in, knowing};

/// `near/small` and `near/tiny` call no tools and see no images, `near/blind` calls tools, `far/big` does both. Of
/// `near/listed` its provider says that it does neither, and of `far/big`, which the config knows better.
fn index(more: impl FnOnce(&mut SettingsView)) -> WorkspaceIndex {
    let can = |can| Abilities { tools: Some(can), images: Some(can) };
    let abilities = [("near/small", can(false)), ("near/tiny", can(false)), ("far/big", can(true))];
    let blind = Abilities { tools: Some(true), images: Some(false) };
    let listed = |name: &str| KnownModel { name: name.to_owned(), can: can(false), ..KnownModel::default() };
    let mut settings = SettingsView {
        model_mappings: [("tiny*".to_owned(), "near".to_owned())].into(),
        providers: ["near", "far"].map(|name| (name.to_owned(), None)).into(),
        abilities: abilities
            .into_iter()
            .chain([("near/blind", blind)])
            .map(|(model, can)| (model.to_owned(), can))
            .collect(),
        ..SettingsView::default()
    };
    more(&mut settings);
    let agents = knowing(&[
        ("/w/.copydesk/agents/reader.md", "---\nname: reader\ntools: [read]\n---\nRead.\n"),
        ("/w/.copydesk/agents/talker.md", "---\nname: talker\n---\nTalk.\n"),
    ]);
    WorkspaceIndex {
        settings: Some(Arc::new(settings)),
        root: Some("/w".into()),
        models: ["near/listed", "far/big"].map(listed).into(),
        ..agents
    }
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
        agent,
        "name: a\nmodel: ⟦near/listed⟧\nfallback: far/big",
        expect![[r#"
        warning toolless-model its provider says that 'near/listed' calls no tools, and this agent works with them; 'far/big' is asked instead [fix: change to 'far/big']
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

#[test]
fn a_head_that_names_one_without_eyes_is_marked_where_the_words_below_name_an_image() {
    let check = |path: &str, model: &str, words: &str, expect: Expect| {
        let text = format!("---\nmodel: {model}\n---\n{words}\n");
        check_in(path, &text, &index(|_| {}), expect);
    };
    let chat = "/w/talk.chat.md";
    for (model, words) in [
        ("far/big", "# User\n\nWhat is in @a.png?"),
        ("near/other", "# User\n\nWhat is in @a.png?"),
        ("near/blind", "# User\n\nWhat is in @a.py?"),
        // It was sent, and is not sent again.
        ("near/blind", "# User\n\nWhat is in @a.png?\n\n# Assistant\n\nA cat.\n\n# User\n\nWhich one?"),
    ] {
        check(chat, model, words, expect![""]);
    }
    check(
        chat,
        "⟦near/blind⟧",
        "# User\n\nWhat is in @shots/a.PNG?",
        expect![[r#"
            warning blind-model the config says that 'near/blind' sees no images, and 'shots/a.PNG' is one; name one that does
        "#]],
    );
    check_in(
        "/w/.copydesk/prompts/look.md",
        "---\nname: look\nallowed-tools: \"\"\nmodel: ⟦near/listed⟧\nfallback: [near/tiny, far/big]\n---\nCompare with (@logo.svg and @logo.webp).\n",
        &index(|_| {}),
        expect![[r#"
            warning blind-model its provider says that 'near/listed' sees no images, and 'logo.webp' is one; 'far/big' is asked instead [fix: change to 'far/big']
        "#]],
    );
}
