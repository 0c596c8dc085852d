//! The files that may hold settings: where they are, whether they can be read, and how far each may go.

use std::path::{Path, PathBuf};

use copydesk_base::{Code, ContentHash, Severity, Span};
use copydesk_store::TrustedFile;

use super::layer::{Layer, Standing};
use super::{LayerName, Nesting, Origin, Problem, Sources};

/// A config file that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerFile {
    pub(crate) layer: LayerName,
    pub(crate) path: PathBuf,
    pub(crate) state: FileState,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileState {
    Absent,
    /// Its keys count, the ones that grant included: it is the user's own, or its content is trusted.
    Grants,
    /// Of the workspace and never trusted.
    Untrusted,
    /// Of the workspace, and not what was trusted.
    Changed,
    /// It could not be read or understood.
    Broken,
}

impl FileState {
    /// The word for people and for `--json`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Grants => "in force",
            Self::Untrusted => "untrusted",
            Self::Changed => "changed since it was trusted",
            Self::Broken => "unreadable",
        }
    }
}

/// No config file is larger than this.
const LARGEST: u64 = 1024 * 1024;

/// Every file layer, weakest first, and the list of all that were looked for, strongest first.
pub(super) fn read_files(
    sources: &Sources<'_>,
    trusted: &[TrustedFile],
    problems: &mut Vec<Problem>,
) -> (Vec<Layer>, Vec<LayerFile>) {
    let (mut layers, mut files) = (Vec::new(), Vec::new());
    for (name, path) in candidates(sources) {
        let of_workspace = is_of_workspace(sources, name, &path);
        let mut found = Vec::new();
        let (layer, state) = match read(&path) {
            Ok(Some(text)) => {
                let standing = standing(sources, trusted, name, &path, of_workspace.then_some(&*text));
                let layer = Layer::from_file(name, &path, text, standing.0, &mut found);
                let state = if layer.is_broken { FileState::Broken } else { standing.1 };
                (Some(layer), state)
            }
            Ok(None) if name == LayerName::Variable => {
                found.push(unreadable(name, &path, "COPYDESK_CONFIG names this file, and it is not there"));
                (None, FileState::Absent)
            }
            Ok(None) => (None, FileState::Absent),
            Err(reason) => {
                found.push(unreadable(name, &path, &reason));
                (None, FileState::Broken)
            }
        };
        problems.append(&mut found);
        layers.extend(layer);
        files.insert(0, LayerFile { layer: name, path, state });
    }
    (layers, files)
}

/// The workspace's files as they are now, for `copydesk trust`: config, agents, actions and layers.
pub(crate) fn trustable(sources: &Sources<'_>) -> Vec<TrustedFile> {
    let config = candidates(sources)
        .into_iter()
        .filter(|(name, path)| is_of_workspace(sources, *name, path))
        .map(|(_, path)| path);
    let folders =
        [".copydesk/agents", ".copydesk/actions", ".copydesk/prompts", ".keystone/workflows/agents"];
    let texts = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(sources.root.join(folder)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        paths.sort();
        paths
    });
    let layers = std::fs::read_dir(sources.root.join(".stepper/layer")).into_iter().flatten().flatten();
    let mut layers: Vec<PathBuf> = layers.map(|layer| layer.path().join("index.md")).collect();
    layers.sort();
    config
        .chain(texts)
        .chain(layers)
        .filter_map(|path| Some(TrustedFile::new(trust_name(sources.root, &path), read(&path).ok()??)))
        .collect()
}

/// Whether the repository decides what a file says: its own files are its own, wherever a link in their path leads.
fn is_of_workspace(sources: &Sources<'_>, name: LayerName, path: &Path) -> bool {
    matches!(name, LayerName::Workspace | LayerName::Keystone)
        || sources.places.is_of_workspace(sources.root, path)
}

/// The files that may hold settings, weakest first.
fn candidates(sources: &Sources<'_>) -> Vec<(LayerName, PathBuf)> {
    let in_root = |folder: &str| {
        let file = sources.root.join(folder).join("config.yaml");
        let other = file.with_extension("yml");
        if !file.exists() && other.exists() { other } else { file }
    };
    let mut candidates = Vec::new();
    candidates.extend(sources.places.user_config.clone().map(|path| (LayerName::User, path)));
    candidates.push((LayerName::Keystone, in_root(".keystone")));
    candidates.push((LayerName::Workspace, in_root(".copydesk")));
    candidates.extend(sources.places.named_config.clone().map(|path| (LayerName::Variable, path)));
    candidates
}

/// How far a file may go. `text` is there for a file of the workspace.
fn standing(
    sources: &Sources<'_>,
    trusted: &[TrustedFile],
    name: LayerName,
    path: &Path,
    text: Option<&str>,
) -> (Standing, FileState) {
    let Some(text) = text else {
        return match (sources.nesting, name) {
            (Nesting::Outermost, _) => (Standing::Grants, FileState::Grants),
            (Nesting::InsideRun, LayerName::User) => (Standing::InsideRun, FileState::Grants),
            (Nesting::InsideRun, _) => (Standing::Tightens, FileState::Untrusted),
        };
    };
    let name = trust_name(sources.root, path);
    match trusted.iter().find(|file| file.path == name) {
        None => (Standing::Tightens, FileState::Untrusted),
        Some(file) if file.hash != ContentHash::of(text) => (Standing::Tightens, FileState::Changed),
        Some(_) if sources.nesting == Nesting::InsideRun => (Standing::InsideRun, FileState::Grants),
        Some(_) => (Standing::Grants, FileState::Grants),
    }
}

/// What a file is called in the list of trusted ones.
fn trust_name(root: &Path, path: &Path) -> String {
    copydesk_base::path::shown(root, path)
}

/// The text of a file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, String> {
    match std::fs::metadata(path) {
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(format!("it cannot be read: {error}")),
        Ok(metadata) if !metadata.is_file() => Err("it is no file".to_owned()),
        Ok(metadata) if metadata.len() > LARGEST => {
            Err(format!("it has {} bytes, more than the {LARGEST} that are read", metadata.len()))
        }
        Ok(_) => match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|error| {
                format!("it is no text: byte {} is not UTF-8", error.utf8_error().valid_up_to())
            }),
            Err(error) => Err(format!("it cannot be read: {error}")),
        },
    }
}

fn unreadable(name: LayerName, path: &Path, reason: &str) -> Problem {
    Problem {
        origin: Origin { layer: name, path: Some(path.to_owned()), line: None },
        span: Span::at(0),
        code: Code::YamlSyntax,
        severity: Severity::Error,
        message: reason.to_owned(),
        below: None,
        stops: true,
    }
}
