//! Stories in a real Neovim without a screen: the main one (`editors/neovim/test/story.lua`), moving and changing among
//! workflows (`authoring.lua`), and grey text (`ghost.lua`).

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod story;

use story::{Story, installed, root, skip};

#[test]
fn the_story_in_the_newest_neovim() {
    tell_in("neovim/usr/bin/nvim", "story.lua");
}

#[test]
fn ghost_text_in_the_newest_neovim() {
    tell_in("neovim/usr/bin/nvim", "ghost.lua");
}

#[test]
fn authoring_in_the_newest_neovim() {
    tell_in("neovim/usr/bin/nvim", "authoring.lua");
}

#[test]
fn the_story_in_the_oldest_neovim_that_the_plugin_takes() {
    tell_in("neovim-oldest/usr/bin/nvim", "story.lua");
}

fn tell_in(neovim: &str, script: &str) {
    let Some(neovim) = installed(neovim) else { return skip("neovim") };
    let story = Story::begin();
    let mut command = story.command(neovim);
    command
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"])
        .arg(root().join("editors/neovim/test").join(script));
    story.tell(command);
}
