//! The main story in a real Neovim without a screen: `editors/neovim/test/story.lua` tells it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod story;

use story::{Story, installed, root, skip};

#[test]
fn the_story_in_neovim() {
    let Some(neovim) = installed("neovim/usr/bin/nvim") else { return skip("neovim") };
    let story = Story::begin();
    let mut command = story.command(neovim);
    command
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"])
        .arg(root().join("editors/neovim/test/story.lua"));
    story.tell(command);
}
