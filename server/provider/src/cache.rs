//! Answers that are kept: the same request gets the same answer again, for a while, without anybody being asked.
//!
//! An answer is found by what was asked and of whom ([`crate::canonical`]), in whatever run. Only whole answers of
//! conversations are kept; a hole in a text is asked about once and never again. Where and how long they lie is the
//! business of [`Answers`].
//!
//! An answer that speaks of a secret, by its placeholder or by one that the model made up, is not kept: a placeholder
//! means something in one process only, and what it would mean in another nobody knows.

use std::sync::Arc;
use std::time::Duration;

use copydesk_base::redact::placeholders;
use serde::{Deserialize, Serialize};

use crate::canonical::{Names, ROOT};
use crate::request::{Arguments, Carried, Request, ToolCall, Tries};
use crate::{Choice, ModelEvent, StopReason};

/// Where answers are kept.
pub trait Answers: std::fmt::Debug + Send + Sync {
    /// What is kept under a name, and how old it is.
    fn find(&self, name: &str) -> Option<(String, Duration)>;

    /// Keeps an answer, as far as there is room.
    fn keep(&self, name: &str, answer: &str);
}

/// The version of what is kept; what another one wrote is not found.
const VERSION: u32 = 2;

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    text: String,
    calls: Vec<KeptCall>,
    carried: Vec<Carried>,
}

#[derive(Serialize, Deserialize)]
struct KeptCall {
    id: String,
    name: String,
    raw: String,
}

/// The place of one request's answer.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    answers: Arc<dyn Answers>,
    names: Names,
    digest: String,
}

impl Place {
    /// The place for a request; none where its answer is not to be kept.
    pub(crate) fn of(
        answers: &Arc<dyn Answers>,
        choice: &Choice,
        root: &str,
        request: &Request,
    ) -> Option<Self> {
        let is_talk = request.infill.is_none() && request.tries == Tries::AsSet;
        // A text that speaks of our own sign could not be told from one that we made.
        let is_plain = !request.messages.iter().any(|message| format!("{message:?}").contains(ROOT));
        if !is_talk || !is_plain {
            return None;
        }
        let names = Names::of(root, request);
        let digest = names.digest(&format!("{} {}", choice.provider, choice.base_url()), request);
        Some(Self { answers: answers.clone(), names, digest })
    }

    /// The answer that is kept, and how old it is.
    pub(crate) async fn find(&self) -> Option<(ModelEvent, Duration)> {
        let Self { answers, names, digest } = self.clone();
        // The disk may be slow, and others are waiting for this thread.
        tokio::task::spawn_blocking(move || {
            let (text, age) = answers.find(&digest)?;
            Some((read(&text, &names)?, age))
        })
        .await
        .ok()
        .flatten()
    }

    /// Keeps an answer, where it is whole.
    pub(crate) async fn keep(&self, stopped: &ModelEvent) {
        let Some(text) = written(stopped, &self.names) else { return };
        let Self { answers, digest, .. } = self.clone();
        // What could not be kept is asked for again.
        let _ = tokio::task::spawn_blocking(move || answers.keep(&digest, &text)).await;
    }
}

fn written(stopped: &ModelEvent, names: &Names) -> Option<String> {
    let ModelEvent::Stopped { reason: StopReason::EndTurn | StopReason::ToolUse, text, calls, carried } =
        stopped
    else {
        return None;
    };
    if text.contains(ROOT) || text.trim().is_empty() && calls.is_empty() {
        return None;
    }
    let call = |call: &ToolCall| KeptCall {
        id: call.id.clone(),
        name: call.name.clone(),
        raw: names.general(&call.arguments.raw),
    };
    let kept = Kept {
        version: VERSION,
        text: names.general(text),
        calls: calls.iter().map(call).collect(),
        carried: carried.clone(),
    };
    serde_json::to_string(&kept).ok().filter(|text| placeholders(text).is_empty())
}

fn read(text: &str, names: &Names) -> Option<ModelEvent> {
    if !placeholders(text).is_empty() {
        return None;
    }
    let kept: Kept = serde_json::from_str(text).ok().filter(|kept: &Kept| kept.version == VERSION)?;
    let call = |call: KeptCall| ToolCall {
        id: call.id,
        name: call.name,
        arguments: Arguments::read(names.particular(&call.raw)),
    };
    let calls: Vec<ToolCall> = kept.calls.into_iter().map(call).collect();
    let reason = if calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
    Some(ModelEvent::Stopped { reason, text: names.particular(&kept.text), calls, carried: kept.carried })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Wire;
    use crate::{Message, Request};

    fn names(root: &str) -> Names {
        let messages = vec![Message::user("what is <secret:token:a>?")];
        Names::of(root, &Request { messages, ..Request::default() })
    }

    #[test]
    fn whole_answers_come_back_as_they_were_and_others_are_not_kept() {
        let stopped = |reason, text: &str, raw: Option<&str>| ModelEvent::Stopped {
            reason,
            text: text.to_owned(),
            calls: (raw.into_iter())
                .map(|raw| ToolCall { id: "1".into(), name: "edit".into(), arguments: Arguments::read(raw) })
                .collect(),
            carried: vec![Carried {
                wire: Wire::Anthropic,
                by: "p/m".into(),
                behind: crate::request::Behind::default(),
                value: serde_json::json!({"sealed": 1}),
            }],
        };
        let (here, there) = (names("/one"), names("/two"));
        let check = |event: ModelEvent, expect: Option<ModelEvent>| {
            let read = written(&event, &here).and_then(|text| read(&text, &there));
            assert_eq!(read, expect, "{event:?}");
        };
        let (end, call) = (StopReason::EndTurn, StopReason::ToolUse);
        check(stopped(end.clone(), "Done in /one.", None), Some(stopped(end.clone(), "Done in /two.", None)));
        check(
            stopped(call.clone(), "", Some("{\"path\":\"/one/a\",\"old\":\"x\"}")),
            Some(stopped(call.clone(), "", Some("{\"path\":\"/two/a\",\"old\":\"x\"}"))),
        );
        // Of a secret that the request has, and of one that is made up.
        for word in ["<secret:token:a>", "<secret:token:1>", "<secret:x:b-2>"] {
            check(stopped(end.clone(), &format!("It is {word}."), None), None);
            check(stopped(call.clone(), "", Some(&format!("{{\"old\":\"{word}\"}}"))), None);
        }
        // Bad JSON is an answer too.
        check(stopped(call.clone(), "", Some("{x")), Some(stopped(call, "", Some("{x"))));
        for reason in [StopReason::MaxTokens, StopReason::Refusal, StopReason::Other("tired".into())] {
            check(stopped(reason, "half an ans", None), None);
        }
        check(stopped(end.clone(), " \n", None), None);
        check(stopped(end, "It is ⟨root⟩.", None), None);
        for text in ["\"version\":1,\"text\":\"a\"", "\"version\":2,\"text\":\"<secret:token:1>\""] {
            assert_eq!(read(&format!("{{{text},\"calls\":[],\"carried\":[]}}"), &here), None);
        }
    }
}
