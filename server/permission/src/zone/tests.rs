//! Every name of the lists: what it is, in any case and anywhere, and that the guide says so.

use super::names::*;
use super::*;

const GUIDE: &str = include_str!("../../../../docs/guide/permissions.md");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    Secret,
    Protected,
    Executing,
}

/// The strictest that a place is.
fn zone_of(place: &Path) -> Option<Zone> {
    if is_secret(place) {
        Some(Zone::Secret)
    } else if is_protected_name(place) {
        Some(Zone::Protected)
    } else {
        is_executing(place).then_some(Zone::Executing)
    }
}

/// The names in backticks of a paragraph of the guide.
fn listed(heading: &str, word: &str) -> Vec<String> {
    let (_, section) = GUIDE.split_once(&format!("### {heading}\n")).unwrap();
    let (_, paragraph) = section.split_once(&format!("{word}: ")).unwrap();
    let paragraph = paragraph.split("\n\n").next().unwrap();
    let mut names: Vec<String> = paragraph.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn every_name_is_what_its_list_says_in_any_case_and_anywhere() {
    let files =
        [SECRET_NAMES, SECRET_FILES, PROTECTED_NAMES, PROTECTED_FILES, EXECUTING_NAMES, EXECUTING_FILES];
    let folders = [SECRET_FOLDERS, PROTECTED_FOLDERS, EXECUTING_FOLDERS];
    let zones = |list: usize, of: usize| [Zone::Secret, Zone::Protected, Zone::Executing][list / of];
    let names = files.iter().enumerate().map(|(at, names)| (zones(at, 2), *names, ""));
    let below = folders.iter().enumerate().map(|(at, names)| (zones(at, 1), *names, "/some/file"));
    for (zone, names, below) in names.chain(below) {
        for name in names {
            let name = name.replace('*', "any");
            assert_eq!(name, name.to_lowercase());
            for place in [format!("/w/{name}{below}"), format!("/w/a/B/{}{below}", name.to_uppercase())] {
                // `.ssh` is on two lists, and the stricter counts.
                let is = zone_of(Path::new(&place));
                assert!(is == Some(zone) || is == Some(Zone::Secret) && name == ".ssh", "{place}: {is:?}");
            }
            let longer = format!("/w/x{name}x/file");
            assert_eq!(zone_of(Path::new(&longer)), None, "{longer}");
        }
    }
}

#[test]
fn the_guide_has_every_name_and_no_other() {
    let sorted = |lists: &[&[&str]], more: &[&str]| {
        let mut names: Vec<String> =
            lists.iter().flat_map(|list| list.iter()).chain(more).map(ToString::to_string).collect();
        names.sort();
        names
    };
    for (heading, files, folders, more) in [
        ("Secret names", [SECRET_NAMES, SECRET_FILES], SECRET_FOLDERS, &[".env*"][..]),
        ("Protected names", [PROTECTED_NAMES, PROTECTED_FILES], PROTECTED_FOLDERS, &[]),
        ("Executing names", [EXECUTING_NAMES, EXECUTING_FILES], EXECUTING_FOLDERS, &[]),
    ] {
        assert_eq!(listed(heading, "Files"), sorted(&files, more), "{heading}");
        assert_eq!(listed(heading, "Folders"), sorted(&[folders], &[]), "{heading}");
    }
}

#[test]
fn what_is_held_at_once_is_protected_and_harmless_files_are_nothing() {
    for name in AT_ONCE {
        assert!(is_protected_name(Path::new(name)), "{name}");
    }
    for name in [
        "Makefile",
        "package.json",
        "src/main.rs",
        "tests/a.rs",
        ".gitignore",
        ".github.md",
        "a.code",
        "config",
    ] {
        assert_eq!(zone_of(&Path::new("/w").join(name)), None, "{name}");
    }
}
