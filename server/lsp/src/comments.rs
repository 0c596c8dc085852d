//! `ask:` comments: an order to an agent, written beside the code, in any editor. In a chat document every line of
//! words is one.

use std::collections::HashSet;
use std::path::Path;

use copydesk_language::chat::{self, Role};
use copydesk_text::position::lines;

/// The language of chat documents, which is no editor's word.
const CHAT: &str = "copydesk chat";

/// The language in which the orders of a document are written: of a chat document its own, else the editor's.
pub(crate) fn language_of<'a>(path: Option<&Path>, language_id: &'a str) -> &'a str {
    if path.is_some_and(chat::is_chat) { CHAT } else { language_id }
}

/// What begins a comment, and what may end it, by language id.
fn leaders(language: &str) -> &'static [(&'static str, &'static str)] {
    match language.split('.').next().unwrap_or(language) {
        "python" | "ruby" | "shellscript" | "sh" | "bash" | "zsh" | "fish" | "yaml" | "toml" | "perl"
        | "r" | "make" | "makefile" | "dockerfile" | "elixir" | "julia" | "nim" | "crystal"
        | "coffeescript" | "powershell" | "nix" | "tcl" | "awk" | "graphql" | "terraform" | "hcl"
        | "cmake" | "conf" | "dockercompose" | "gdscript" | "git-commit" | "gitcommit" | "ignore"
        | "starlark" | "bzl" | "just" => &[("#", "")],
        "rust" | "c" | "cpp" | "java" | "javascript" | "javascriptreact" | "typescript"
        | "typescriptreact" | "go" | "swift" | "kotlin" | "scala" | "csharp" | "dart" | "zig"
        | "objective-c" | "objective-cpp" | "objc" | "jsonc" | "groovy" | "d" | "v" | "proto"
        | "solidity" | "fsharp" | "jsx" | "tsx" | "cuda" | "less" | "scss" => &[("//", ""), ("/*", "*/")],
        "php" => &[("//", ""), ("#", ""), ("/*", "*/")],
        "css" => &[("/*", "*/")],
        "lua" | "sql" | "haskell" | "ada" | "elm" | "vhdl" | "purescript" | "applescript" => &[("--", "")],
        "lisp" | "commonlisp" | "clojure" | "scheme" | "racket" | "elisp" | "emacs-lisp" | "ini" | "asm" => {
            &[(";;", ""), (";", "")]
        }
        "tex" | "latex" | "erlang" | "matlab" | "prolog" => &[("%", "")],
        "vim" => &[("\"", "")],
        "html" | "xml" | "markdown" | "svg" | "vue" | "svelte" => &[("<!--", "-->")],
        "ocaml" | "pascal" => &[("(*", "*)")],
        _ => &[],
    }
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Counted from zero.
    pub(crate) line: u32,
    /// The words behind `ask:`.
    pub(crate) text: String,
}

/// Whether we know how this language writes comments.
pub(crate) fn has_comments(language: &str) -> bool {
    language == CHAT || !leaders(language).is_empty()
}

/// What begins a comment that ends with its line.
pub(crate) fn line_leader(language: &str) -> Option<&'static str> {
    leaders(language).iter().find(|(_, end)| end.is_empty()).map(|(start, _)| *start)
}

/// The order that one line of a language holds.
pub(crate) fn in_line(language: &str, line: &str) -> Option<String> {
    let line = line.trim();
    if language == CHAT {
        // A fence or a rule says nothing, whoever writes it.
        let says = line.contains(char::is_alphanumeric) && Role::of_line(line).is_none();
        return says.then(|| line.to_owned());
    }
    let (start, end) = leaders(language).iter().find(|(start, _)| line.starts_with(start))?;
    let words = line[start.len()..].trim_start_matches(['!', '/', '*']).trim_start();
    let words = words.strip_prefix("ask:")?.trim();
    let words = words.strip_suffix(end).unwrap_or(words).trim();
    (!words.is_empty()).then(|| words.to_owned())
}

/// Every order of a text, in order.
pub(crate) fn all(language: &str, text: &str) -> Vec<Comment> {
    if language != CHAT && !text.contains("ask:") || !has_comments(language) {
        return Vec::new();
    }
    (0u32..)
        .zip(lines(text))
        .filter_map(|(line, content)| in_line(language, content).map(|text| Comment { line, text }))
        .collect()
}

/// The words of every order of a text.
pub(crate) fn texts(language: &str, text: &str) -> HashSet<String> {
    all(language, text).into_iter().map(|comment| comment.text).collect()
}

/// The order beside some lines: in them, else right above them.
pub(crate) fn beside(language: &str, text: &str, first: u32, last: u32) -> Option<Comment> {
    let comments = all(language, text);
    let inside = comments.iter().find(|comment| (first..=last).contains(&comment.line));
    inside.or_else(|| comments.iter().find(|comment| comment.line + 1 == first)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_comment_of_its_language() {
        for (language, line, order) in [
            (
                "python",
                "  # ask: make this iterative, keep the signature",
                Some("make this iterative, keep the signature"),
            ),
            ("rust", "/// ask: explain", Some("explain")),
            ("rust", "# ask: no comment here", None),
            ("c", "/* ask: shorten */", Some("shorten")),
            ("html", "<!-- ask: add a title -->", Some("add a title")),
            ("python", "x = 1  # ask: only whole lines", None),
            ("python", "# asked: no", None),
            ("python", "# ask:  ", None),
            ("plaintext", "# ask: nobody knows this language", None),
            (CHAT, " why? ", Some("why?")),
            (CHAT, "# User", None),
            (CHAT, "```", None),
        ] {
            assert_eq!(in_line(language, line).as_deref(), order, "{language}: {line}");
        }
    }

    #[test]
    fn the_order_beside_a_place_is_in_it_or_right_above() {
        let text = "# ask: one\ndef f():\n    pass\n\ndef g():\n    # ask: two\n    pass\n";
        for (first, last, order) in
            [(0, 0, Some("one")), (1, 2, Some("one")), (2, 2, None), (4, 6, Some("two")), (3, 3, None)]
        {
            assert_eq!(
                beside("python", text, first, last).map(|c| c.text).as_deref(),
                order,
                "{first}-{last}"
            );
        }
    }
}
