//! A document beside its conversation: how far both tell the same, and what the document tells otherwise.
//!
//! The person may write anywhere: put an earlier question in other words, mend an answer, take turns away. A server
//! that was killed leaves half an answer that no journal has. What the document says is what the model is to be told,
//! so whoever sends the next turn has to know where the two part.
//!
//! # Invariants
//! - Space counts for nothing: editors and formatters move it.
//! - An answer of which the document has the beginning only is known in whole, and stays so.
//! - Of a turn that broke off, the conversation keeps what was done in it, whatever the document says of its answer.

use copydesk_agent::was_told;
use copydesk_base::{Event, Record, RunId, RunStatus};
use copydesk_language::chat::{self, Role};

use super::said::{NOTE, Said};

/// What stands before the words of an answer that broke off.
const BROKEN: &str = "[This answer was cut off. As far as it came, it said:]\n";

/// What the next turn of a document has to mend in its conversation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// Turns that the document tells otherwise, or has no more.
    pub(crate) other: Vec<RunId>,
    /// Where in the document that begins which is to be told in their place, and the number of that question, from one.
    pub(crate) from: Option<(usize, usize)>,
    /// Turns that broke off, each with what is to be added to it.
    pub(crate) broken: Vec<(RunId, String)>,
    /// The turn of the document, as [`chat::turns`] counts, whose answer broke off without a word about it.
    pub(crate) cut: Option<usize>,
}

/// An earlier question of a document, with its answer and the number of the turn that this is.
struct Asked<'t> {
    start: usize,
    question: &'t str,
    answer: Option<(usize, &'t str)>,
}

/// What the journal has of a turn that was sent.
struct Ran<'r> {
    run: &'r RunId,
    action: &'r str,
    prompt: &'r str,
    /// It was asked once more elsewhere: its document has the first answer.
    is_again: bool,
    shown: String,
    broken: Broken,
    /// The message that told it what the document says; nothing where it was told nothing of it.
    told: Option<&'r str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    No,
    Yes,
    /// And somebody said so already.
    Told,
}

/// Holds a document beside the turns that were sent from it. `read` gives the action and the words of a question,
/// `written` a text as the journal has it.
pub(crate) fn agreed<'t>(
    text: &'t str,
    turns: &[Vec<Record>],
    read: impl Fn(&'t str) -> (&'t str, &'t str),
    written: impl Fn(&str) -> String,
) -> Agreed {
    let (asked, ran) = (asked(text), turns.iter().filter_map(|records| ran(records)).collect::<Vec<_>>());
    let is_same = |asked: &Asked<'t>, ran: &Ran<'_>| {
        let (action, prompt) = read(asked.question);
        let is_known = || chat::squeezed(&ran.shown).starts_with(&chat::squeezed(&written(asked.words())));
        action == ran.action
            && chat::squeezed(&written(prompt)) == chat::squeezed(ran.prompt)
            && (ran.is_again || ran.broken != Broken::No || is_known())
    };
    let (mut agreed, mut at) = (Agreed::default(), 0);
    for (number, ran_now) in ran.iter().enumerate() {
        let place = match ran_now.told {
            None => Some(at).filter(|at| asked.get(*at).is_some_and(|asked| is_same(asked, ran_now))),
            Some(message) => {
                let start = asked.get(at).map_or(text.len(), |asked| asked.start);
                (at..asked.len()).find(|place| {
                    let asked = &asked[*place];
                    is_same(asked, ran_now) && was_told(message, &text[start..asked.start], &written)
                })
            }
        };
        let Some(place) = place else {
            agreed.other = ran[number..].iter().map(|ran| ran.run.clone()).collect();
            break;
        };
        if ran_now.broken != Broken::No
            && let Some((turn, words)) = asked[place].answer
        {
            if ran_now.broken == Broken::Yes
                && !chat::squeezed(&ran_now.shown).starts_with(&chat::squeezed(&written(words)))
            {
                agreed.broken.push((ran_now.run.clone(), format!("{BROKEN}{words}")));
            }
            if !words.lines().any(|line| line.starts_with(NOTE)) {
                agreed.cut = Some(turn);
            }
        }
        at = place + 1;
    }
    agreed.from = asked.get(at).map(|asked| (asked.start, at + 1));
    agreed
}

impl<'t> Asked<'t> {
    fn words(&self) -> &'t str {
        self.answer.map_or("", |(_, words)| words)
    }
}

