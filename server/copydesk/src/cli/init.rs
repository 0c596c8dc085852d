//! `copydesk init`: a first `.copydesk/`, one small real example of each kind of file, made for the project it finds.
//!
//! Nothing is ever overwritten, and what is written has no findings: what would count only after trust stands in
//! comments.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use copydesk_agent::DiskFiles;
use copydesk_base::files::{Expect, FileError};
use copydesk_base::{Files, path};
use serde_json::json;

use super::Outcome;
use crate::here::Here;
use crate::out;

/// Writes a first `.copydesk/`, never over anything
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The folder of the project; the workspace here unless given
    path: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// The files, below `.copydesk`.
const FILES: &[(&str, &str)] = &[
    ("config.yaml", include_str!("init/config.yaml")),
    ("workflows/check.yaml", include_str!("init/check.yaml")),
    ("agents/reviewer.md", include_str!("init/reviewer.md")),
    ("actions/add-tests.md", include_str!("init/add-tests.md")),
];

/// What a project is made of, told by a file at its top.
struct Project {
    /// The files that tell, `*` for any name before the ending; the first table row with one of them there wins.
    marks: &'static [&'static str],
    word: &'static str,
    /// An entry of `checks`.
    check: &'static str,
    test: &'static str,
}

const PROJECTS: &[Project] = &[
    Project {
        marks: &["Cargo.toml"],
        word: "Rust",
        check: "{command: cargo check --message-format short, matcher: rustc}",
        test: "cargo test",
    },
    Project { marks: &["go.mod"], word: "Go", check: "{command: go vet ./...}", test: "go test ./..." },
    Project {
        marks: &["tsconfig.json"],
        word: "TypeScript",
        check: "{command: npx tsc --noEmit}",
        test: "npm test",
    },
    Project {
        marks: &["package.json"],
        word: "JavaScript",
        check: "{command: npm run lint --if-present}",
        test: "npm test",
    },
    Project {
        marks: &["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"],
        word: "Python",
        check: "{command: python3 -m compileall -q .}",
        test: "python3 -m pytest",
    },
    Project { marks: &["pom.xml"], word: "Java", check: "{command: mvn -q compile}", test: "mvn -q test" },
    Project {
        marks: &["gradlew"],
        word: "Gradle",
        check: "{command: ./gradlew classes}",
        test: "./gradlew test",
    },
    Project {
        marks: &["build.gradle", "build.gradle.kts"],
        word: "Gradle",
        check: "{command: gradle classes}",
        test: "gradle test",
    },
    Project {
        marks: &["Gemfile"],
        word: "Ruby",
        check: "{command: ruby -wc -Ilib lib}",
        test: "bundle exec rake test",
    },
    Project { marks: &["mix.exs"], word: "Elixir", check: "{command: mix compile}", test: "mix test" },
    Project {
        marks: &["composer.json"],
        word: "PHP",
        check: "{command: composer validate}",
        test: "composer test",
    },
    Project {
        marks: &["CMakeLists.txt"],
        word: "CMake",
        check: "{command: cmake --build build}",
        test: "ctest --test-dir build",
    },
    Project {
        marks: &["*.sln", "*.slnx", "*.csproj", "*.fsproj"],
        word: ".NET",
        check: "{command: dotnet build}",
        test: "dotnet test",
    },
    Project {
        marks: &["deno.json", "deno.jsonc"],
        word: "Deno",
        check: "{command: deno check .}",
        test: "deno test",
    },
    Project { marks: &["Package.swift"], word: "Swift", check: "{command: swift build}", test: "swift test" },
    Project { marks: &["pubspec.yaml"], word: "Dart", check: "{command: dart analyze}", test: "dart test" },
    Project { marks: &["build.zig"], word: "Zig", check: "{command: zig build}", test: "zig build test" },
    Project { marks: &["Makefile", "makefile"], word: "make", check: "{command: make}", test: "make test" },
];

