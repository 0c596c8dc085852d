//! Git that only looks runs no program of a repository's.
//!
//! `git status` starts what `core.fsmonitor` of the repository names, `git diff` its `textconv`, and so on: settings
//! that came with a folder and that nobody was asked about. A command in which git only looks gets settings of its own
//! through the environment, which count more than any file's. They take away what could run: by fixed names, and for
//! the names that a repository gives by itself (`[filter "x"]`), those that its files have.
//!
//! Where git changes something, too, its hooks and filters have a part in what comes out: they stay, and only what
//! git would run for showing goes. The person's own settings stay, but for the few that are fixed here; of those only
//! `diff.submodule` changes what git shows.

use std::path::{Path, PathBuf};

use super::gitconfig::{self, Setting};
use super::gitlinks::gitlinks;
use crate::shell::GitUse;

/// Settings that count whatever a repository says, for every command of git: none has a part in what is changed. An
/// empty `core.fsmonitor` is none, in every version of git.
const ALWAYS: &[(&str, &str)] = &[
    ("core.fsmonitor", ""),
    ("core.pager", "cat"),
    ("log.showSignature", "false"),
    ("diff.submodule", "short"),
];

/// Settings for a command in which git only looks.
const LOOKING: &[(&str, &str)] = &[
    ("core.hooksPath", "/dev/null"),
    ("core.editor", "false"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", ""),
    ("core.askPass", ""),
    ("core.alternateRefsCommand", "false"),
    ("credential.helper", ""),
    ("gpg.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.x509.program", "false"),
    ("gpg.openpgp.program", "false"),
];

/// Variables for every command of git.
const VARIABLES: &[(&str, &str)] = &[("GIT_TERMINAL_PROMPT", "0"), ("GIT_PAGER", "cat")];

/// Variables for one that only looks: nothing is written on the side (which would run a hook) and nothing fetched, not
/// even a missing object.
const QUIET: &[(&str, &str)] =
    &[("GIT_OPTIONAL_LOCKS", "0"), ("GIT_ALLOW_PROTOCOL", ""), ("GIT_NO_LAZY_FETCH", "1")];

/// What stands in for an external diff: an empty one would end git.
const DIFF: &str = "plain() { printf 'diff --git a/%s b/%s\\n' \"$1\" \"$1\"; diff -u -L \"a/$1\" -L \"b/$1\" \"$2\" \"$5\" || :; }; plain";

/// No settings file that a person wrote is longer.
const LONGEST: u64 = 1024 * 1024;
/// How many files may include each other.
const MOST_FILES: usize = 256;
/// How many settings may be overruled; the environment of a process is not endless.
const MOST: usize = 500;

/// The environment for a command with git in it, started in this folder. The error says why nobody can be sure that
/// nothing of the repository's runs.
pub fn quiet_git(cwd: &Path, home: Option<&Path>, git: GitUse) -> Result<Vec<(String, String)>, String> {
    let found = match (settings_around(cwd, home), git) {
        (Ok(found), _) => found,
        // What changes something was allowed with the repository's programs.
        (Err(_), GitUse::Changes) => Vec::new(),
        (Err(reason), GitUse::Looks) => return Err(reason),
    };
    let looking: (&[_], &[_]) = if git == GitUse::Looks { (LOOKING, QUIET) } else { (&[], &[]) };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut settings: Vec<(String, String)> = ALWAYS.iter().chain(looking.0).map(owned).collect();
    for setting in found {
        settings.extend(overruled(&setting, git).filter(|one| !settings.contains(one)));
    }
    if git == GitUse::Changes {
        settings.truncate(MOST);
    } else if settings.len() > MOST {
        return Err("the settings of this repository name too many programs to be left out".to_owned());
    }
    let mut environment: Vec<(String, String)> = VARIABLES.iter().chain(looking.1).map(owned).collect();
    environment.push(("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string()));
    for (at, (key, value)) in settings.into_iter().enumerate() {
        environment.push((format!("GIT_CONFIG_KEY_{at}"), key));
        environment.push((format!("GIT_CONFIG_VALUE_{at}"), value));
    }
    Ok(environment)
}

/// What takes a program away that a setting with a name of its own names.
fn overruled(setting: &Setting, git: GitUse) -> Option<(String, String)> {
    let (section, key) = (setting.section.as_str(), setting.key.as_str());
    let value = match (section, key) {
        ("diff", "cachetextconv") => "false",
        ("diff", "textconv") => "cat",
        ("diff", "command" | "external") => DIFF,
        _ if git == GitUse::Changes => return None,
        ("filter", "clean" | "smudge" | "process") => "",
        ("filter", "required") | ("gpg", "program") => "false",
        _ => return None,
    };
    let sub = setting.subsection.as_ref().map(|sub| format!(".{sub}")).unwrap_or_default();
    Some((format!("{section}{sub}.{key}"), value.to_owned()))
}

/// Every setting of the repository that a folder belongs to, of its worktrees and submodules, and of what they include.
fn settings_around(cwd: &Path, home: Option<&Path>) -> Result<Vec<Setting>, String> {
    let mut files = Files { home, read: Vec::new(), found: Vec::new() };
    let top = cwd.ancestors().find_map(|place| Some((folder_of_git(place)?, place.to_owned())));
    let mut pending: Vec<Repository> =
        top.into_iter().map(|(folder, top)| Repository::at(&folder, Some(top))).collect();
    let mut known: Vec<Repository> = Vec::new();
    while let Some(repository) = pending.pop() {
        if known.contains(&repository) {
            continue;
        }
        if known.len() > MOST_FILES {
            return Err(
                "this repository has too many submodules to be sure what their settings run".to_owned()
            );
        }
        pending.extend(repository.around(&mut files)?);
        known.push(repository);
    }
    Ok(files.found)
}

/// A folder of git, and where its files are, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Repository {
    folder: PathBuf,
    top: Option<PathBuf>,
}

impl Repository {
    /// By its real place, or two that point at each other would have no end.
    fn at(folder: &Path, top: Option<PathBuf>) -> Self {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        Self { folder, top: top.map(|top| top.canonicalize().unwrap_or(top)) }
    }

    /// Takes in its settings; answers the repositories that git would go to from here.
    fn around(&self, files: &mut Files<'_>) -> Result<Vec<Self>, String> {
        let folder = &self.folder;
        let mut found = Vec::new();
        let before = files.found.len();
        files.take(["config", "config.worktree"].map(|name| folder.join(name)))?;
        found
            .extend(first_line(&folder.join("commondir")).map(|common| Self::at(&folder.join(common), None)));
        let folders = |place: PathBuf| {
            let entries = std::fs::read_dir(place).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).filter(|place| place.is_dir())
        };
        // Names of submodules may have several parts: a folder among them is looked through like a repository.
        let is_part = !folder.join("HEAD").exists();
        let below = ["modules", "worktrees"].map(|name| folder.join(name)).into_iter();
        found.extend(
            below
                .chain(is_part.then(|| folder.clone()))
                .flat_map(folders)
                .map(|folder| Self::at(&folder, None)),
        );
        let elsewhere = files.found[before..].iter().filter_map(|setting| {
            let is_place = setting.section == "core" && setting.key == "worktree";
            is_place.then(|| folder.join(setting.value.as_deref().unwrap_or_default()))
        });
        let tops: Vec<PathBuf> = elsewhere.chain(self.top.clone()).collect();
        let links = gitlinks(folder).ok_or_else(|| {
            format!(
                "nobody can tell which repositories are in this one: {} is not read here",
                folder.join("index").display()
            )
        })?;
        for place in tops.iter().flat_map(|top| links.iter().map(move |link| top.join(link))) {
            found.extend(folder_of_git(&place).map(|folder| Self::at(&folder, Some(place))));
        }
        Ok(found)
    }
}

/// Files of settings, each read once.
struct Files<'a> {
    home: Option<&'a Path>,
    read: Vec<PathBuf>,
    found: Vec<Setting>,
}

