//! What a desk offers, before anybody asks: actions, agents, and what a model would be told.

use copydesk_base::{Asker, Grade, Wish};

use super::{Ask, Desk, Voice};
use crate::action::{self, Action};
use crate::context::opening::{self, Layer, Told};
use crate::context::prompt;
use crate::error::AgentError;
use crate::team::role;

impl Desk {
    /// What can be asked for: the built-in actions, then the person's own.
    pub fn actions(&self) -> Vec<Action> {
        let world = &self.shared.world;
        let built_in = action::BUILT_IN.iter().filter_map(|(name, ..)| action::action(name));
        let Ok(settings) = (world.settings)() else { return built_in.collect() };
        let library = role::shelves(&*world.files, world, &[], &settings);
        built_in.chain(action::own_actions(&library, &settings)).collect()
    }

    /// The action of that name and whether there is such an agent; the error is a sentence.
    ///
    /// # Errors
    /// One of them is not there.
    pub fn find(&self, action: &str, agent: Option<&str>) -> Result<Action, String> {
        let world = &self.shared.world;
        // Why settings cannot be used is for the run to say.
        let Ok(settings) = (world.settings)() else {
            return Ok(action::action(action).unwrap_or_default());
        };
        let ask =
            Ask { action: action.to_owned(), agent: agent.map(str::to_owned), ..Ask::new(Voice::Person) };
        match role::equipped(world, &settings, &[], &ask, None) {
            Ok((action, _)) => Ok(action),
            Err(AgentError::Settings(reason)) => Err(reason),
            Err(error) => Err(format!("failed to {error}")),
        }
    }

    /// Whether somebody serves a model of that name. Reads files.
    ///
    /// # Errors
    /// Nobody does: why, and what to write instead.
    pub fn serves(&self, model: &str) -> Result<(), String> {
        if model.trim().is_empty() {
            return Err(
                "the name of a model is empty; name none to go back to that of the settings".to_owned()
            );
        }
        // Why settings cannot be used is for the run to say.
        let Ok(settings) = (self.shared.world.settings)() else { return Ok(()) };
        let wish = Wish::model(Asker::Flag, Some(model.to_owned()));
        match settings.models.route(&[wish]) {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("{error}. {}", error.advice())),
        }
    }

    /// What a model would be told about an ask before it says a word, in the order of the request, and what the person
    /// would be told about that.
    ///
    /// # Errors
    /// There is no such action, or the place may not be read.
    pub fn prompt(&self, ask: &Ask) -> Result<(Vec<Layer>, Vec<String>), AgentError> {
        let world = &self.shared.world;
        let settings = (world.settings)().map_err(AgentError::Settings)?;
        let trusted = world.user.trusted_blocking(&settings.root).unwrap_or_default();
        let (action, role) = role::equipped(world, &settings, &trusted, ask, None)?;
        let policy = settings.policy(settings.mode, Grade::Typed, &[]);
        let task = prompt::task(&action, &ask.prompt).map_err(AgentError::Settings)?;
        let told = Told { action: &action, role: &role, ask, task, said: String::new(), input: None };
        let opening = opening::opening(world, &settings, &policy, told)?;
        for source in &opening.texts {
            self.shared.learn(&source.text, &settings.redactor);
        }
        let system = Layer { text: opening.system.text + "\n", ..opening.system };
        let layers = [system].into_iter().chain(opening.layers);
        let hidden =
            |layer: Layer| Layer { text: self.shared.hidden(&layer.text, &settings.redactor), ..layer };
        Ok((layers.map(hidden).collect(), opening.notices))
    }
}
