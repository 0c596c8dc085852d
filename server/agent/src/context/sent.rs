//! What a model was sent in a run, part by part: what stands before every conversation, the tools, what was said
//! earlier, the sections of the first message with where each comes from, and what came after it.
//!
//! It is made from records alone, so that it is what was sent and not what would be sent now, and that any process can
//! show it. It is the last request of a run: the answer to it was sent to nobody. Tokens are a quarter of the bytes,
//! and the provider's own count stands beside them where it gave one.

use std::iter::repeat;

use copydesk_base::{Event, Record, Usage};
use copydesk_provider::{Message, TOKENS_OF_IMAGE};
use serde::Serialize;

use crate::context::opening::BYTES;
use crate::session::transcript;

/// What was sent to a model in one run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sent {
    pub run: String,
    pub model: String,
    /// In the order of the request.
    pub parts: Vec<SentPart>,
    /// What the provider counted for the last request; absent where it counted nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted: Option<Usage>,
}

/// A part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentPart {
    pub section: String,
    /// Where it comes from: a path, a tool, or who said it.
    pub origin: String,
    /// About how many.
    pub tokens: usize,
    /// Bytes of what it tells that were left out.
    pub cut: usize,
    pub text: String,
}

/// What was sent with the last request of these runs of a conversation, oldest first; nothing where no request left.
pub fn sent(runs: &[Vec<Record>]) -> Option<Sent> {
    let (last, earlier) = runs.split_last()?;
    // What stands behind the last request came of it, and was sent to nobody.
    let end = last.iter().rposition(|record| matches!(record.event, Event::ModelRequested { .. }))?;
    let (last, answered) = last.split_at(end);
    let mut sent = Sent { run: last.first()?.run.to_string(), ..Sent::default() };
    let mut told = None;
    for record in answered {
        match &record.event {
            Event::ModelSwitched { to, .. } => sent.model.clone_from(to),
            Event::ModelAnswered { usage, .. } if !usage.estimated && usage.input_tokens > 0 => {
                sent.counted = Some(*usage);
            }
            _ => {}
        }
    }
    for record in last {
        match &record.event {
            Event::RunStarted { model, .. } => sent.model.clone_from(model),
            Event::ModelSwitched { to, .. } => sent.model.clone_from(to),
            Event::ContextLaid { .. } if told.is_none() => told = Some(record),
            _ => {}
        }
    }
    let Event::ContextLaid { system, tools, tool_bytes, sections, kept } = &told?.event else {
        return None;
    };
    sent.parts.push(part("system", "built in", system.clone()));
    let tokens = tool_bytes.div_ceil(BYTES);
    sent.parts.push(SentPart { tokens, ..part("tools", "built in", tools.join(", ")) });
    let before = vec![transcript::newest(transcript::turns(earlier), *kept)];
    // What was shortened has taken the first message with it, or not; the sections are those of a message that is
    // there.
    let is_short = last.iter().any(|record| matches!(record.event, Event::Compacted { .. }));
    if is_short {
        let now = transcript::with(before, last);
        sent.parts.extend(now.iter().flatten().map(|message| of_message("conversation", message)));
        sent.parts.extend(images(last));
        return Some(sent);
    }
    sent.parts.extend(before.iter().flatten().map(|message| of_message("earlier", message)));
    for (at, message) in transcript::with(vec![], last).iter().flatten().enumerate() {
        match message {
            Message::User { text, .. } if at == 0 => {
                let mut start = 0;
                for section in sections {
                    let end = start + section.bytes;
                    let text = text.get(start..end).unwrap_or_default().to_owned();
                    sent.parts
                        .push(SentPart { cut: section.cut, ..part(&section.name, &section.origin, text) });
                    start = end;
                }
            }
            message => sent.parts.push(of_message("conversation", message)),
        }
    }
    sent.parts.extend(images(last));
    Some(sent)
}

