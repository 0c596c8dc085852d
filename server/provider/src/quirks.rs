//! How servers that speak Chat Completions differ, as one table.
//!
//! Answers are read generously from all of them alike, so the table says only what a *request* must say differently. A
//! row is chosen by the host, by a usual port on this machine, or by `quirks` in the config, which goes first. What
//! nobody minds stands in no row: the role is `system`, `tool_choice` is never sent, several calls in one answer are
//! read.

use copydesk_base::config::Quirks as Named;
use url::Url;

use crate::CallError;
use crate::fitting::{is_short, short};
use crate::schema::Forms;

/// What a request to one server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quirks {
    /// The name of the limit on an answer's tokens.
    pub(crate) limit: &'static str,
    pub(crate) usage: Usage,
    pub(crate) turns: Turns,
    pub(crate) thoughts: Thoughts,
    pub(crate) ids: Ids,
    pub(crate) seals: Seals,
    pub(crate) forms: Forms,
}

/// How usage comes with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// `stream_options: {include_usage: true}` asks for it.
    Asked,
    /// It comes unasked, and the option is refused.
    Unasked,
}

/// Who may speak behind whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turns {
    /// Anybody behind anybody.
    Free,
    /// The person only behind the model. Servers that lay a conversation out by the template of its model refuse all
    /// else with many models, Mistral's with all of its own.
    Strict,
}

/// What a server wants to hear of the thoughts that led to calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thoughts {
    /// Those that it gave itself. Many servers refuse a key that they never send.
    AsGiven,
    /// Some, always: it refuses a call without them.
    Always,
    /// The same of the models of such servers, which it passes on to.
    ByModel,
    /// None: it refuses the key, though it may have sent it itself, as gateways do for servers behind them.
    Never,
}

/// What stands beside calls that another model made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seals {
    None,
    /// What Google names for this: its models since Gemini 3 refuse a call without a signature.
    Google,
}

/// What the id of a call may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Whatever is not too long.
    Any,
    /// Nine letters and digits. Calls that another server began get such an id too.
    Nine,
}

/// What every server understands.
const USUAL: Quirks = Quirks {
    limit: "max_tokens",
    usage: Usage::Asked,
    turns: Turns::Strict,
    thoughts: Thoughts::AsGiven,
    ids: Ids::Any,
    seals: Seals::None,
    forms: Forms::Never,
};

/// What those understand that hold a model to a schema.
const FORMING: Quirks = Quirks { forms: Forms::Alone, ..USUAL };

/// What those understand besides that lay a conversation out for any model.
const ROUTING: Quirks = Quirks { turns: Turns::Free, ..FORMING };

/// What those understand that refuse a call without the thoughts before it.
const THINKING: Quirks = Quirks { turns: Turns::Free, thoughts: Thoughts::Always, ..USUAL };

/// Name, hosts, usual port on this machine, and what is different.
type Row = (Named, &'static [&'static str], Option<u16>, Quirks);

const TABLE: &[Row] = &[
    // Its newer models refuse the name that the others know.
    (
        Named::Openai,
        &["api.openai.com"],
        None,
        Quirks { limit: "max_completion_tokens", forms: Forms::Always, turns: Turns::Free, ..USUAL },
    ),
    (Named::LmStudio, &[], Some(1234), FORMING),
    (Named::Vllm, &[], Some(8000), FORMING),
    (Named::LlamaCpp, &[], Some(8080), FORMING),
    (Named::Openrouter, &["openrouter.ai"], None, Quirks { thoughts: Thoughts::ByModel, ..ROUTING }),
    (Named::Together, &["api.together.xyz", "api.together.ai"], None, FORMING),
    // Refuses keys and ids that it does not know.
    (Named::Mistral, &["api.mistral.ai"], None, Quirks { usage: Usage::Unasked, ids: Ids::Nine, ..FORMING }),
    (Named::Deepseek, &["api.deepseek.com"], None, THINKING),
    (Named::Moonshot, &["api.moonshot.ai", "api.moonshot.cn"], None, THINKING),
    (Named::Gemini, &["generativelanguage.googleapis.com"], None, Quirks { seals: Seals::Google, ..ROUTING }),
];

impl Quirks {
    /// The row that a config names, else the one of the address.
    pub(crate) fn of(named: Option<Named>, base_url: &str) -> Self {
        let named = named.or_else(|| by_address(base_url));
        TABLE.iter().find(|(name, ..)| Some(*name) == named).map_or(USUAL, |row| row.3)
    }

    /// What Azure speaks.
    pub(crate) fn azure() -> Self {
        Self::of(Some(Named::Openai), "")
    }

    /// Whether this server refuses a conversation in which no thoughts stand beside this model's calls.
    pub(crate) fn wants_thoughts(self, model: &str) -> bool {
        let model = model.to_ascii_lowercase();
        match self.thoughts {
            Thoughts::AsGiven | Thoughts::Never => false,
            Thoughts::Always => true,
            Thoughts::ByModel => ["deepseek", "kimi"].iter().any(|family| model.contains(family)),
        }
    }

    /// The id of a call as this server takes it: the same one each time it is asked.
    pub(crate) fn id(self, id: &str) -> String {
        let fits = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits || self.ids == Ids::Any && is_short(id) {
            return id.to_owned();
        }
        if self.ids == Ids::Any {
            return short(id);
        }
        // FNV-1a, in the 36 letters and digits.
        let mut hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let letter = || {
            let digit = u32::try_from(hash % 36).unwrap_or(0);
            hash /= 36;
            char::from_digit(digit, 36).unwrap_or('0')
        };
        std::iter::repeat_with(letter).take(9).collect()
    }
}

