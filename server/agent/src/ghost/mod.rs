//! Ghost text: what a model would write at the cursor, asked for at every pause and mostly not taken.
//!
//! [`Desk::suggest`] takes one moment of one document, a [`Spot`], and gives text to insert there, or nothing. It is no
//! run: no tool, no journal, no question to anybody. [`slot`] remembers what was answered and what is under way,
//! [`pace`] when to wait and when to leave a model alone, [`context`] chooses what is sent, [`ask`] says it in the
//! format that the model has, [`clean`] makes the answer fit. [`switch`] decides whether any of this happens.
//!
//! ```text
//! Spot ─ known? ─ pause ─ on? may it be read? ─ Request ─ budget ─ model ─ clean ─ kept in the slot ─ text
//! ```
//!
//! Invariants
//! - What policy does not let an agent read without a question, what git ignores and what a secret may stand in is
//!   never sent, neither for itself nor as context.
//! - One call a document at most. A call that nobody waits for is given up, which closes its socket.
//! - Nothing here fails: whatever goes wrong is no suggestion, and at most one line for the log.

mod account;
mod ask;
mod call;
mod clean;
mod context;
mod flight;
mod ignored;
mod pace;
mod scope;
mod slot;
pub mod switch;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use copydesk_base::{Effect, Grade, Redactor, Timestamp, Verdict};
use copydesk_permission::{Policy, judge};

use crate::desk::{Desk, Shared};
use crate::gate::twins::Twins;
use flight::{Flown, Plan};
use pace::Health;
use scope::Scopes;
use slot::{Arrival, Slot};
use switch::Switch;

/// A longer text gets no suggestions.
const LARGEST: usize = 2 << 20;
/// For so long a look at the settings counts.
const MOMENT: Duration = Duration::from_secs(1);
/// Bytes around what is sent that are looked at for secrets as well.
const MARGIN: usize = 512;

/// One moment of one document, where somebody may want to be helped.
#[derive(Clone, Debug)]
pub struct Spot {
    /// Absolute and resolved.
    pub path: PathBuf,
    /// The editor's word.
    pub language: String,
    pub text: Arc<str>,
    /// Bytes.
    pub cursor: usize,
    /// Bytes before the cursor of an entry of the menu that is chosen and not taken yet.
    pub chosen: usize,
    pub asked: Asked,
    /// What else is open, the one edited last first.
    pub beside: Vec<Beside>,
    /// What begins a comment that ends with its line, where the language has one.
    pub comment: Option<&'static str>,
}

/// Who wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The person, with a key for that.
    ByHand,
    /// The editor, because somebody types.
    ByTyping,
}

/// Another open text.
#[derive(Clone, Debug)]
pub struct Beside {
    pub path: PathBuf,
    pub language: String,
    pub text: Arc<str>,
    /// The line that was edited last, from zero, if it was edited since it was opened.
    pub edited: Option<usize>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggested {
    pub answer: Suggestion,
    /// For the log: said once for each thing that goes wrong.
    pub notices: Vec<String>,
}

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suggestion {
    /// To be inserted at the cursor.
    Text(String),
    /// There is nothing to suggest here.
    Nothing,
    /// Somebody asked anew for this document; what they get counts.
    Outdated,
}

impl From<Option<String>> for Suggestion {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }
}

impl Spot {
    fn before(&self) -> &str {
        &self.text[..self.cursor]
    }

    fn after(&self) -> &str {
        &self.text[self.cursor..]
    }

    /// The entry that is chosen in the menu; empty where none is.
    fn chosen(&self) -> &str {
        self.text.get(self.cursor.saturating_sub(self.chosen)..self.cursor).unwrap_or("")
    }
}

/// What is remembered between suggestions.
#[derive(Default)]
pub(crate) struct Ghosts(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    slots: HashMap<PathBuf, Slot>,
    /// What is defined in each document, as it was read last.
    scopes: HashMap<PathBuf, Arc<Scopes>>,
    /// By model.
    health: HashMap<String, Health>,
    /// When the settings were last seen to want suggestions.
    on_at: Timestamp,
    /// Models that have no format for holes, whatever their server has.
    prompted: HashSet<String>,
    notices: Vec<String>,
    /// What was said about a budget last.
    budget: String,
}

impl Ghosts {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_scopes(&self, spot: &Spot) -> Arc<Scopes> {
        let scopes = Arc::new(Scopes::read(&spot.path, &spot.text));
        self.memory().scopes.insert(spot.path.clone(), scopes.clone());
        scopes
    }

    fn slot<T>(&self, path: &Path, look: impl FnOnce(&mut Slot) -> T) -> T {
        let mut memory = self.memory();
        if let Some(slot) = memory.slots.get_mut(path) {
            return look(slot);
        }
        look(memory.slots.entry(path.to_owned()).or_default())
    }
}