/// The images that went along. What one costs is its provider's to say; it is counted as a large one.
fn images(records: &[Record]) -> impl Iterator<Item = SentPart> {
    let sent = records.iter().filter_map(|record| match &record.event {
        Event::ImagesSent { paths, bytes } => {
            Some(paths.iter().zip(bytes.iter().map(Some).chain(repeat(None))))
        }
        _ => None,
    });
    sent.flatten().map(|(path, bytes)| {
        let size = bytes.map_or_else(String::new, |bytes| format!(" of {bytes} bytes"));
        let text = format!("an image{size}");
        SentPart { tokens: TOKENS_OF_IMAGE, ..part("images", &path.display().to_string(), text) }
    })
}

fn part(section: &str, origin: &str, text: String) -> SentPart {
    let tokens = text.len().div_ceil(BYTES);
    SentPart { section: section.to_owned(), origin: origin.to_owned(), tokens, cut: 0, text }
}

fn of_message(section: &str, message: &Message) -> SentPart {
    match message {
        Message::User { text, .. } => part(section, "the person, or us", text.clone()),
        Message::Assistant { text, calls, .. } => {
            let calls = calls.iter().map(|call| format!("{} {}", call.name, call.arguments.raw));
            let said = Some(text.clone()).filter(|text| !text.is_empty()).into_iter().chain(calls);
            part(section, "the model", said.collect::<Vec<_>>().join("\n"))
        }
        Message::ToolResults { results } => {
            let texts: Vec<&str> = results.iter().map(|result| result.text.as_str()).collect();
            part(section, "tools", texts.join("\n"))
        }
    }
}

impl Sent {
    /// About how many tokens all of it has.
    pub fn tokens(&self) -> usize {
        self.parts.iter().map(|part| part.tokens).sum()
    }

