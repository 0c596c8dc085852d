//! Whole files that are right, and one with the defects that people really make.

use std::path::Path;

use copydesk_language::types::Workflow;
use expect_test::expect;

use crate::support::{WORKFLOW, check_in, check_text, findings, trusted};

const GOOD: &[(&str, &str)] = &[
    (WORKFLOW, include_str!("fixtures/every-step.yaml")),
    (WORKFLOW, include_str!("fixtures/release.yaml")),
    (".copydesk/agents/editor.md", include_str!("fixtures/editor.md")),
    (".copydesk/actions/tidy.md", include_str!("fixtures/tidy.md")),
    (".keystone/config.yaml", include_str!("fixtures/keystone-config.yaml")),
];

#[test]
fn good_files_are_good() {
    for (path, text) in GOOD {
        let found = findings(path, text, &trusted());
        assert_eq!(found, vec![], "{path}");
    }
}

#[test]
fn good_workflows_load() {
    for (path, text) in GOOD.iter().filter(|(path, _)| *path == WORKFLOW) {
        let tree = copydesk_language::parse(Path::new(path), text);
        let workflow: Workflow = copydesk_text::de::from_tree(&tree).expect("a workflow");
        assert!(!workflow.steps.is_empty());
    }
}

#[test]
fn a_workflow_with_every_usual_slip() {
    check_text(
        WORKFLOW,
        include_str!("fixtures/slips.yaml"),
        expect![[r#"
            error type-mismatch the input 'order' is a text; this is a number [fix: put it in quotes] [fix: change the type to 'number']
            error unknown-key 'cwd' is no key of a shell step; did you mean 'dir'? [fix: change to 'dir']
            error undeclared-input there is no input 'ordr'; did you mean 'order'? [fix: change to 'order'] [fix: declare the input 'ordr']
            warning bare-expression this is taken as a text, the same for every run; write '${{ }}' around the expression [fix: write '${{ }}' around it]
            error unknown-step there is no step 'get_order'; did you mean 'get-order'? [fix: change to 'get-order'] [fix: take it out]
            error hyphenated-step 'get-order' reads as a subtraction here; write ['get-order'] [fix: change to steps['get-order']]
            error duplicate-step the id 'pay' is taken; give this step another [see: 'pay' is here first] [fix: rename to 'pay_2']
            error missing-key a sleep step needs 'duration' or 'until' [fix: add 'duration']
            error unknown-value 'sheel' is no type of step; did you mean 'shell'? [fix: change to 'shell']
            error unknown-key 'tiemout' is no key of a step; did you mean 'timeout'? [fix: change to 'timeout']
            error expression-syntax a value is missing after '+' [fix: take it out]
            error expression-syntax this '${{' is never closed; add '}}' [fix: add '}}']
        "#]],
    );
}

#[test]
fn a_config_may_say_what_the_person_likes() {
    check_in(".copydesk/config.yaml", "", &trusted(), expect![[""]]);
}
