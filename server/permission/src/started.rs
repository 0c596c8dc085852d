//! Files that start by themselves because settings say so: the script of a hook, the program that prints a key.
//!
//! A person who writes `command: ./scripts/fmt.sh` means the script that they know. Nobody is asked when it runs, so
//! somebody is asked when it changes: policy counts these files among those that run by themselves, and the sandbox
//! keeps them read-only. Which files they are is read from the command, and from the scripts that it names, as far as
//! names stand there. A name too many costs a question, so in doubt it counts.
//!
//! [`started`] looks at the disk, once for each time that settings are read. Deciding only compares.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use crate::glob::could_meet;
use crate::place::{alike, folded, follow};
use crate::policy::Policy;
use crate::shell;

/// A file, and what starts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Where its name stands; a link there leads to the file.
    pub place: PathBuf,
    /// `a hook at PreToolUse`.
    pub by: String,
}

/// The most files of one command that are looked into, and the most that is read of each.
const MOST: usize = 64;
const LONGEST: u64 = 64 * 1024;

/// Endings of files that others run or load as code.
const SCRIPTS: &[&str] = &[
    "sh", "bash", "zsh", "fish", "py", "js", "mjs", "cjs", "ts", "mts", "rb", "pl", "pm", "php", "lua", "mk",
    "awk", "jq", "ps1",
];

/// Programs that find by themselves what they run.
const FINDING: &[(&str, &[&str])] = &[
    ("make", &["Makefile", "makefile", "GNUmakefile"]),
    ("gmake", &["Makefile", "makefile", "GNUmakefile"]),
    ("npm", &["package.json"]),
    ("pnpm", &["package.json"]),
    ("yarn", &["package.json"]),
    ("bun", &["package.json"]),
    ("composer", &["composer.json"]),
    ("just", &["justfile", "Justfile", ".justfile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml"]),
    ("rake", &["Rakefile"]),
    ("tox", &["tox.ini"]),
    ("nox", &["noxfile.py"]),
    ("invoke", &["tasks.py"]),
    ("inv", &["tasks.py"]),
    ("ant", &["build.xml"]),
    ("mvn", &["pom.xml"]),
    ("gradle", &["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"]),
    ("gradlew", &["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"]),
    ("pytest", &["conftest.py"]),
    ("grunt", &["Gruntfile.js"]),
    ("gulp", &["gulpfile.js"]),
];

/// The files that a command of the settings starts, there or not: those of the workspace and the further folders, and
/// what it names in full elsewhere.
pub fn started(command: &str, by: &str, policy: &Policy) -> Vec<Started> {
    let mut found = Found { policy, places: BTreeSet::new(), pending: Vec::new() };
    let text = shell::running(command, &policy.root, policy).unwrap_or_else(|| command.to_owned());
    let names = names(&text);
    // A command may go to a folder first.
    let named = names.iter().flat_map(|name| places_of(name, &policy.root, policy));
    let named = named.filter(|place| policy.is_inside(place) && place.is_dir());
    let folders: BTreeSet<PathBuf> = named.chain([policy.root.clone()]).collect();
    for name in &names {
        found.program(name);
        for folder in &folders {
            found.named(name, folder);
        }
    }
    while let Some(script) = found.pending.pop() {
        found.look_into(&script);
    }
    found.places.into_iter().map(|place| Started { place, by: by.to_owned() }).collect()
}

/// What starts the file at a place that would change, or one in a folder that would go away or come.
pub(crate) fn starter<'p>(place: &Path, policy: &'p Policy) -> Option<&'p Started> {
    if policy.started.is_empty() || roots(policy).any(|root| place == root) {
        return None;
    }
    let place = folded(place);
    policy.started.iter().find(|one| {
        let real = || below_root(&one.place, policy).map(|(root, inside)| follow(root, inside));
        folded(&one.place).starts_with(&place) || real().is_some_and(|real| folded(&real).starts_with(&place))
    })
}

/// Whether a shell pattern for one segment of a path, in lower case, could name such a file or a folder around it.
pub(crate) fn could_start(segment: &str, policy: &Policy) -> bool {
    let glob: Vec<char> = segment.chars().collect();
    let inside = policy.started.iter().filter_map(|one| below_root(&one.place, policy));
    inside.flat_map(|(_, inside)| inside.components()).any(|part| {
        let part: Vec<char> = alike(&part.as_os_str().to_string_lossy()).chars().collect();
        could_meet(&glob, &part)
    })
}

fn roots(policy: &Policy) -> impl Iterator<Item = &Path> {
    std::iter::once(&policy.root).chain(&policy.additional).map(PathBuf::as_path)
}

