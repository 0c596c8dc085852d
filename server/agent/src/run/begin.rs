//! Where a run begins: its settings, its action, the model that answers, what was said before, and the first record.
//!
//! Whatever narrows or equips a run (an agent's file, a role, a worktree of its own) is worked out here, once, and lies
//! in the [`Turn`] from then on. What a model is told at the start is [`crate::context::opening`]'s.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use copydesk_base::event::{About, Origin};
use copydesk_base::{Event, Grade, Usage};
use copydesk_permission::Bounds;
use copydesk_provider::{Asker, Needs, Wish};

use super::{Place, Turn};
use crate::action::Action;
use crate::changes::around::Around;
use crate::changes::kept;
use crate::changes::known::Known;
use crate::desk::{Ask, Order, Shared};
use crate::draft::Draft;
use crate::error::AgentError;
use crate::gate::revoked::Stored;
use crate::gate::{own, vault};
use crate::process::jobs::Jobs;
use crate::process::quarters::Quarters;
use crate::run::answer::Way;
use crate::run::half::Half;
use crate::session::past::{self, Past, Spent};
use crate::session::spoken;
use crate::settings::Settings;
use crate::team::helper::{Helpers, Terms};
use crate::team::role;
use crate::view::RunView;
use crate::world::World;

pub(super) type Begun = (Turn, Action, Way);

/// Settings, model and the first record. An error comes with the settings, where there were any.
pub(super) async fn begin(
    shared: &Arc<Shared>,
    ask: &Ask,
    place: Place,
) -> Result<Begun, (Option<Settings>, AgentError)> {
    let Place { run, session, cancel, ear, terms } = place;
    let world = shared.world.clone();
    let terms = match terms {
        Some(terms) => *terms,
        None => set_out(shared, ask).await?,
    };
    let Terms { settings, action, role, .. } = &terms;
    let wishes = [
        Wish { asker: Asker::Flag, model: ask.model.clone(), fallback: ask.fallback.clone() },
        Wish {
            asker: Asker::Agent,
            model: action.model.clone().or_else(|| role.agent.as_ref()?.model.clone()),
            fallback: action.fallback.clone().or_else(|| role.agent.as_ref()?.fallback.clone()),
        },
        Wish::model(Asker::Session, terms.model.clone().or_else(|| shared.now().model.clone())),
    ];
    let needs = Needs { tools: !action.tools.is_empty(), images: !ask.images.is_empty() };
    let way = match settings.models.route_or_look(&wishes, needs).await {
        Ok(route) => Way::begin(route, needs, settings.models.health()),
        Err(error) => return Err((Some(terms.settings), error.into())),
    };
    let origin = ask.place.as_ref().map(|(path, span)| Origin { path: path.clone(), span: *span });
    let (window, earlier) = (way.choice().facts.context_window, settings.context.earlier);
    let past = match &ask.session {
        Some(session) => match past::past(&world.journal, session, window, earlier).await {
            Ok(past) => past,
            Err(error) => return Err((Some(terms.settings), error)),
        },
        None => Past { spent: terms.spent, grade: terms.taint, ..Past::default() },
    };
    let Terms { settings, action, role, .. } = terms;
    let draft = Draft::new(!settings.checks.is_empty() || settings.checks_misread.is_some());
    let world = World { files: draft.over(terms.files), ..world };
    let mut turn = Turn {
        shared: shared.clone(),
        desk: shared.link.clone(),
        recorder: shared.recorder.clone(),
        settings,
        run: run.clone(),
        prompt: ask.prompt.clone(),
        session: session.clone(),
        conversation: terms.conversation.unwrap_or_else(|| session.clone()),
        apart: terms.apart,
        origin: origin.or(terms.origin),
        findings: ask.findings.clone(),
        helpers: Helpers::of(&cancel),
        cancel,
        ear,
        mode: terms.mode.or(ask.mode),
        bounds: terms.bounds,
        role,
        parent: terms.parent,
        helper: terms.helper,
        number: terms.number.unwrap_or(past.turns),
        edits_of: terms.edits_of.unwrap_or_else(|| run.clone()),
        tasks: terms.tasks,
        handoff: None,
        handed_over: 0,
        model: way.choice().model_ref(),
        steps: terms.steps,
        remembered_before: terms.remembered_before,
        stored: terms.stored,
        denied: vec![],
        refusals: 0,
        changes: vec![],
        commanded: false,
        refused_diffs: vec![],
        unmade: BTreeMap::new(),
        lost: BTreeMap::new(),
        known: Known::default(),
        around: Around::default(),
        kept: kept::Kept::default(),
        quarters: Quarters::default(),
        draft,
        jobs: Jobs::default(),
        usage: Usage::default(),
        counted: None,
        keyed: BTreeSet::new(),
        requested: 0,
        purse: terms.purse,
        began: terms.began,
        spent: past.spent,
        last_text: String::new(),
        half: Half::new(ask.place.as_ref().is_some_and(|(path, _)| is_chat(path))),
        steered: vec![],
        taint: past.grade,
        past: past.earlier,
        world,
    };
    spoken::cue(&turn);
    if action.tools.iter().any(|tool| tool == "bash") {
        let policy = turn.policy();
        turn.quarters.prepare(&policy, &turn.settings);
    }
    let title = terms.title.unwrap_or_else(|| title(ask, &action));
    let title = turn.settings.redactor.clean(&title);
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
        agent: turn.role.agent.as_ref().map(|agent| agent.name.clone()).unwrap_or_default(),
        parent: turn.parent.clone(),
        again: ask.again.clone(),
        root: turn.apart.is_some().then(|| turn.settings.root.clone()),
        layers: action.layers.len(),
        carried: past.carried,
    };
    let mut events = vec![started];
    events.extend(own::worktree(&turn));
    events.extend(way.switched(&way.left));
    events.extend(way.notices());
    events.extend(turn.settings.notices.iter().map(Event::notice));
    if choice.offline {
        let text = if choice.is_last_resort() {
            let (why, steps) = (&choice.why, (turn.settings.first_steps)());
            format!("The built-in offline stand-in answers, which is no real model: {why}. {steps}")
        } else if choice.is_scripted() {
            let name = &choice.provider;
            format!("A script answers, as providers.{name}.scenario says; it is no real model.")
        } else {
            "The built-in offline stand-in answers, as configured; it is no real model.".to_owned()
        };
        events.push(Event::Notice { text, about: Some(About::Route) });
    }
    if let Err(error) = turn.record(events).await {
        return Err((Some(turn.settings), error));
    }
    let grade = turn.settings.models.grade();
    if let Err(error) = turn.reads(grade, &way.choice().why).await {
        return Err((Some(turn.settings), error));
    }
    let view = RunView { run, title, origin: turn.origin.clone(), started: turn.world.clock.now() };
    let redactor = turn.settings.redactor.clone();
    shared.link.order(Order::Began { view, redactor });
    Ok((turn, action, way))
}

