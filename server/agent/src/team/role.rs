//! Who works in a run, with what: the agent, its tools and skills, and whom it may call.
//!
//! A role narrows what an action offers and adds the few tools that follow from what there is: `skill` where there are
//! skills, `handoff` where the agent names somebody.

use copydesk_base::config::Mode;
use copydesk_base::{Event, Files, Grade, Record, SessionId};
use copydesk_permission::Bounds;
use copydesk_store::TrustedFile;

use crate::action::{self, Action};
use crate::context::opening::Layer;
use crate::desk::Ask;
use crate::error::AgentError;
use crate::gate::render::visible;
use crate::gate::twins::Twins;
use crate::library::{self, Agent, Library, Skill};
use crate::settings::Settings;
use crate::world::World;

/// The most bytes that a model is told of agents that it may call.
const NAMED: usize = 2 * 1024;

/// Who works, with what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Role {
    pub(crate) agent: Option<Agent>,
    /// Whose words its instructions are.
    grade: Grade,
    /// Whose file that is.
    whose: &'static str,
    pub(crate) skills: Vec<Skill>,
    /// Those that it may call or hand over to.
    pub(crate) agents: Vec<Agent>,
    /// What the action offers, whoever works.
    offered: Vec<String>,
}

/// Whether a run may have others work for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    Others,
    Nobody,
}

impl Role {
    /// The role of an agent in a run that offers these tools.
    pub(crate) fn of(library: &Library<'_>, agent: Option<Agent>, offered: Vec<String>) -> Self {
        let grade = match &agent {
            Some(agent) if agent.is_of_workspace(library) => Grade::Own,
            _ => Grade::Typed,
        };
        let whose = agent.as_ref().map_or("", |agent| agent.whose(library));
        let only = agent.as_ref().and_then(|agent| agent.skills.as_deref());
        let skills = library::skills(library, only);
        Self { agents: library::agents(library), agent, grade, whose, skills, offered }
    }

    /// The same tools and agents with another one at work.
    pub(crate) fn handed_to(&self, library: &Library<'_>, agent: Agent) -> Self {
        let agents = self.agents.clone();
        Self { agents, ..Self::of(library, Some(agent), self.offered.clone()) }
    }

    /// Those of the action's tools that it may use.
    pub(crate) fn own_tools(&self) -> Vec<String> {
        match &self.agent {
            Some(agent) => agent.narrow(&self.offered),
            None => self.offered.clone(),
        }
    }

    /// What it may use.
    pub(crate) fn tools(&self, calls: Calls) -> Vec<String> {
        let mut tools = self.own_tools();
        tools.retain(|tool| tool != "agent" || calls == Calls::Others);
        if !self.skills.is_empty() && !tools.is_empty() {
            tools.push("skill".to_owned());
        }
        if self.agent.as_ref().is_some_and(|agent| !agent.handoffs.is_empty()) {
            tools.push("handoff".to_owned());
        }
        tools
    }

    /// What narrows whoever works.
    pub(crate) fn bounds(&self) -> Option<&Bounds> {
        self.agent.as_ref().map(|agent| &agent.bounds)
    }

    /// The same, to be made to hold elsewhere.
    pub(crate) fn bounds_mut(&mut self) -> Option<&mut Bounds> {
        self.agent.as_mut().map(|agent| &mut agent.bounds)
    }

