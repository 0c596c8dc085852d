//! Which guidance counts where, and what is said about the rest.

use super::*;
use crate::disk::DiskFiles;

fn ground<'a>(own: Option<&'a Path>, root: &'a Path, place: Option<&'a Path>) -> Ground<'a> {
    Ground { files: &DiskFiles, own, root, place, most: 64 * 1024 }
}

const WITHHELD: &str = "your rules keep it from agents";

/// Which files count at a place, of those that are there.
fn check(there: &[&str], place: Option<&str>, expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    for path in there {
        let path = top.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{}\n", path.display())).unwrap();
    }
    let (own, root) = (top.join("own"), top.join("w"));
    let place = place.map(|place| root.join(place));
    let withheld = |path: &Path, _: Whose| path.to_string_lossy().contains("denied").then_some(WITHHELD);
    let found = guidance(&ground(Some(&own), &root, place.as_deref()), withheld).found;
    let shown: Vec<_> = found.iter().map(|one| one.path.strip_prefix(&top).unwrap().to_owned()).collect();
    assert_eq!(shown, expected.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert!(found.iter().all(|one| one.text == one.path.to_string_lossy()));
}

#[test]
fn the_nearest_has_the_last_word() {
    let all = ["w/a/b/AGENTS.md", "w/a/CLAUDE.md", "w/AGENTS.md", "own/AGENTS.md", "w/c/AGENTS.md"];
    check(&all, None, &["own/AGENTS.md", "w/AGENTS.md"]);
    let nested = ["own/AGENTS.md", "w/AGENTS.md", "w/a/CLAUDE.md", "w/a/b/AGENTS.md"];
    check(&all, Some("a/b/x.rs"), &nested);
    check(&all, Some("d/x.rs"), &nested[..2]);
}

#[test]
fn one_name_of_a_folder_counts_and_all_of_its_rules() {
    check(&["w/AGENTS.md", "w/CLAUDE.md"], None, &["w/AGENTS.md"]);
    check(
        &["w/.copydesk/rules/b.md", "w/.copydesk/rules/a.md", "w/.copydesk/rules/a.txt", "w/CLAUDE.md"],
        None,
        &["w/CLAUDE.md", "w/.copydesk/rules/a.md", "w/.copydesk/rules/b.md"],
    );
}

#[test]
fn what_policy_hides_and_what_lies_outside_does_not_count() {
    check(&["w/denied/AGENTS.md", "AGENTS.md"], Some("denied/x.rs"), &[]);
    check(&["AGENTS.md", "w/AGENTS.md"], Some("../x.rs"), &["w/AGENTS.md"]);
}

#[test]
fn what_cannot_be_read_is_said_and_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("a/AGENTS.md")).unwrap();
    std::fs::write(root.join("AGENTS.md"), b"caf\xe9").unwrap();
    std::fs::write(root.join("CLAUDE.md"), "Be brief.").unwrap();
    std::fs::write(root.join("a/CLAUDE.md"), "Never.").unwrap();
    let withheld = |path: &Path, _: Whose| path.ends_with("a/CLAUDE.md").then_some(WITHHELD);
    let guided = guidance(&ground(None, &root, Some(&root.join("a/x.rs"))), withheld);
    let shown = root.display();
    let expected = Guidance {
        path: root.join("CLAUDE.md"),
        text: "Be brief.".to_owned(),
        cut: 0,
        by: None,
        whose: Whose::Workspace,
    };
    assert_eq!(guided.found, [expected]);
    assert_eq!(
        guided.left_out,
        [
            format!(
                "AGENTS.md is not followed: failed to read {shown}/AGENTS.md as text: it is not valid UTF-8 at byte 3"
            ),
            format!("a/AGENTS.md is not followed: failed to use {shown}/a/AGENTS.md: it is no regular file"),
            "a/CLAUDE.md is not followed: your rules keep it from agents".to_owned(),
        ]
    );
}

#[test]
fn links_of_a_workspace_lead_nowhere_else_and_the_persons_own_may() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    let (own, root) = (top.join("own"), top.join("w"));
    for folder in [own.as_path(), &root.join(".cursor/rules"), &root.join("docs")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    for (file, text) in [
        ("private.md", "Private."),
        ("own/keep.md", "Kept."),
        ("w/docs/a.md", "Inside."),
        ("dot.md", "Mine."),
    ] {
        std::fs::write(top.join(file), text).unwrap();
    }
    for (place, lead) in [
        ("own/AGENTS.md", "../dot.md"),
        ("w/AGENTS.md", "../private.md"),
        ("w/.cursor/rules/a.mdc", "../../docs/a.md"),
        ("w/.cursor/rules/b.mdc", "../../../own/keep.md"),
    ] {
        std::os::unix::fs::symlink(lead, top.join(place)).unwrap();
    }
    let Guided { found, left_out } = guidance(&ground(Some(&own), &root, None), |_, _| None);
    let found: Vec<_> = found.iter().map(|one| (one.text.as_str(), one.whose)).collect();
    assert_eq!(found, [("Mine.", Whose::Own), ("Inside.", Whose::Workspace)]);
    let left = |name: &str| format!("{} is not followed: {OUTSIDE}", top.join(name).display());
    assert_eq!(left_out, [left("private.md"), left("own/keep.md")]);
}