/// What a run begins with that no other run started.
async fn set_out(shared: &Arc<Shared>, ask: &Ask) -> Result<Terms, (Option<Settings>, AgentError)> {
    let world = &shared.world;
    shared.recover().await;
    // Settings have every rule that is stored by now; what is remembered later comes on top.
    let remembered_before = shared.link.remembered.borrow().len();
    let settings = (world.settings)().map_err(|reason| (None, AgentError::Settings(reason)))?;
    let trusted = world.user.trusted(&settings.root).await.unwrap_or_default();
    let last = match &ask.session {
        Some(session) if ask.agent.is_none() => role::last_agent(world, session).await,
        _ => Ok(None),
    };
    let last = match last {
        Ok(last) => last,
        Err(error) => return Err((Some(settings), error)),
    };
    let (action, role) = match role::equipped(world, &settings, &trusted, ask, last.as_deref()) {
        Ok(equipped) => equipped,
        Err(error) => return Err((Some(settings), error)),
    };
    let bounds = vec![
        Bounds { mode: ask.ceiling, rules: vec![] },
        Bounds { mode: action.mode, rules: action.rules.clone() },
    ];
    Ok(Terms {
        parent: None,
        helper: 0,
        number: None,
        conversation: None,
        apart: None,
        title: None,
        settings,
        files: world.files.clone(),
        action,
        role,
        model: None,
        mode: None,
        bounds,
        remembered_before,
        stored: Stored::begin(&trusted),
        taint: Grade::Typed,
        purse: Arc::default(),
        spent: Spent::default(),
        began: world.clock.now(),
        origin: None,
        edits_of: None,
        steps: None,
        tasks: None,
    })
}

/// Whether a document keeps what is said to it.
fn is_chat(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".chat.md")
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
