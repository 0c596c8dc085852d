//! Stories in the real VS Code workbench, in a browser without a screen: the main one (`editors/vscode/test/story.mjs`),
//! and moving and changing among workflows (`authoring.mjs`).
//!
//! The extension is packed as a person would install it. Pictures go to the story's folder, or to `COPYDESK_SHOTS`
//! (an absolute path; `docs/images` to renew the ones in the guide).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod story;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use story::{Story, installed, root, skip};

#[test]
fn the_story_in_vs_code() {
    tell("story.mjs");
}

#[test]
fn authoring_in_vs_code() {
    tell("authoring.mjs");
}

/// Two workbenches at once would wait for each other on a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn tell(script: &str) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let node = installed("vscode/node").filter(|_| installed("vscode/.made").is_some());
    let (Some(node), Some(chromium)) = (node, chromium()) else { return skip("vscode") };
    let story = Story::begin();
    let extension = pack(&story, &node, "editors/vscode");
    let neighbour = pack(&story, &node, "editors/vscode/test/neighbour");
    let shots = env::var_os("COPYDESK_SHOTS").map_or_else(|| story.path().join("shots"), PathBuf::from);
    let mut command = story.command(node);
    command
        .arg(root().join("editors/vscode/test").join(script))
        .env("COPYDESK_VSIX", extension)
        .env("COPYDESK_NEIGHBOUR", neighbour)
        .env("COPYDESK_EDITORS", root().join(".editors"))
        .env("COPYDESK_CHROMIUM", chromium)
        .env("COPYDESK_SHOTS", shots);
    story.tell(command);
}

fn chromium() -> Option<PathBuf> {
    let places = env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    env::split_paths(&places).flat_map(|place| names.map(|name| place.join(name))).find(|path| path.exists())
}

/// Packs the extension in a folder of the checkout; ours is type-checked and bundled by that.
fn pack(story: &Story, node: &Path, folder: &str) -> PathBuf {
    let packed = story.path().join(folder.replace('/', "-")).with_extension("vsix");
    let output = story
        .command(node)
        .current_dir(root().join(folder))
        .arg(root().join("editors/vscode/node_modules/@vscode/vsce/vsce"))
        .args(["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out"])
        .arg(&packed)
        .env("PATH", beside(node))
        .output()
        .unwrap();
    let complaints = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "pack {folder}: {}", String::from_utf8_lossy(&complaints));
    packed
}

/// `PATH` with the folder of this Node in front: the packer starts `npm`, and that the first `node` it finds.
fn beside(node: &Path) -> OsString {
    let program = fs::canonicalize(node).unwrap();
    let first = program.parent().map(Path::to_owned);
    let rest = env::var_os("PATH").unwrap_or_default();
    env::join_paths(first.into_iter().chain(env::split_paths(&rest))).unwrap()
}
