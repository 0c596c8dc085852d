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
        expect![[r#"
            ${{ $0
                inputs · steps · env · secrets · memory · item · index: number +12
            ${{ st$0 }}
                inputs · steps · env · secrets · memory · item · index: number +12
            ${{ inputs.$0 }}
                name: string · stage: 'test' | 'prod' · list: array · with-hyphen: number +0
            ${{ steps.$0
                one: shell · get-all: llm · each: shell +0
            ${{ steps.one.$0
                output: { exitCode: number, stderr: text, stderrTruncate… · outputs: { exitCode: number, stderr: text, stderrTruncate… · status: 'pending' | 'running' | 'waiting' | 'paused' | '… · error: text | null +0
            ${{ steps.one.output.st$0 }}
                exitCode: number · stderr: text · stderrTruncated: boolean · stdout: text · stdoutTruncated: boolean +0
            ${{ steps.one.output.stdout.$0
                length: number · trim: (): text · trimStart: (): text · trimEnd: (): text · toUpperCase: (): text · toLowerCase: (): text · includes: (search: text, from?: number): boolean +21
            ${{ steps.one.output.stdout.split('x')[0].$0
                length: number · trim: (): text · trimStart: (): text · trimEnd: (): text · toUpperCase: (): text · toLowerCase: (): text · includes: (search: text, from?: number): boolean +21
            ${{ steps['get-all'].output.rows[0].$0 }}
                id: number · label: text +0
            ${{ steps['get-all'].output.rows.map(row => row.$0
                id: number · label: text +0
            ${{ steps['get-all'].output.rows.map(row => $0
                row: { id?: number, label?: text, … } · inputs · steps · env · secrets · memory · item +13
            ${{ steps['get-all'].output.rows.reduce((sum, row) => sum + row.$0
                id: number · label: text +0
            ${{ steps.each.items[0].$0
                output: { exitCode: number, stderr: text, stderrTruncate… · outputs: { exitCode: number, stderr: text, stderrTruncate… · status: 'pending' | 'running' | 'waiting' | 'paused' | '… · error: text | null +0
            ${{ Math.$0
                PI: number · E: number · SQRT2: number · LN2: number · LN10: number · max: (…numbers): number · min: (…numbers): number +19
            ${{ Object.ke$0(inputs) }}
                keys: (object): list of text · values: (object): list · entries: (object): list of [name, value] · fromEntries: (entries: list of [name, value]): object +0
            ${{ item.$0
                 +0
            ${{ env.$0
                LEVEL +0
            ${{ last_failed_step.$0
                error: text · id: text +0
            ${{ { a: steps.one.$0
                output: { exitCode: number, stderr: text, stderrTruncate… · outputs: { exitCode: number, stderr: text, stderrTruncate… · status: 'pending' | 'running' | 'waiting' | 'paused' | '… · error: text | null +0
            ${{ [inputs.name.$0
                length: number · trim: (): text · trimStart: (): text · trimEnd: (): text · toUpperCase: (): text · toLowerCase: (): text · includes: (search: text, from?: number): boolean +21
            ${{ escape(inputs.name.$0) }}
                length: number · trim: (): text · trimStart: (): text · trimEnd: (): text · toUpperCase: (): text · toLowerCase: (): text · includes: (search: text, from?: number): boolean +21
            ${{ inputs.list.at(0).$0
                 +0
            ${{ (inputs.name || 'x').$0
                length: number · trim: (): text · trimStart: (): text · trimEnd: (): text · toUpperCase: (): text · toLowerCase: (): text · includes: (search: text, from?: number): boolean +21
            ${{ unknown.$0
                 +0
            ${{ inputs.name $0
                 +0
        "#]],
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
        expect![[r#"
            ${{ steps['$0
                one: shell · get-all: llm · each: shell +0
            ${{ steps['get-$0'].output }}
                one: shell · get-all: llm · each: shell +0
            ${{ inputs['$0
                name: string · stage: 'test' | 'prod' · list: array · with-hyphen: number +0
            ${{ steps.one.output['$0
                exitCode: number · stderr: text · stderrTruncated: boolean · stdout: text · stdoutTruncated: boolean +0
            ${{ steps['get-all'].output['$0'] }}
                rows: list of { id?: number, label?: text, … } +0
            ${{ steps.one.status == '$0
                pending · running · waiting · paused · suspended · success · failed +2
            ${{ steps.one.status != 'suc$0' }}
                pending · running · waiting · paused · suspended · success · failed +2
            ${{ inputs.stage == $0
                test · prod · inputs · steps · env · secrets · memory +14
            ${{ inputs.stage === '$0'
                test · prod +0
            ${{ inputs.name == $0
                inputs · steps · env · secrets · memory · item · index: number +12
        "#]],
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
    take(&last("${{ inputs.name.sp$0 }}"), "split", expect!["    run: ${{ inputs.name.split() }}"]);
    take(&last("${{ inputs.name.tr$0 }}"), "trim", expect!["    run: ${{ inputs.name.trim() }}"]);
    take(&last("${{ inputs.name.tr$0() }}"), "trim", expect!["    run: ${{ inputs.name.trim() }}"]);
    take(&last("${{ steps.$0 }}"), "get-all", expect!["    run: ${{ steps['get-all'] }}"]);
    take(&last("${{ inputs?.$0 }}"), "with-hyphen", expect!["    run: ${{ inputs?.['with-hyphen'] }}"]);
    take(
        &last("${{ steps.one.status == '$0 }}"),
        "success",
        expect!["    run: ${{ steps.one.status == 'success' }}"],
    );
    take(
        &last("${{ steps.one.status == 'f$0' }}"),
        "failed",
        expect!["    run: ${{ steps.one.status == 'failed' }}"],
    );
    take(&last("${{ inputs.stage == $0 }}"), "prod", expect!["    run: ${{ inputs.stage == 'prod' }}"]);
    take(
        &last("${{ steps.one.output['std$0 }}"),
        "stdout",
        expect!["    run: ${{ steps.one.output['stdout'] }}"],
    );
    take(&last("${{ Math.P$0 }}"), "PI", expect!["    run: ${{ Math.PI }}"]);
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
    expect![[r#"
        ${{ inputs.name.replace($0
            replace(search: text, by: text): text <search: text> With the first place of `search` replaced. `$&` in `by` is what was found.
        ${{ inputs.name.replace('a', $0) }}
            replace(search: text, by: text): text <by: text> With the first place of `search` replaced. `$&` in `by` is what was found.
        ${{ Math.max(1, 2, 3, 4, $0
            Math.max(…numbers): number <…numbers> The largest.
        ${{ escape(inputs.name.split('x', $0) }}
            split(separator?: text, limit?: number): list of text <limit?: number> The parts between a separator: `stdout.split('\n')`.
        ${{ inputs.list.reduce((sum, x) => sum + parseInt($0
            parseInt(text, base?: number): number <text> Reads a whole number from the start of a text.
        ${{ inputs.list.map(x => x)$0 }}
            nothing
        ${{ inputs.name$0 }}
            nothing
        replace($0
            nothing
    "#]].assert_eq(&shown);
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
    hovers(
        "${{ steps.o$0ne.output }}",
        expect![[r#"
        <one> **one**: shell step

        Output: `{ exitCode: number, stderr: text, stderrTruncated?: boolean, stdout: text, stdoutTruncated?: boolean }`"#]],
    );
    hovers(
        "${{ steps.one.out$0put }}",
        expect![[r#"
        <output> `{ exitCode: number, stderr: text, stderrTruncated?: boolean, stdout: text, stdoutTruncated?: boolean }`

        What the step gave back."#]],
    );
    hovers(
        "${{ steps.one.output.exit$0Code }}",
        expect![[r#"
        <exitCode> `number`

        0 where all went well."#]],
    );
    hovers(
        "${{ steps['get-all'].output.rows[0].i$0d }}",
        expect![[r#"
        <id> `number | null`

        The number."#]],
    );
    hovers(
        "${{ steps['get-all'].output.rows.m$0ap(row => row.label) }}",
        expect![[r#"
        <map> `map(item => value): list`

        A list of what the function gives for each item.

        Here: `list of (text | null)`"#]],
    );
    hovers(
        "${{ steps['get-all'].output.rows.map(row => ro$0w.label) }}",
        expect!["<row> A parameter: `{ id?: number, label?: text, … }`"],
    );
    hovers(
        "${{ inputs.na$0me }}",
        expect![[r#"
        <name> **name**: string input, required

        Who it is for."#]],
    );
    hovers(
        "${{ ite$0m }}",
        expect![[r#"
        <item> **item**

        The item of this round, in a step with `foreach` or `strategy.matrix`."#]],
    );
    hovers(
        "${{ inde$0x }}",
        expect![[r#"
        <index> **index**: `number`

        The number of this round, from 0, in a step with `foreach`."#]],
    );
    hovers(
        "${{ Math.ma$0x(1, 2) }}",
        expect![[r#"
        <max> `Math.max(…numbers): number`

        The largest."#]],
    );
    hovers(
        "${{ esc$0ape(1) }}",
        expect![[r#"
        <escape> **escape**`(value): text`

        Quotes a value for a shell command: `escape(inputs.name)`."#]],
    );
    hovers("${{ 60 *$0 1000 }}", expect!["<60 * 1000> In every run: `60000`"]);
    hovers(
        "${{ [1, 2].ma$0p(x => x * 2) }}",
        expect![[r#"
        <map> `map(item => value): list`

        A list of what the function gives for each item.

        Here: `list of number`"#]],
    );
}
