//! What a model is told before it says a word, layer by layer, each with where it comes from.
//!
//! The order is the order in which words weigh: built in, the person's guidance, the workspace's, the action's task,
//! the person's own words, and last what they look at.

use std::io::Read;
use std::path::{Path, PathBuf};

use copydesk_base::config::Context;
use copydesk_base::event::Section;
use copydesk_base::{Effect, Event, Files, Grade, Verdict, path};
use copydesk_language::chat;
use copydesk_permission::{Policy, judge};
use copydesk_provider::{Image, LARGEST_IMAGE, ToolSpec};

use crate::action::Action;
use crate::context::earlier;
use crate::context::guidance::{Ground, Whose, guidance};
use crate::context::mentions::{self, Around, Source};
use crate::context::prompt::{self, Piece, Sight};
use crate::desk::{Ask, Unsaved};
use crate::error::AgentError;
use crate::gate::taint;
use crate::gate::twins::Twins;
use crate::settings::Settings;
use crate::team::role::Role;
use crate::world::World;

/// A part of what a model is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Which part of the budget it takes: `rules`, `files`, `selection`.
    pub section: &'static str,
    /// Where it comes from, for a person: a path, or who said it.
    pub origin: String,
    pub text: String,
    /// Bytes of what it tells that are left out.
    pub cut: usize,
    /// Whose words these are.
    pub(crate) grade: Grade,
}

impl Layer {
    pub(crate) fn new(
        section: &'static str,
        origin: impl Into<String>,
        text: impl Into<String>,
        grade: Grade,
    ) -> Self {
        Self { section, origin: origin.into(), text: text.into(), cut: 0, grade }
    }

    /// About how many.
    pub fn tokens(&self) -> usize {
        self.text.len().div_ceil(BYTES)
    }

    pub(crate) fn of(section: &'static str, origin: impl Into<String>, piece: Piece, grade: Grade) -> Self {
        Self { cut: piece.cut, ..Self::new(section, origin, piece.text, grade) }
    }
}

/// What a run begins with.
pub(crate) struct Opening {
    /// The same for every request of a workspace.
    pub(crate) system: Layer,
    /// Together the first message.
    pub(crate) layers: Vec<Layer>,
    /// The texts of which parts are in it.
    pub(crate) texts: Vec<Source>,
    /// What the person is told about it.
    pub(crate) notices: Vec<String>,
    pub(crate) images: Vec<Image>,
    /// Where they lie.
    pub(crate) shown: Vec<PathBuf>,
}

impl Opening {
    /// The first message, and a record of what it is made of.
    /// Of the earlier turns the newest `kept` go along, or all of them.
    pub(crate) fn laid(
        &self,
        tools: &[ToolSpec],
        kept: Option<usize>,
        hide: impl Fn(&str) -> String,
    ) -> (String, Event) {
        let (mut message, mut sections) = (String::new(), Vec::new());
        for layer in &self.layers {
            let text = hide(&layer.text);
            let (name, origin) = (layer.section.to_owned(), layer.origin.clone());
            sections.push(Section { name, origin, bytes: text.len(), cut: layer.cut });
            message.push_str(&text);
        }
        let bytes = tools.iter().map(|tool| tool.description.len() + tool.parameters.to_string().len());
        let event = Event::ContextLaid {
            system: hide(&self.system.text),
            tools: tools.iter().map(|tool| tool.name.clone()).collect(),
            tool_bytes: bytes.sum(),
            sections,
            kept,
        };
        (message, event)
    }
}

/// How many bytes each section may have, as they are sent: names, fences and what is said about a cut count, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    rules: usize,
    pub(crate) files: usize,
    input: usize,
    earlier: usize,
    selection: usize,
}

impl Room {
    /// As the settings say it in tokens.
    pub(crate) fn of(context: &Context) -> Self {
        let bytes = |tokens: Option<u32>, usual: u32| {
            usize::try_from(tokens.unwrap_or(usual)).unwrap_or(usize::MAX).saturating_mul(BYTES)
        };
        Self {
            rules: bytes(context.rules, 16_000),
            files: bytes(context.files, 64_000),
            input: bytes(context.input, 16_000),
            earlier: bytes(context.earlier, 16_000),
            selection: bytes(context.selection, 1_000),
        }
    }
}