impl Desk {
    /// Whether suggestions are on, as the settings are now. Reads files.
    pub fn suggests(&self) -> bool {
        let settings = (self.shared.world.settings)();
        let is_on = settings.is_ok_and(|settings| {
            matches!(switch::of(&settings.completion, &settings.models), Switch::On(_))
        });
        if is_on {
            self.shared.ghosts.memory().on_at = self.shared.world.clock.now();
        }
        is_on
    }

    /// What a model would write at this spot. Dropping the future gives the call up, unless another one for the same
    /// document takes it over at once.
    pub async fn suggest(&self, spot: Spot) -> Suggested {
        let answer = if spot.text.len() > LARGEST || !spot.text.is_char_boundary(spot.cursor) {
            Suggestion::Nothing
        } else {
            suggest(&self.shared, Arc::new(spot)).await
        };
        Suggested { answer, notices: std::mem::take(&mut self.shared.ghosts.memory().notices) }
    }

    /// Takes in that somebody edits a document: what is asked for a text that is gone is not waited for.
    pub fn text_changed(&self, path: &Path, text: impl FnOnce() -> Arc<str>) {
        if let Some(slot) = self.shared.ghosts.memory().slots.get_mut(path) {
            slot.changed(text);
        }
    }

    /// Forgets a document that was closed.
    pub fn forget_suggestions(&self, path: &Path) {
        let mut memory = self.shared.ghosts.memory();
        if let Some(slot) = memory.slots.remove(path) {
            slot.give_up();
        }
        memory.scopes.remove(path);
    }
}

async fn suggest(shared: &Arc<Shared>, spot: Arc<Spot>) -> Suggestion {
    let now = shared.world.clock.now();
    let answer = |ticket| shared.ghosts.slot(&spot.path, |slot| slot.answer(&spot, ticket));
    let (ticket, pause) = match shared.ghosts.slot(&spot.path, |slot| slot.arrive(&spot, now)) {
        Arrival::Known(text) => {
            return if still_on(shared, now).await { text.into() } else { Suggestion::Nothing };
        }
        Arrival::UnderWay { ticket, waiting } => {
            waiting.end().await;
            match answer(ticket) {
                // What came was for another text than the one that was typed since. The pause is over by now.
                Suggestion::Nothing => (ticket, Duration::ZERO),
                there => return there,
            }
        }
        Arrival::New { ticket, pause } => (ticket, pause),
    };
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
        if shared.ghosts.slot(&spot.path, |slot| slot.is_outdated(ticket)) {
            return Suggestion::Outdated;
        }
    }
    let Some(plan) = plan(shared, &spot).await else { return Suggestion::Nothing };
    let Some(waiting) = shared.ghosts.slot(&spot.path, |slot| slot.launch(&spot, ticket)) else {
        return Suggestion::Outdated;
    };
    shared.runs.spawn(flight::fly(shared.clone(), spot.clone(), plan, waiting.flight()));
    waiting.end().await;
    answer(ticket)
}

/// Whether suggestions are on, as was seen a moment ago: an answer that is known waits for no files.
async fn still_on(shared: &Arc<Shared>, now: Timestamp) -> bool {
    if now.since(shared.ghosts.memory().on_at) < MOMENT {
        return true;
    }
    let desk = Desk { shared: shared.clone() };
    tokio::task::spawn_blocking(move || desk.suggests()).await.unwrap_or(false)
}

/// What to ask, if anything.
async fn plan(shared: &Arc<Shared>, spot: &Arc<Spot>) -> Option<Plan> {
    let looked = {
        let (shared, spot) = (shared.clone(), spot.clone());
        // Settings, rules for ignored files and the look for secrets: files and some arithmetic.
        tokio::task::spawn_blocking(move || look(&shared, &spot)).await.ok()?
    };
    let plan = looked?;
    read_beside(shared, spot);
    let now = shared.world.clock.now();
    {
        let mut memory = shared.ghosts.memory();
        memory.on_at = now;
        let health = memory.health.entry(plan.choice.model_ref()).or_default();
        if spot.asked == Asked::ByTyping && health.rests(now) {
            return None;
        }
    }
    Some(plan)
}

