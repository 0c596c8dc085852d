//! The wire formats behind one face: where a request goes, what it says, how the answer is read.

use std::borrow::Cow;

use copydesk_base::Usage;
use copydesk_base::config::ProviderKind;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::answer::{Answer, Progress, WireError};
use crate::body::Framing;
use crate::endpoint::Endpoint;
use crate::facts::{Facts, Tokens};
use crate::fitting::fitted;
use crate::infill::{self, InfillFormat};
use crate::key::{Key, KeyForm};
use crate::{CallError, ModelEvent, Request, anthropic, ollama, openai_chat, openai_responses};

/// A text in an event, borrowed where it holds no escapes. (Serde borrows a bare `Cow`, but none within an `Option`.)
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Piece<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Piece<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A wire format that goes over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wire {
    Anthropic,
    OpenaiChat,
    OpenaiResponses,
    /// Chat Completions behind Azure's addresses and its own header for the key.
    Azure,
    Ollama,
    /// A hole is filled.
    Infill(InfillFormat),
}

/// An answer being read.
#[derive(Debug)]
pub(crate) enum Reader {
    Anthropic(anthropic::Reader),
    OpenaiChat(openai_chat::Reader),
    OpenaiResponses(openai_responses::Reader),
    Ollama(ollama::Reader),
    Infill(infill::Reader),
}

impl Wire {
    /// The format of a kind; `None` for the stand-in.
    pub(crate) const fn of(kind: ProviderKind) -> Option<Self> {
        match kind {
            ProviderKind::Anthropic => Some(Self::Anthropic),
            ProviderKind::OpenaiChat => Some(Self::OpenaiChat),
            ProviderKind::OpenaiResponses => Some(Self::OpenaiResponses),
            ProviderKind::AzureOpenai => Some(Self::Azure),
            ProviderKind::Ollama => Some(Self::Ollama),
            ProviderKind::Offline => None,
        }
    }

    /// The format of one request: a hole goes another way than a conversation.
    pub(crate) fn for_request(kind: ProviderKind, request: &Request) -> Option<Self> {
        let usual = Self::of(kind)?;
        Some(request.infill.as_ref().map_or(usual, |infill| Self::Infill(infill.format)))
    }

    /// Where a request for a model goes.
    pub(crate) fn address(self, endpoint: &Endpoint, model: &str) -> Result<Url, CallError> {
        let path = match self {
            Self::Anthropic => anthropic::PATH,
            Self::OpenaiChat => openai_chat::PATH,
            Self::OpenaiResponses => openai_responses::PATH,
            Self::Ollama => ollama::PATH,
            Self::Azure => return azure(endpoint, model),
            Self::Infill(format) => return format.address(endpoint),
        };
        endpoint.address(path)
    }

    pub(crate) const fn framing(self) -> Framing {
        match self {
            Self::Ollama => Framing::Lines,
            Self::Infill(format) => format.framing(),
            Self::Anthropic | Self::OpenaiChat | Self::OpenaiResponses | Self::Azure => Framing::Events,
        }
    }

    pub(crate) fn body(self, request: &Request, endpoint: &Endpoint, facts: &Facts) -> Vec<u8> {
        let window = ollama::Window::of(endpoint, &request.model, facts);
        let request = &*fitted(request, self);
        let body = match self {
            Self::Anthropic => anthropic::body(request, facts, endpoint.quirks),
            Self::OpenaiChat | Self::Azure => openai_chat::body(request, endpoint.quirks),
            Self::OpenaiResponses => openai_responses::body(request),
            Self::Ollama => ollama::body(request, window),
            Self::Infill(_) => request
                .infill
                .as_ref()
                .map(|infill| infill::body(infill, request, window))
                .unwrap_or_default(),
        };
        body.to_string().into_bytes()
    }

    /// The headers of a request; `None` where the key cannot stand in one.
    pub(crate) fn headers(self, key: Option<&Key>) -> Option<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static(self.framing().media_type()));
        if self == Self::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static(anthropic::VERSION));
        }
        if let Some(key) = key {
            let (name, value) = match (self, key.form) {
                (Self::Anthropic, KeyForm::Key) => (HeaderName::from_static("x-api-key"), key.value.clone()),
                (Self::Azure, KeyForm::Key) => (HeaderName::from_static("api-key"), key.value.clone()),
                _ => (AUTHORIZATION, format!("Bearer {}", key.value)),
            };
            let mut value = HeaderValue::try_from(value).ok()?;
            // Keeps it out of every debug print of the HTTP library.
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Some(headers)
    }

    pub(crate) fn reader(self) -> Reader {
        match self {
            Self::Anthropic => Reader::Anthropic(anthropic::Reader::default()),
            Self::OpenaiChat | Self::Azure => Reader::OpenaiChat(openai_chat::Reader::default()),
            Self::OpenaiResponses => Reader::OpenaiResponses(openai_responses::Reader::default()),
            Self::Ollama => Reader::Ollama(ollama::Reader::default()),
            Self::Infill(format) => Reader::Infill(infill::Reader::of(format)),
        }
    }
}

