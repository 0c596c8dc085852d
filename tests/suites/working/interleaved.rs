//! A person types while an agent edits the same file, in every editor and encoding: no keystroke is lost, no edit is
//! made over newer text, and what the model is told is what happened.
//!
//! The file is lines of values; the agent counts them up. The person types words between the characters, anywhere and
//! at any time, before an edit, while it travels and behind it, and takes some of them away again. Whatever came first:
//! with the words taken out, the text must be the values that the model was told it has made.
//!
//! One edit among the person's is one interleaving. A server lives through thousands of them, so that a million can be
//! had in an hour or two; the numbers that decide are counted on, so that no two are the same.

use std::time::Duration;

use copydesk_tests::client::{Client, Consent};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::personality::Personality;
use copydesk_tests::scene::{KEY, config, done, results};
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::COPYDESK;

const LINES: usize = 12;
/// Edits of one answer.
const EDITS: usize = 10;
/// Answers in each editor; `COPYDESK_INTERLEAVINGS` says how many edits there are in all instead.
const ROUNDS: usize = 6;
/// Answers that one server lives through.
const LIFE: usize = 250;
/// How long the person waits for something to happen before typing on.
const PAUSE: Duration = Duration::from_millis(20);

/// Choices that a number decides, so that a failure can be had again.
struct Dice(u64);

impl Dice {
    /// Below `sides`; the generator is xorshift64 of Marsaglia.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % sides
    }
}

/// The one who types: words that stand nowhere else, some of them long in UTF-16 and UTF-8.
struct Person {
    dice: Dice,
    typed: usize,
    standing: Vec<String>,
}

impl Person {
    /// Maybe types something, or takes something away again that still stands as it was typed.
    fn types(&mut self, client: &mut Client, uri: &str) {
        let text = client.text(uri);
        match self.dice.roll(4) {
            0 => {
                self.typed += 1;
                let word = format!("<{}{}>", ["ä", "😀", "k", "ﬁ"][self.dice.roll(4)], self.typed);
                let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let at = places[self.dice.roll(places.len())];
                // Never within another word: that would be two.
                if text[..at].matches('<').count() == text[..at].matches('>').count() {
                    client.type_over(uri, at, at, &word);
                    self.standing.push(word);
                }
            }
            1 if !self.standing.is_empty() => {
                let word = self.standing.swap_remove(self.dice.roll(self.standing.len()));
                if let Some(at) = text.find(&word) {
                    client.type_over(uri, at, at + word.len(), "");
                }
            }
            _ => {}
        }
    }

    /// Takes away everything that was typed, each word once; what is left is nobody's but the agent's.
    fn cleans(&mut self, client: &mut Client, uri: &str) {
        for word in std::mem::take(&mut self.standing) {
            let text = client.text(uri);
            let places: Vec<usize> = text.match_indices(&word).map(|(at, _)| at).collect();
            match places[..] {
                [at] => client.type_over(uri, at, at + word.len(), ""),
                _ => client.fail(&format!("'{word}' stands {} times in the text:\n{text}", places.len())),
            }
        }
    }
}

fn file(values: &[usize; LINES]) -> String {
    let lines = values.iter().enumerate().map(|(line, value)| format!("value of {line}: {value};\n"));
    lines.collect()
}

/// One editor: so many answers with edits, and somebody who types.
fn work(personality: Personality, format: Format, rounds: usize, seed: u64) {
    let model = ModelServer::start(format, []);
    let mut values = [0; LINES];
    let workspace = Workspace::new(COPYDESK)
        .with([("values.txt", &file(&values))])
        .with_user_config(&config(&model, "{mode: accept-edits}"))
        .with_variable("BENCH_KEY", KEY);
    let name = personality.name;
    let mut client = Client::start(personality, &workspace);
    let uri = workspace.uri("values.txt");
    client.open(&uri, "plaintext", &file(&values));
    client.consent(Consent::Yes);
    for method in ["workspace/applyEdit", "window/showDocument", "window/logMessage", "window/showMessage"] {
        client.quiet(method);
    }
    let mut person = Person { dice: Dice(seed), typed: 0, standing: vec![] };
    let mut told = 0;
    for round in 0..rounds {
        let first = person.dice.roll(LINES);
        let lines: Vec<usize> = (0..EDITS).map(|at| (first + at * 5) % LINES).collect();
        let calls = lines.iter().fold(Reply::empty(), |reply, line| {
            let (old, new) = (values[*line], values[*line] + 1);
            let old = format!("value of {line}: {old};");
            reply.call(
                "edit",
                &json!({"path": "values.txt", "old": old, "new": format!("value of {line}: {new};")}),
            )
        });
        model.push(calls);
        model.push(done());
        let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
        let argument =
            json!({"uri": uri, "range": range, "prompt": format!("round {round}"), "action": "ask"});
        if let Err(error) = client.command("copydesk.ask", argument) {
            client.fail(&format!("copydesk.ask was refused: {error}"));
        }
        // While it works, and a little longer, the person types.
        let mut after = 3;
        while after > 0 {
            person.types(&mut client, &uri);
            client.hear_within(PAUSE);
            if model.asked() >= told + 2 {
                after -= 1;
            }
        }
        let answered = model.wait_answered(told + 1);
        told += 2;
        let results = results(&answered.body);
        assert_eq!(results.len(), EDITS, "{name}, seed {seed}: {results:?}");
        for (line, result) in lines.iter().zip(&results) {
            // The words of the tool for a change that was made; everything else is a refusal.
            if result.contains("changed: +1 -1 lines") {
                values[*line] += 1;
            }
        }
        let shows = client.personality.shows_progress();
        client.wait("the end of the run", |client| (!shows || client.progress_ended() > round).then_some(()));
        person.cleans(&mut client, &uri);
        let text = client.text(&uri);
        if text != file(&values) {
            let expect = file(&values);
            client.fail(&format!(
                "seed {seed}, round {round}: the text is\n{text}but the model was told\n{expect}{results:?}"
            ));
        }
    }
    client.finish();
}

#[test]
fn no_keystroke_is_lost_and_no_edit_is_stale_in_any_editor() {
    let editors = Personality::all().len();
    let wanted = std::env::var("COPYDESK_INTERLEAVINGS").ok().and_then(|count| count.parse::<usize>().ok());
    let rounds = wanted.map_or(ROUNDS, |count| count.div_ceil(EDITS * editors));
    std::thread::scope(|scope| {
        for (at, personality) in Personality::all().into_iter().enumerate() {
            let format = Format::BOTH[at % 2];
            scope.spawn(move || {
                for (life, from) in (0..rounds).step_by(LIFE).enumerate() {
                    let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul((life * editors + at) as u64 + 1);
                    work(personality.clone(), format, LIFE.min(rounds - from), seed);
                }
            });
        }
    });
}