#[test]
fn it_is_cut_at_whole_lines_and_says_so() {
    let long = "word ".repeat(LONG_LINE);
    let lines = format!("one\n{long}");
    let solid = format!("one {}", "ä".repeat(20 * LONG_LINE)).replacen("one ", "one\nx", 1);
    let keys = format!("one\nxyz{},{}", "a,".repeat(2_000), "b".repeat(1_000)) + &"c".repeat(20 * LONG_LINE);
    for (text, most, kept) in [
        ("ä\nää", 5, "ä"),
        ("ää", 3, "ä"),
        ("ää", 4, "ää"),
        ("one two\nthree", 6, "one"),
        ("one\ntwo three", 9, "one"),
        (&long, 5_004, long[..4_999].as_ref()),
        (&lines, 1_000, "one"),
        (&lines, 2_000, lines[..1_998].as_ref()),
        // No word ends: within itself, not within a key, and at a whole character.
        (&solid, 5_000, solid[..4_999].as_ref()),
        (&keys, 5_000, keys[..4_008].as_ref()),
    ] {
        let expected = match text.len() - kept.len() {
            0 => (kept.to_owned(), 0),
            cut => (format!("{kept}\n[cut here, behind {} bytes]", kept.len()), cut),
        };
        assert_eq!(cut(text, most), expected, "{most} bytes");
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let rules = root.join(".copydesk/rules");
    std::fs::create_dir_all(&rules).unwrap();
    for name in ["1.md", "2.md", "3.md", "4.md", "5.md"] {
        std::fs::write(rules.join(name), format!("{name}\n").repeat(LARGEST / 5)).unwrap(); // No longer than is read.
    }
    let Guided { found, left_out } = guidance(&ground(None, &root, None), |_, _| None);
    assert_eq!(found.len(), 4, "all together are bounded");
    let told = [
        ".copydesk/rules/4.md is not followed whole: only its first 16254 of 16379 bytes go along",
        ".copydesk/rules/5.md is not followed: the 65536 bytes of context.rules go to what comes first",
    ];
    assert_eq!(left_out, told);
    std::fs::write(rules.join("1.md"), "x\n".repeat(LARGEST)).unwrap();
    // The words around it take as much as its name and fifteen bytes.
    let first = Ground { most: 75, ..ground(None, &root, None) };
    for (ground, kept) in [(ground(None, &root, None), LARGEST - 1), (first, 39)] {
        let Guided { found, left_out } = guidance(&ground, |_, _| None);
        assert_eq!(found[0].cut, 2 * LARGEST - 1 - kept);
        assert!(found[0].text.starts_with(&"x\n".repeat(kept / 2)), "whole lines");
        let whole = 2 * LARGEST - 1;
        let told = format!(
            ".copydesk/rules/1.md is not followed whole: only its first {kept} of {whole} bytes go along"
        );
        assert_eq!(left_out[0], told);
    }
}

#[test]
fn where_there_is_no_room_the_farthest_goes_and_what_the_person_wrote_stays() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    let (own, root) = (top.join("own"), top.join("w"));
    for (place, word) in [("own", "mine"), ("w", "root"), ("w/a", "upper"), ("w/a/b", "nearest")] {
        std::fs::create_dir_all(top.join(place)).unwrap();
        std::fs::write(top.join(place).join("AGENTS.md"), format!("{word}\n").repeat(100).trim()).unwrap();
    }
    let place = root.join("a/b/x.rs");
    let words = |most: usize| {
        let ground = Ground { most, ..ground(Some(&own), &root, Some(&place)) };
        let Guided { found, left_out } = guidance(&ground, |_, _| None);
        let words: Vec<_> = found.iter().filter_map(|one| one.text.lines().next()).collect();
        let named = |text: &String| text.split_once(": ").map(|(what, _)| what.to_owned());
        (words.join(" "), left_out.iter().filter_map(named).collect::<Vec<_>>())
    };
    let expect = |words: &str, left: &[&str]| {
        (words.to_owned(), left.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(words(4_000), expect("mine root upper nearest", &[]));
    assert_eq!(words(2_100), expect("mine root upper nearest", &["AGENTS.md is not followed whole"]));
    assert_eq!(
        words(1_600),
        expect("mine upper nearest", &["AGENTS.md is not followed", "a/AGENTS.md is not followed whole"])
    );
}

/// The files that count, and what is said about others.
fn told(there: &[(&str, &str)], place: Option<&str>) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("w");
    for (path, text) in there {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let place = place.map(|place| root.join(place));
    let withheld = |path: &Path, _| path.ends_with("hidden.md").then_some(WITHHELD);
    let guided = guidance(&ground(None, &root, place.as_deref()), withheld);
    let shown = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
    let line = |one: &Guidance| {
        let by = one.by.as_deref().map(|by| format!(" by {}", shown(by))).unwrap_or_default();
        format!("{}{by}: {}", shown(&one.path), one.text)
    };
    let outside = root.parent().unwrap().display().to_string();
    let left_out = guided.left_out.iter().map(|text| text.replace(&outside, "…")).collect();
    (guided.found.iter().map(line).collect(), left_out)
}

#[test]
fn rules_of_every_program_count_in_every_folder_and_the_same_words_once() {
    let files = [
        ("AGENTS.md", "Tabs."),
        (".github/copilot-instructions.md", "Tabs.\n"),
        (".cursor/rules/style.mdc", "Short."),
        (".cursor/rules/notes.txt", "no"),
        (".claude/rules/a.md", "A."),
        ("lib/.cursor/rules/near.mdc", "Near."),
        ("other/.cursor/rules/far.mdc", "Far."),
    ];
    let expected = [
        "AGENTS.md: Tabs.",
        ".claude/rules/a.md: A.",
        ".cursor/rules/style.mdc: Short.",
        "lib/.cursor/rules/near.mdc: Near.",
    ];
    assert_eq!(told(&files, Some("lib/a.py")), (expected.map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn a_rule_holds_for_the_files_that_its_head_names() {
    let files = [
        (".cursor/rules/all.mdc", "---\nalwaysApply: true\nglobs: '*.rs'\n---\nAll."),
        (".cursor/rules/deep.mdc", "---\nglobs: [\"lib/**/*.py\", \"*.go\"]\n---\nDeep."),
        (".cursor/rules/list.mdc", "---\nglobs: '*.md, *.py'\n---\nList."),
        (".github/instructions/x.instructions.md", "---\napplyTo: '**/*.ts'\n---\nTypes."),
        (".claude/rules/plain.md", "---\nname: x\n---\nPlain."),
    ];
    for (place, expected) in [
        (Some("lib/a/b.py"), vec!["Plain.", "All.", "Deep.", "List."]),
        (Some("b.py"), vec!["Plain.", "All.", "List."]),
        (Some("x/y.go"), vec!["Plain.", "All.", "Deep."]),
        (Some("x/y.ts"), vec!["Plain.", "All.", "Types."]),
        (None, vec!["Plain.", "All."]),
    ] {
        let (found, _) = told(&files, place);
        let texts: Vec<&str> = found.iter().map(|line| line.split_once(": ").unwrap().1).collect();
        assert_eq!(texts, expected, "{place:?}");
    }
}

#[test]
fn a_file_brings_in_others_of_the_workspace() {
    let files = [
        (
            "CLAUDE.md",
            "See @docs/style.md, (@docs/a.md) and @../outside.md.\n```\n@docs/code.md\n```\n`@docs/code.md` @nobody me@docs/code.md",
        ),
        ("docs/style.md", "Style; more in @more.md."),
        ("docs/more.md", "More; back to @style.md and @hidden.md."),
        ("docs/hidden.md", "hidden"),
        ("docs/a.md", "A."),
        ("docs/code.md", "no"),
        ("../outside.md", "outside"),
    ];
    let (found, left_out) = told(&files, None);
    let names: Vec<&str> = found.iter().map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(
        names,
        [
            "CLAUDE.md",
            "docs/style.md by CLAUDE.md",
            "docs/more.md by docs/style.md",
            "docs/a.md by CLAUDE.md"
        ]
    );
    assert_eq!(
        left_out,
        [
            "docs/hidden.md is not followed: your rules keep it from agents",
            "…/outside.md is not brought in: it lies outside of the workspace",
        ]
    );
    let chain: Vec<(String, String)> =
        (0..6).map(|at| (format!("{at}.md"), format!("Part {at}, then @{}.md.", at + 1))).collect();
    let mut files: Vec<(&str, &str)> =
        chain.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("AGENTS.md", "@0.md"));
    let (found, left_out) = told(&files, None);
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(left_out, ["3.md is not brought in: files bring in one another too deep"]);
}
