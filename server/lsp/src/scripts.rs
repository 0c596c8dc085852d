//! The scripts that configs name for the stand-in: whether there is one that can be played, for the editor and for
//! `copydesk check` alike. `language` looks at no disk.
//!
//! A config is checked at each keystroke in it, so a script is read again only where its file is another one than when
//! it was read last.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use copydesk_agent::script;
use copydesk_base::path::resolve;
use copydesk_base::{Code, Diagnostic, Severity};
use copydesk_language::{File, FileKind};
use copydesk_text::Node;

/// How many scripts are remembered.
const MOST_KEPT: usize = 64;

/// The scripts of one workspace and its person.
pub struct Scripts {
    root: PathBuf,
    /// Why each cannot be played, and as what its file was read.
    kept: Mutex<HashMap<PathBuf, (Stamp, Option<String>)>>,
    /// The scripts that a config names, by the config.
    uses: Mutex<HashMap<PathBuf, Vec<PathBuf>>>,
}

/// The state of a file, cheap to compare; nothing where there is none.
type Stamp = Option<(u64, Option<SystemTime>)>;

impl Scripts {
    /// `root` is what paths of files start from that are not whole.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), kept: Mutex::default(), uses: Mutex::default() }
    }

    /// The scripts of a config that cannot be played, each marked where it is named. Reads files.
    pub fn check(&self, file: &File<'_>) -> Vec<Diagnostic> {
        if file.kind != FileKind::Config {
            return Vec::new();
        }
        let config = resolve(&self.root, file.path);
        let named = named(file);
        let folder = config.parent().unwrap_or(&self.root);
        let paths: Vec<PathBuf> = named.iter().map(|(_, path)| folder.join(path)).collect();
        let findings = named.iter().zip(&paths).filter_map(|((node, _), path)| {
            let message = format!("{}, so this provider answers nothing", self.trouble(path)?);
            let mut finding = Diagnostic::new(Code::UnknownName, node.span(), message);
            finding.severity = Severity::Error;
            Some(finding)
        });
        let findings = findings.collect();
        lock(&self.uses).insert(config, paths);
        findings
    }

    /// The configs that name one of these.
    pub(crate) fn users_of(&self, touched: &[PathBuf]) -> Vec<PathBuf> {
        let uses = lock(&self.uses);
        let is_touched = |scripts: &Vec<PathBuf>| scripts.iter().any(|script| touched.contains(script));
        uses.iter().filter(|(_, scripts)| is_touched(scripts)).map(|(config, _)| config.clone()).collect()
    }

    /// Why a script cannot be played; nothing where it can.
    fn trouble(&self, path: &Path) -> Option<String> {
        let now = path.metadata().ok().map(|file| (file.len(), file.modified().ok()));
        if let Some((at, trouble)) = lock(&self.kept).get(path)
            && *at == now
        {
            return trouble.clone();
        }
        let trouble = match script::at(path) {
            Ok(_) => None,
            Err(_) if path.is_dir() => Some(format!("{} is a folder", path.display())),
            Err(_) if !path.exists() => Some(format!("there is no file {}", path.display())),
            Err(wrong) => Some(format!("this cannot be played: {wrong}")),
        };
        let mut kept = lock(&self.kept);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(path.to_owned(), (now, trouble.clone()));
        trouble
    }
}

/// The scripts that a config names for a provider that plays one.
fn named<'t>(file: &File<'t>) -> Vec<(Node<'t>, &'t str)> {
    let providers = file.tree.root().and_then(|root| root.get("providers"));
    let scripts = providers.map(Node::entries).unwrap_or_default().into_iter().filter_map(|provider| {
        let is_played = provider.value().get("kind").and_then(Node::as_str) == Some("offline");
        let script = provider.value().get("scenario").filter(|_| is_played)?;
        Some((script, script.as_str()?))
    });
    scripts.collect()
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