fn look(shared: &Shared, spot: &Spot) -> Option<Plan> {
    let settings = (shared.world.settings)().ok()?;
    let Switch::On(on) = switch::of(&settings.completion, &settings.models) else { return None };
    let policy = settings.policy(shared.now().mode.unwrap_or(settings.mode), Grade::Typed, &[]);
    if !may_be_sent(&spot.path, &policy) {
        return None;
    }
    let format = on.format.filter(|_| !shared.ghosts.memory().prompted.contains(&on.choice.model_ref()));
    shared.learn(&spot.text, &settings.redactor);
    for other in &spot.beside {
        shared.learn(&other.text, &settings.redactor);
    }
    if cuts_a_secret(spot, &settings.redactor) {
        return None;
    }
    let hide = |text: &str| shared.hidden(text, &settings.redactor);
    let scopes = scopes(shared, spot);
    let context =
        context::choose(spot, &policy.root, |path| may_be_sent(path, &policy), hide, scopes.as_deref())?;
    let request = ask::request(spot, &context, format);
    Some(Plan {
        settings,
        choice: on.choice,
        format,
        is_guessed: on.is_guessed,
        context,
        request,
        allowed: None,
    })
}

/// The outline of the document, an older one if it still serves; nothing where all of it up to the cursor is sent
/// anyway.
fn scopes(shared: &Shared, spot: &Spot) -> Option<Arc<Scopes>> {
    let (1.., _) = context::window(&spot.text, spot.cursor)? else { return None };
    let known = shared.ghosts.memory().scopes.get(&spot.path).cloned();
    known.or_else(|| Some(shared.ghosts.read_scopes(spot)))
}

/// Reads the outline anew, for the suggestions to come.
fn read_beside(shared: &Arc<Shared>, spot: &Arc<Spot>) {
    let is_old = |scopes: &Arc<Scopes>| !scopes.serves(&spot.text, spot.cursor);
    if shared.ghosts.memory().scopes.get(&spot.path).is_some_and(is_old) {
        let (reading, spot) = (shared.clone(), spot.clone());
        shared.runs.spawn_blocking(move || reading.ghosts.read_scopes(&spot));
    }
}

/// Whether the cursor, or an end of what is sent, stands within a secret: half of one looks like none.
fn cuts_a_secret(spot: &Spot, redactor: &Redactor) -> bool {
    let Some((start, end)) = context::window(&spot.text, spot.cursor) else { return true };
    let from = spot.text.floor_char_boundary(start.saturating_sub(MARGIN));
    let to = spot.text.ceil_char_boundary(end.saturating_add(MARGIN));
    redactor.find(&spot.text[from..to]).iter().any(|found| {
        let (first, last) = (from + found.span.start, from + found.span.end);
        // One that ends at the cursor is being typed.
        (first < start && start < last)
            || (first < end && end < last)
            || (first < spot.cursor && spot.cursor <= last)
    })
}

/// Whether a file's text may go to a model without anybody being asked.
fn may_be_sent(path: &Path, policy: &Policy) -> bool {
    matches!(judge(&Effect::Read { path: path.to_owned() }, policy), Verdict::Allow(_))
        && !ignored::is_ignored(path, &policy.root)
        && !Twins::of(policy.clone()).is_twin(path)
}

impl Shared {
    /// Notes how a call ended.
    fn settle(&self, spot: &Spot, plan: &Plan, flown: Flown, now: Timestamp) {
        let mut memory = self.ghosts.memory();
        let health = memory.health.entry(plan.choice.model_ref()).or_default();
        match flown {
            Flown::Answered(text) => {
                health.works();
                if let Some(slot) = memory.slots.get_mut(&spot.path) {
                    slot.keep(spot, text);
                }
            }
            Flown::Talked => {
                if health.talks(now) {
                    let notice = format!(
                        "Hardly any suggestions while you type: {} does not put what is to be inserted between <fill> \
                         and </fill>, as it is asked to, or thinks for longer than a suggestion may be, so nothing of \
                         its answers can be shown. Choose another model in completion.model, or set completion.format \
                         if its server has an API that fills holes.",
                        plan.choice.model_ref()
                    );
                    memory.notices.push(notice);
                }
                if let Some(slot) = memory.slots.get_mut(&spot.path) {
                    slot.keep(spot, String::new());
                }
            }
            Flown::Failed(error) => {
                if health.fails(now, error.retry_after()) {
                    let notice = format!(
                        "No suggestions while you type, until {} answers again: {error}. {}",
                        plan.choice.model_ref(),
                        error.advice()
                    );
                    memory.notices.push(notice);
                }
            }
            Flown::GivenUp => {}
        }
    }
}

/// A Python file with the cursor where the bar is.
#[cfg(test)]
fn spot(text: &str) -> Spot {
    let cursor = text.find('|').unwrap_or(text.len());
    Spot {
        path: "/w/a.py".into(),
        language: "python".into(),
        text: text.replacen('|', "", 1).into(),
        cursor,
        chosen: 0,
        asked: Asked::ByTyping,
        beside: vec![],
        comment: Some("#"),
    }
}
