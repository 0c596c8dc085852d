//! What the suites of this room share: a config that points at a model server, and an ear for the answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::{Provider, ProviderKind, Timeouts};
use copydesk_provider::{
    CallError, Choice, EventStream, Fetch, Fetching, Health, Key, KeyForm, KeyOrigin, KeyWanted, Keys,
    Message, ModelEvent, Models, ModelsConfig, Request, Retries, StopReason, ToolCall,
};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

pub(crate) const KEY: &str = "sk-canary-0123456789";
pub(crate) const VARIABLE: &str = "BENCH_API_KEY";

/// How patient a provider of these tests is.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) progress: Duration,
    pub(crate) retries: u32,
}

pub(crate) const CALM: Manners = Manners {
    first_byte: Duration::from_secs(20),
    idle: Duration::from_secs(20),
    progress: Duration::from_secs(20),
    retries: 0,
};

pub(crate) fn kind(format: Format) -> ProviderKind {
    match format {
        Format::Anthropic => ProviderKind::Anthropic,
        Format::OpenaiChat | Format::Completions | Format::LlamaCpp => ProviderKind::OpenaiChat,
        Format::OpenaiResponses => ProviderKind::OpenaiResponses,
        Format::Azure => ProviderKind::AzureOpenai,
        Format::Ollama | Format::OllamaHole => ProviderKind::Ollama,
    }
}

/// Models with one provider, `bench`, at this address.
pub(crate) fn models_at(format: Format, base_url: &str, manners: Manners) -> Models {
    models_of(format, base_url, manners, Health::default())
}

/// Models of which something is known.
pub(crate) fn models_with(server: &ModelServer, manners: Manners, health: Health) -> Models {
    models_of(server.format(), &server.base_url(), manners, health)
}

fn models_of(format: Format, base_url: &str, manners: Manners, health: Health) -> Models {
    let span = copydesk_base::config::Duration;
    let provider = Provider {
        kind: kind(format),
        base_url: Some(base_url.to_owned()),
        api_key_env: Some(VARIABLE.to_owned()),
        default_model: Some("m".to_owned()),
        timeouts: Timeouts {
            connect: span(Duration::from_secs(5)),
            first_byte: span(manners.first_byte),
            idle: span(manners.idle),
            progress: span(manners.progress),
        },
        ..Provider::default()
    };
    let config = ModelsConfig {
        providers: BTreeMap::from([("bench".to_owned(), provider)]),
        retries: Retries { most: manners.retries, pause: Duration::from_millis(1), ..Retries::default() },
        health,
        ..ModelsConfig::default()
    };
    Models::new(&config, keys(&[(VARIABLE, KEY)]))
}

pub(crate) fn models(server: &ModelServer, manners: Manners) -> Models {
    models_at(server.format(), &server.base_url(), manners)
}

pub(crate) fn keys(known: &[(&str, &str)]) -> Arc<dyn Keys> {
    Arc::new(Environment(known.iter().map(|(name, key)| ((*name).into(), (*key).into())).collect()))
}

/// An environment with these variables, and no key anywhere else.
struct Environment(BTreeMap<String, String>);

impl Environment {
    fn find(&self, wanted: &KeyWanted) -> Option<Key> {
        let name = wanted.source.variable.as_ref()?;
        let value = self.0.get(name).filter(|value| !value.trim().is_empty())?;
        Some(Key { value: value.clone(), origin: KeyOrigin::Variable(name.clone()), form: KeyForm::Key })
    }
}

impl Keys for Environment {
    fn origin(&self, wanted: &KeyWanted) -> Option<KeyOrigin> {
        self.find(wanted).map(|key| key.origin)
    }

    fn key<'a>(&'a self, wanted: &'a KeyWanted, _: Fetch) -> Fetching<'a> {
        Box::pin(std::future::ready(Ok(self.find(wanted))))
    }
}

pub(crate) fn choice(models: &Models) -> Choice {
    models.choose().unwrap()
}

pub(crate) fn request(text: &str) -> Request {
    Request { messages: vec![Message::user(text)], ..Request::default() }
}

pub(crate) fn call(models: &Models, cancel: &CancellationToken) -> EventStream {
    models.call(&choice(models), request("hello"), cancel.clone())
}

/// The whole answer, or the error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    /// Everything of the last try before the last item, but for the count.
    pub(crate) events: Vec<ModelEvent>,
    pub(crate) usage: Usage,
    pub(crate) end: Result<Answer, CallError>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) reason: StopReason,
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
}

/// Reads a stream to its end and checks what holds for all: one count at most, one last item, nothing behind it.
pub(crate) async fn hear(mut stream: EventStream) -> Heard {
    let mut events = Vec::new();
    let (mut before, mut usage) = (Usage::default(), None);
    let end = loop {
        let item = stream.next().await.expect("a stream ends with its last item");
        assert!(
            usage.is_none() || matches!(item, Ok(ModelEvent::Stopped { .. }) | Err(_)),
            "behind the count: {item:?}"
        );
        match item {
            Ok(ModelEvent::Usage(count)) => usage = Some(count),
            Ok(ModelEvent::Stopped { reason, text, calls, .. }) => break Ok(Answer { reason, text, calls }),
            // What came of the tries before is void.
            Ok(ModelEvent::Again { usage, .. }) => {
                before.add(usage);
                events.clear();
            }
            // How many pieces come together depends on when they are read.
            Ok(ModelEvent::Text(more)) => match events.last_mut() {
                Some(ModelEvent::Text(text)) => text.push_str(&more),
                _ => events.push(ModelEvent::Text(more)),
            },
            Ok(event) => events.push(event),
            Err(error) => break Err(error),
        }
    };
    assert!(stream.next().await.is_none(), "something came behind the last item");
    if let Ok(answer) = &end {
        let said: String = events
            .iter()
            .filter_map(|event| match event {
                ModelEvent::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(said, answer.text, "the pieces are the text");
    }
    if let Err(error) = &end {
        for told in [error.to_string(), format!("{error:?}"), error.advice()] {
            assert!(!told.contains(KEY), "the key stands in an error: {told}");
            assert!(!told.contains('\n'), "an error in several lines: {told}");
        }
    }
    before.add(usage.unwrap_or_default());
    Heard { events, usage: before, end }
}

pub(crate) async fn ask(models: &Models) -> Heard {
    hear(call(models, &CancellationToken::new())).await
}

/// A call that must fail; gives what was seen until then, and the server to ask.
pub(crate) async fn fails(
    format: Format,
    manners: Manners,
    replies: Vec<Reply>,
) -> (ModelServer, Vec<ModelEvent>, CallError) {
    let server = ModelServer::start(format, replies.clone());
    let heard = ask(&models(&server, manners)).await;
    match heard.end {
        Err(error) => (server, heard.events, error),
        Ok(answer) => panic!("{format:?} took this for an answer: {answer:?}\n{replies:#?}"),
    }
}

pub(crate) fn said(text: &str) -> [ModelEvent; 2] {
    [ModelEvent::Started, ModelEvent::Text(text.to_owned())]
}

/// The address as errors show it: without what is asked of it.
pub(crate) fn address(server: &ModelServer) -> String {
    let path = server.format().path();
    format!("http://{}{}", server.address(), path.split('?').next().unwrap_or(path))
}

/// The rest of a stream that somebody has begun to read.
pub(crate) async fn hear_on(mut stream: EventStream) -> Result<Answer, CallError> {
    while let Some(item) = stream.next().await {
        match item {
            Ok(ModelEvent::Stopped { reason, text, calls, .. }) => return Ok(Answer { reason, text, calls }),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
    panic!("the stream ended without a last item");
}