    /// A page for reading: a table, then each part.
    pub fn page(&self) -> String {
        let mut page =
            format!("# What was sent to {}\n\nRun {}, about {} tokens", self.model, self.run, self.tokens());
        if let Some(usage) = &self.counted {
            page.push_str(&format!("; for the last request the provider counted {}", usage.input_tokens));
            if usage.cached_tokens > 0 {
                page.push_str(&format!(", {} of them from its cache", usage.cached_tokens));
            }
        }
        page.push_str(".\n\n| section | from | tokens | left out |\n|---|---|---|---|\n");
        for part in &self.parts {
            let cut = if part.cut == 0 { "–".to_owned() } else { format!("{} bytes", part.cut) };
            let origin = part.origin.replace('|', "\\|");
            page.push_str(&format!("| {} | {origin} | {} | {cut} |\n", part.section, part.tokens));
        }
        for part in &self.parts {
            page.push_str(&format!(
                "\n## {}: {}\n\n{}",
                part.section,
                part.origin,
                crate::context::prompt::fenced(&part.text)
            ));
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use copydesk_base::event::Section;
    use copydesk_base::{CallId, Timestamp};

    use super::*;

    fn run(name: &str, events: Vec<Event>) -> Vec<Record> {
        let numbered = (1..).zip(events);
        numbered.map(|(seq, event)| Record { run: name.into(), seq, at: Timestamp(0), event }).collect()
    }

    fn laid() -> Event {
        let section = |name: &str, origin: &str, bytes, cut| Section {
            name: name.to_owned(),
            origin: origin.to_owned(),
            bytes,
            cut,
        };
        Event::ContextLaid {
            system: "Be careful.".into(),
            tools: vec!["read".into(), "edit".into()],
            tool_bytes: 400,
            sections: vec![section("rules", "AGENTS.md", 6, 10), section("task", "action ask", 5, 0)],
            kept: None,
        }
    }

    fn answered(text: &str, calls: usize, input_tokens: u64) -> Event {
        let usage = Usage { input_tokens, cached_tokens: 50, ..Usage::default() };
        Event::ModelAnswered { text: text.into(), calls, usage, stopped: String::new() }
    }

    fn told(text: &str) -> Event {
        Event::told(text)
    }

    fn requested() -> Event {
        Event::ModelRequested { number: 1, most: Usage::default(), expected: 0 }
    }

    #[test]
    fn every_part_has_its_origin_its_size_and_what_is_left_out() {
        let call = CallId::from("c");
        let first = run("run-1", vec![told("before"), answered("yes", 0, 1)]);
        let second = run(
            "run-2",
            vec![
                laid(),
                told("Tabs.\nwhy?\n"),
                Event::ImagesSent { paths: vec!["/w/a.png".into()], bytes: vec![70] },
                requested(),
                answered("", 1, 110),
                Event::ToolCalled {
                    call: call.clone(),
                    name: "read".into(),
                    arguments: serde_json::json!({"path": "a"}),
                    written: copydesk_base::event::Written::default(),
                },
                Event::ToolReturned { call, text: "x = 1".into(), failed: false },
                requested(),
                answered("It is this, which was sent to nobody.", 0, 120),
            ],
        );
        let found = sent(&[first.clone(), second.clone()]).unwrap();
        let rows: Vec<(&str, &str, usize, usize, &str)> = found
            .parts
            .iter()
            .map(|part| {
                (part.section.as_str(), part.origin.as_str(), part.tokens, part.cut, part.text.as_str())
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("system", "built in", 3, 0, "Be careful."),
                ("tools", "built in", 100, 0, "read, edit"),
                ("earlier", "the person, or us", 2, 0, "before"),
                ("earlier", "the model", 1, 0, "yes"),
                ("rules", "AGENTS.md", 2, 10, "Tabs.\n"),
                ("task", "action ask", 2, 0, "why?\n"),
                ("conversation", "the model", 5, 0, "read {\"path\":\"a\"}"),
                ("conversation", "tools", 2, 0, "x = 1"),
                ("images", "/w/a.png", 1600, 0, "an image of 70 bytes"),
            ]
        );
        // Turns that did not go along were not sent.
        let mut cut = second;
        if let Event::ContextLaid { kept, .. } = &mut cut[0].event {
            *kept = Some(0);
        }
        let found_cut = sent(&[first, cut]).unwrap();
        let earlier: Vec<&str> =
            found_cut.parts.iter().filter(|part| part.section == "earlier").map(|part| &*part.text).collect();
        assert_eq!(earlier, ["[Earlier turns of this conversation are left out.]"]);
        assert_eq!(found.counted.map(|usage| usage.input_tokens), Some(120));
        let page = found.page();
        assert!(
            page.contains("| rules | AGENTS.md | 2 | 10 bytes |\n") && page.contains("## rules: AGENTS.md"),
            "{page}"
        );
        assert!(page.contains("the provider counted 120, 50 of them from its cache"), "{page}");
    }

    #[test]
    fn of_a_conversation_that_was_shortened_the_short_one_is_shown() {
        let short = Event::Compacted {
            text: "[short]".into(),
            summary: None,
            kept: 1,
            fold: None,
            before: 9,
            after: 1,
        };
        let found = sent(&[run(
            "run-1",
            vec![
                laid(),
                told("Tabs.\nwhy?\n"),
                requested(),
                answered("on", 0, 0),
                short,
                requested(),
                answered("Hm.", 0, 0),
            ],
        )])
        .unwrap();
        let texts: Vec<&str> = found.parts.iter().skip(2).map(|part| part.text.as_str()).collect();
        assert_eq!((texts, found.counted), (vec!["[short]", "on"], None));
        assert_eq!(sent(&[]), None);
        assert_eq!(
            sent(&[run("run-1", vec![told("old"), requested()])]),
            None,
            "what an older version wrote"
        );
        assert_eq!(sent(&[run("run-1", vec![laid(), told("Tabs.\nwhy?\n")])]), None, "no request left");
    }
}
