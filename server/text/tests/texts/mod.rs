//! A workflow with everything in it that YAML has, for tests that break it.

pub(crate) const WORKFLOW: &str = r#"# yaml-language-server: $schema=workflow.json
name: release
inputs: &inputs
  version: {type: string, default: "1.0 \u00e9"}
  dry: { type: boolean , }

# the work
steps:
  - id: build
    type: shell
    run: |
      set -e  # not a comment
      echo "${{ inputs.version }}"

        deeper
    needs: [a, 'it''s', "b\tc"]
  # between
  - id: tell
    type: llm # told
    if: ${{ steps.build.output != 'x' }}
    prompt: >-
      folded text
      goes on

      here
    with:
    - first
    -
    - *inputs
    - ? complex
      : value

  - id: last
    type: shell
    env:
      A: 1
      B:
      - x: 1
        y: 2
      - z
    run: x
outputs:
  text: "several
    lines \
    here"
  plain: one
    two
"#;
