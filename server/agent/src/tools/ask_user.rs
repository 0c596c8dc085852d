//! `ask_user`: a question of the model's own, to the person.
//!
//! `question` · `options` answers to choose from
//!
//! It is no approval and cannot look like one: it says that the agent asks, and none of its answers may be called as
//! the answers to an approval are. What the person says to the run meanwhile answers it too, so that every editor has a
//! way to answer in words. Silence is no answer, and the model goes on without one.

use copydesk_base::event::About;
use copydesk_base::host::Presence;
use copydesk_base::{CallId, Event};
use copydesk_provider::ToolSpec;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Output, arguments};
use crate::desk::Order;
use crate::error::AgentError;
use crate::gate::calling;
use crate::gate::render::harmless;
use crate::hooks::{Home, Page};
use crate::run::Turn;
use crate::run::steer;
use crate::session::spoken::{self, Reply};
use crate::view::QuestionView;

/// The most answers to choose from, and the longest one and the longest question, in characters.
const OPTIONS: usize = 6;
const OPTION: usize = 60;
const QUESTION: usize = 300;

/// What the answers to an approval are called.
const TAKEN: &[&str] = &["allow once", "always allow", "allow", "always", "deny", "show"];

#[derive(Deserialize)]
struct Arguments {
    question: String,
    #[serde(default)]
    options: Vec<String>,
}

pub(super) fn spec() -> ToolSpec {
    super::spec(
        "ask_user",
        "Ask the person what only they can know. With options, they choose one.",
        json!({
            "type": "object",
            "properties": {
                "question": {"type": "string"},
                "options": {"type": "array", "items": {"type": "string"}}
            },
            "required": ["question"]
        }),
    )
}

pub(super) async fn run(turn: &mut Turn, call: &CallId, value: Value) -> Result<Output, AgentError> {
    let Arguments { question, options } = match arguments(value) {
        Ok(arguments) => arguments,
        Err(output) => return Ok(output),
    };
    let (text, options) = match fitting(&question, &options) {
        Ok(fitting) => fitting,
        Err(reason) => return Ok(Output::failed(reason)),
    };
    let recorded = spoken::reply(turn, &text);
    let is_nobody_here = match &recorded {
        Some(recorded) => *recorded == Reply::Nobody,
        None => turn.world.host.presence() == Presence::Nobody,
    };
    if is_nobody_here {
        let words = format!("{text} (nobody was here to answer, so it goes on without)");
        let about = Some(About::Unattended { question: text });
        turn.record(vec![Event::Notice { text: words, about }]).await?;
        return Ok(Output::failed(
            "nobody is here who could answer; decide for yourself, and say what you decided",
        ));
    }
    turn.record(vec![Event::QuestionAsked {
        call: call.clone(),
        text: text.clone(),
        options: options.clone(),
    }])
    .await?;
    let (reply, answer) = oneshot::channel();
    let (home, facts) = (Home::of(turn), calling::facts(turn, &text));
    let view = QuestionView {
        id: call.clone(),
        run: turn.run.clone(),
        text,
        options,
        origin: turn.origin.clone(),
        asked: turn.world.clock.now(),
    };
    if recorded.is_none() {
        turn.desk.order(Order::Question { view, reply });
    }
    let page = Page { shared: &turn.shared, run: &turn.run };
    let answered = tokio::select! {
        answer = async {
            match recorded {
                Some(Reply::Words(answer)) => Some(answer),
                Some(Reply::Silence | Reply::Nobody) => None,
                Some(Reply::Open) => std::future::pending().await,
                None => answer.await.ok(),
            }
        } => answer,
        words = turn.ear.next() => Some(words),
        () = tokio::time::sleep(calling::patience(&home)) => None,
        () = turn.cancel.cancelled() => return Err(AgentError::Canceled),
        never = calling::call(&home, &facts, page, &turn.cancel) => match never {},
    };
    turn.desk.order(Order::Unask(call.clone()));
    let told = answered.clone().unwrap_or_default();
    turn.record(vec![Event::QuestionAnswered { call: call.clone(), answer: told }]).await?;
    Ok(match answered {
        Some(answer) => Output::fine(steer::said(&answer)),
        None => {
            Output::failed("the person did not answer in time; decide for yourself, and say what you decided")
        }
    })
}

/// The question and its answers as they can be shown, or what is wrong with them.
fn fitting(question: &str, options: &[String]) -> Result<(String, Vec<String>), String> {
    let question = one_line(question);
    if question.is_empty() || question.chars().count() > QUESTION {
        return Err(format!("a question has 1 to {QUESTION} characters"));
    }
    if options.len() > OPTIONS {
        return Err(format!("more than {OPTIONS} options are too many to choose from"));
    }
    let options: Vec<String> = options.iter().map(|option| one_line(option)).collect();
    for option in &options {
        if option.is_empty() || option.chars().count() > OPTION {
            return Err(format!("an option has 1 to {OPTION} characters"));
        }
        if looks_taken(option) {
            return Err(format!(
                "an option may not be called '{option}': that is how a permission is answered"
            ));
        }
    }
    Ok((format!("The agent asks: {question}"), options))
}

/// Whether an answer can be taken for one to an approval: by its letters, whatever stands between them, and whatever
/// alphabet they were borrowed from.
fn looks_taken(option: &str) -> bool {
    let letters: Vec<char> =
        option.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    TAKEN.iter().any(|taken| {
        let taken: Vec<char> = taken.chars().filter(|letter| letter.is_alphabetic()).collect();
        let is_like = |(one, other): (&char, &char)| one == other || !one.is_ascii();
        let has_own = letters.iter().any(char::is_ascii);
        letters.len() == taken.len()
            && (has_own || letters.iter().all(|letter| ('\u{ff00}'..='\u{ffef}').contains(letter)))
            && letters.iter().zip(&taken).all(is_like)
    })
}

fn one_line(text: &str) -> String {
    harmless(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_cannot_look_like_an_approval() {
        let check = |question: &str, options: &[&str]| {
            let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
            fitting(question, &options).map(|(text, options)| format!("{text} {}", options.join("|")))
        };
        for (question, options, shown) in [
            ("Tabs or\nspaces?", &["Tabs", "Spaces"][..], "The agent asks: Tabs or spaces? Tabs|Spaces"),
            ("Why\u{202e}?", &[], "The agent asks: Why\\u{202e}? "),
            ("What next?", &["Show me"], "The agent asks: What next? Show me"),
            ("Was?", &["Ja", "Öfter"], "The agent asks: Was? Ja|Öfter"),
        ] {
            assert_eq!(check(question, options).as_deref(), Ok(shown));
        }
        for (question, options, reason) in [
            ("", &[][..], "a question has"),
            ("May I?", &["Allow once"], "may not be called 'Allow once'"),
            ("May I?", &["  DENY! "], "may not be called 'DENY!'"),
            ("May I?", &["\u{410}llow once"], "may not be called"),
            ("May I?", &["Allow_once"], "may not be called"),
            ("May I?", &["\u{ff21}\u{ff4c}\u{ff4c}\u{ff4f}\u{ff57}"], "may not be called"),
            ("Which?", &["1", "2", "3", "4", "5", "6", "7"], "too many"),
            ("Which?", &[" "], "an option has"),
        ] {
            let error = check(question, options).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