/// Bytes of a token, as estimates count.
pub(crate) const BYTES: usize = 4;

/// What there is to be told.
pub(crate) struct Told<'a> {
    pub(crate) action: &'a Action,
    pub(crate) role: &'a Role,
    pub(crate) ask: &'a Ask,
    /// The task in whole, with the person's words in it.
    pub(crate) task: String,
    /// What hooks said.
    pub(crate) said: String,
    /// What was piped in, as a model may see it: only then may a line of it be cut.
    pub(crate) input: Option<String>,
}

/// Puts together what a model is told. What no agent may read is not sent because somebody stood in it.
pub(crate) fn opening(
    world: &World,
    settings: &Settings,
    policy: &Policy,
    told: Told<'_>,
) -> Result<Opening, AgentError> {
    let Told { action, role, ask, task, said, input } = told;
    let (root, room) = (&settings.root, Room::of(&settings.context));
    let twins = Twins::of(policy.clone());
    let place = ask.place.as_ref().map(|(path, _)| path);
    for path in place.into_iter().chain(&ask.images) {
        let reason = match judge(&Effect::Read { path: path.clone() }, policy) {
            Verdict::Deny(because) => because.reason,
            _ if twins.is_twin(path) => "it is another name of a file that may not be read".to_owned(),
            _ => continue,
        };
        return Err(AgentError::Withheld { path: path::shown(root, path), reason });
    }
    let withheld = |path: &Path, whose| match whose {
        // What the person wrote for every agent may lie where agents have to ask.
        Whose::Own => {
            let verdict = judge(&Effect::Read { path: path.to_owned() }, policy);
            matches!(verdict, Verdict::Deny(_)).then_some("your rules keep it from agents")
        }
        Whose::Workspace => twins.withheld(path),
    };
    let grade_of = |path: &Path| taint::of_file(path, root, &settings.additional);
    let own = world.guidance.as_deref();
    let mut layers = Vec::new();
    let ground =
        Ground { files: &*world.files, own, root, place: place.map(PathBuf::as_path), most: room.rules };
    let guided = guidance(&ground, withheld);
    let mut notices = guided.left_out;
    for one in guided.found {
        let name = path::shown(root, &one.path);
        let grade = if one.whose == Whose::Own { Grade::Typed } else { grade_of(&one.path) };
        let origin = match &one.by {
            Some(by) => format!("{name}, brought in by {}", path::shown(root, by)),
            None => name.clone(),
        };
        let piece = Piece { text: prompt::rules(&name, &one.text), cut: one.cut };
        layers.push(Layer::of("rules", origin, piece, grade));
    }
    let (of_role, more) = role.layers(&action.tools);
    layers.extend(of_role);
    notices.extend(more);
    if !said.is_empty() {
        let text = format!("A hook of the person's says:\n{said}\n");
        layers.push(Layer::new("hooks", "hooks", text, Grade::Tool));
    }
    let named = if action.arguments.is_some() { task.clone() } else { ask.prompt.clone() };
    layers.push(Layer::new("task", format!("action {}", action.name), task, Grade::Typed));
    let mode = prompt::of_mode(policy.mode);
    layers.extend(
        mode.map(|text| Layer::new("task", format!("mode {}", policy.mode.as_str()), text, Grade::Typed)),
    );
    if let Some(form) = &ask.form {
        layers.push(Layer::new("schema", "the schema of the answer", form.words(), Grade::Typed));
    }
    if let Some(input) = &input {
        let piece = prompt::fit(room.input, |most| prompt::input(input, most));
        layers.push(Layer::of("input", "what was piped in", piece, Grade::Tool));
    }
    let (mut images, mut shown) = (Vec::new(), ask.images.clone());
    for path in &ask.images {
        let origin = path::shown(root, path);
        images.push(
            image_at(&*world.files, path)
                .map_err(|reason| AgentError::Withheld { path: origin.clone(), reason })?,
        );
        layers.push(beside(origin, grade_of(path)));
    }
    let mut texts = Vec::new();
    let brought = mentions::brought(
        world,
        settings,
        &twins,
        &named,
        Around { known: &ask.images, near: place.map(PathBuf::as_path) },
    );
    layers.extend(brought.layers);
    texts.extend(brought.texts);
    notices.extend(brought.notices);
    for (path, image) in brought.images {
        images.push(image);
        shown.push(path);
    }
    let text = place.and_then(|path| world.files.read(path).ok()).map(|file| file.text);
    let sight =
        ask.place.as_ref().zip(text.as_ref()).map(|((path, span), text)| Sight { path, text, span: *span });
    let mut is_whole = false;
    if let Some(sight) = &sight {
        // A conversation that goes on is known; of one that was begun elsewhere the document tells.
        let (section, piece) = match &ask.chat {
            Some(text) => ("earlier", prompt::fit(room.earlier, |most| earlier::earlier(text, most))),
            None if chat::is_chat(sight.path) => ("earlier", Piece::default()),
            None => {
                let piece = prompt::fit(room.selection, |most| prompt::sight(root, sight, most));
                is_whole = piece.cut == 0 && prompt::is_whole(sight);
                ("selection", piece)
            }
        };
        if !piece.text.is_empty() {
            let origin = path::shown(root, sight.path);
            layers.push(Layer::of(section, origin, piece, grade_of(sight.path)));
        }
    }
    if let Some(Unsaved { name, text, span }) = &ask.unsaved {
        // No tool could read the rest of it.
        let title = format!("{name} (never saved: no tool knows it)");
        let piece = prompt::fit(room.files, |most| prompt::attached(&title, text, most));
        layers.push(Layer::of("files", name.clone(), piece, Grade::Tool));
        let seen = Sight { path: Path::new(name), text, span: *span };
        let piece = prompt::fit(room.selection, |most| prompt::sight(root, &seen, most));
        layers.push(Layer::of("selection", name.clone(), piece, Grade::Tool));
        texts.push(Source { text: text.clone(), file: None, is_whole: false });
    }
    if !ask.findings.is_empty() {
        let text = prompt::problems(&ask.findings, sight.as_ref());
        let origin = "problems that other programs reported";
        layers.push(Layer::new("problems", origin, text, Grade::Tool));
    }
    let system = Layer::new("system", "built in", prompt::system(root), Grade::Typed);
    texts.extend(text.map(|text| Source { text, file: place.cloned(), is_whole }));
    let cut = layers.iter().filter(|layer| layer.cut > 0 && layer.section != "rules");
    notices.extend(cut.map(|layer| {
        let Layer { origin, section, cut, .. } = layer;
        format!("Of {origin}, {cut} bytes do not go along (context.{section}).")
    }));
    Ok(Opening { system, layers, texts, notices, images, shown })
}