    /// What a model is told of all this, and what the person is told about it.
    pub(crate) fn layers(&self, tools: &[String]) -> (Vec<Layer>, Vec<String>) {
        let mut layers = Vec::new();
        let has = |name: &str| tools.iter().any(|tool| tool == name);
        if has("skill") {
            layers.push(Layer::new("skills", "skills", library::advertised(&self.skills), Grade::Own));
        }
        if has("agent") {
            // The built-in one can be called, too, but nobody who wrote no agent pays for hearing of it.
            let written = self.agents.iter().filter(|agent| agent.path.is_some());
            let text = named("Agents that you can call by name with the tool `agent`", written);
            layers.push(Layer::new("agents", "agents", text, Grade::Own));
        }
        let mut notices = Vec::new();
        if let Some(agent) = &self.agent {
            let origin = format!("agent {} ({})", agent.name, self.whose);
            layers.push(Layer::new("agent", origin, instructions(agent), self.grade));
            if has("handoff") {
                let mine = self.agents.iter().filter(|other| agent.handoffs.contains(&other.name));
                let text =
                    named("Agents that you can hand this conversation over to with the tool `handoff`", mine);
                layers.push(Layer::new("handoffs", "handoffs", text, Grade::Own));
            }
            let name = &agent.name;
            notices.extend(agent.passed_over.as_ref().map(|file| {
                let file = file.display();
                format!("This project has an agent {name} too ({file}); the one that works is {}. It counts within its bounds once you trust that file: copydesk trust.", self.whose)
            }));
            notices.extend(agent.unheard.as_ref().map(|model| {
                let file = agent.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
                format!("The agent {name} ({file}) came with this project, and names the model {}; it counts once you trust that file: copydesk trust.", visible(model))
            }));
            notices.extend(agent.left_out.iter().map(|tool| {
                format!("The tool '{tool}' of the agent {name} is a step of a workflow; it is left out of this run.")
            }));
        }
        layers.retain(|layer| !layer.text.is_empty());
        (layers, notices)
    }
}

/// What an agent is told of itself.
pub(crate) fn instructions(agent: &Agent) -> String {
    if agent.instructions.is_empty() {
        return format!("You work as {}.\n\n", agent.name);
    }
    format!("You work as {}:\n{}\n\n", agent.name, agent.instructions)
}

fn named<'a>(words: &str, agents: impl Iterator<Item = &'a Agent>) -> String {
    let mut text = String::new();
    for agent in agents {
        let line = format!("- {}: {}\n", agent.name, agent.description);
        if text.len() + line.len() <= NAMED {
            text.push_str(&line);
        }
    }
    if text.is_empty() { text } else { format!("{words}:\n{text}\n") }
}

/// The agent that worked last in a conversation: it goes on there, within its bounds, unless another one is named.
pub(crate) async fn last_agent(world: &World, session: &SessionId) -> Result<Option<String>, AgentError> {
    let Some(last) = world.journal.session(session).await?.pop() else { return Ok(None) };
    let named = |record: &Record| match &record.event {
        Event::RunStarted { agent, .. } => Some(agent.clone()),
        Event::HandedOver { to, .. } => Some(to.clone()),
        _ => None,
    };
    let last = world.journal.records(&last.run).await?.iter().filter_map(named).next_back();
    Ok(last.filter(|agent| !agent.is_empty()))
}

/// The action of an ask and the role of whoever does it.
pub(crate) fn equipped(
    world: &World,
    settings: &Settings,
    trusted: &[TrustedFile],
    ask: &Ask,
    last: Option<&str>,
) -> Result<(Action, Role), AgentError> {
    let library = shelves(&*world.files, world, trusted, settings);
    let mut action = action::named(&library, settings, &ask.action)?;
    let wanted = ask.agent.as_deref().or(action.agent.as_deref()).or(last);
    let agent = match wanted {
        Some(name) => match library::agent(&library, name) {
            Ok(Some(agent)) => Some(agent),
            Ok(None) => {
                let known: Vec<String> =
                    library::agents(&library).into_iter().map(|agent| agent.name).collect();
                let known = known.join(", ");
                return Err(AgentError::Settings(format!("there is no agent '{name}': {known}")));
            }
            Err(wrong) => {
                return Err(AgentError::Settings(format!(
                    "the agent '{name}' cannot be used before this is mended: {wrong}"
                )));
            }
        },
        None => None,
    };
    let role = Role::of(&library, agent, action.tools.clone());
    action.tools = role.tools(Calls::Others);
    Ok((action, role))
}

/// The library of a run.
pub(crate) fn shelves<'a>(
    files: &'a dyn Files,
    world: &'a World,
    trusted: &'a [TrustedFile],
    settings: &'a Settings,
) -> Library<'a> {
    // How a run is let work says nothing about what a page may be: rules and zones do.
    let twins = Twins::of(settings.policy(Mode::Default, Grade::Typed, &[]));
    Library { files, shelves: &world.shelves, trusted, root: &settings.root, twins }
}
