//! One run: a conversation with one model, its tool calls in order, until it has nothing more to do.
//!
//! Budgets are checked before each request. A stream that breaks is an error and nothing of it is performed. Arguments
//! that make no sense, unknown tools and refusals are plain results for the model to read.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::config::Mode;
use copydesk_base::event::{Denied, Origin};
use copydesk_base::{Event, Grade, Question, RunId, RunStatus, SessionId, Usage, path};
use copydesk_permission::{Policy, Rule};
use copydesk_provider::{Asker, Message, Request, ToolUse, Wish};
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::action::{self, Action};
use crate::answer::{Answered, Way, answer};
use crate::desk::{Ask, DeskLink, Order, Outcome, Shared, Voice};
use crate::draft::{self, Draft, Occasion, Settled};
use crate::error::AgentError;
use crate::form::Form;
use crate::gate::{self, Permit};
use crate::opening;
use crate::prompt::Finding;
use crate::quarters::Quarters;
use crate::recorder::Recorder;
use crate::repeats::{self, Circle, Repeats};
use crate::round;
use crate::session::{self, Past, Spent};
use crate::settings::Settings;
use crate::steer::{self, Ear};
use crate::tools;
use crate::vault;
use crate::view::RunView;
use crate::world::World;

/// What a run carries through its tool calls.
pub(crate) struct Turn {
    pub(crate) shared: Arc<Shared>,
    pub(crate) world: World,
    pub(crate) desk: DeskLink,
    pub(crate) recorder: Recorder,
    pub(crate) settings: Settings,
    pub(crate) run: RunId,
    session: SessionId,
    pub(crate) origin: Option<Origin>,
    /// What other programs had reported there.
    pub(crate) findings: Vec<Finding>,
    pub(crate) cancel: CancellationToken,
    /// What the person says to it meanwhile.
    pub(crate) ear: Ear,
    /// The mode that a flag chose for this run.
    mode: Option<Mode>,
    /// The loosest mode that its action, or the document that it was sent from, lets it run in.
    ceiling: Option<Mode>,
    /// The rules of its action, which tighten.
    own_rules: Vec<Rule>,
    /// Rules that were remembered in this process before the settings were read, and may have been revoked since.
    remembered_before: usize,
    pub(crate) denied: Vec<Denied>,
    pub(crate) changes: Vec<(PathBuf, bool)>,
    pub(crate) refused_diffs: Vec<String>,
    pub(crate) quarters: Quarters,
    /// Edits that wait for the project's checks.
    pub(crate) draft: Draft,
    pub(crate) usage: Usage,
    /// What its session had used before it.
    pub(crate) spent: Spent,
    pub(crate) last_text: String,
    /// The worst of what its model has read.
    pub(crate) taint: Grade,
    /// What was said before in its session.
    past: Vec<Message>,
}

impl Turn {
    /// The policy at this moment: settings, the session's mode, and what was remembered since.
    pub(crate) fn policy(&self) -> Policy {
        let remembered = self.desk.remembered.borrow();
        let remembered = remembered.get(self.remembered_before..).unwrap_or_default();
        let mut policy = self.settings.policy(self.mode(), self.taint, remembered);
        policy.rules.extend(self.own_rules.iter().cloned());
        policy
    }

    /// Makes events of this run durable and shows them.
    pub(crate) async fn record(&self, events: Vec<Event>) -> Result<(), AgentError> {
        self.wait_for_room().await;
        self.recorder.record(&self.run, events, &self.settings.redactor).await
    }

    /// Writes down what the model is told between its answers, and gives it back as it is told.
    pub(crate) async fn tell(&self, text: String) -> Result<String, AgentError> {
        let text = self.shared.hidden(&text, &self.settings.redactor);
        self.record(vec![Event::Told { text: text.clone() }]).await?;
        Ok(text)
    }

    /// Shows more of an answer. Nothing is read from the model meanwhile.
    pub(crate) async fn show(&self, event: Event) {
        self.wait_for_room().await;
        self.recorder.show(&self.run, event, &self.settings.redactor).await;
    }

    /// Waits for whoever shows this run; not after a cancel, which has little left to say.
    async fn wait_for_room(&self) {
        tokio::select! {
            biased;
            () = self.world.host.room() => {}
            () = self.cancel.cancelled() => {}
        }
    }

