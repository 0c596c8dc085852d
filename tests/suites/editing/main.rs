//! Editing on the real binary: layout, folds, selections, colors, hints and refactorings, as each client gets them and
//! counts them. What they say is tested in `language`; here it is about what arrives and what becomes of the buffer.

mod changing;
mod seeing;

use copydesk_tests::client::Client;
use copydesk_tests::personality::Personality;
use copydesk_tests::workspace::Workspace;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

const WORKFLOW: &str = ".copydesk/workflows/x.yaml";

/// Opens a workflow in each of the nine clients and tells a story about it.
fn in_every_editor(text: &str, tell: impl Fn(&mut Client, &Workspace, &str)) {
    for personality in Personality::all() {
        eprintln!("--- {}", personality.name);
        let workspace = Workspace::new(COPYDESK).with([(WORKFLOW, text)]);
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(WORKFLOW);
        client.open(&uri, "yaml", text);
        tell(&mut client, &workspace, &uri);
        client.finish();
    }
}