/// Where nothing tells.
const ANY: Project = Project {
    marks: &[],
    word: "",
    check: "{command: git diff --check}",
    test: "git diff --check   # put the command of your tests here",
};

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = match &arguments.path {
        Some(path) => Here::in_workspace(path)?,
        None => Here::find()?,
    };
    let project = PROJECTS.iter().find(|project| project.marks.iter().any(|mark| has(&here.root, mark)));
    let project = project.unwrap_or(&ANY);
    let (mut written, mut present) = (Vec::new(), Vec::new());
    for (name, text) in FILES {
        let target = here.root.join(".copydesk").join(name);
        let shown = here.shown(&target);
        if write(&here.root, &target, &filled(text, project))? {
            written.push(shown);
        } else {
            present.push(shown);
        }
    }
    if arguments.json {
        out::json(&json!({
            "schema": "copydesk.init/1",
            "root": here.root.display().to_string(),
            "project": (!project.word.is_empty()).then_some(project.word),
            "written": written,
            "present": present,
            "next": "copydesk check",
        }))?;
        return Ok(Outcome::Fine);
    }
    let mut said = String::new();
    if !project.word.is_empty() && !written.is_empty() {
        said.push_str(&format!("This looks like a project of {}.\n", project.word));
    }
    for (word, files) in [("wrote", &written), ("was there, left as it is:", &present)] {
        for file in files {
            said.push_str(&format!("{word} {file}\n"));
        }
    }
    said.push_str(if written.is_empty() {
        "Everything is there already. Next: copydesk check"
    } else {
        "Next: copydesk check, and open one of them in your editor"
    });
    out::line(said)?;
    Ok(Outcome::Fine)
}

/// Whether a folder has a file of that name.
fn has(folder: &Path, mark: &str) -> bool {
    let Some(ending) = mark.strip_prefix('*') else { return folder.join(mark).is_file() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        entry.file_name().to_string_lossy().ends_with(ending)
            && entry.file_type().is_ok_and(|kind| kind.is_file())
    })
}

fn filled(text: &str, project: &Project) -> String {
    text.replace("COPYDESK_CHECK", project.check).replace("COPYDESK_TEST", project.test)
}

/// Writes a file that is not there; answers whether it did. Nothing is written through a link out of the workspace.
fn write(root: &Path, target: &Path, text: &str) -> anyhow::Result<bool> {
    if !path::is_inside(root, &path::resolve(root, target)) {
        bail!("failed to write {}: a link leads out of the workspace there", target.display());
    }
    if std::fs::symlink_metadata(target).is_ok() {
        return Ok(false);
    }
    match DiskFiles.write(target, text, Expect::Absent) {
        Ok(()) => Ok(true),
        // Somebody made it in this very moment.
        Err(FileError::Changed { .. }) => Ok(false),
        Err(error) => Err(error).with_context(|| format!("failed to make {}", target.display())),
    }
}

#[cfg(test)]
mod tests {
    use copydesk_language::{File, WorkspaceIndex, check, parse};

    use super::*;

    #[test]
    fn whatever_the_project_nothing_is_wrong_in_what_is_written() {
        for project in PROJECTS.iter().chain([&ANY]) {
            for (name, text) in FILES {
                let (path, text) = (Path::new(".copydesk").join(name), filled(text, project));
                let tree = parse(&path, &text);
                let found = check(&File::new(&path, &text, &tree), &WorkspaceIndex::default());
                assert!(found.is_empty(), "{} {name}: {found:?}", project.word);
            }
        }
    }

    #[test]
    fn what_stands_in_comments_is_right_when_it_is_taken_in() {
        for project in PROJECTS {
            let text = filled(FILES[0].1, project);
            let from = text.find("# default_model").expect("the commented settings");
            let mut inside = String::new();
            for line in text[from..].lines() {
                let line = line.strip_prefix("# ").unwrap_or("");
                if line.ends_with(':') || line.contains(": ") || line.starts_with("  ") {
                    inside.push_str(line);
                }
                inside.push('\n');
            }
            let inside =
                inside.replace("What runs after an agent's edit, so that it sees what it broke:", "");
            let path = Path::new(".copydesk/config.yaml");
            let tree = parse(path, &inside);
            let index =
                WorkspaceIndex { trust: copydesk_language::Trust::Trusted, ..WorkspaceIndex::default() };
            let found = check(&File::new(path, &inside, &tree), &index);
            assert!(found.is_empty(), "{inside}: {found:?}");
        }
    }
}
