//! The wire formats behind one face: where a request goes, what it says, how the answer is read.

use std::borrow::Cow;

use copydesk_base::Usage;
use copydesk_base::config::ProviderKind;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use crate::answer::{Progress, WireError};
use crate::endpoint::Endpoint;
use crate::{ModelEvent, Request, anthropic, openai_chat};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Anthropic,
    OpenaiChat,
}

/// An answer being read.
#[derive(Debug)]
pub(crate) enum Reader {
    Anthropic(anthropic::Reader),
    OpenaiChat(openai_chat::Reader),
}

impl Wire {
    /// The format of a kind; `None` for kinds that come later and for the stand-in.
    pub(crate) const fn of(kind: ProviderKind) -> Option<Self> {
        match kind {
            ProviderKind::Anthropic => Some(Self::Anthropic),
            ProviderKind::OpenaiChat => Some(Self::OpenaiChat),
            ProviderKind::OpenaiResponses
            | ProviderKind::AzureOpenai
            | ProviderKind::Ollama
            | ProviderKind::Offline => None,
        }
    }

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Anthropic => anthropic::PATH,
            Self::OpenaiChat => openai_chat::PATH,
        }
    }

    pub(crate) fn body(self, request: &Request, endpoint: &Endpoint) -> Vec<u8> {
        let body = match self {
            Self::Anthropic => anthropic::body(request),
            Self::OpenaiChat => openai_chat::body(request, openai_chat::Dialect::of(&endpoint.base_url)),
        };
        body.to_string().into_bytes()
    }

    /// The headers of a request; `None` where the key cannot stand in one.
    pub(crate) fn headers(self, key: Option<&str>) -> Option<HeaderMap> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if self == Self::Anthropic {
            headers.insert("anthropic-version", HeaderValue::from_static(anthropic::VERSION));
        }
        if let Some(key) = key {
            let (name, value) = match self {
                Self::Anthropic => (HeaderName::from_static("x-api-key"), key.to_owned()),
                Self::OpenaiChat => (AUTHORIZATION, format!("Bearer {key}")),
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
            Self::OpenaiChat => Reader::OpenaiChat(openai_chat::Reader::default()),
        }
    }
}

impl Reader {
    /// Reads the data of one server-sent event.
    pub(crate) fn read(&mut self, data: &str, out: &mut Vec<ModelEvent>) -> Result<Progress, WireError> {
        match self {
            Self::Anthropic(reader) => reader.read(data, out),
            Self::OpenaiChat(reader) => reader.read(data, out),
        }
    }

    /// Whether the answer counts as whole where the stream ends here in good order.
    pub(crate) const fn may_end(&self) -> bool {
        match self {
            Self::Anthropic(_) => false,
            Self::OpenaiChat(reader) => reader.may_end(),
        }
    }

    /// The last event.
    pub(crate) fn stop(&mut self) -> ModelEvent {
        match self {
            Self::Anthropic(reader) => reader.stop(),
            Self::OpenaiChat(reader) => reader.stop(),
        }
    }

    /// The tokens counted so far.
    pub(crate) const fn usage(&self) -> Usage {
        match self {
            Self::Anthropic(reader) => reader.usage(),
            Self::OpenaiChat(reader) => reader.usage(),
        }
    }
}