impl Files<'_> {
    /// Reads files of settings, and what they include.
    fn take(&mut self, files: [PathBuf; 2]) -> Result<(), String> {
        let mut files = Vec::from(files);
        while let Some(file) = files.pop() {
            if self.read.contains(&file) {
                continue;
            }
            if self.read.len() > MOST_FILES {
                return Err("the settings of this repository include too many files".to_owned());
            }
            let settings = text_of(&file)?.map_or(Vec::new(), |text| gitconfig::read(&text));
            for setting in &settings {
                if matches!(setting.section.as_str(), "include" | "includeif") && setting.key == "path" {
                    let path = setting.value.as_deref();
                    files.extend(path.map(|path| included(path, &file, self.home)).transpose()?);
                }
            }
            self.read.push(file);
            self.found.extend(settings);
        }
        Ok(())
    }
}

/// Where git finds its folder in this one: `.git`, what a file of that name points at, or the folder itself.
fn folder_of_git(place: &Path) -> Option<PathBuf> {
    let own = place.join(".git");
    if own.is_file() {
        let target = first_line(&own)?;
        return Some(place.join(target.strip_prefix("gitdir:")?.trim()));
    }
    let is_git = |folder: &Path| {
        folder.join("HEAD").symlink_metadata().is_ok()
            && (folder.join("objects").is_dir() || folder.join("commondir").exists())
    };
    [own, place.to_owned()].into_iter().find(|folder| is_git(folder))
}

