//! Schemas of other people's files: which one a file has, and reading it.
//!
//! A [`Library`] knows what the settings say and keeps the schemas that were read, each with the state of the files it
//! was made from. A file names its schema itself, by a modeline or by `$schema`; only where it does not, the settings
//! are asked. Paths in a file start from that file's folder, paths in settings from the workspace root.
//!
//! Invariants
//! - Nothing is fetched. A schema is bundled, or a file on this machine.
//! - Only what a person named is read, and what that refers to below the workspace or below the schema's own folder.
//! - A schema is made anew when one of its files changed; an open document counts before the disk.

mod names;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use copydesk_base::config::Config;
use copydesk_base::path::{is_inside, resolve};
use copydesk_base::{Diagnostic, Files, Span};
use copydesk_language::schemas::{self, Named, Schema};
use copydesk_language::{File, Memo, syntax};
use globset::{GlobBuilder, GlobMatcher};

pub(crate) use self::names::names;
use crate::convert;

/// The largest file that is read as a schema.
const LARGEST: u64 = 8 * 1024 * 1024;

/// How many schemas are kept.
const MOST_KEPT: usize = 64;

/// What the settings say about files that are none of ours.
#[derive(Clone, Debug, Default)]
pub struct OfOthers {
    /// Globs, and the schemas of the files that they match.
    pub schemas: BTreeMap<String, String>,
    /// Globs of the files that are laid out.
    pub format: Vec<String>,
}

impl From<Config> for OfOthers {
    fn from(config: Config) -> Self {
        Self { schemas: config.schemas, format: config.format }
    }
}

/// Which schema a file has.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// As it is written in the file or in the settings.
    pub written: String,
    /// Where the file names it; `None` where the settings do.
    pub named: Option<Span>,
    /// The schema, or a fragment of a sentence about why there is none.
    pub schema: Result<Arc<Schema>, String>,
}

/// The schemas of one workspace.
pub struct Library {
    root: PathBuf,
    doubts: AtomicU64,
    rules: Mutex<Option<(u64, Arc<Rules>)>>,
    kept: Mutex<HashMap<String, Arc<Kept>>>,
    /// The files that the schema of a file is made of, by that file.
    uses: Mutex<HashMap<PathBuf, Vec<PathBuf>>>,
}

/// What the settings say, ready to be asked.
struct Rules {
    schemas: Vec<Rule>,
    format: Vec<GlobMatcher>,
}

/// A line of the setting `schemas`.
struct Rule {
    glob: GlobMatcher,
    schema: String,
}

/// A schema and what it was made from.
struct Kept {
    schema: Result<Arc<Schema>, String>,
    sources: Vec<(PathBuf, Stamp)>,
}

/// The state of a file, cheap to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stamp {
    Open(Option<i32>),
    Disk(u64, Option<SystemTime>),
    Absent,
}

impl Library {
    /// Without settings; [`Library::set_rules`] brings them.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            doubts: AtomicU64::new(0),
            rules: Mutex::default(),
            kept: Mutex::default(),
            uses: Mutex::default(),
        }
    }

    /// Takes in what the settings say.
    pub fn set_rules(&self, settings: &OfOthers) {
        let doubts = self.doubts.load(Ordering::Acquire);
        *lock(&self.rules) = Some((doubts, Arc::new(rules(settings))));
    }

    /// Has the settings looked up again when they are next needed. Never waits.
    pub(crate) fn doubt_rules(&self) {
        self.doubts.fetch_add(1, Ordering::AcqRel);
    }

    /// Looks the settings up if nobody did, or if they were doubted.
    pub(crate) fn know_rules(&self, look_up: impl FnOnce() -> OfOthers) {
        let doubts = self.doubts.load(Ordering::Acquire);
        if lock(&self.rules).as_ref().is_none_or(|(when, _)| *when != doubts) {
            let found = Arc::new(rules(&look_up()));
            *lock(&self.rules) = Some((doubts, found));
        }
    }

    /// The schema of a file, if it names one or the settings do. May read files.
    pub fn choose(&self, files: &dyn Files, file: &File<'_>) -> Option<Chosen> {
        let own = schemas::named(file.text, file.tree);
        let path = resolve(&self.root, file.path);
        let (written, base, named) = match own {
            Some(Named { schema, span }) => {
                (schema, path.parent().unwrap_or(&self.root).to_owned(), Some(span))
            }
            None => (self.by_settings(&path)?, self.root.clone(), None),
        };
        let kept = self.read(files, &address(&written, &base));
        let sources = kept.sources.iter().map(|(path, _)| path.clone()).collect();
        lock(&self.uses).insert(path, sources);
        Some(Chosen { written, named, schema: kept.schema.clone() })
    }

    /// Whether a text may have a schema, told without reading it: for walks over many files.
    pub fn may_choose(&self, path: &Path, text: &str) -> bool {
        let has_word = ["$schema", "#:schema "].iter().any(|word| text.contains(word));
        has_word || self.by_settings(&resolve(&self.root, path)).is_some()
    }

    /// The files whose schema is made of one of these.
    pub(crate) fn users_of(&self, touched: &[PathBuf]) -> Vec<PathBuf> {
        let uses = lock(&self.uses);
        let is_touched = |sources: &Vec<PathBuf>| sources.iter().any(|source| touched.contains(source));
        uses.iter().filter(|(_, sources)| is_touched(sources)).map(|(path, _)| path.clone()).collect()
    }

    fn by_settings(&self, path: &Path) -> Option<String> {
        let (rules, inner) = self.rules_for(path)?;
        rules.schemas.iter().find(|rule| rule.glob.is_match(inner)).map(|rule| rule.schema.clone())
    }

    /// Whether the settings want a file laid out.
    pub(crate) fn lays_out(&self, path: &Path) -> bool {
        let path = resolve(&self.root, path);
        self.rules_for(&path)
            .is_some_and(|(rules, inner)| rules.format.iter().any(|glob| glob.is_match(inner)))
    }

    /// The rules, and a path as they are written.
    fn rules_for<'p>(&self, path: &'p Path) -> Option<(Arc<Rules>, &'p Path)> {
        let rules = lock(&self.rules).as_ref().map(|(_, rules)| rules.clone())?;
        Some((rules, path.strip_prefix(&self.root).ok()?))
    }

    /// The schema at a URL, made anew if a file of it changed.
    fn read(&self, files: &dyn Files, url: &str) -> Arc<Kept> {
        let known = lock(&self.kept).get(url).cloned();
        if let Some(kept) =
            known.filter(|kept| kept.sources.iter().all(|(path, at)| stamp(files, path) == *at))
        {
            return kept;
        }
        let mut sources = Vec::new();
        let folder = convert::path_of(url).and_then(|path| path.parent().map(Path::to_owned));
        let loaded = Schema::load(url, &mut |wanted| {
            let Some(path) = convert::path_of(wanted) else {
                return Err("it is not on this machine, and Copydesk fetches nothing: save it as a file and name that".to_owned());
            };
            let path = resolve(&self.root, &path);
            let is_named = wanted == url;
            let is_near = is_inside(&self.root, &path)
                || folder.as_ref().is_some_and(|folder| is_inside(folder, &path));
            if !is_named && !is_near {
                return Err("it lies outside the workspace and outside the schema's folder".to_owned());
            }
            sources.push((path.clone(), stamp(files, &path)));
            text_of(files, &path)
        });
        let kept = Arc::new(Kept { schema: loaded.map(Arc::new), sources });
        let mut all = lock(&self.kept);
        if all.len() >= MOST_KEPT {
            all.clear();
        }
        all.insert(url.to_owned(), kept.clone());
        kept
    }
}

