//! Calling a model: by a recording, by a script, by an answer that is kept, or over HTTP.

use copydesk_base::Usage;
use copydesk_base::config::{Provider, ProviderKind};
use tokio_util::sync::CancellationToken;

use super::Models;
use crate::cache::Place;
use crate::choice::Choice;
use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::http::Job;
use crate::replay::Replayed;
use crate::stream::Sink;
use crate::{CallError, EventStream, ModelEvent, Request, Script, offline};

impl Models {
    /// Makes ready what the first call to this model needs, so that the call itself need not.
    pub async fn warm(&self, choice: &Choice) {
        if choice.kind != ProviderKind::Offline
            && let Ok(url) = choice.endpoint.address("")
        {
            // A failure shows again, with its reason, when the call is made.
            let _ = self.clients.get(&url, choice.endpoint.connect).await;
        }
    }

    /// The answer that is kept to a request, as the stream of it: nobody is asked, and it costs nothing. None where there
    /// is none, or none are kept.
    pub async fn recalled(&self, choice: &Choice, request: &Request) -> Option<EventStream> {
        let is_called =
            self.config.replay.is_none() && !choice.offline && choice.lacks(request.needs()).is_none();
        let answers = self.config.answers.as_ref().filter(|_| is_called)?;
        let request = request.clone().to(&choice.model, &choice.model_ref());
        let place = Place::of(answers, choice, &self.config.root, &request)?;
        let (stopped, age) = place.find().await?;
        Some(EventStream::new(move |sink| async move {
            sink.send(Ok(ModelEvent::Recalled { age })).await;
            told_at_once(&sink, Ok(stopped)).await;
        }))
    }

    /// Sends one request, and keeps its answer where answers are kept. Nothing happens but by polling the stream. Dropping it closes the socket; the token does
    /// so too, at the next poll, for which it wakes the reader, and the stream ends with [`CallError::Canceled`].
    pub fn call(&self, choice: &Choice, request: Request, cancel: CancellationToken) -> EventStream {
        let maker = choice.model_ref();
        let request = request.to(&choice.model, &maker);
        let endpoint = choice.endpoint.clone();
        if let Some(recording) = self.config.replay.clone() {
            let root = self.config.root.clone();
            return EventStream::new(move |sink| async move {
                // Whoever canceled it then is told no answer either.
                if cancel.is_cancelled() {
                    return told_at_once(&sink, Err(CallError::Canceled)).await;
                }
                let Replayed { before, outcome } = recording.answer(&request, &root);
                for event in before {
                    sink.send(Ok(event)).await;
                }
                told_at_once(&sink, outcome).await;
            });
        }
        if endpoint.kind == ProviderKind::Offline {
            let script = self.script(&endpoint.name);
            return EventStream::new(move |sink| async move {
                let mut usage = Usage::default();
                let work = play(&request, script, &sink, &mut usage);
                let outcome = cancel.run_until_cancelled(work).await.unwrap_or(Err(CallError::Canceled));
                finish(&sink, usage, outcome).await;
            });
        }
        if let Some(lacking) = choice.lacks(request.needs()) {
            return EventStream::new(move |sink| async move { sink.send(Err(lacking)).await });
        }
        let answers = self.config.answers.as_ref();
        let place = answers.and_then(|answers| Place::of(answers, choice, &self.config.root, &request));
        let job = self.job(endpoint, choice.facts.clone());
        EventStream::new(move |sink| async move {
            let mut usage = Usage::default();
            let work = job.run(&request, &sink, &mut usage);
            let outcome = cancel.run_until_cancelled(work).await.unwrap_or(Err(CallError::Canceled));
            let outcome = outcome.map(|stopped| stopped.made_by(&maker));
            if let (Some(place), Ok(stopped)) = (&place, &outcome) {
                place.keep(stopped).await;
            }
            finish(&sink, usage, outcome).await;
        })
    }

    /// Whether a stand-in has a script to answer by.
    pub fn has_script(&self, provider: &str) -> bool {
        self.config.providers.get(provider).is_some_and(|provider| provider.scenario.is_some())
    }

    /// What a call of this stand-in would fail with because its script cannot be read.
    pub fn unscripted(&self, choice: &Choice) -> Option<CallError> {
        self.script(&choice.provider).err().filter(|_| choice.offline)
    }

    pub(super) fn job(&self, endpoint: Endpoint, facts: Facts) -> Job {
        Job {
            endpoint,
            facts,
            keys: self.keys.clone(),
            clients: self.clients.clone(),
            retries: self.config.retries,
            health: self.config.health.clone(),
        }
    }

    fn script(&self, provider: &str) -> Result<Option<Script>, CallError> {
        let unusable =
            |reason: &str| CallError::Scenario { provider: provider.to_owned(), reason: reason.to_owned() };
        match self.config.scripts.get(provider) {
            Some(Ok(script)) => Ok(Some(script.clone())),
            Some(Err(reason)) => Err(unusable(reason)),
            None => match self.config.providers.get(provider) {
                Some(Provider { scenario: Some(_), .. }) => Err(unusable("it was not read")),
                _ => Ok(None),
            },
        }
    }
}

async fn play(
    request: &Request,
    script: Result<Option<Script>, CallError>,
    sink: &Sink,
    usage: &mut Usage,
) -> Result<ModelEvent, CallError> {
    let (stopped, used) = offline::answer(request, script?.as_ref(), sink).await?;
    usage.add(used);
    Ok(stopped)
}

/// An answer that is there already: its text in one piece, and no count, since nobody was asked.
async fn told_at_once(sink: &Sink, outcome: Result<ModelEvent, CallError>) {
    if let Ok(ModelEvent::Stopped { text, .. }) = &outcome
        && !text.is_empty()
    {
        sink.send(Ok(ModelEvent::Text(text.clone()))).await;
    }
    sink.send(outcome).await;
}

/// The two last items of every stream.
async fn finish(sink: &Sink, usage: Usage, outcome: Result<ModelEvent, CallError>) {
    if usage != Usage::default() {
        sink.send(Ok(ModelEvent::Usage(usage))).await;
    }
    sink.send(outcome).await;
}