/// The folder of the person's that a place lies in, and its path from there.
fn below_root<'p>(place: &'p Path, policy: &'p Policy) -> Option<(&'p Path, &'p Path)> {
    roots(policy).find_map(|root| Some((root, place.strip_prefix(root).ok()?)))
}

/// The pieces of a text that could be names of files.
fn names(text: &str) -> BTreeSet<String> {
    let ends = |letter: char| letter.is_whitespace() || "\"'`;|&()<>=,:$[]{}*?!#@\\".contains(letter);
    text.split(ends).filter(|name| name.chars().any(char::is_alphanumeric)).map(str::to_owned).collect()
}

/// Where a name could lie: as it stands, and without each of its first folders, which may have come from a variable.
fn places_of(name: &str, base: &Path, policy: &Policy) -> Vec<PathBuf> {
    let at_home = name.strip_prefix("~/").zip(policy.home.as_deref()).map(|(rest, home)| home.join(rest));
    let whole = at_home.or_else(|| name.starts_with('/').then(|| PathBuf::from(name)));
    let mut parts = Path::new(name).components();
    let mut places = Vec::new();
    while !parts.as_path().as_os_str().is_empty() {
        places.push(plain(&base.join(parts.as_path())));
        parts.next();
    }
    places.retain(|place| policy.is_inside(place) && !roots(policy).any(|root| place == root));
    places.extend(whole.map(|place| plain(&place)).filter(|place| place.is_file()));
    places
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
        plain
    })
}

fn is_free(place: &Path) -> bool {
    place.symlink_metadata().is_err()
}

fn has_ending(place: &Path) -> bool {
    place.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| SCRIPTS.contains(&ending))
}

/// Whether a file looks as if it ran.
fn is_script(place: &Path) -> bool {
    has_ending(place) || place.metadata().is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
}

/// What was found so far, and the scripts that are still to be looked into.
struct Found<'p> {
    policy: &'p Policy,
    places: BTreeSet<PathBuf>,
    pending: Vec<PathBuf>,
}

impl Found<'_> {
    /// What a program finds by itself: `make`, `python -m tools.fmt`.
    fn program(&mut self, name: &str) {
        let program = name.rsplit('/').next().unwrap_or_default();
        let files = FINDING.iter().filter(|(known, _)| *known == program).flat_map(|(_, files)| *files);
        let module = name.replace('.', "/");
        let files = files.map(|file| (*file).to_owned());
        for file in files.chain([format!("{module}.py"), format!("{module}/__main__.py")]) {
            self.take(plain(&self.policy.root.join(file)));
        }
    }

    /// A word of the command: whatever stands there, or will, is what the person meant to start.
    fn named(&mut self, name: &str, folder: &Path) {
        // An option with its value: `-fbuild/x.mk`.
        let name = name.strip_prefix('-').map_or(name, |rest| rest.get(1..).unwrap_or_default());
        let places = places_of(name, folder, self.policy);
        let free = places.first().filter(|place| name.contains('/') && is_free(place)).cloned();
        self.places.extend(free.filter(|_| folder == self.policy.root));
        for place in places {
            self.take(place);
        }
    }

    /// What a script names: files that look as if they ran, below the root and beside it.
    fn look_into(&mut self, script: &Path) {
        let mut text = Vec::new();
        let read = std::fs::File::open(script).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
        let (Ok(_), Some(folder)) = (read, script.parent()) else { return };
        if text.contains(&0) {
            return;
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        for name in names(&text).iter().filter(|name| name.contains(['/', '.'])) {
            for base in [self.policy.root.as_path(), folder] {
                let places = places_of(name, base, self.policy);
                let free =
                    places.first().filter(|place| name.contains('/') && has_ending(place) && is_free(place));
                self.places.extend(free.cloned());
                for place in places.into_iter().filter(|place| is_script(place)) {
                    self.take(place);
                }
            }
        }
        // `import lib` means `lib.py` beside it.
        let stems: BTreeSet<&str> =
            text.split(|letter: char| !letter.is_alphanumeric() && !"_-".contains(letter)).collect();
        for place in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let stem = place.file_stem().and_then(|stem| stem.to_str());
            if has_ending(&place) && stem.is_some_and(|stem| stems.contains(stem)) {
                self.take(place);
            }
        }
    }

    /// A file that is there, with what it names in its turn.
    fn take(&mut self, place: PathBuf) {
        if self.places.len() < MOST && place.is_file() && self.places.insert(place.clone()) {
            self.pending.push(place);
        }
    }
}