fn asked(text: &str) -> Vec<Asked<'_>> {
    let turns = chat::turns(text);
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (at, turn) in turns.iter().enumerate().take(turns.len().saturating_sub(1)) {
        let (start, words) = (turn.span().start, turn.words(text));
        match (turn.role, asked.last_mut()) {
            (Role::Assistant, Some(last)) if last.answer.is_none() => last.answer = Some((at, words)),
            (Role::Assistant, _) => asked.push(Asked { start, question: "", answer: Some((at, words)) }),
            // What stood below the last answer, ready to be written into.
            (Role::User, _) if words.is_empty() => {}
            (Role::User, _) => asked.push(Asked { start, question: words, answer: None }),
        }
    }
    asked
}

fn ran(records: &[Record]) -> Option<Ran<'_>> {
    let first = records.first()?;
    let Event::RunStarted { action, prompt, again, .. } = &first.event else { return None };
    let (mut said, mut broken, mut tells, mut told) = (Said::default(), Broken::Yes, false, None);
    for record in records {
        said.take(&record.event);
        match &record.event {
            Event::ContextLaid { sections, .. } => {
                tells = sections.iter().any(|section| section.name == "earlier");
            }
            Event::Told { text, .. } if told.is_none() => told = Some(text.as_str()),
            Event::Told { broken_off: true, .. } => broken = Broken::Told,
            Event::RunFinished { status: RunStatus::Succeeded, .. } => broken = Broken::No,
            _ => {}
        }
    }
    let told = told.filter(|_| tells);
    let (run, shown, is_again) = (&first.run, said.shown(), again.is_some());
    Some(Ran { run, action, prompt, is_again, shown, broken, told })
}

#[cfg(test)]
mod tests {
    use copydesk_base::event::Section;
    use copydesk_base::{Timestamp, Usage};
    use serde_json::json;

    use super::*;

    /// A turn: its number, what was asked and answered, how it ended, and what else is written down of it.
    fn turn(number: usize, prompt: &str, answer: &str, status: &str, more: &[Event]) -> Vec<Record> {
        let started = json!({
            "type": "run_started", "session": "ses-1", "title": "", "prompt": prompt, "action": "ask", "origin": null,
            "model": "m", "offline": false, "mode": "default",
        });
        let finished = json!({
            "type": "run_finished", "status": status, "text": answer, "error": null, "usage": Usage::default(),
            "denied": [],
        });
        let answered = Event::ModelAnswered {
            text: answer.to_owned(),
            calls: 0,
            usage: Usage::default(),
            stopped: String::new(),
        };
        let mut events = vec![serde_json::from_value(started).unwrap()];
        events.extend(more.iter().filter(|event| matches!(event, Event::ContextLaid { .. })).cloned());
        events.push(Event::told(more.iter().filter_map(told_of).collect::<String>() + prompt));
        if !answer.is_empty() {
            events.push(answered);
        }
        events.push(serde_json::from_value(finished).unwrap());
        events.extend(
            more.iter().filter(|event| matches!(event, Event::Told { broken_off: true, .. })).cloned(),
        );
        let run = RunId::from(format!("run-{number}").as_str());
        let numbered = (1..).zip(events);
        numbered.map(|(seq, event)| Record { run: run.clone(), seq, at: Timestamp(0), event }).collect()
    }

    fn told_of(event: &Event) -> Option<&str> {
        match event {
            Event::Told { text, broken_off: false } => Some(text),
            _ => None,
        }
    }

    fn earlier(text: &str) -> [Event; 2] {
        let section =
            Section { name: "earlier".to_owned(), origin: String::new(), bytes: text.len(), cut: 0 };
        let text = format!("\nThe conversation so far, as a file tells it:\n```\n{text}\n```\n");
        let laid = Event::ContextLaid {
            system: String::new(),
            tools: vec![],
            tool_bytes: 0,
            sections: vec![section],
            kept: None,
        };
        [laid, Event::told(text)]
    }

    fn text(turns: &[(&str, &str)]) -> String {
        let told =
            turns.iter().map(|(asked, said)| format!("# User\n\n{asked}\n\n# Assistant\n\n{said}\n\n"));
        told.collect::<String>() + "# User\n\nnext\n"
    }

