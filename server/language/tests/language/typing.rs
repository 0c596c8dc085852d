//! What helps while an expression is being typed: choices, signatures, types under the cursor.

use std::path::Path;

use copydesk_language::{File, parse, signature};
use expect_test::{Expect, expect};

use crate::support::{WORKFLOW, cursor, hover_in, proposals, take, untrusted};

const HEAD: &str = r#"name: test
inputs:
  name: {type: string, description: Who it is for.}
  stage: {type: string, values: [test, prod]}
  list: {type: array}
  with-hyphen: {type: number}
env: {LEVEL: high}
steps:
  - {id: one, type: shell, run: ls}
  - {id: get-all, type: llm, agent: writer, prompt: x, outputSchema: {type: object, properties: {rows: {type: array, items: {type: object, properties: {id: {type: number, description: The number.}, label: {type: string}}}}}}}
  - {id: each, type: shell, run: ls, foreach: "steps['get-all'].output.rows"}
"#;

/// The choices at `$0` in commands of a last step, as `label: detail`, the first ones only.
fn choices(values: &[&str], expect: Expect) {
    let mut shown = String::new();
    for value in values {
        let step = format!("  - {{id: last, type: shell, foreach: \"inputs.list\", run: \"{value}\"}}\n");
        let (_, found) = proposals(WORKFLOW, &format!("{HEAD}{step}"));
        let label = |proposal: &copydesk_language::Completion| match proposal.detail.as_str() {
            "" => proposal.label.clone(),
            detail => format!("{}: {detail}", proposal.label),
        };
        let first: Vec<String> = found.iter().take(7).map(label).collect();
        let more = found.len().saturating_sub(first.len());
        shown += &format!("{value}\n    {} +{more}\n", first.join(" · "));
    }
    expect.assert_eq(&shown);
}

#[test]
fn behind_every_dot() {
    choices(
        &[
            "${{ $0",
            "${{ st$0 }}",
            "${{ inputs.$0 }}",
            "${{ steps.$0",
            "${{ steps.one.$0",
            "${{ steps.one.output.st$0 }}",
            "${{ steps.one.output.stdout.$0",
            "${{ steps.one.output.stdout.split('x')[0].$0",
            "${{ steps['get-all'].output.rows[0].$0 }}",
            "${{ steps['get-all'].output.rows.map(row => row.$0",
            "${{ steps['get-all'].output.rows.map(row => $0",
            "${{ steps['get-all'].output.rows.reduce((sum, row) => sum + row.$0",
            "${{ steps.each.items[0].$0",
            "${{ Math.$0",
            "${{ Object.ke$0(inputs) }}",
            "${{ item.$0",
            "${{ env.$0",
            "${{ last_failed_step.$0",
            "${{ { a: steps.one.$0",
            "${{ [inputs.name.$0",
            "${{ escape(inputs.name.$0) }}",
            "${{ inputs.list.at(0).$0",
            "${{ (inputs.name || 'x').$0",
            "${{ unknown.$0",
            "${{ inputs.name $0",
        ],
        expect![[""]],
    );
}

#[test]
fn in_brackets_and_beside_comparisons() {
    choices(
        &[
            "${{ steps['$0",
            "${{ steps['get-$0'].output }}",
            "${{ inputs['$0",
            "${{ steps.one.output['$0",
            "${{ steps['get-all'].output['$0'] }}",
            "${{ steps.one.status == '$0",
            "${{ steps.one.status != 'suc$0' }}",
            "${{ inputs.stage == $0",
            "${{ inputs.stage === '$0'",
            "${{ inputs.name == $0",
        ],
        expect![[""]],
    );
}

#[test]
fn what_is_written() {
    let last = |value: &str| {
        format!(
            "{}  - id: last\n    type: shell\n    run: {value}\n",
            HEAD.trim_start_matches("name: test\n")
        )
    };
    take(&last("${{ inputs.name.sp$0 }}"), "split", expect![[""]]);
    take(&last("${{ inputs.name.tr$0 }}"), "trim", expect![[""]]);
    take(&last("${{ inputs.name.tr$0() }}"), "trim", expect![[""]]);
    take(&last("${{ steps.$0 }}"), "get-all", expect![[""]]);
    take(&last("${{ inputs?.$0 }}"), "with-hyphen", expect![[""]]);
    take(&last("${{ steps.one.status == '$0 }}"), "success", expect![[""]]);
    take(&last("${{ steps.one.status == 'f$0' }}"), "failed", expect![[""]]);
    take(&last("${{ inputs.stage == $0 }}"), "prod", expect![[""]]);
    take(&last("${{ steps.one.output['std$0 }}"), "stdout", expect![[""]]);
    take(&last("${{ Math.P$0 }}"), "PI", expect![[""]]);
}

#[test]
fn signatures() {
    let mut shown = String::new();
    for value in [
        "${{ inputs.name.replace($0",
        "${{ inputs.name.replace('a', $0) }}",
        "${{ Math.max(1, 2, 3, 4, $0",
        "${{ escape(inputs.name.split('x', $0) }}",
        "${{ inputs.list.reduce((sum, x) => sum + parseInt($0",
        "${{ inputs.list.map(x => x)$0 }}",
        "${{ inputs.name$0 }}",
        "replace($0",
    ] {
        let (text, offset) = cursor(&format!("{HEAD}  - {{id: last, type: shell, run: \"{value}\"}}\n"));
        let path = Path::new(WORKFLOW);
        let tree = parse(path, &text);
        let found = signature(&File::new(path, &text, &tree), &untrusted(), offset);
        let line = found.map_or("nothing".to_owned(), |found| {
            let active = found.parameters.get(found.active).cloned().unwrap_or_default();
            format!("{} <{active}> {}", found.label, found.docs)
        });
        shown += &format!("{value}\n    {line}\n");
    }
    expect![[""]].assert_eq(&shown);
}

fn hovers(value: &str, expect: Expect) {
    hover_in(
        WORKFLOW,
        &format!("{HEAD}  - id: last\n    type: shell\n    foreach: inputs.list\n    run: {value}\n"),
        expect,
    );
}

#[test]
fn types_under_the_cursor() {
    hovers("${{ steps.o$0ne.output }}", expect![[""]]);
    hovers("${{ steps.one.out$0put }}", expect![[""]]);
    hovers("${{ steps.one.output.exit$0Code }}", expect![[""]]);
    hovers("${{ steps['get-all'].output.rows[0].i$0d }}", expect![[""]]);
    hovers("${{ steps['get-all'].output.rows.m$0ap(row => row.label) }}", expect![[""]]);
    hovers("${{ steps['get-all'].output.rows.map(row => ro$0w.label) }}", expect![[""]]);
    hovers("${{ inputs.na$0me }}", expect![[""]]);
    hovers("${{ ite$0m }}", expect![[""]]);
    hovers("${{ inde$0x }}", expect![[""]]);
    hovers("${{ Math.ma$0x(1, 2) }}", expect![[""]]);
    hovers("${{ esc$0ape(1) }}", expect![[""]]);
    hovers("${{ 60 *$0 1000 }}", expect![[""]]);
    hovers("${{ [1, 2].ma$0p(x => x * 2) }}", expect![[""]]);
}
