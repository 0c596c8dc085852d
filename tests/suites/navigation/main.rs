//! Moving around on the real binary: from file to file, open or not, in every editor's own units.
//!
//! All nine clients tell the story of a rename; what differs between them (encodings, links, file renames, watchers) is
//! asked of their announcements.

mod moving;
mod parents;
mod renaming;

use copydesk_tests::client::Client;
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

const PARENT: &str = "flows/parent.workflow.yaml";
const CHILD: &str = "flows/parts/child.yaml";
const AGENT: &str = ".copydesk/agents/reviewer.md";

const PARENT_TEXT: &str = "\
name: parent
inputs:
  who: {type: string, description: \"ä😀\"}
outputs:
  total: ${{ steps.child.outputs.sum }}
steps:
  - id: child
    type: workflow
    path: parts/child.yaml
    inputs: {wörter: \"😀 ${{ inputs.who }}\"}
  - {id: ask, type: llm, agent: reviewer, prompt: \"😀 ${{ steps.child.outputs.sum }}\"}
";
const CHILD_TEXT: &str = "\
name: child
inputs:
  wörter: {type: string} # wörter
outputs:
  sum: \"😀 ${{ steps.add.output }}\"
steps:
  - id: add
    type: shell
    run: echo 😀 ${{ inputs.wörter }}
";
const AGENT_TEXT: &str = "---\nname: reviewer\ndescription: reads\n---\nRead 😀.\n";

/// A parent, a child that it calls, and an agent.
fn family() -> Workspace {
    Workspace::new(COPYDESK).with([(PARENT, PARENT_TEXT), (CHILD, CHILD_TEXT), (AGENT, AGENT_TEXT)])
}

/// Asks about the place right behind the first `needle`.
fn ask(client: &mut Client, method: &str, uri: &str, needle: &str, more: Value) -> Value {
    let params = asked(client, uri, needle, more);
    client.ok(method, params)
}

fn asked(client: &Client, uri: &str, needle: &str, more: Value) -> Value {
    let text = client.text(uri);
    let Some(at) = text.find(needle) else { panic!("no {needle:?} in {text}") };
    let position = copydesk_tests::client::position(&text, at + needle.len(), client.encoding);
    let mut params = json!({"textDocument": {"uri": uri}, "position": position});
    if let (Some(params), Some(more)) = (params.as_object_mut(), more.as_object()) {
        params.extend(more.clone());
    }
    params
}

/// What a range of the server's covers in a text.
fn covered(client: &Client, text: &str, range: &Value) -> String {
    let at = |end: &str| {
        copydesk_tests::client::offset(text, &range[end], client.encoding)
            .unwrap_or_else(|reason| panic!("{range}: {reason}"))
    };
    text[at("start")..at("end")].to_owned()
}