/// The record of images that go along, each with where it lies.
pub(crate) fn images_sent<'a>(images: impl IntoIterator<Item = (PathBuf, &'a Image)>) -> Event {
    let (paths, bytes) = images.into_iter().map(|(path, image)| (path, image.bytes())).unzip();
    Event::ImagesSent { paths, bytes }
}

/// What is said of an image that goes along.
pub(crate) fn beside(origin: String, grade: Grade) -> Layer {
    let text = format!("Image beside this: {origin}\n");
    Layer::new("images", origin, text, grade)
}

/// The image in a file; the error says why it cannot be sent.
pub fn image_at(files: &dyn Files, path: &Path) -> Result<Image, String> {
    let mut bytes = Vec::new();
    let file = files.open(path).map_err(|error| format!("failed to {error}"))?;
    file.take(LARGEST_IMAGE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    Image::read(&bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_as_much_room_as_the_settings_say() {
        let usual = Room { rules: 64_000, files: 256_000, input: 64_000, earlier: 64_000, selection: 4_000 };
        assert_eq!(Room::of(&Context::default()), usual);
        let said =
            Context { rules: Some(0), input: Some(10), selection: Some(u32::MAX), ..Context::default() };
        let room = Room::of(&said);
        assert_eq!((room.rules, room.files, room.input), (0, 256_000, 40));
        assert!(room.selection >= 16_000_000_000);
    }
}
