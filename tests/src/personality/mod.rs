//! Clients as they are: what they announce, and where they differ from what the protocol says.
//!
//! A [`Personality`] is data. Its capabilities are the recorded ones of `tests/fixtures/client-capabilities`; its
//! quirks are a few enums, each value a thing that a real client was seen to do. The scripted client reads them, so
//! that a suite can tell the same story with nine clients and say nothing about any of them.

use serde_json::Value;

use crate::client::Encoding;

/// One client.
#[derive(Clone, Debug)]
pub struct Personality {
    pub name: &'static str,
    /// What it sends as `capabilities`.
    pub capabilities: Value,
    /// The version that `didOpen` carries.
    pub first_version: i32,
    pub sync: Sync,
    pub prompts: Prompts,
    pub edits: Edits,
    pub order: Order,
    pub cancel: Cancel,
}

/// How it reports its own typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Ranges, as the server asks for.
    Incremental,
    /// The whole text every time; allowed, and done.
    Whole,
}

/// What becomes of a `window/showMessageRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompts {
    /// It stays on screen, with as many others as there are, until the person answers.
    Stay,
    /// A second one takes the place of the first, which is then never answered.
    ReplacedByNext,
    /// Answered with the error -32601.
    NotFound,
    /// Answered with null, unseen.
    Null,
    /// Lost without a trace if it comes before the response of a command that is under way.
    LostBeforeResponse,
}

/// What becomes of a `workspace/applyEdit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edits {
    /// Versions are checked by equality, and the answer is true.
    Honest,
    /// An outdated edit is skipped, yet the answer is `applied: true`; an edit for version 0 is not checked at all.
    SkipsAndLies,
    /// The answer is `applied: true`, whatever happened.
    AlwaysTrue,
    /// The person is asked y or n for every edit; the scripted person says yes unless told otherwise.
    AsksPerson,
}

/// What comes first after an edit of the server's: the answer, or the `didChange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    AnswerFirst,
    ChangeFirst,
}

/// Whether it ever takes a request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    Sends,
    Never,
}

/// How diagnostics come, if the server follows the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Diagnostics {
    Pull,
    Push,
}

impl Personality {
    /// All of them, for tables.
    pub fn all() -> [Self; 9] {
        [
            vs_code(),
            neovim_0_12(),
            neovim_0_10(),
            helix_25_07(),
            helix_25_01(),
            eglot_1_17(),
            eglot_1_9(),
            sublime_like(),
            yegappan_like(),
        ]
    }

    /// The same client with our extension in it, which announces `experimental.copydesk`.
    #[must_use]
    pub fn with_extension(mut self) -> Self {
        self.capabilities["experimental"] = serde_json::json!({"copydesk": true});
        self
    }

    /// What is announced at this path, `/window/showDocument/support` for one.
    pub fn announces(&self, pointer: &str) -> bool {
        match self.capabilities.pointer(pointer) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(_) => true,
        }
    }

    /// The encodings it announces, best first; utf-16 where it says nothing.
    pub fn encodings(&self) -> Vec<Encoding> {
        let announced: Vec<Encoding> = self
            .capabilities
            .pointer("/general/positionEncodings")
            .and_then(Value::as_array)
            .map(|words| words.iter().filter_map(Value::as_str).filter_map(Encoding::parse).collect())
            .unwrap_or_default();
        if announced.is_empty() { vec![Encoding::Utf16] } else { announced }
    }

    /// Pull where it can pull and be told to pull again, else push.
    pub fn diagnostics(&self) -> Diagnostics {
        let pulls = self.announces("/textDocument/diagnostic")
            && self.announces("/workspace/diagnostics/refreshSupport");
        if pulls { Diagnostics::Pull } else { Diagnostics::Push }
    }

    /// Whether a person can answer its `showMessageRequest` at all.
    pub const fn prompts_reach_a_person(&self) -> bool {
        !matches!(self.prompts, Prompts::NotFound | Prompts::Null)
    }

    /// Whether it shows work-done progress.
    pub fn shows_progress(&self) -> bool {
        self.announces("/window/workDoneProgress")
    }
}