    #[test]
    fn what_the_document_says_counts_from_where_it_parts() {
        let done = |number, prompt, answer| turn(number, prompt, answer, "succeeded", &[]);
        let two = vec![done(1, "a", "one"), done(2, "b", "two")];
        let retold = [
            done(1, "a", "one"),
            turn(3, "c", "three", "succeeded", &earlier("User:\nb!\n\nAssistant:\ntwo")),
        ];
        // One that was begun elsewhere.
        let brought = [turn(
            1,
            "c",
            "three",
            "succeeded",
            &earlier("User:\na\n\nAssistant:\none\n\nUser:\nb\n\nAssistant:\ntwo"),
        )];
        // The document, the turns, which of them do not count any more, and the first question that is told anew.
        for (document, turns, other, from) in [
            (vec![("a", "one"), ("b", "two")], &two[..], &[][..], None),
            (vec![("a\n", "one  "), ("b", "tw")], &two, &[], None),
            (vec![("a", "one"), ("b!", "two")], &two, &["run-2"], Some(2)),
            (vec![("a!", "one"), ("b", "two")], &two, &["run-1", "run-2"], Some(1)),
            (vec![("a", "won"), ("b", "two")], &two, &["run-1", "run-2"], Some(1)),
            (vec![("a", "one")], &two, &["run-2"], None),
            (vec![("b", "two")], &two, &["run-1", "run-2"], Some(1)),
            (vec![], &two, &["run-1", "run-2"], None),
            (vec![("a", "one"), ("b", "two"), ("mine", "and mine")], &two, &[], Some(3)),
            // One that was told the document from its second question on.
            (vec![("a", "one"), ("b!", "two"), ("c", "three")], &retold, &[], None),
            (vec![("a", "one"), ("b?", "two"), ("c", "three")], &retold, &["run-3"], Some(2)),
            (vec![("a", "one"), ("b!", "two"), ("c?", "three")], &retold, &["run-3"], Some(2)),
            (vec![("a?", "one"), ("b!", "two"), ("c", "three")], &retold, &["run-1", "run-3"], Some(1)),
            (vec![("a", "one"), ("c", "three")], &retold, &["run-3"], Some(2)),
            (vec![("a", "one"), ("b", "two"), ("c", "three")], &brought, &[], None),
            (vec![("b", "two"), ("c", "three")], &brought, &["run-1"], Some(1)),
            (vec![("c", "three")], &brought, &["run-1"], Some(1)),
            (
                vec![("a", "one"), ("mine", "too"), ("b", "two"), ("c", "three")],
                &brought,
                &["run-1"],
                Some(1),
            ),
        ] {
            let text = text(&document);
            let agreed = agreed(&text, turns, |words| ("ask", words), str::to_owned);
            let expect: Vec<RunId> = other.iter().map(|run| RunId::from(*run)).collect();
            assert_eq!(
                (&agreed.other, agreed.from.map(|(_, number)| number)),
                (&expect, from),
                "{document:?}"
            );
            assert_eq!((agreed.broken, agreed.cut), (vec![], None), "{document:?}");
        }
    }

    #[test]
    fn a_turn_that_nobody_wrote_into_is_none() {
        let turns = [turn(1, "a", "one", "succeeded", &[])];
        let text = text(&[("a", "one")]);
        for between in ["# User\n\n", "# User\n\n\n# User\n \n"] {
            let text = text.replace("# User\n\nnext", &format!("{between}# User\n\nnext"));
            assert_eq!(
                agreed(&text, &turns, |words| ("ask", words), str::to_owned),
                Agreed::default(),
                "{text}"
            );
        }
    }

    #[test]
    fn words_of_an_answer_that_broke_off_are_added_once() {
        let added = |words: &str| format!("{BROKEN}{words}");
        let told = [Event::Told { text: added("one two"), broken_off: true }];
        for (answer, status, more, broken, cut) in [
            // Killed, or canceled: the journal has none of it.
            ("one two", "failed", &[][..], Some("one two"), Some(1)),
            ("one two", "failed", &told, None, Some(1)),
            ("one two\n\n> Copydesk: the answer was cut off", "failed", &told, None, None),
            (
                "one two\n\n> Copydesk: canceled",
                "canceled",
                &[],
                Some("one two\n\n> Copydesk: canceled"),
                None,
            ),
            ("> Copydesk: canceled", "canceled", &[], None, None),
            ("", "failed", &[], None, Some(1)),
        ] {
            let (text, turns) = (text(&[("a", answer)]), [turn(1, "a", "", status, more)]);
            let expect = Agreed {
                broken: broken.map(|words| (RunId::from("run-1"), added(words))).into_iter().collect(),
                cut,
                ..Agreed::default()
            };
            assert_eq!(
                agreed(&text, &turns, |words| ("ask", words), str::to_owned),
                expect,
                "{answer:?} {status}"
            );
        }
    }
}
