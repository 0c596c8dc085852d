//! What a model is told before it says a word, layer by layer, each with where it comes from.
//!
//! The order is the order in which words weigh: built in, the person's guidance, the workspace's, the action's task, the
//! person's own words, and last what they look at.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use copydesk_base::{Effect, Grade, Verdict, path};
use copydesk_language::chat;
use copydesk_permission::{Policy, judge};
use copydesk_provider::{Image, LARGEST_IMAGE};

use crate::action::Action;
use crate::desk::Ask;
use crate::error::AgentError;
use crate::guidance::guidance;
use crate::mentions;
use crate::prompt::{self, Sight};
use crate::settings::Settings;
use crate::taint;
use crate::world::World;

/// A part of what a model is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Where it comes from, for a person: a path, or who said it.
    pub origin: String,
    pub text: String,
    /// Whose words these are.
    pub(crate) grade: Grade,
}

/// What a run begins with.
pub(crate) struct Opening {
    /// The same for every request of a workspace.
    pub(crate) system: Layer,
    /// Together the first message.
    pub(crate) layers: Vec<Layer>,
    /// The texts of which parts are in it.
    pub(crate) texts: Vec<Arc<str>>,
    /// What the person is told about it.
    pub(crate) notices: Vec<String>,
    pub(crate) images: Vec<Image>,
}

impl Opening {
    pub(crate) fn first_message(&self) -> String {
        self.layers.iter().map(|layer| layer.text.as_str()).collect()
    }
}

/// Puts together what a model is told. What no agent may read is not sent because somebody stood in it.
pub(crate) fn opening(
    world: &World,
    settings: &Settings,
    policy: &Policy,
    action: &Action,
    ask: &Ask,
) -> Result<Opening, AgentError> {
    let root = &settings.root;
    let place = ask.place.as_ref().map(|(path, _)| path);
    for path in place.into_iter().chain(&ask.images) {
        if let Verdict::Deny(because) = judge(&Effect::Read { path: path.clone() }, policy) {
            return Err(AgentError::Withheld { path: path::shown(root, path), reason: because.reason });
        }
    }
    let may_know =
        |path: &Path| !matches!(judge(&Effect::Read { path: path.to_owned() }, policy), Verdict::Deny(_));
    let grade_of = |path: &Path| taint::of_file(path, root, &settings.additional);
    let own = world.guidance.as_deref();
    let mut layers = Vec::new();
    let guided = guidance(&*world.files, own, root, place.map(PathBuf::as_path), may_know);
    for one in guided.found {
        let origin = path::shown(root, &one.path);
        let is_own = own.is_some_and(|own| one.path.starts_with(own));
        let grade = if is_own { Grade::Typed } else { grade_of(&one.path) };
        layers.push(Layer { text: format!("Rules from {origin}:\n{}\n\n", one.text), origin, grade });
    }
    let task = prompt::task(action, &ask.prompt);
    layers.push(Layer { origin: format!("action {}", action.name), text: task, grade: Grade::Typed });
    if let Some(form) = &ask.form {
        layers.push(Layer {
            origin: "the schema of the answer".to_owned(),
            text: form.words(),
            grade: Grade::Typed,
        });
    }
    if let Some(input) = &ask.input {
        layers.push(Layer {
            origin: "what was piped in".to_owned(),
            text: prompt::input(input),
            grade: Grade::Tool,
        });
    }
    let mut images = Vec::new();
    for path in &ask.images {
        let origin = path::shown(root, path);
        images.push(
            image(world, path).map_err(|reason| AgentError::Withheld { path: origin.clone(), reason })?,
        );
        layers.push(Layer { text: format!("Image beside this: {origin}\n"), origin, grade: grade_of(path) });
    }
    let mut texts = Vec::new();
    let mut notices = guided.left_out;
    let brought = mentions::brought(world, settings, policy, &ask.prompt);
    layers.extend(brought.layers);
    texts.extend(brought.texts);
    notices.extend(brought.notices);
    let text = place.and_then(|path| world.files.read(path).ok()).map(|file| file.text);
    let sight =
        ask.place.as_ref().zip(text.as_ref()).map(|((path, span), text)| Sight { path, text, span: *span });
    if let Some(sight) = &sight {
        // A conversation that goes on is known; of one that was begun elsewhere the document tells.
        let shown = match &ask.chat {
            Some(text) => prompt::earlier(text),
            None if chat::is_chat(sight.path) => String::new(),
            None => prompt::sight(root, sight),
        };
        if !shown.is_empty() {
            let origin = path::shown(root, sight.path);
            layers.push(Layer { origin, text: shown, grade: grade_of(sight.path) });
        }
    }
    if !ask.findings.is_empty() {
        layers.push(Layer {
            origin: "problems that other programs reported".to_owned(),
            text: prompt::problems(&ask.findings, sight.as_ref()),
            grade: Grade::Tool,
        });
    }
    let system = Layer { origin: "built in".to_owned(), text: prompt::system(root), grade: Grade::Typed };
    texts.extend(text);
    Ok(Opening { system, layers, texts, notices, images })
}

/// The image in a file; the error is a fragment.
fn image(world: &World, path: &Path) -> Result<Image, String> {
    let mut bytes = Vec::new();
    let file = world.files.open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST_IMAGE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Image::read(&bytes).map_err(|error| error.to_string())
}