/// VS Code 1.139 with vscode-languageclient 11.
pub fn vs_code() -> Personality {
    Personality {
        first_version: 1,
        order: Order::AnswerFirst,
        ..plain("VS Code 1.139", include_str!("../../fixtures/client-capabilities/vscode-1.139.json"))
    }
}

/// Neovim 0.12: utf-8 first, pulls with refresh.
pub fn neovim_0_12() -> Personality {
    Personality {
        edits: Edits::SkipsAndLies,
        order: Order::AnswerFirst,
        ..plain("Neovim 0.12", include_str!("../../fixtures/client-capabilities/neovim-0.12.json"))
    }
}

/// Neovim 0.10: utf-16 only; can pull but cannot be told to pull again.
pub fn neovim_0_10() -> Personality {
    Personality {
        edits: Edits::SkipsAndLies,
        order: Order::AnswerFirst,
        ..plain("Neovim 0.10", include_str!("../../fixtures/client-capabilities/neovim-0.10.json"))
    }
}

/// Helix 25.07: one prompt at a time, the newest; announces the refresh under a misspelt name.
pub fn helix_25_07() -> Personality {
    Personality {
        prompts: Prompts::ReplacedByNext,
        cancel: Cancel::Never,
        ..plain("Helix 25.07", include_str!("../../fixtures/client-capabilities/helix-25.07.json"))
    }
}

/// Helix 25.01: knows no prompts.
pub fn helix_25_01() -> Personality {
    Personality {
        prompts: Prompts::NotFound,
        cancel: Cancel::Never,
        ..plain("Helix 25.01", include_str!("../../fixtures/client-capabilities/helix-25.01.json"))
    }
}

/// Emacs 30.1: counts characters; a prompt before the command's own response is lost.
pub fn eglot_1_17() -> Personality {
    Personality {
        prompts: Prompts::LostBeforeResponse,
        order: Order::AnswerFirst,
        ..plain("Eglot 1.17", include_str!("../../fixtures/client-capabilities/eglot-1.17.json"))
    }
}

/// Emacs 28.2: announces nothing about windows, asks y or n before an edit.
pub fn eglot_1_9() -> Personality {
    Personality {
        edits: Edits::AsksPerson,
        order: Order::AnswerFirst,
        ..plain("Eglot 1.9", include_str!("../../fixtures/client-capabilities/eglot-1.9.json"))
    }
}

/// A client that answers `applied: true` always, as Sublime's did until May 2026.
pub fn sublime_like() -> Personality {
    Personality {
        first_version: 1,
        edits: Edits::AlwaysTrue,
        ..plain("Sublime-like", include_str!("../../fixtures/client-capabilities/sublime-like.json"))
    }
}

/// A client that answers prompts with null, as Vim's yegappan/lsp does, and sends whole texts.
pub fn yegappan_like() -> Personality {
    Personality {
        first_version: 3,
        sync: Sync::Whole,
        prompts: Prompts::Null,
        ..plain("yegappan-like", include_str!("../../fixtures/client-capabilities/yegappan-like.json"))
    }
}

/// A client without quirks, which nobody has.
fn plain(name: &'static str, capabilities: &str) -> Personality {
    Personality {
        name,
        capabilities: serde_json::from_str(capabilities)
            .unwrap_or_else(|error| panic!("the recorded capabilities of {name} are no JSON: {error}")),
        first_version: 0,
        sync: Sync::Incremental,
        prompts: Prompts::Stay,
        edits: Edits::Honest,
        order: Order::ChangeFirst,
        cancel: Cancel::Sends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recordings_say_what_the_contract_builds_on() {
        use Diagnostics::{Pull, Push};
        use Encoding::{Utf8, Utf16, Utf32};
        let told: Vec<_> = Personality::all()
            .into_iter()
            .map(|one| (one.name, one.encodings()[0], one.diagnostics()))
            .collect();
        let expect = [
            ("VS Code 1.139", Utf16, Pull),
            ("Neovim 0.12", Utf8, Pull),
            ("Neovim 0.10", Utf16, Push),
            ("Helix 25.07", Utf8, Push),
            ("Helix 25.01", Utf8, Push),
            ("Eglot 1.17", Utf32, Push),
            ("Eglot 1.9", Utf16, Push),
            ("Sublime-like", Utf16, Push),
            ("yegappan-like", Utf8, Push),
        ];
        assert_eq!(told, expect);
    }
}
