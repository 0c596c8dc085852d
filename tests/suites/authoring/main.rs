//! Authoring help on the real binary: the same help in every editor, counted in the editor's own units.
//!
//! Four clients tell every story: VS Code (utf-16, pull), Neovim (utf-8, pull), Helix (utf-8, push), Emacs (utf-32,
//! push). The language itself has its own tests; here it is about what arrives on the wire.

mod diagnostics;
mod help;
mod mends;
mod schemas;

use copydesk_tests::client::Client;
use copydesk_tests::personality::{Personality, eglot_1_17, helix_25_07, neovim_0_12, vs_code};
use copydesk_tests::workspace::Workspace;

const COPYDESK: &str = env!("CARGO_BIN_EXE_copydesk");

/// Opens `path` with this text in each of the four clients and tells a story about it.
fn in_four_editors(path: &str, text: &str, tell: impl Fn(&mut Client, &str)) {
    let clients: [Personality; 4] = [vs_code(), neovim_0_12(), helix_25_07(), eglot_1_17()];
    for personality in clients {
        eprintln!("--- {}", personality.name);
        let workspace = Workspace::new(COPYDESK).with([(path, text)]);
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri(path);
        client.open(&uri, language(path), text);
        tell(&mut client, &uri);
        client.finish();
    }
}

fn language(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        Some((_, "yaml" | "yml")) => "yaml",
        Some((_, "md")) => "markdown",
        Some((_, "json")) => "json",
        Some((_, "toml")) => "toml",
        _ => "plaintext",
    }
}
