//! Git that only looks runs no program of a repository's.
//!
//! `git status` starts what `core.fsmonitor` of the repository names, `git diff` its `textconv`, and so on: settings that
//! came with a folder and that nobody was asked about. A command in which git only looks gets settings of its own
//! through the environment, which count more than any file's. They take away what could run: by fixed names, and for
//! the names that a repository gives by itself (`[filter "x"]`), those that its files have.
//!
//! The person's own settings stay, but for the few that are fixed here; none of them changes what git shows.

use std::path::{Path, PathBuf};

use super::gitconfig::{self, Setting};

/// Settings that count whatever a repository says. An empty `core.fsmonitor` is none, in every version of git.
const FIXED: &[(&str, &str)] = &[
    ("core.fsmonitor", ""),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("core.editor", "false"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", ""),
    ("core.askPass", ""),
    ("core.alternateRefsCommand", "false"),
    ("credential.helper", ""),
    ("log.showSignature", "false"),
    ("gpg.program", "false"),
    ("gpg.ssh.program", "false"),
    ("gpg.x509.program", "false"),
    ("gpg.openpgp.program", "false"),
];

/// Variables: nothing is written on the side (which would run a hook) and nothing fetched, not even a missing object.
const VARIABLES: &[(&str, &str)] = &[
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_PAGER", "cat"),
];

/// What stands in for an external diff: an empty one would end git.
const DIFF: &str = "plain() { printf 'diff --git a/%s b/%s\\n' \"$1\" \"$1\"; diff -u -L \"a/$1\" -L \"b/$1\" \"$2\" \"$5\" || :; }; plain";

/// No settings file that a person wrote is longer.
const LONGEST: u64 = 1024 * 1024;
/// How many files may include each other.
const MOST_FILES: usize = 256;
/// How many settings may be overruled; the environment of a process is not endless.
const MOST: usize = 500;

/// The environment for a command in which git only looks, started in this folder. The error says why nobody can be sure
/// that nothing of the repository's runs.
pub fn quiet_git(cwd: &Path, home: Option<&Path>) -> Result<Vec<(String, String)>, String> {
    let mut settings: Vec<(String, String)> =
        FIXED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    for setting in settings_around(cwd, home)? {
        settings.extend(overruled(&setting).filter(|one| !settings.contains(one)));
    }
    if settings.len() > MOST {
        return Err("the settings of this repository name too many programs to be left out".to_owned());
    }
    let mut environment: Vec<(String, String)> =
        VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment.push(("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string()));
    for (at, (key, value)) in settings.into_iter().enumerate() {
        environment.push((format!("GIT_CONFIG_KEY_{at}"), key));
        environment.push((format!("GIT_CONFIG_VALUE_{at}"), value));
    }
    Ok(environment)
}

/// What takes a program away that a setting with a name of its own names.
fn overruled(setting: &Setting) -> Option<(String, String)> {
    let (section, key) = (setting.section.as_str(), setting.key.as_str());
    let value = match (section, key) {
        ("filter", "clean" | "smudge" | "process") => "",
        ("filter", "required") | ("diff", "cachetextconv") | ("gpg", "program") => "false",
        ("diff", "textconv") => "cat",
        ("diff", "command" | "external") => DIFF,
        _ => return None,
    };
    let sub = setting.subsection.as_ref().map(|sub| format!(".{sub}")).unwrap_or_default();
    Some((format!("{section}{sub}.{key}"), value.to_owned()))
}

/// Every setting of the repository that a folder belongs to, of its worktrees and submodules, and of what they include.
fn settings_around(cwd: &Path, home: Option<&Path>) -> Result<Vec<Setting>, String> {
    let mut files: Vec<PathBuf> = Vec::new();
    let Some(folder) = cwd.ancestors().find_map(folder_of_git) else { return Ok(Vec::new()) };
    let common = first_line(&folder.join("commondir")).map_or(folder.clone(), |common| folder.join(common));
    let mut repositories = vec![folder, common];
    while let Some(repository) = repositories.pop() {
        files.extend(["config", "config.worktree"].map(|name| repository.join(name)));
        if files.len() > MOST_FILES {
            return Err(
                "this repository has too many submodules to be sure what their settings run".to_owned()
            );
        }
        for below in ["modules", "worktrees"] {
            let entries = std::fs::read_dir(repository.join(below)).into_iter().flatten().flatten();
            // Names of submodules may have several parts: a folder among them is looked through like a repository.
            repositories.extend(entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.path()));
        }
        if !repository.join("HEAD").exists() {
            let entries = std::fs::read_dir(&repository).into_iter().flatten().flatten();
            repositories.extend(entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.path()));
        }
    }
    let mut found = Vec::new();
    let mut read: Vec<PathBuf> = Vec::new();
    while let Some(file) = files.pop() {
        if read.contains(&file) {
            continue;
        }
        if read.len() > MOST_FILES {
            return Err("the settings of this repository include too many files".to_owned());
        }
        let settings = text_of(&file)?.map_or(Vec::new(), |text| gitconfig::read(&text));
        for setting in &settings {
            if matches!(setting.section.as_str(), "include" | "includeif") && setting.key == "path" {
                files.extend(setting.value.as_deref().map(|path| included(path, &file, home)).transpose()?);
            }
        }
        read.push(file);
        found.extend(settings);
    }
    Ok(found)
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
        let environment = quiet_git(&folder.path().join(cwd), Some(&home))
            .map_err(|reason| reason.replace(&folder.path().display().to_string(), ""))?;
        let values = environment.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG_VALUE_"));
        let keys = environment.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG_KEY_"));
        let pairs: Vec<String> =
            keys.zip(values).map(|(key, value)| format!("{}={}", key.1, value.1)).collect();
        let mut more = pairs[FIXED.len()..].to_vec();
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
        assert_eq!(overrides(&[("x", "")], ""), Ok(vec![]));
        assert_eq!(
            overrides(&[&git[..], &[(".git/config", "[include]\npath = config")]].concat(), ""),
            Ok(vec![])
        );
    }
}
