//! Layers of pipelines: `.stepper/layer/NAME/index.md`, read as they are, and the order in which a project names them.

use std::path::Path;

use copydesk_language::types::{self, LayerVerdict, OnFailure};
use copydesk_permission::{Bounds, RuleVerdict, parse_rule};
use copydesk_text::{de, json};

use super::{Agent, Library, Owner, agent, model_ref, tools_named};
use crate::tools;

/// How many workers of a layer work at the same time where it says nothing.
const AT_ONCE: usize = 4;
/// And as many at the most, whatever its file says: each may have a checkout of its own.
const MOST_AT_ONCE: usize = 16;

/// One stage of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    pub(crate) agent: Agent,
    /// The most requests of one of its runs.
    pub(crate) steps: Option<u64>,
    pub(crate) failure: Failure,
    /// How often a failed run is tried again.
    pub(crate) retries: u64,
    /// How many of its workers work at the same time; none where it has one worker for the whole.
    pub(crate) workers: Option<usize>,
}

/// What becomes of a pipeline when a layer fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Failure {
    #[default]
    Stop,
    Skip,
}

/// The layer of that name: an agent of the person's, else a layer's file, else an agent. A file whose text they trusted
/// stands in the place of their agent, within the bounds of both. The error says what is wrong with a file of that
/// name.
pub(crate) fn layer(library: &Library<'_>, name: &str) -> Result<Option<Layer>, String> {
    let plain = |agent| Layer { agent, steps: None, failure: Failure::Stop, retries: 0, workers: None };
    Ok(match (from_file(library, name)?, agent(library, name)?) {
        (Some(mut layer), Some(mut known)) if known.is_believed => {
            let is_believed = layer.agent.is_believed;
            known.meet(std::mem::take(&mut layer.agent));
            Some(if is_believed { Layer { agent: known, ..layer } } else { plain(known) })
        }
        (Some(layer), _) => Some(layer),
        (None, known) => known.map(plain),
    })
}

/// What counts of a project's settings for stepper.
#[derive(serde::Deserialize)]
struct Setting {
    #[serde(default)]
    step: Vec<String>,
}

/// The layers that a project of stepper's names, in order.
pub(crate) fn stepper(library: &Library<'_>) -> Vec<String> {
    let file = library.root.join(".stepper/setting.json");
    let Ok(found) = library.files.read(&file) else { return Vec::new() };
    de::from_tree::<Setting>(&json::parse(&found.text, json::Dialect::Commented))
        .map(|setting| setting.step)
        .unwrap_or_default()
}

fn from_file(library: &Library<'_>, name: &str) -> Result<Option<Layer>, String> {
    // A name is no path.
    if name.is_empty() || Path::new(name).components().count() != 1 || name.starts_with('.') {
        return Ok(None);
    }
    let file = library.root.join(".stepper/layer").join(name).join("index.md");
    let Some(page) = library.page(&file, Owner::Workspace) else { return Ok(None) };
    let head: types::Layer = page.head()?;
    let mut rules = Vec::new();
    let origin = page.path.display().to_string();
    for (text, verdict) in head.permission {
        match verdict {
            // What a layer allows was allowed before, or is not.
            LayerVerdict::Allow => {}
            LayerVerdict::Deny => rules.push(page.denied(&text)?),
            LayerVerdict::Ask => rules.extend(parse_rule(RuleVerdict::Ask, text, &*origin)),
        }
    }
    let tools = head.tools.map(|named| {
        let denied = tools_named(named.deny.iter().map(String::as_str));
        let allowed = if named.allow.is_empty() {
            tools::every().map(str::to_owned).collect()
        } else {
            tools_named(named.allow.iter().map(String::as_str))
        };
        allowed.into_iter().filter(|tool| !denied.contains(tool)).collect()
    });
    let workers = head.parallel.unwrap_or_default().then(|| {
        head.parallel_max
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(AT_ONCE)
            .clamp(1, MOST_AT_ONCE)
    });
    Ok(Some(Layer {
        agent: Agent {
            name: name.to_owned(),
            description: head.description,
            model: model_ref(head.provider, head.model).filter(|_| library.believes(&page)),
            tools,
            bounds: Bounds { mode: None, rules },
            skills: page.says("skills").then_some(head.skills),
            instructions: page.body().to_owned(),
            path: Some(page.path.clone()),
            is_believed: library.believes(&page),
            ..Agent::default()
        },
        steps: head.steps,
        failure: match head.on_failure {
            Some(OnFailure::Skip) => Failure::Skip,
            Some(OnFailure::Stop) | None => Failure::Stop,
        },
        retries: head.retries.unwrap_or(0).min(5),
        workers,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Bench;
    use crate::disk::DiskFiles;

    #[test]
    fn a_layer_narrows_and_a_project_names_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(".stepper/setting.json", "{\"step\": [\"plan\", \"work\"], // in this order\n}");
        let head = "description: Plans.\nmodel: p/m\nsteps: 3\nretries: 9\non-failure: skip\nparallel: true\n\
                    tools: {allow: [read, grep, edit], deny: [edit]}\npermission: {Bash: deny, Edit: allow, 'Read(x)': ask}";
        write(".stepper/layer/plan/index.md", &format!("---\n{head}\n---\nPlan it.\n"));
        let library = Library {
            files: &DiskFiles,
            shelves: &[],
            trusted: &[],
            root: &root,
            twins: Bench::twins_of(&root),
        };
        assert_eq!(stepper(&library), ["plan", "work"]);
        let Layer { agent, steps, failure, retries, workers } = layer(&library, "plan").unwrap().unwrap();
        assert_eq!((steps, failure, retries, workers), (Some(3), Failure::Skip, 5, Some(4)));
        assert_eq!((agent.model, agent.instructions.as_str()), (None, "Plan it."));
        assert_eq!(agent.tools, Some(vec!["read".to_owned(), "grep".to_owned()]));
        let rules: Vec<_> = agent.bounds.rules.iter().map(|rule| (rule.verdict, &*rule.text)).collect();
        assert_eq!(rules, [(RuleVerdict::Deny, "Bash"), (RuleVerdict::Ask, "Read(x)")]);
        for name in ["", "..", "../plan", "nothing"] {
            assert_eq!(layer(&library, name), Ok(None), "{name}");
        }
        // A mistake is named where it stands: as it is written, nobody may work by it.
        let place = root.join(".stepper/layer/bad/index.md");
        for (head, expect) in [
            ("description: Bad.\nsteps: many\n", "3: expected a whole number, 0 or more, found text 'many'"),
            ("description: Bad.\n\npermission: {'Bash(rm': deny}\n", "4: failed to read `Bash(rm`"),
        ] {
            write(".stepper/layer/bad/index.md", &format!("---\n{head}---\nWork.\n"));
            let wrong = layer(&library, "bad").unwrap_err();
            assert!(wrong.starts_with(&format!("{}:{expect}", place.display())), "{wrong}");
        }
    }
}