fn first_line(file: &Path) -> Option<String> {
    let text = text_of(file).ok()??;
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// The text of a file, or none where it is not there; an error where git may read it and we do not.
fn text_of(file: &Path) -> Result<Option<String>, String> {
    match file.metadata() {
        Ok(metadata) if metadata.is_file() && metadata.len() <= LONGEST => {
            let bytes = std::fs::read(file).unwrap_or_default();
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Ok(_) => Err(format!("{} is no file that git's settings should be read from", file.display())),
        Err(_) => Ok(None),
    }
}

/// The file that an `include.path` means.
fn included(path: &str, from: &Path, home: Option<&Path>) -> Result<PathBuf, String> {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => Ok(home.join(rest)),
        _ if path.starts_with('~') || path.starts_with("%(") => {
            Err(format!("{} includes {path}, and nobody can tell what that is", from.display()))
        }
        _ => Ok(from.parent().unwrap_or(Path::new("/")).join(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(files: &[(&str, &str)], cwd: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let place = folder.path().join(name);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(place, text).unwrap();
        }
        let home = folder.path().join("home");
        let environment = quiet_git(&folder.path().join(cwd), Some(&home), GitUse::Looks)
            .map_err(|reason| reason.replace(&folder.path().display().to_string(), ""))?;
        let values = environment.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG_VALUE_"));
        let keys = environment.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG_KEY_"));
        let pairs: Vec<String> =
            keys.zip(values).map(|(key, value)| format!("{}={}", key.1, value.1)).collect();
        let mut more = pairs[ALWAYS.len() + LOOKING.len()..].to_vec();
        more.sort();
        Ok(more)
    }

    #[test]
    fn names_of_a_repository_are_found_wherever_git_finds_them() {
        let evil =
            "[filter \"a\"]\nclean = x\nprocess = y\n[diff \"b\"]\ntextconv = x\n[core]\nfsmonitor = x\n";
        let expected = ["diff.b.textconv=cat", "filter.a.clean=", "filter.a.process="];
        for (files, cwd) in [
            (vec![(".git/HEAD", ""), (".git/objects/x", ""), (".git/config", evil)], ""),
            (vec![(".git/HEAD", ""), (".git/objects/x", ""), (".git/config", evil), ("a/b/c", "")], "a/b"),
            (vec![(".git/HEAD", ""), (".git/objects/x", ""), (".git/config.worktree", evil)], ""),
            (vec![(".git/HEAD", ""), (".git/objects/x", ""), (".git/modules/a/b/config", evil)], ""),
            (vec![("HEAD", ""), ("objects/x", ""), ("config", evil)], ""),
            (
                vec![
                    (".git/HEAD", ""),
                    (".git/objects/x", ""),
                    (".git/config", "[include]\npath=../x"),
                    ("x", evil),
                ],
                "",
            ),
            (
                vec![
                    (".git/HEAD", ""),
                    (".git/objects/x", ""),
                    (".git/config", "[includeIf \"onbranch:x\"] path = ~/y"),
                    ("home/y", "[include]\npath=z"),
                    ("home/z", evil),
                ],
                "",
            ),
            (
                vec![
                    ("t/.git", "gitdir: ../m/.git/worktrees/t\n"),
                    ("m/.git/worktrees/t/HEAD", ""),
                    ("m/.git/worktrees/t/commondir", "../..\n"),
                    ("m/.git/config", evil),
                ],
                "t",
            ),
        ] {
            assert_eq!(overrides(&files, cwd).as_deref(), Ok(&expected.map(str::to_owned)[..]), "{files:?}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        let git = [(".git/HEAD", ""), (".git/objects/x", "")];
        for (text, reason) in [
            ("[include]\npath = ~ada/x", "/.git/config includes ~ada/x, and nobody can tell what that is"),
            ("[include]\npath = .", "/.git/. is no file that git's settings should be read from"),
        ] {
            let found = overrides(&[&git[..], &[(".git/config", text)]].concat(), "");
            assert_eq!(found, Err(reason.to_owned()));
        }
        let index = [(".git/index", "DIRC\0\0\0\u{2}\0\0\0\u{1}")];
        assert_eq!(overrides(&[&git[..], &index].concat(), ""), Ok(vec![]));
        assert_eq!(overrides(&[("x", "")], ""), Ok(vec![]));
        assert_eq!(
            overrides(&[&git[..], &[(".git/config", "[include]\npath = config")]].concat(), ""),
            Ok(vec![])
        );
    }
}
