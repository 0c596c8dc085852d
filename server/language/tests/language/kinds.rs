//! Which files are ours.

use std::path::Path;

use copydesk_language::{FileKind, kind_of, parse};

const STEPS: &str = "name: x\nsteps:\n  - {id: a, type: shell}\n";

#[test]
fn the_place_the_schema_and_the_looks_decide() {
    let cases = [
        (".copydesk/workflows/a.yaml", "", FileKind::Workflow),
        ("/p/.copydesk/workflows/deep/er/a.yml", "", FileKind::Workflow),
        (".keystone/workflows/a.yaml", "", FileKind::Workflow),
        ("x/build.workflow.yaml", "", FileKind::Workflow),
        ("build.workflow.yml", "", FileKind::Workflow),
        ("a.yaml", STEPS, FileKind::Workflow),
        ("a.yaml", "name: x\nsteps: [{run: ls}]\n", FileKind::Other),
        (".github/workflows/ci.yml", "name: CI\non: push\njobs: {a: {steps: []}}\n", FileKind::Other),
        (
            "a.yaml",
            "$schema: https://raw.githubusercontent.com/mhingston/keystone-cli/main/schemas/workflow.json\n",
            FileKind::Workflow,
        ),
        (
            "a.yaml",
            "# yaml-language-server: $schema=../schemas/workflow.schema.json\nx: 1\n",
            FileKind::Workflow,
        ),
        (
            "a.yaml",
            "# yaml-language-server: $schema=https://json.schemastore.org/github-workflow.json\nname: x\n",
            FileKind::Other,
        ),
        (
            "a.yaml",
            "$schema: https://raw.githubusercontent.com/copydesk/copydesk/main/schemas/config.schema.json\n",
            FileKind::Config,
        ),
        ("a.json", STEPS, FileKind::Other),
        (".copydesk/config.yaml", "", FileKind::Config),
        (".copydesk/config.yml", "", FileKind::Config),
        (".keystone/config.yaml", "", FileKind::KeystoneConfig),
        ("/people/a/.config/copydesk/config.yaml", "default_model: a/b\n", FileKind::Config),
        ("/people/a/.config/copydesk/config.yaml", "permission: {deny: [Bash]}\n", FileKind::Config),
        ("/src/copydesk/config.yaml", "port: 80\n", FileKind::Other),
        ("config.yaml", "default_model: a/b\n", FileKind::Other),
        (".copydesk/agents/a.md", "", FileKind::Agent),
        (".keystone/workflows/agents/a.md", "", FileKind::Agent),
        ("flows/agents/a.md", "---\nname: a\n---\n", FileKind::Agent),
        ("agents/reviewer.md", "---\nname: reviewer\ntools: Read, Grep\n---\n", FileKind::Other),
        ("agents/reviewer.md", "---\nname: reviewer\nmodel: sonnet\n---\n", FileKind::Other),
        ("agents/reviewer.md", "---\nname: reviewer\ncolor: blue\n---\n", FileKind::Other),
        ("flows/agents/README.md", "# Agents\n", FileKind::Other),
        (".claude/agents/a.md", "---\nname: a\ntools: Read, Grep\n---\n", FileKind::Other),
        ("/people/a/.config/copydesk/agents/a.md", "---\nname: a\n---\n", FileKind::Agent),
        (".copydesk/actions/a.md", "", FileKind::Action),
        ("home/.config/copydesk/actions/a.md", "---\nname: a\n---\n", FileKind::Action),
        ("server/copydesk/actions/a.md", "# Actions\n", FileKind::Other),
        ("home/.config/copydesk/prompts/a.md", "---\ndescription: a\n---\n", FileKind::Prompt),
        ("server/copydesk/prompts/a.md", "# Prompts\n", FileKind::Other),
        (".copydesk/prompts/a.md", "", FileKind::Prompt),
        ("skills/pdf/SKILL.md", "", FileKind::Skill),
        ("pdf/SKILL.md", "", FileKind::Other),
        ("README.md", "# Read me\n", FileKind::Other),
        ("notes/design.chat.md", "# User\n", FileKind::Chat),
        (".copydesk/agents/design.chat.md", "", FileKind::Chat),
        ("chat.md", "# User\n", FileKind::Other),
        ("", "", FileKind::Other),
    ];
    for (path, text, kind) in cases {
        let path = Path::new(path);
        assert_eq!(kind_of(path, text, &parse(path, text)), kind, "{}: {text}", path.display());
    }
}
