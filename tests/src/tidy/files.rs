//! Files: their heads, their length, and what must not stand in them.

use super::Repository;

/// A new module is due from here on.
const MOST_LINES: usize = 700;

/// Rust files that do not start with what they are.
pub fn heads(repository: &Repository) -> Vec<String> {
    let starts = |file: &&str| repository.text(file).is_some_and(|text| text.starts_with("//! "));
    repository
        .ending(&[".rs"])
        .filter(|file| !starts(file))
        .map(|file| format!("{file} has no head"))
        .collect()
}

/// Files that nobody reads in one piece.
pub fn lengths(repository: &Repository) -> Vec<String> {
    repository
        .ending(&[".rs", ".ts", ".mjs", ".lua", ".el", ".sh"])
        .filter_map(|file| {
            let lines = repository.text(file)?.lines().count();
            (lines > MOST_LINES).then(|| format!("{file} has {lines} lines"))
        })
        .collect()
}

/// What was left for later, switched off, or, in tests, waits for time instead of an event.
pub fn unfinished(repository: &Repository) -> Vec<String> {
    // Put together here, so that this file does not accuse itself.
    let word = |(one, other): (&str, &str)| format!("{one}{other}");
    let later = [
        ("todo", "!("),
        ("unimplemented", "!("),
        ("dbg", "!("),
        ("#[igno", "re"),
        ("FIX", "ME"),
        ("XX", "X"),
    ];
    let waits = [("thread::sle", "ep("), ("time::sle", "ep(")];
    let (later, waits) = (later.map(word), waits.map(word));
    let mut complaints = vec![];
    for file in repository.ending(&[".rs", ".ts", ".mjs", ".lua"]) {
        let text = repository.text(file).unwrap_or_default();
        let is_test = file.contains("test");
        let words = later.iter().chain(waits.iter().filter(|_| is_test));
        complaints.extend(
            words.filter(|word| text.contains(word.as_str())).map(|word| format!("{file} says {word}")),
        );
    }
    complaints
}

/// Paths of somebody's machine, which are nobody else's.
pub fn machine_paths(repository: &Repository) -> Vec<String> {
    let folders = ["work", "root", "home", "Users"];
    let complaint = |file: &str| {
        let text = repository.text(file)?;
        let line =
            text.lines().enumerate().find(|(_, line)| folders.iter().any(|folder| names(line, folder)))?;
        Some(format!("{file}:{} names a machine's folder: {}", line.0 + 1, line.1.trim()))
    };
    let files = repository.files.iter().map(String::as_str);
    files
        .filter(|file| !file.contains("Cargo.lock") && !file.contains("package-lock.json"))
        .filter_map(complaint)
        .collect()
}

/// Suites that are not declared, and so never run.
pub fn suites(repository: &Repository) -> Vec<String> {
    let manifests: String =
        repository.ending(&["/Cargo.toml"]).filter_map(|file| repository.text(file)).collect();
    let suites = repository.ending(&[".rs"]).filter(|file| {
        let name = file.strip_prefix("tests/suites/").or_else(|| file.strip_prefix("tests/benches/"));
        name.is_some_and(|name| !name.contains('/'))
    });
    let is_part = |file: &str| {
        let name = file.trim_start_matches("tests/suites/").trim_end_matches(".rs");
        let line = format!("mod {name};");
        let others = repository.ending(&[".rs"]).filter(|other| other.starts_with("tests/suites/"));
        others.filter_map(|other| repository.text(other)).any(|text| text.lines().any(|one| one == line))
    };
    suites
        .filter(|file| !manifests.contains(&format!("path = \"../../{file}\"")) && !is_part(file))
        .map(|file| format!("{file} is no target of any package"))
        .collect()
}

/// Scripts that cannot be started.
pub fn executables(repository: &Repository) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let is_script = |file: &&String| repository.text(file).is_some_and(|text| text.starts_with("#!/"));
    let runs = |file: &str| {
        let data = std::fs::metadata(repository.root.join(file));
        data.is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
    };
    let scripts = repository.files.iter().filter(is_script);
    scripts.filter(|file| !runs(file)).map(|file| format!("{file} has no run bit")).collect()
}

/// Whether a line names something in a folder at the top of a file system: `/NAME/` or `/NAME` at a word's end, and
/// nothing of a path before it.
fn names(line: &str, folder: &str) -> bool {
    let needle = format!("/{folder}/");
    line.match_indices(&needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + needle.len()..].chars().next();
        let starts = before.is_none_or(|c| !(c.is_alphanumeric() || "_./-~}>)*$".contains(c)));
        starts && after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_a_machine_is_told_from_a_word() {
        let slash = '/';
        let table = [
            (format!("see {slash}root{slash}x"), true),
            (format!("\"{slash}home{slash}me{slash}x\""), true),
            (format!("a{slash}work{slash}b"), false),
            (format!("file:{slash}{slash}{slash}work{slash}x"), false),
            (format!("{slash}rooted{slash}x"), false),
            (format!("${{HOME}}{slash}work{slash}x"), false),
            ("and/or work/home".to_owned(), false),
        ];
        for (line, expect) in table {
            assert_eq!(
                names(&line, "root") || names(&line, "work") || names(&line, "home"),
                expect,
                "{line}"
            );
        }
    }
}
