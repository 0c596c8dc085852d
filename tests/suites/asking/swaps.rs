//! What is put in a file's place while the question about it waits: the answer was about the file that was shown.

use std::io::Result;
use std::os::unix::fs::symlink;
use std::path::Path;

use copydesk_tests::model_server::Reply;
use copydesk_tests::scene::{Way, done, in_four};
use serde_json::json;

use crate::with_files;

/// Who stands outside, with the same text, so that no hash tells them apart.
const TEXT: &str = "one\ntwo\n";

/// A way to lead a write out of the workspace: the workspace, and a folder outside that has `closed.txt`.
type Swap = fn(&Path, &Path) -> Result<()>;

const SWAPS: &[(&str, Swap)] = &[
    ("a link in place of the file", |root, outside| {
        std::fs::remove_file(root.join("sub/closed.txt"))?;
        symlink(outside.join("closed.txt"), root.join("sub/closed.txt"))
    }),
    ("a second name of a file outside", |root, outside| {
        std::fs::remove_file(root.join("sub/closed.txt"))?;
        std::fs::hard_link(outside.join("closed.txt"), root.join("sub/closed.txt"))
    }),
    ("a link in place of the folder", |root, outside| {
        std::fs::rename(root.join("sub"), root.join("gone"))?;
        symlink(outside, root.join("sub"))
    }),
];

#[test]
fn what_is_swapped_while_a_question_waits_is_not_written() {
    in_four(|personality, format| {
        for (name, swap) in SWAPS {
            let edit = json!({"path": "sub/closed.txt", "old": "two", "new": "deux"});
            let script = vec![Reply::tool("edit", &edit), done()];
            let files = [("sub/closed.txt", TEXT)];
            let mut scene = with_files(personality.clone(), format, "{}", script, &files);
            let outside = scene.workspace.outside();
            std::fs::write(outside.join("closed.txt"), TEXT).expect("the bench's own folder");
            scene.ask("write it");
            scene.pending();
            swap(&scene.workspace.root(), &outside).expect("both lie on one file system");
            scene.answer(Way::Prompt, "Allow once");
            let told = scene.result(1);
            scene.over(1);
            assert!(!told.starts_with("changed"), "{name}: {told}");
            let text = std::fs::read_to_string(outside.join("closed.txt")).expect("it is there");
            assert_eq!(text, TEXT, "{name}: {told}");
            scene.end();
        }
    });
}