/// What a server that refused a request wants of thoughts, if that is why.
pub(crate) fn wanted(error: &CallError) -> Option<Thoughts> {
    let CallError::Status { status: 400 | 422, message, .. } = error else { return None };
    let message = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let is_about = has(&["reasoning_content", "reasoning_details", ".thinking", "thinking block"]);
    let misses = has(&["passed back", "is missing", "preserved", "is required"]);
    let refuses =
        has(&["unsupported", "not supported", "permitted", "unknown", "unrecognized", "unexpected", "extra"]);
    match is_about {
        true if misses => Some(Thoughts::Always),
        true if refuses => Some(Thoughts::Never),
        _ => None,
    }
}

/// What stands for thoughts that were not kept, or that another model had.
pub(crate) const FORGOTTEN: &str = "(not kept)";

/// Whether a model takes what [`Seals::Google`] says: Google's since Gemini 3.
pub(crate) fn is_sealing(model: &str) -> bool {
    let Some((_, version)) = model.split_once("gemini-") else { return true };
    !version.starts_with(['1', '2'])
}

/// The server that is known by its address.
pub(crate) fn by_address(base_url: &str) -> Option<Named> {
    let url = Url::parse(base_url).ok()?;
    let host = url.host_str()?;
    let is_here = copydesk_base::config::is_here(base_url);
    let row = TABLE.iter().find(|(_, hosts, port, _)| {
        hosts.contains(&host) || (is_here && port.is_some() && *port == url.port())
    });
    row.map(|(name, ..)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_its_address_and_the_config_goes_first() {
        let check =
            |base_url: &str, expect: Option<Named>| assert_eq!(by_address(base_url), expect, "{base_url}");
        check("https://api.openai.com/v1", Some(Named::Openai));
        check("https://openrouter.ai/api/v1", Some(Named::Openrouter));
        check("https://api.together.xyz/v1", Some(Named::Together));
        check("https://api.mistral.ai/v1", Some(Named::Mistral));
        check("https://api.deepseek.com", Some(Named::Deepseek));
        check("https://api.deepseek.com/anthropic", Some(Named::Deepseek));
        check("https://api.moonshot.cn/v1", Some(Named::Moonshot));
        check("https://generativelanguage.googleapis.com/v1beta/openai", Some(Named::Gemini));
        check("http://127.0.0.1:1234/v1", Some(Named::LmStudio));
        check("http://localhost:8000/v1", Some(Named::Vllm));
        check("http://[::1]:8080/v1", Some(Named::LlamaCpp));
        check("http://10.0.0.7:8080/v1", None);
        check("https://api.openai.com.evil.example/v1", None);
        check("nonsense", None);
        assert_eq!(Quirks::of(Some(Named::Mistral), "http://127.0.0.1:1/v1").usage, Usage::Unasked);
        assert_eq!(Quirks::of(None, "http://127.0.0.1:1/v1"), USUAL);
        assert_eq!(Quirks::azure().limit, "max_completion_tokens");
    }

    #[test]
    fn an_id_of_another_server_is_made_to_fit() {
        let mistral = Quirks::of(Some(Named::Mistral), "");
        assert_eq!(mistral.id("D681PevKs"), "D681PevKs");
        let made = mistral.id("toolu_01A09q90qw90lq917835lq9");
        assert!(made.len() == 9 && made.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{made}");
        assert_eq!(mistral.id("toolu_01A09q90qw90lq917835lq9"), made, "the result finds its call");
        assert_ne!(mistral.id("call_1"), mistral.id("call_2"));
        assert_eq!(USUAL.id("call_1"), "call_1");
        assert_eq!(USUAL.id("functions.read:0"), "functions.read:0", "its own form, which it reads");
        let long = "chatcmpl-tool-0123456789abcdef0123456789abcdef";
        assert_eq!((USUAL.id(long).len(), USUAL.id(long)), (29, USUAL.id(long)));
    }

    #[test]
    fn who_refuses_thoughts_and_who_misses_them_say_so() {
        let check = |status: u16, message: &str, expect: Option<Thoughts>| {
            let (address, message) = ("http://127.0.0.1:1".to_owned(), message.to_owned());
            let error = CallError::Status { address, status, message, retry_after: None };
            assert_eq!(wanted(&error), expect, "{error}");
        };
        check(400, "'messages.2': property 'reasoning_content' is unsupported", Some(Thoughts::Never));
        check(
            422,
            "body.messages.2.assistant.reasoning_content: Extra inputs are not permitted",
            Some(Thoughts::Never),
        );
        check(400, "Unknown field reasoning_details", Some(Thoughts::Never));
        check(
            400,
            "The `reasoning_content` in the thinking mode must be passed back to the API.",
            Some(Thoughts::Always),
        );
        check(
            400,
            "thinking is enabled but reasoning_content is missing in assistant tool call message",
            Some(Thoughts::Always),
        );
        check(
            400,
            "The `content[].thinking` in the thinking mode must be passed back to the API.",
            Some(Thoughts::Always),
        );
        check(400, "thinking budget must be larger than 1024", None);
        check(400, "property 'store' is unsupported", None);
        check(500, "property 'reasoning_content' is unsupported", None);
    }
}