    /// The absolute, resolved path that a model means.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        path::resolve(&self.settings.root, std::path::Path::new(text))
    }

    fn mode(&self) -> Mode {
        let mode = self.mode.or(self.shared.now().mode).unwrap_or(self.settings.mode);
        self.ceiling.map_or(mode, |ceiling| mode.min(ceiling))
    }
}

/// What a run is born with.
pub(crate) struct Place {
    pub(crate) run: RunId,
    pub(crate) session: SessionId,
    pub(crate) cancel: CancellationToken,
    pub(crate) ear: Ear,
}

/// The task of a run, from its gate to its outcome.
pub(crate) async fn task(
    shared: Arc<Shared>,
    ask: Ask,
    place: Place,
    gate: oneshot::Receiver<()>,
    done: oneshot::Sender<Outcome>,
) {
    // A gate that was dropped is an answer that will never be written: nobody waits for it any more.
    let _ = gate.await;
    let (run, session) = (place.run.clone(), place.session.clone());
    let work = AssertUnwindSafe(whole(&shared, ask, place)).catch_unwind();
    let outcome = if let Ok(outcome) = work.await {
        outcome
    } else {
        tracing::error!(%run, "a run panicked; it is ended and the server goes on");
        let outcome = failed(&run, &session, &AgentError::Panicked);
        end(&shared, None, &outcome).await;
        outcome
    };
    shared.link.order(Order::End { run });
    let _ = done.send(outcome);
}

async fn whole(shared: &Arc<Shared>, ask: Ask, place: Place) -> Outcome {
    let (run, session, cancel) = (&place.run.clone(), &place.session.clone(), place.cancel.clone());
    let begun = tokio::select! {
        begun = begin(shared, &ask, place) => begun,
        () = cancel.cancelled() => Err((None, AgentError::Canceled)),
    };
    let (mut turn, action, mut way) = match begun {
        Ok(begun) => begun,
        Err((settings, error)) => {
            let outcome = failed(run, session, &error);
            end(shared, settings.as_ref(), &outcome).await;
            return outcome;
        }
    };
    let result = match converse(&mut turn, &ask, &action, &mut way).await {
        Err(error) if !matches!(error, AgentError::Canceled | AgentError::Journal(_)) => {
            draft::rescue(&mut turn, &error).await.and(Err(error))
        }
        result => result,
    };
    let (status, error) = match &result {
        Ok(()) => (RunStatus::Succeeded, None),
        Err(AgentError::Canceled) => (RunStatus::Canceled, None),
        Err(error) => (RunStatus::Failed, Some(turn.settings.redactor.clean(&error.told()))),
    };
    let outcome = Outcome {
        run: run.clone(),
        session: session.clone(),
        status,
        text: turn.settings.redactor.clean(&turn.last_text),
        changes: turn.changes,
        refused_diffs: turn.refused_diffs,
        denied: turn.denied,
        usage: turn.usage,
        checks: turn.draft.results(),
        model: Some(way.models()),
        error,
    };
    end(shared, Some(&turn.settings), &outcome).await;
    outcome
}

/// A run that came to nothing.
fn failed(run: &RunId, session: &SessionId, error: &AgentError) -> Outcome {
    let canceled = matches!(error, AgentError::Canceled);
    Outcome {
        run: run.clone(),
        session: session.clone(),
        status: if canceled { RunStatus::Canceled } else { RunStatus::Failed },
        text: String::new(),
        changes: vec![],
        refused_diffs: vec![],
        denied: vec![],
        usage: Usage::default(),
        checks: vec![],
        model: None,
        error: (!canceled).then(|| error.told()),
    }
}

/// Writes and shows how the run ended; where the journal fails, it is shown all the same.
async fn end(shared: &Shared, settings: Option<&Settings>, outcome: &Outcome) {
    let event = Event::RunFinished {
        status: outcome.status,
        text: outcome.text.clone(),
        error: outcome.error.clone(),
        usage: outcome.usage,
        denied: outcome.denied.clone(),
    };
    let redactor = settings.map_or_else(Default::default, |settings| settings.redactor.clone());
    if shared.recorder.record(&outcome.run, vec![event.clone()], &redactor).await.is_err() {
        let record =
            copydesk_base::Record { run: outcome.run.clone(), seq: 0, at: shared.world.clock.now(), event };
        shared.world.host.happened(&record);
    }
}

type Begun = (Turn, Action, Way);

