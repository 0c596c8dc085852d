//! What each type of step is said to take, and what steps are to one another.

use expect_test::expect;

use super::{head, of, show, step};
use crate::support::WORKFLOW;

#[test]
fn the_kinds_of_steps() {
    show(
        WORKFLOW,
        &[
            ("shell runs a command", of("shell", "run: ls, dir: d, env: {A: b}, allowOutsideCwd: true")),
            ("or arguments", of("shell", "args: [ls]")),
            ("at least one", of("shell", "args: []")),
            ("and one of the two", of("shell", "dir: d")),
            ("llm has an agent and a prompt", of("llm", "agent: writer")),
            ("its agent is there", of("llm", "agent: nobody, prompt: p")),
            (
                "its options",
                of(
                    "llm",
                    "agent: writer, prompt: p, model: m, maxIterations: 3, maxMessageHistory: 5, contextStrategy: auto, useGlobalMcp: true, allowClarification: true, useStandardTools: true, allowOutsideCwd: false",
                ),
            ),
            (
                "contextStrategy is one of three",
                of("llm", "agent: writer, prompt: p, contextStrategy: forget"),
            ),
            ("qualityGate has an agent", of("llm", "agent: writer, prompt: p, qualityGate: {prompt: q}")),
            (
                "which is there",
                of("llm", "agent: writer, prompt: p, qualityGate: {agent: nobody, maxAttempts: 2}"),
            ),
            (
                "allowedHandoffs are agents",
                of("llm", "agent: writer, prompt: p, allowedHandoffs: [writer, nobody]"),
            ),
            (
                "a server written out has a name",
                of("llm", "agent: writer, prompt: p, mcpServers: [{command: c}]"),
            ),
            (
                "it is local or remote",
                of("llm", "agent: writer, prompt: p, mcpServers: [{name: s, type: near, command: c}]"),
            ),
            (
                "a handoff's engine has command, env and cwd",
                of("llm", "agent: writer, prompt: p, handoff: {name: h, engine: {command: make}}"),
            ),
            ("plan has a goal", of("plan", "context: c")),
            (
                "and the options of llm",
                of("plan", "goal: g, constraints: c, prompt: p, agent: writer, maxIterations: 3"),
            ),
            ("its agent is there", of("plan", "goal: g, agent: nobody")),
            ("workflow has a path", of("workflow", "inputs: {who: w}")),
            ("to a file that is there", of("workflow", "path: nothing.yaml")),
            ("whose inputs it gives", of("workflow", "path: child.yaml, inputs: {whom: w}")),
            (
                "and whose outputs it takes",
                of(
                    "workflow",
                    "path: child.yaml, inputs: {who: w}, outputMapping: {a: said, b: {from: said, default: d}, c: heard}",
                ),
            ),
            ("file has a path and an op", of("file", "content: c")),
            ("of four", of("file", "path: p, op: move")),
            ("write has content", of("file", "path: p, op: write")),
            ("a patch is a diff or blocks", of("file", "path: p, op: patch, content: nothing of the kind")),
            ("request has a url", of("request", "method: GET")),
            ("and one of six methods", of("request", "url: \"https://example.com\", method: TRACE")),
            ("human has a message", of("human", "inputType: text")),
            ("and confirms or takes a text", of("human", "message: m, inputType: number")),
            ("sleep has duration or until", of("sleep", "durable: true")),
            ("a duration is milliseconds", of("sleep", "duration: 5")),
            ("or an expression", of("sleep", "duration: \"${{ inputs.n }}\"")),
            ("and not nothing", of("sleep", "duration: 0s")),
            ("script has run", of("script", "allowOutsideCwd: true")),
            ("an engine that is allowed", of("engine", "command: make, args: [a], env: {}, cwd: .")),
            ("engine has command, env and cwd", of("engine", "args: [a]")),
            ("its command is on the allowlist", of("engine", "command: gcc, env: {}, cwd: .")),
            ("memory has an op", of("memory", "query: q")),
            ("search has a query", of("memory", "op: search, text: t")),
            ("store has a text", of("memory", "op: store, query: q")),
            ("join waits for what it needs", of("join", "condition: all")),
            ("target is ignored", of("join", "needs: [one], target: branches")),
            ("condition is all, any or a number", of("join", "needs: [one, two], condition: 2")),
            ("of no more than it needs", of("join", "needs: [one], condition: 2")),
            ("or quorum, or a count", of("join", "needs: [one, two], condition: quorum")),
            ("and no other word", of("join", "needs: [one], condition: some")),
            ("blueprint has a prompt", of("blueprint", "agent: writer")),
            ("its agent is there", of("blueprint", "prompt: p, agent: nobody")),
            ("artifact has op and name", of("artifact", "paths: [p]")),
            ("upload has paths", of("artifact", "op: upload, name: n, path: p")),
            ("download has a path", of("artifact", "op: download, name: n, paths: [p]")),
            ("wait has an event", of("wait", "oneShot: true")),
            ("git has one of seven ops", of("git", "op: rebase")),
            ("clone has a url", of("git", "op: clone")),
            ("a worktree has a path", of("git", "op: worktree_add, branch: b")),
            ("checkout has a branch", of("git", "op: checkout")),
            ("commit has a message", of("git", "op: commit")),
            ("dynamic has a goal", of("dynamic", "context: c")),
            (
                "and these",
                of(
                    "dynamic",
                    "goal: g, context: c, prompt: p, supervisor: writer, agent: writer, templates: {r: writer}, maxSteps: 3, maxIterations: 2, allowStepFailure: true, stateFile: s, concurrency: 2, library: [{name: l, description: d, steps: [{id: z, type: shell, run: ls}]}], confirmPlan: true, maxReplans: 1",
                ),
            ),
            (
                "its supervisor and templates are agents",
                of("dynamic", "goal: g, supervisor: nobody, templates: {r: none}"),
            ),
            ("a tool has a name and what runs it", of("llm", "agent: writer, prompt: p, tools: [{name: t}]")),
            (
                "whose id may be left out",
                of("llm", "agent: writer, prompt: p, tools: [{name: t, execution: {type: shell, run: ls}}]"),
            ),
            (
                "and which is checked like any step",
                of("llm", "agent: writer, prompt: p, tools: [{name: t, execution: {type: shell}}]"),
            ),
        ],
        &expect![[r#"
            shell runs a command: right
            or arguments: right
            at least one: unknown-value '[]'
            and one of the two: missing-key 'shell'
            llm has an agent and a prompt: missing-key 'llm'
            its agent is there: unknown-agent 'nobody'
            its options: right
            contextStrategy is one of three: unknown-value 'forget'
            qualityGate has an agent: missing-key 'qualityGate'
            which is there: unknown-agent 'nobody'
            allowedHandoffs are agents: unknown-agent 'nobody'
            a server written out has a name: missing-key 'command'
            it is local or remote: unknown-value 'near'
            a handoff's engine has command, env and cwd: missing-key 'engine', missing-key 'engine'
            plan has a goal: missing-key 'plan'
            and the options of llm: right
            its agent is there: unknown-agent 'nobody'
            workflow has a path: missing-key 'workflow'
            to a file that is there: unknown-workflow 'nothing.yaml'
            whose inputs it gives: missing-key 'inputs', unknown-input 'whom'
            and whose outputs it takes: unknown-output 'heard'
            file has a path and an op: missing-key 'file', missing-key 'file'
            of four: unknown-value 'move'
            write has content: missing-key 'file'
            a patch is a diff or blocks: format-mismatch 'nothing of the kind'
            request has a url: missing-key 'request'
            and one of six methods: unknown-value 'TRACE'
            human has a message: missing-key 'human'
            and confirms or takes a text: unknown-value 'number'
            sleep has duration or until: missing-key 'sleep'
            a duration is milliseconds: right
            or an expression: sleep-unit '"${{ inputs.n }}"'
            and not nothing: unknown-value '0s'
            script has run: missing-key 'script'
            an engine that is allowed: right
            engine has command, env and cwd: missing-key 'engine', missing-key 'engine', missing-key 'engine'
            its command is on the allowlist: engine-not-allowed 'gcc'
            memory has an op: missing-key 'memory'
            search has a query: missing-key 'memory', useless-key 'text'
            store has a text: missing-key 'memory', useless-key 'query'
            join waits for what it needs: missing-key 'join'
            target is ignored: deprecated-key 'target'
            condition is all, any or a number: right
            of no more than it needs: unknown-value '2'
            or quorum, or a count: right
            and no other word: unknown-value 'some'
            blueprint has a prompt: missing-key 'blueprint'
            its agent is there: unknown-agent 'nobody'
            artifact has op and name: missing-key 'artifact', missing-key 'artifact'
            upload has paths: missing-key 'artifact', useless-key 'path'
            download has a path: missing-key 'artifact', useless-key 'paths'
            wait has an event: missing-key 'wait'
            git has one of seven ops: unknown-value 'rebase'
            clone has a url: missing-key 'git'
            a worktree has a path: missing-key 'git'
            checkout has a branch: missing-key 'git'
            commit has a message: missing-key 'git'
            dynamic has a goal: missing-key 'dynamic'
            and these: right
            its supervisor and templates are agents: unknown-agent 'nobody', unknown-agent 'none'
            a tool has a name and what runs it: missing-key 'name'
            whose id may be left out: right
            and which is checked like any step: missing-key 'shell'
        "#]],
    );
}

#[test]
fn what_steps_are_to_one_another() {
    show(
        WORKFLOW,
        &[
            ("an id stands once", step("{id: one, type: shell, run: ls}")),
            (
                "a step may not need what needs it",
                step(
                    "{id: a, type: shell, run: 'ls ${{ steps.b.output }}'}\n  - {id: b, type: shell, run: ls, needs: [a]}",
                ),
            ),
            (
                "a step that an expression names is needed",
                step("{id: a, type: shell, run: 'ls ${{ steps.a.output }}'}"),
            ),
            ("ids of errors and finally are apart", head("errors: [{id: a, type: shell, run: ls}]")),
            ("errors and finally may wait for the steps", head("finally: [{id: f, type: shell, run: ls, needs: [a]}]")),
            ("and the steps not for those", "name: x\nsteps: [{id: a, type: shell, run: ls, needs: [f]}]\nfinally: [{id: f, type: shell, run: ls}]\n".to_owned()),
            ("an option of another type is none", of("shell", "run: ls, prompt: p")),
            (
                "a hyphen in an id is a subtraction",
                step(
                    "{id: a-b, type: shell, run: ls}\n  - {id: c, type: shell, run: 'ls ${{ steps.a-b.output }}'}",
                ),
            ),
        ],
        &expect![[r#"
            an id stands once: duplicate-step 'one'
            a step may not need what needs it: dependency-cycle 'a'
            a step that an expression names is needed: dependency-cycle 'a'
            ids of errors and finally are apart: duplicate-step 'a'
            errors and finally may wait for the steps: right
            and the steps not for those: unknown-step 'f'
            an option of another type is none: unknown-key 'prompt'
            a hyphen in an id is a subtraction: hyphenated-step 'a-b'
        "#]],
    );
}
