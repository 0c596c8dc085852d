//! What a person may have done to a file: before, after, and that nothing new is wrong then.

use std::path::Path;

use copydesk_base::{Severity, Span};
use copydesk_language::{File, Made, Refactoring, WorkspaceIndex, edited, mend_all, parse, refactorings};
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, findings, knowing};

/// The text without its `«` and `»`, and the selection between them; a lone `‸` is a cursor.
fn selected(marked: &str) -> (String, Span) {
    if let Some(at) = marked.find('‸') {
        return (marked.replace('‸', ""), Span::at(at));
    }
    let (Some(start), Some(end)) = (marked.find('«'), marked.find('»')) else {
        panic!("nothing is selected: {marked}")
    };
    let end = end - '«'.len_utf8();
    (marked.replace(['«', '»'], ""), Span::new(start, end))
}

fn offered(text: &str, selection: Span, index: &WorkspaceIndex) -> Vec<Refactoring> {
    let tree = parse(Path::new(WORKFLOW), text);
    refactorings(&File::new(Path::new(WORKFLOW), text, &tree), index, selection)
}

/// Does one refactoring and shows the new files and the text.
fn check(name: &str, marked: &str, expect: &Expect) {
    let (text, selection) = selected(marked);
    let index = knowing(&[(WORKFLOW, &text)]);
    let all = offered(&text, selection, &index);
    let Some(one) = all.iter().find(|one| one.name == name) else {
        panic!("{name} is not offered, only {:?}", all.iter().map(|one| one.name).collect::<Vec<_>>());
    };
    let after = edited(&text, &one.edits);
    let mut shown = format!("{}\n", one.title);
    for file in &one.files {
        shown.push_str(&format!("--- {}\n{}", file.path.display(), file.text));
    }
    shown.push_str(&format!("--- {WORKFLOW}\n{after}"));
    expect.assert_eq(&shown);
    // And nothing is wrong that was not wrong before.
    let mut known: Vec<(&str, &str)> = vec![(WORKFLOW, &after)];
    known.extend(one.files.iter().map(|file| (file.path.to_str().unwrap_or("no path"), file.text.as_str())));
    let index = knowing(&known);
    let bad = |path: &str, text: &str, index: &WorkspaceIndex| {
        findings(path, text, index)
            .into_iter()
            .filter(|finding| finding.severity <= Severity::Warning)
            .count()
    };
    let before = bad(WORKFLOW, &text, &knowing(&[(WORKFLOW, &text)]));
    let total: usize = known.iter().map(|(path, text)| bad(path, text, &index)).sum();
    assert!(total <= before, "{shown}");
}

fn not_offered(name: &str, marked: &str) {
    let (text, selection) = selected(marked);
    let all = offered(&text, selection, &knowing(&[(WORKFLOW, &text)]));
    assert!(!all.iter().any(|one| one.name == name), "{name} is offered in {marked}");
}

const RELEASE: &str = "\
name: release
inputs:
  version: {type: string}
steps:
  - id: test
    type: shell
    run: make test
  # The build proper.
«  - id: build
    type: shell
    needs: [test]
    run: make ${{ inputs.version }}
  - id: pack
    type: llm
    agent: keystone-architect
    needs:
      - build
      - test
    prompt: |
      Pack ${{ steps.build.output }} of ${{ steps.test.status }},

        well»
  - id: tell
    type: human
    needs: [pack, build]
    message: ${{ steps.pack.output }}
outputs:
  what: ${{ steps.pack.status }}
";