/// Settings, model and the first record. An error comes with the settings, where there were any.
async fn begin(
    shared: &Arc<Shared>,
    ask: &Ask,
    place: Place,
) -> Result<Begun, (Option<Settings>, AgentError)> {
    let Place { run, session, cancel, ear } = place;
    let world = shared.world.clone();
    shared.recover().await;
    // Settings have every rule that is stored by now; what is remembered later comes on top.
    let remembered_before = shared.link.remembered.borrow().len();
    let settings = (world.settings)().map_err(|reason| (None, AgentError::Settings(reason)))?;
    let action = match action::named(&world, &ask.action) {
        Ok(action) => action,
        Err(error) => return Err((Some(settings), error)),
    };
    let wishes = [
        Wish::model(Asker::Flag, ask.model.clone()),
        Wish { asker: Asker::Agent, model: action.model.clone(), fallback: action.fallback.clone() },
        Wish::model(Asker::Session, shared.now().model.clone()),
    ];
    let way = match settings.models.route_or_look(&wishes).await {
        Ok(route) => Way::begin(route, settings.models.health()),
        Err(error) => return Err((Some(settings), error.into())),
    };
    let origin = ask.place.as_ref().map(|(path, span)| Origin { path: path.clone(), span: *span });
    let past = match &ask.session {
        Some(session) => match session::past(shared, session).await {
            Ok(past) => past,
            Err(error) => return Err((Some(settings), error)),
        },
        None => Past::default(),
    };
    let draft = Draft::new(!settings.checks.is_empty());
    let world = World { files: draft.over(world.files.clone()), ..world };
    let mut turn = Turn {
        shared: shared.clone(),
        desk: shared.link.clone(),
        recorder: shared.recorder.clone(),
        settings,
        run: run.clone(),
        session: session.clone(),
        origin,
        findings: ask.findings.clone(),
        cancel,
        ear,
        mode: ask.mode,
        ceiling: [action.mode, ask.ceiling].into_iter().flatten().min(),
        own_rules: action.rules.clone(),
        remembered_before,
        denied: vec![],
        changes: vec![],
        refused_diffs: vec![],
        quarters: Quarters::default(),
        draft,
        usage: Usage::default(),
        spent: past.spent,
        last_text: String::new(),
        taint: past.grade,
        past: past.within(way.choice().facts.context_window),
        world,
    };
    if action.tools.iter().any(|tool| tool == "bash") {
        let policy = turn.policy();
        turn.quarters.prepare(&policy, &turn.settings);
    }
    let title = turn.settings.redactor.clean(&title(ask, &action));
    let choice = way.choice();
    let started = Event::RunStarted {
        session: session.clone(),
        title: title.clone(),
        prompt: ask.prompt.clone(),
        action: action.name.clone(),
        origin: turn.origin.clone(),
        model: choice.model_ref(),
        requested: way.route.first.requested.clone(),
        why: choice.why.clone(),
        offline: choice.offline,
        mode: turn.mode().as_str().to_owned(),
        process: Some(std::process::id()),
    };
    let mut events = vec![started];
    events.extend(way.left.iter().map(|left| way.switched(left)));
    events.extend(way.notices());
    events.extend(turn.settings.notices.iter().map(|text| Event::Notice { text: text.clone() }));
    if choice.offline {
        let text = if choice.is_last_resort() {
            let (why, steps) = (&choice.why, &turn.settings.first_steps);
            format!("The built-in offline stand-in answers, which is no real model: {why}. {steps}")
        } else {
            "The built-in offline stand-in answers, as configured; it is no real model.".to_owned()
        };
        events.push(Event::Notice { text });
    }
    if let Err(error) = turn.record(events).await {
        return Err((Some(turn.settings), error));
    }
    let view = RunView { run, title, origin: turn.origin.clone(), started: turn.world.clock.now() };
    shared.link.order(Order::Began(view));
    Ok((turn, action, way))
}

/// The same before the action is known: its name.
pub(crate) fn short_title(ask: &Ask) -> String {
    let words = vault::first_words(&ask.prompt);
    if words.is_empty() { ask.action.clone() } else { words }
}

/// A few words for progress and lists.
fn title(ask: &Ask, action: &Action) -> String {
    let words = vault::first_words(&ask.prompt);
    match (action.name.as_str(), words.is_empty()) {
        ("ask", false) => words,
        (_, true) => action.title.clone(),
        (_, false) => format!("{}: {words}", action.title),
    }
}