/// What is wrong in a file by the schema it has, with the syntax errors that its tree knows.
pub fn check(file: &File<'_>, chosen: &Chosen) -> Vec<Diagnostic> {
    check_again(file, chosen, &mut Memo::default())
}

/// The same for a file that was checked before.
pub(crate) fn check_again(file: &File<'_>, chosen: &Chosen, memo: &mut Memo) -> Vec<Diagnostic> {
    let mut found = syntax(file);
    let head = Span::new(0, file.text.find(['\n', '\r']).unwrap_or(file.text.len()));
    let place = chosen.named.unwrap_or(head);
    match &chosen.schema {
        Ok(schema) => {
            found.extend(schemas::remarks(place, &chosen.written, &schema.problems));
            found.extend(schemas::check_again(file, schema, memo));
        }
        Err(why) => found.push(schemas::unavailable(place, &chosen.written, why)),
    }
    found.sort_by_key(|finding| (finding.span, finding.code));
    found
}

/// The URL of a schema as somebody wrote it: a bundled one's name, a URL, or a path.
pub(crate) fn address(written: &str, base: &Path) -> String {
    if let Some(url) = schemas::by_name(written) {
        return url;
    }
    if written.contains("://") {
        return written.trim_end_matches('#').to_owned();
    }
    let (path, fragment) = written.split_once('#').unwrap_or((written, ""));
    let url = convert::uri_of(&resolve(base, Path::new(path)));
    if fragment.is_empty() { url } else { format!("{url}#{fragment}") }
}

fn rules(settings: &OfOthers) -> Rules {
    let mut schemas: Vec<(&String, &String)> = settings.schemas.iter().collect();
    // The longer pattern says more.
    schemas.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
    let rule = |(pattern, schema): (&String, &String)| {
        Some(Rule { glob: matcher(pattern)?, schema: schema.clone() })
    };
    Rules {
        schemas: schemas.into_iter().filter_map(rule).collect(),
        format: settings.format.iter().filter_map(|pattern| matcher(pattern)).collect(),
    }
}

/// A pattern without `/` is for files of that name in any folder.
fn matcher(pattern: &str) -> Option<GlobMatcher> {
    let written = pattern.trim_start_matches("./").trim_start_matches('/');
    let anywhere = if written.contains('/') { written.to_owned() } else { format!("**/{written}") };
    GlobBuilder::new(&anywhere).literal_separator(true).build().ok().map(|glob| glob.compile_matcher())
}

fn stamp(files: &dyn Files, path: &Path) -> Stamp {
    if files.is_open(path) {
        return Stamp::Open(files.read(path).ok().and_then(|file| file.version));
    }
    match std::fs::metadata(path) {
        Ok(metadata) => Stamp::Disk(metadata.len(), metadata.modified().ok()),
        Err(_) => Stamp::Absent,
    }
}

fn text_of(files: &dyn Files, path: &Path) -> Result<String, String> {
    if !files.is_open(path) {
        let metadata = std::fs::metadata(path).map_err(|_| format!("there is no file {}", path.display()))?;
        if !metadata.is_file() {
            return Err(format!("{} is no file", path.display()));
        }
        if metadata.len() > LARGEST {
            return Err(format!("{} is larger than {} MB", path.display(), LARGEST / 1024 / 1024));
        }
    }
    let file = files.read(path).map_err(|error| format!("Copydesk failed to {error}"))?;
    Ok(file.text.to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
