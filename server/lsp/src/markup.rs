//! Markdown for an editor: the one door through which it leaves, so that nothing in it loads anything.
//!
//! A description may be a stranger's: a workflow that came with a clone, a schema of the workspace's. An editor that
//! shows an image in a hover fetches it, and whoever keeps it learns who looked, and when. So an image is a link here,
//! and an element that loads something is the text that it is written with.

use tower_lsp::gen_lsp_types as lsp;

/// Elements of HTML that load what they name as soon as they are shown.
const LOADING: &[&str] = &[
    "img", "image", "picture", "source", "video", "audio", "track", "iframe", "frame", "object", "embed",
    "svg", "link", "style", "script", "input", "body", "table", "base", "meta",
];

/// Markdown that an editor may show as such.
pub(crate) fn markdown(text: &str) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: unloading(text) }
}

/// The same without anything that would be loaded.
fn unloading(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['!', '<']) {
        let (before, behind) = rest.split_at(at);
        out.push_str(before);
        if behind.starts_with("![") {
            // A link has no mark before it; a blank could stand there in a sentence.
            out.push(' ');
        } else if behind.starts_with('<') && loads(&behind[1..]) {
            out.push_str("< ");
        } else {
            out.push_str(&behind[..1]);
        }
        rest = &behind[1..];
    }
    out + rest
}

/// Whether what stands behind a `<` is an element that loads something.
fn loads(text: &str) -> bool {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(text.len());
    LOADING.iter().any(|name| name.eq_ignore_ascii_case(&text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_loaded() {
        for (text, expected) in [
            ("a ![x](https://a.b/c.png) d", "a  [x](https://a.b/c.png) d"),
            ("![][ref]\n\n[ref]: https://a.b/c.png", " [][ref]\n\n[ref]: https://a.b/c.png"),
            ("[![x](https://a.b/c)](https://d)", "[ [x](https://a.b/c)](https://d)"),
            ("!![x](y)", "! [x](y)"),
            ("\\![x](y)", "\\ [x](y)"),
            ("<img src=x>", "< img src=x>"),
            ("<IMG/src=x>", "< IMG/src=x>"),
            ("<<svg onload=x>", "<< svg onload=x>"),
            ("a < b and `Vec<T>` and <https://a.b>", "a < b and `Vec<T>` and <https://a.b>"),
            ("Stop! [a](b) é<b>!", "Stop! [a](b) é<b>!"),
            ("!\u{200b}[x](y)", "!\u{200b}[x](y)"),
        ] {
            assert_eq!(unloading(text), expected, "{text}");
        }
    }
}