/// The loop: ask, perform what the model calls for, hand back the results, until it calls for nothing.
async fn converse(turn: &mut Turn, ask: &Ask, action: &Action, way: &mut Way) -> Result<(), AgentError> {
    if let Voice::Comment { path, line, text } = &ask.voice {
        confirm_voice(turn, path, *line, text).await?;
    }
    let opening = opening::opening(&turn.world, &turn.settings, &turn.policy(), action, ask)?;
    for layer in &opening.layers {
        turn.reads(layer.grade, &layer.origin).await?;
    }
    for text in &opening.texts {
        turn.shared.learn(text, &turn.settings.redactor);
    }
    let first = turn.shared.hidden(&opening.first_message(), &turn.settings.redactor);
    let mut events: Vec<Event> = opening.notices.into_iter().map(|text| Event::Notice { text }).collect();
    events.push(Event::Told { text: first.clone() });
    turn.record(events).await?;
    let mut messages = std::mem::take(&mut turn.past);
    messages.push(Message::User { text: first, images: opening.images.clone() });
    let asked = messages.len();
    let system = opening.system.text;
    let tools = tools::specs(&action.tools);
    let mut tool_use = ToolUse::Free;
    let mut repeats = Repeats::default();
    let began = turn.world.clock.now();
    loop {
        messages.extend(steer::heard(turn).await?);
        let request = Request {
            model: String::new(),
            system: system.clone(),
            messages: messages.clone(),
            tools: tools.clone(),
            tool_use,
            schema: ask.form.as_ref().map(|form| form.schema().clone()),
            max_output_tokens: None,
            cache_key: Some(turn.session.to_string()),
            ..Request::default()
        };
        let Answered { text, calls, carried } = answer(turn, way, &request, began).await?;
        if !text.trim().is_empty() {
            turn.last_text.clone_from(&text);
        }
        if calls.is_empty() {
            let mut more = Vec::new();
            match draft::settle(turn, Occasion::End).await? {
                Settled::Red(text) | Settled::Offered { text, refused: true } => {
                    more.push(Message::user(turn.tell(text).await?));
                }
                // For the next turn of this conversation.
                Settled::Offered { text, refused: false } => {
                    turn.tell(text).await?;
                }
                Settled::Nothing => {}
            }
            if more.is_empty() {
                more = steer::heard_last(turn).await?;
            }
            if !more.is_empty() {
                if !text.trim().is_empty() {
                    messages.push(Message::Assistant { text, calls, carried });
                }
                messages.extend(more);
                continue;
            }
            if let Some(form) = &ask.form {
                match (form.document(&text), tool_use) {
                    (Ok(document), _) => {
                        turn.last_text = document.to_string();
                        return Ok(());
                    }
                    (Err(reasons), ToolUse::Over) => return Err(AgentError::Unfit(reasons)),
                    (Err(reasons), ToolUse::Free) => {
                        messages.push(Message::Assistant { text, calls, carried });
                        messages.push(Message::user(turn.tell(Form::again(&reasons)).await?));
                        tool_use = ToolUse::Over;
                        continue;
                    }
                }
            }
            // Silence behind work that was done is an end; silence instead of an answer is none.
            let is_answered = messages.len() > asked || !turn.last_text.is_empty();
            return if is_answered { Ok(()) } else { Err(AgentError::Nothing) };
        }
        let results = round::perform(turn, action, calls.clone()).await?;
        let circle = repeats.note(&calls, &results);
        messages.push(Message::Assistant { text, calls, carried });
        messages.push(Message::ToolResults { results });
        match circle {
            Circle::None => {}
            Circle::Told => messages.push(Message::user(turn.tell(repeats::told()).await?)),
            Circle::Closed(times) => return Err(AgentError::Circle(times)),
        }
    }
}

/// A comment that nobody typed here is no order until the person says so.
async fn confirm_voice(
    turn: &mut Turn,
    file: &std::path::Path,
    line: u32,
    text: &str,
) -> Result<(), AgentError> {
    let call = turn.shared.call_id();
    let effect = copydesk_base::Effect::Follow { path: file.to_owned(), line, text: text.to_owned() };
    let because = copydesk_base::Because::of("the comment was in the file before, and may be a stranger's");
    let question = Question { because, always: vec![] };
    if turn.world.host.presence() == copydesk_base::host::Presence::Nobody {
        return Err(AgentError::Settings("follow a comment that nobody here can confirm".to_owned()));
    }
    match gate::ask(turn, &call, effect, question, None).await? {
        Permit::Refused(_) => Err(AgentError::Canceled),
        _ => Ok(()),
    }
}
