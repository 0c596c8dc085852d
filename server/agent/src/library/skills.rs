//! Skills: instructions that a model reads when it needs them.
//!
//! A model is told of each skill in one line, as far as they fit; the text comes through the tool `skill`. So a hundred
//! skills cost what their names cost.

use std::path::{Path, PathBuf};

use copydesk_language::types;

use super::{Library, Owner};

/// The most bytes that a model is told of skills before it asks.
const ADVERTISED: usize = 4 * 1024;
/// The longest description, in characters: as the checker has it.
const DESCRIPTION: usize = 1024;
/// The most skills of one folder.
const MOST: usize = 200;

/// One skill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skill {
    /// Its folder's name.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) folder: PathBuf,
    pub(crate) owner: Owner,
}

/// The skills that there are, each once, or those of them that are named.
pub(crate) fn skills(library: &Library<'_>, only: Option<&[String]>) -> Vec<Skill> {
    let mut found: Vec<Skill> = Vec::new();
    for (folder, owner) in folders(library) {
        let place = copydesk_base::path::resolve(Path::new("/"), &folder);
        let entries = library.files.list(&place).unwrap_or_default();
        for entry in entries.into_iter().filter(|entry| entry.is_folder).take(MOST) {
            let is_wanted = only.is_none_or(|only| only.contains(&entry.name));
            if !is_wanted || found.iter().any(|known| known.name == entry.name) {
                continue;
            }
            let folder = place.join(&entry.name);
            let Some(page) = library.page(&folder.join("SKILL.md"), owner) else { continue };
            let Ok(head) = page.head::<types::Skill>() else { continue };
            let description = head.description.split_whitespace().collect::<Vec<_>>().join(" ");
            let description = description.chars().take(DESCRIPTION).collect();
            found.push(Skill { name: entry.name, description, folder, owner });
        }
    }
    found
}

/// What a model is told of skills; empty where there are none.
pub(crate) fn advertised(skills: &[Skill]) -> String {
    let mut text = String::new();
    let mut left = skills.len();
    for skill in skills {
        let line = format!("- {}: {}\n", skill.name, skill.description);
        if text.len() + line.len() > ADVERTISED {
            break;
        }
        text.push_str(&line);
        left -= 1;
    }
    if left > 0 {
        let names: Vec<&str> =
            skills[skills.len() - left..].iter().map(|skill| skill.name.as_str()).collect();
        let names = names.join(", ");
        let names = &names[..names.floor_char_boundary(ADVERTISED / 4)];
        text.push_str(&format!("- and {left} more, without room for a word about them: {names}\n"));
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "Skills, which are instructions for some kinds of work; read one with the tool `skill` before you do that work:\n{text}\n"
    )
}

/// The folders of skills: of each shelf, and what a workspace has openly or for another program.
fn folders(library: &Library<'_>) -> Vec<(PathBuf, Owner)> {
    let mut folders: Vec<(PathBuf, Owner)> =
        library.shelves.iter().map(|shelf| (shelf.path.join("skills"), shelf.owner)).collect();
    folders.extend(["skills", ".claude/skills"].map(|name| (library.root.join(name), Owner::Workspace)));
    folders
}

#[cfg(test)]
mod tests {
    use super::super::Shelf;
    use super::*;
    use crate::bench::Bench;
    use crate::disk::DiskFiles;

    #[test]
    fn skills_are_found_once_and_told_within_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let write = |name: &str, text: &str| {
            let path = top.join(name).join("SKILL.md");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("own/skills/pdf", "---\nname: pdf\ndescription: Reads\n  PDF files.\n---\nBody of pdf.\n");
        write("w/skills/pdf", "---\nname: pdf\ndescription: Another.\n---\n");
        write("w/.copydesk/skills/sql", "---\nname: sql\ndescription: Asks databases.\n---\n");
        write("w/skills/broken", "no head\n");
        let shelf = |path: &str, owner| Shelf { path: top.join(path), owner };
        let shelves = [shelf("own", Owner::User), shelf("w/.copydesk", Owner::Workspace)];
        let root = top.join("w");
        let library = Library {
            files: &DiskFiles,
            shelves: &shelves,
            trusted: &[],
            root: &root,
            twins: Bench::twins_of(&root),
        };
        let all = skills(&library, None);
        let told: Vec<_> =
            all.iter().map(|skill| (skill.name.as_str(), skill.description.as_str())).collect();
        assert_eq!(told, [("pdf", "Reads PDF files."), ("sql", "Asks databases.")]);
        assert_eq!(skills(&library, Some(&["sql".to_owned()])).len(), 1);
        assert!(advertised(&all).ends_with("- pdf: Reads PDF files.\n- sql: Asks databases.\n\n"));
        assert!(!advertised(&all).contains("Body of pdf"));
        assert_eq!(advertised(&[]), "");
        let many: Vec<Skill> = (0..50)
            .map(|number| Skill {
                name: format!("skill-{number}"),
                description: "x".repeat(1000),
                folder: PathBuf::new(),
                owner: Owner::User,
            })
            .collect();
        let text = advertised(&many);
        assert!(text.len() < ADVERTISED + ADVERTISED / 2 && text.contains("- and 46 more"), "{text}");
    }
}
