//! Where a run begins: its settings, its action, the model that answers, what was said before, and the first record.
//!
//! Whatever narrows or equips a run (an agent's file, a role, a worktree of its own) is worked out here, once, and lies
//! in the [`Turn`] from then on. What a model is told at the start is [`crate::opening`]'s.

use std::collections::BTreeMap;
use std::sync::Arc;

use copydesk_base::Event;
use copydesk_base::Usage;
use copydesk_base::event::Origin;
use copydesk_provider::{Asker, Wish};

use super::{Place, Turn};
use crate::action::{self, Action};
use crate::answer::Way;
use crate::desk::{Ask, Order, Shared};
use crate::draft::Draft;
use crate::error::AgentError;
use crate::jobs::Jobs;
use crate::quarters::Quarters;
use crate::session::{self, Past};
use crate::settings::Settings;
use crate::vault;
use crate::view::RunView;
use crate::world::World;

pub(super) type Begun = (Turn, Action, Way);

/// Settings, model and the first record. An error comes with the settings, where there were any.
pub(super) async fn begin(
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
        unmade: BTreeMap::new(),
        quarters: Quarters::default(),
        draft,
        jobs: Jobs::default(),
        usage: Usage::default(),
        spent: past.spent,
        counted_until: None,
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