/// The address of a deployment. A model's name is the deployment's there, and the version of the API is a parameter.
fn azure(endpoint: &Endpoint, model: &str) -> Result<Url, CallError> {
    let mut url = endpoint.address("")?;
    let bad = || CallError::BadAddress {
        provider: endpoint.name.clone(),
        reason: "it cannot be the start of an address".to_owned(),
        like: endpoint.kind.like(),
    };
    url.path_segments_mut().map_err(|()| bad())?.pop_if_empty().extend([
        "openai",
        "deployments",
        model,
        "chat",
        "completions",
    ]);
    let version = endpoint.api_version.as_deref().unwrap_or(AZURE_VERSION);
    url.query_pairs_mut().append_pair("api-version", version);
    Ok(url)
}

/// The version that is asked for where the config names none: the latest that Azure calls generally available.
const AZURE_VERSION: &str = "2024-10-21";

impl Reader {
    /// Reads one piece of the body: the data of an event, or a line.
    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        match self {
            Self::Anthropic(reader) => reader.read(data, out),
            Self::OpenaiChat(reader) => reader.read(data, out),
            Self::OpenaiResponses(reader) => reader.read(data, out),
            Self::Ollama(reader) => reader.read(data, out),
            Self::Infill(reader) => reader.read(data, out),
        }
    }

    /// Whether the answer counts as whole where the stream ends here in good order.
    pub(crate) const fn may_end(&self) -> bool {
        match self {
            Self::Anthropic(_) | Self::OpenaiResponses(_) | Self::Ollama(_) => false,
            Self::OpenaiChat(reader) => reader.may_end(),
            Self::Infill(reader) => reader.may_end(),
        }
    }

    /// What is left of its text where nothing more comes.
    pub(crate) fn end(&mut self) -> Option<ModelEvent> {
        match self {
            Self::Anthropic(reader) => reader.answer.end(),
            Self::OpenaiChat(reader) => reader.answer.end(),
            Self::OpenaiResponses(reader) => reader.answer.end(),
            Self::Ollama(reader) => reader.answer.end(),
            Self::Infill(reader) => reader.answer_mut().end(),
        }
    }

    /// The last event.
    pub(crate) fn stop(&mut self) -> ModelEvent {
        match self {
            Self::Anthropic(reader) => reader.stop(),
            Self::OpenaiChat(reader) => reader.stop(),
            Self::OpenaiResponses(reader) => reader.stop(),
            Self::Ollama(reader) => reader.stop(),
            Self::Infill(reader) => reader.stop(),
        }
    }

    /// How much of an answer has come: where it stays the same, only signs of life came.
    pub(crate) const fn size(&self) -> usize {
        self.answer().size()
    }

    /// The tokens counted so far, as they are paid for.
    pub(crate) const fn tokens(&self) -> Tokens {
        self.answer().tokens
    }

    /// The tokens counted so far.
    pub(crate) const fn usage(&self) -> Usage {
        self.answer().usage()
    }

    const fn answer(&self) -> &Answer {
        match self {
            Self::Anthropic(reader) => reader.answer(),
            Self::OpenaiChat(reader) => reader.answer(),
            Self::OpenaiResponses(reader) => reader.answer(),
            Self::Ollama(reader) => reader.answer(),
            Self::Infill(reader) => reader.answer(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_holds_nothing_is_a_sign_of_life_and_no_word() {
        let check = |wire: Wire, begin: &str, event: &str, is_word: bool| {
            let mut reader = wire.reader();
            let mut out = Vec::new();
            for begun in begin.lines() {
                reader.read(begun, &mut out).unwrap();
            }
            let before = reader.size();
            reader.read(event, &mut out).unwrap();
            assert_eq!(reader.size() > before, is_word, "{wire:?}: {event}");
        };
        for (event, is_word) in [
            (r#"{"choices":[{"delta":{"content":""}}]}"#, false),
            (r#"{"choices":[{"delta":{}}]}"#, false),
            (r#"{"choices":[]}"#, false),
            (r#"{"choices":[{"delta":{"content":"a"}}]}"#, true),
            (r#"{"choices":[{"delta":{"reasoning":"a"}}]}"#, true),
            (r#"{"choices":[{"delta":{"tool_calls":[{"id":"a"}]}}]}"#, true),
        ] {
            check(Wire::OpenaiChat, "", event, is_word);
        }
        for (event, is_word) in [
            (r#"{"type":"response.in_progress","response":{}}"#, false),
            (r#"{"type":"keepalive"}"#, false),
            (r#"{"type":"response.output_text.delta","delta":""}"#, false),
            (r#"{"type":"response.output_text.delta","delta":"a"}"#, true),
        ] {
            check(Wire::OpenaiResponses, "", event, is_word);
        }
        let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking"}}"#;
        for (event, is_word) in [
            (r#"{"type":"ping"}"#, false),
            (r#"{"type":"something_new"}"#, false),
            (r#"{"type":"content_block_delta","index":0,"delta":{"thinking":""}}"#, false),
            (r#"{"type":"content_block_delta","index":0,"delta":{"thinking":"a"}}"#, true),
            (r#"{"type":"content_block_delta","index":0,"delta":{"signature":"a"}}"#, true),
        ] {
            check(Wire::Anthropic, block, event, is_word);
        }
        for (event, is_word) in [
            (r#"{"message":{"content":""},"done":false}"#, false),
            (r#"{"message":{"content":"a"},"done":false}"#, true),
            (r#"{"message":{"content":"","thinking":"a"},"done":false}"#, true),
        ] {
            check(Wire::Ollama, "", event, is_word);
        }
    }
}