#[test]
fn steps_become_a_workflow_of_their_own() {
    check(
        "extract-workflow",
        RELEASE,
        &expect![[r#"
        extract 2 steps to build_part.yaml
        --- .copydesk/workflows/build_part.yaml
        name: build_part

        inputs:
          version:
            type: string
          test_status:
            type: string

        steps:
          - id: build
            type: shell
            run: make ${{ inputs.version }}
          - id: pack
            type: llm
            agent: keystone-architect
            needs: [build]
            prompt: |
              Pack ${{ steps.build.output }} of ${{ inputs.test_status }},

                well

        outputs:
          pack: ${{ steps.pack.output }}
          pack_status: ${{ steps.pack.status }}
        --- .copydesk/workflows/test.yaml
        name: release
        inputs:
          version: {type: string}
        steps:
          - id: test
            type: shell
            run: make test
          # The build proper.
          - id: build_part
            type: workflow
            path: build_part.yaml
            needs: [test]
            inputs:
              version: ${{ inputs.version }}
              test_status: ${{ steps.test.status }}
          - id: tell
            type: human
            needs: [build_part]
            message: ${{ steps.build_part.outputs.pack }}
        outputs:
          what: ${{ steps.build_part.outputs.pack_status }}
    "#]],
    );
}

#[test]
fn comments_in_the_needs_of_others_stay() {
    let before = "    needs: [pack, build]\n";
    let needs = "    needs:\n      - test # first\n      - pack   # why\n      - build\n";
    let text = RELEASE.replace(before, needs);
    let (text, selection) = selected(&text);
    let all = offered(&text, selection, &knowing(&[(WORKFLOW, &text)]));
    let one = all.iter().find(|one| one.name == "extract-workflow").expect("an extraction");
    let after = edited(&text, &one.edits);
    let kept = "    needs:\n      - test # first\n      - build_part   # why\n    message";
    assert!(after.contains(kept), "{after}");
}

#[test]
fn steps_that_cannot_stand_alone_stay() {
    for (why, from, to) in [
        ("the whole of a step", "${{ steps.test.status }}", "${{ JSON.stringify(steps.test) }}"),
        ("a pool of the workflow's own", "    needs: [test]\n", "    needs: [test]\n    pool: mine\n"),
        ("an anchor", "    run: make ${{ inputs.version }}\n", "    run: &a make\n"),
        ("the workflow's environment", "${{ inputs.version }}", "${{ env.CI }}"),
        (
            "what comes after a failure",
            "outputs:\n",
            "finally: [{id: end, type: shell, run: \"${{ steps.build.status }}\"}]\noutputs:\n",
        ),
    ] {
        let changed = RELEASE.replace(from, to);
        assert_ne!(changed, RELEASE, "{why}");
        not_offered("extract-workflow", &changed);
    }
    not_offered("extract-workflow", &RELEASE.replacen("steps:", "env: {CI: yes}\nsteps:", 1));
    // Whoever stands between two of them would wait for itself.
    let between = RELEASE.replace("      - test\n", "      - tell\n").replace(
        "needs: [pack, build]\n    message: ${{ steps.pack.output }}",
        "needs: [build]\n    message: Well",
    );
    not_offered("extract-workflow", &between);
    not_offered("extract-workflow", &RELEASE.replace(['«', '»'], "").replace("make test", "make «te»st"));
}

#[test]
fn near_identical_steps_become_one() {
    check(
        "matrix",
        "name: x\nsteps:\n  - id: test-linux # first\n    type: shell\n    run: make test-linux\n    env:\n      OS: linux\n‸  - id: test-mac\n    type: shell\n    run: make test-mac\n    env:\n      OS: mac\n  - id: done\n    type: human\n    message: Done\n    needs: [test-linux, test-mac]\n",
        &expect![[r#"
            make these 2 steps one with a matrix
            --- .copydesk/workflows/test.yaml
            name: x
            steps:
              - id: test # first
                strategy:
                  matrix:
                    variant: [linux, mac]
                type: shell
                run: make test-${{ item.variant }}
                env:
                  OS: ${{ item.variant }}
              - id: done
                type: human
                message: Done
                needs: [test]
        "#]],
    );
    // What is written about the second one would be lost.
    for comment in ["    run: m y # why\n", "    # why\n    run: m y\n"] {
        let text = format!(
            "name: x\nsteps:\n  - id: a1\n    type: shell\n    run: m x‸\n  - id: a2\n    type: shell\n{comment}"
        );
        not_offered("matrix", &text);
    }
    // In brackets an expression needs quotes, and so does a value with a comma.
    check(
        "matrix",
        "name: x\nsteps:\n  - {id: test-linux, type: shell, run: make linux fast, env: {OS: 'linux'}}‸\n  - {id: test-mac, type: shell, run: make mac fast, env: {OS: 'mac'}}\n  - {id: done, type: human, message: Done, needs: [test-mac]}\n",
        &expect![[r#"
            make these 2 steps one with a matrix
            --- .copydesk/workflows/test.yaml
            name: x
            steps:
              - {id: test, strategy: {matrix: {variant: [linux, mac]}}, type: shell, run: "make ${{ item.variant }} fast", env: {OS: '${{ item.variant }}'}}
              - {id: done, type: human, message: Done, needs: [test]}
        "#]],
    );
    check(
        "matrix",
        "name: x\nsteps: [\n  {id: a1, type: shell, run: m ‸x},\n  {id: a2, type: shell, run: \"m y,z\"},\n]\n",
        &expect![[r#"
            make these 2 steps one with a matrix
            --- .copydesk/workflows/test.yaml
            name: x
            steps: [
              {id: a1, strategy: {matrix: {variant: [x, "y,z"]}}, type: shell, run: "m ${{ item.variant }}"},
            ]
        "#]],
    );
    check(
        "matrix",
        "name: x\nsteps:\n  - id: a1\n    type: shell\n    run: m\n    env: {X: ‸x}\n  - id: a2\n    type: shell\n    run: m\n    env: {X: y}\n",
        &expect![[r#"
            make these 2 steps one with a matrix
            --- .copydesk/workflows/test.yaml
            name: x
            steps:
              - id: a1
                strategy:
                  matrix:
                    variant: [x, y]
                type: shell
                run: m
                env: {X: "${{ item.variant }}"}
        "#]],
    );
    // Somebody reads one of them; they differ in two words; they are not alike.
    not_offered(
        "matrix",
        "name: x\nsteps:\n  - id: a1\n    type: shell\n    run: m x‸\n  - id: a2\n    type: shell\n    run: m y\n  - id: c\n    type: shell\n    run: ${{ steps.a1.output }}\n",
    );
    not_offered(
        "matrix",
        "name: x\nsteps:\n  - id: a1\n    type: shell\n    run: m x‸\n    dir: p\n  - id: a2\n    type: shell\n    run: m y\n    dir: q\n",
    );
    not_offered(
        "matrix",
        "name: x\nsteps:\n  - id: a1\n    type: shell\n    run: m x‸\n  - id: a2\n    type: human\n    message: m\n",
    );
}

#[test]
fn a_missing_agent_is_written() {
    let marked = "name: x\nsteps:\n  - id: a\n    type: llm\n    agent: wri‸ter\n    prompt: x\n";
    check(
        "create-agent",
        marked,
        &expect![[r#"
        create the agent 'writer'
        --- .copydesk/agents/writer.md
        ---
        name: writer
        description: What writer is good at, in a sentence
        tools: [read, grep, glob, list]
        ---
        You are writer. Say here what to do, how, and what not to do.
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - id: a
            type: llm
            agent: writer
            prompt: x
    "#]],
    );
    let (text, at) = selected(marked);
    let known =
        knowing(&[(WORKFLOW, &text), (".copydesk/agents/writer.md", "---\nname: writer\n---\nWrite.\n")]);
    assert!(offered(&text, at, &known).iter().all(|one| one.name != "create-agent"), "it is there");
    assert!(
        offered(&text, at, &WorkspaceIndex::default()).iter().all(|one| one.name != "create-agent"),
        "nobody has looked"
    );
}

#[test]
fn a_missing_workflow_is_written() {
    check(
        "create-workflow",
        "name: x\nsteps:\n  - id: a\n    type: workflow\n    path: ‸other.yaml\n    inputs: {who: me, a-b: you}\n",
        &expect![[r#"
            create the workflow 'other.yaml'
            --- .copydesk/workflows/other.yaml
            name: other

            inputs:
              who:
                type: string
              a-b:
                type: string

            steps:
              - id: first
                type: shell
                run: echo ${{ escape(inputs.who) }} ${{ escape(inputs['a-b']) }}
            --- .copydesk/workflows/test.yaml
            name: x
            steps:
              - id: a
                type: workflow
                path: other.yaml
                inputs: {who: me, a-b: you}
        "#]],
    );
    // What stands in a name is written as the expression and the YAML around it want it.
    check(
        "create-workflow",
        "name: x\nsteps:\n  - id: a\n    type: workflow\n    path: ‸other.yaml\n    inputs: {\"note's\": a, 'a: b': c}\n",
        &expect![[r#"
            create the workflow 'other.yaml'
            --- .copydesk/workflows/other.yaml
            name: other

            inputs:
              note's:
                type: string
              "a: b":
                type: string

            steps:
              - id: first
                type: shell
                run: "echo ${{ escape(inputs['note\\'s']) }} ${{ escape(inputs['a: b']) }}"
            --- .copydesk/workflows/test.yaml
            name: x
            steps:
              - id: a
                type: workflow
                path: other.yaml
                inputs: {"note's": a, 'a: b': c}
        "#]],
    );
    not_offered("create-workflow", "name: x\nsteps:\n  - id: a\n    type: workflow\n    path: te‸st.yaml\n");
    not_offered(
        "create-workflow",
        "name: x\nsteps:\n  - id: a\n    type: workflow\n    path: ${{ inputs.‸x }}.yaml\n",
    );
}

#[test]
fn a_wrong_need_is_left_out() {
    let steps = |needs: &str| {
        format!(
            "name: x\nsteps:\n  - id: a\n    type: shell\n    needs: {needs}\n    run: a\n  - {{id: b, type: shell, run: b, needs: [a]}}\n"
        )
    };
    check(
        "leave-out",
        &steps("[no‸where]"),
        &expect![[r#"
        take 'nowhere' out of 'needs'
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - id: a
            type: shell
            run: a
          - {id: b, type: shell, run: b, needs: [a]}
    "#]],
    );
    check(
        "leave-out",
        &steps("[b]").replace("[a]", "[a‸]"),
        &expect![[r#"
        take 'a' out of 'needs'
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - id: a
            type: shell
            needs: [b]
            run: a
          - {id: b, type: shell, run: b, needs: []}
    "#]],
    );
    not_offered(
        "leave-out",
        "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n  - {id: b, type: shell, run: b, needs: [a‸]}\n",
    );
}

#[test]
fn a_comment_behind_a_need_that_goes_stays() {
    let text = "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n«  - id: b\n    type: shell\n    needs: [a] # waits\n    run: b»\n";
    let (text, selection) = selected(text);
    let all = offered(&text, selection, &knowing(&[(WORKFLOW, &text)]));
    let Some(one) = all.iter().find(|one| one.name == "extract-workflow") else { panic!("{all:?}") };
    assert!(one.files[0].text.contains("\n    needs: [] # waits\n"), "{}", one.files[0].text);
}

#[test]
fn comments_in_needs_stay_when_names_go() {
    let unknown = |needs: &str| {
        format!(
            "name: x\nsteps:\n  - {{id: a, type: shell, run: a}}\n  - id: b\n    type: shell\n{needs}    run: b\n"
        )
    };
    for (before, after) in [
        (
            "    needs:\n      # one\n      - a # two\n      - zz‸ # three\n",
            "    needs:\n      # one\n      - a # two\n      # three\n",
        ),
        ("    needs: # one\n      - zz‸ # two\n      # three\n", "    # one\n      # two\n      # three\n"),
        ("    needs: # one\n      zz‸\n", "    # one\n"),
        ("    needs: [ # one\n      zz‸, # two\n      a]\n", "    needs: [ # one\n       # two\n      a]\n"),
        ("    needs: [zz‸ # one\n      ]\n", "    needs: [ # one\n      ]\n"),
        ("    needs: [a, zz‸] # one\n", "    needs: [a] # one\n"),
    ] {
        let (text, selection) = selected(&unknown(before));
        let all = offered(&text, selection, &knowing(&[(WORKFLOW, &text)]));
        let one = all.iter().find(|one| one.name == "leave-out");
        let one = one.unwrap_or_else(|| panic!("nothing is offered in {text}"));
        assert_eq!(edited(&text, &one.edits), unknown(after), "{text}");
    }
    let moved = "name: x\nsteps:\n  - {id: a, type: shell, run: a}\n«  - needs: # one\n      # two\n      - a # three\n    id: b\n    type: shell\n    run: b»\n  - {id: c, type: shell, run: c}\n";
    let (text, selection) = selected(moved);
    let all = offered(&text, selection, &knowing(&[(WORKFLOW, &text)]));
    let one = all.iter().find(|one| one.name == "extract-workflow").expect("an extraction");
    let kept = "  - needs: [] # one\n      # two\n      # three\n    id: b\n";
    assert!(one.files[0].text.contains(kept), "{}", one.files[0].text);
}

#[test]
fn an_expression_gets_its_braces() {
    let step = |value: &str| {
        format!(
            "name: x\ninputs: {{a: {{type: string}}}}\nsteps:\n  - id: a\n    type: shell\n    run: {value}\n"
        )
    };
    check(
        "wrap",
        &step("inputs.‸a"),
        &expect![[r#"
        write '${{ }}' around it
        --- .copydesk/workflows/test.yaml
        name: x
        inputs: {a: {type: string}}
        steps:
          - id: a
            type: shell
            run: ${{ inputs.a }}
    "#]],
    );
    check(
        "wrap",
        &step("echo «inputs.a» now"),
        &expect![[r#"
        write '${{ }}' around it
        --- .copydesk/workflows/test.yaml
        name: x
        inputs: {a: {type: string}}
        steps:
          - id: a
            type: shell
            run: echo ${{ inputs.a }} now
    "#]],
    );
    not_offered("wrap", &step("ec‸ho a"));
    not_offered("wrap", &step("${{ inputs.‸a }}"));
}

#[test]
fn a_text_goes_over_several_lines_and_back() {
    let step = |value: &str| format!("name: x\nsteps:\n  - id: a\n    type: shell\n    run: {value}\n");
    check(
        "block",
        &step("make ‸test"),
        &expect![[r#"
        write 'run' as a block
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - id: a
            type: shell
            run: |-
              make test
    "#]],
    );
    check(
        "block",
        &step("\"a\\n  b\\n\\nc‸\\n\""),
        &expect![[r#"
        write 'run' as a block
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - id: a
            type: shell
            run: |
              a
                b

              c
    "#]],
    );
    check(
        "block",
        &step("|\n      make: ‸test"),
        &expect![[r#"
        write 'run' on one line
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - id: a
            type: shell
            run: "make: test"
    "#]],
    );
    not_offered("block", &step("|\n      a\n      b‸"));
    not_offered("block", &step("ma‸ke # why"));
    not_offered("block", &step(">- # why\n      ma‸ke"));
}

#[test]
fn needs_are_put_in_order() {
    let steps = |needs: &str| {
        format!(
            "name: x\nsteps:\n  - {{id: a, type: shell, run: a}}\n  - {{id: b, type: shell, run: a}}\n  - id: c\n    type: shell\n    run: a\n    needs: {needs}\n"
        )
    };
    check(
        "sort-needs",
        &steps("[b, ‸a, b]"),
        &expect![[r#"
        put 'needs' in order
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - {id: a, type: shell, run: a}
          - {id: b, type: shell, run: a}
          - id: c
            type: shell
            run: a
            needs: [a, b]
    "#]],
    );
    check(
        "sort-needs",
        &steps("b‸"),
        &expect![[r#"
        make 'needs' a list
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - {id: a, type: shell, run: a}
          - {id: b, type: shell, run: a}
          - id: c
            type: shell
            run: a
            needs: [b]
    "#]],
    );
    check(
        "sort-needs",
        &steps("\n      - b # of it\n      - ‸a").replace(" # of it", ""),
        &expect![[r#"
        put 'needs' in order
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - {id: a, type: shell, run: a}
          - {id: b, type: shell, run: a}
          - id: c
            type: shell
            run: a
            needs: 
              - a
              - b
    "#]],
    );
    not_offered("sort-needs", &steps("[a, ‸b]"));
}

#[test]
fn a_step_gets_an_id() {
    check(
        "add-id",
        "name: x\nsteps:\n  - id: shell\n    type: shell\n    run: a\n  - type: sh‸ell\n    run: b\n",
        &expect![[r#"
            give the step the id 'shell_2'
            --- .copydesk/workflows/test.yaml
            name: x
            steps:
              - id: shell
                type: shell
                run: a
              - id: shell_2
                type: shell
                run: b
        "#]],
    );
    check(
        "add-id",
        "name: x\nsteps:\n  - {type: sh‸ell, run: b}\n",
        &expect![[r#"
        give the step the id 'shell'
        --- .copydesk/workflows/test.yaml
        name: x
        steps:
          - {id: shell, type: shell, run: b}
    "#]],
    );
}

#[test]
fn safe_mends_are_made_until_there_is_nothing_left() {
    let made = |text: &str| {
        let tree = parse(Path::new(WORKFLOW), text);
        let index = WorkspaceIndex::default();
        mend_all(&File::new(Path::new(WORKFLOW), text, &tree), &index, &|file| {
            copydesk_language::check(file, &index)
        })
    };
    let mended = made("name: x\nsteps:\n  - id: a\n    typ: shel\n    rnu: a\n");
    assert_eq!(mended.text, "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n");
    let lines: Vec<usize> = mended.made.iter().map(|Made { line, .. }| *line).collect();
    assert_eq!(lines, [3, 3, 4]);
    assert_eq!(made(&mended.text).made, vec![], "a second time there is nothing to do");
    // Names that people count, or that are short, may all be meant.
    for text in [
        "name: x\nsteps:\n  - id: build1\n    type: shell\n    run: a\n  - id: b\n    type: shell\n    run: a\n    needs: [build2]\n",
        "name: x\nsteps:\n  - id: a\n    type: shell\n    run: a\n  - id: b\n    type: shell\n    run: ${{ steps.aa.output }}\n",
        "name: x\ninputs:\n  region1: {type: string}\nsteps:\n  - id: a\n    type: shell\n    run: ${{ inputs.region2 }}${{ inputs.region1 }}\n",
    ] {
        assert_eq!(made(text).text, text);
    }
}

#[test]
fn nothing_is_offered_where_the_text_is_broken_and_nothing_panics() {
    let text = RELEASE.replace(['«', '»'], "");
    for at in (0..text.len()).filter(|at| text.is_char_boundary(*at)) {
        let index = knowing(&[(WORKFLOW, &text)]);
        for selection in [Span::at(at), Span::new(at, (at + 90).min(text.len()))] {
            for one in offered(&text, selection, &index) {
                let after = edited(&text, &one.edits);
                let tree = parse(Path::new(WORKFLOW), &after);
                assert!(tree.broken().is_empty(), "{}: {after}", one.name);
            }
            let cut = &text[..at];
            let _ = offered(cut, Span::at(at.min(cut.len())), &index);
        }
    }
}

#[test]
fn what_is_handed_over_is_declared_as_what_it_is() {
    let of = |kind: &str, read: &str| {
        let text = format!(
            "name: x\nsteps:\n  - id: give\n    type: {kind}\n  - id: take\n    type: shell\n    run: echo ${{{{ steps.give.output{read} }}}}\n"
        );
        let selection = Span::new(text.find("  - id: take").unwrap_or(0), text.len() - 1);
        let found = offered(&text, selection, &WorkspaceIndex::default());
        let made = found.iter().find(|one| one.name == "extract-workflow").map(|one| &one.files[0].text);
        let kind = made.and_then(|text| text.lines().find_map(|line| line.trim().strip_prefix("type: ")));
        kind.unwrap_or_default().to_owned()
    };
    assert_eq!(of("file\n    op: read\n    path: a.txt", ""), "string");
    assert_eq!(of("llm\n    agent: keystone-architect\n    prompt: p", ".length"), "string");
    assert_eq!(of("shell\n    run: ls", ".stdout"), "object");
}
