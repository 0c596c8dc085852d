//! Looking at files: what is wrong in each, and with `--fix` what was mended.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use copydesk_agent::DiskFiles;
use copydesk_base::files::{Expect, FileError};
use copydesk_base::path::resolve;
use copydesk_base::{ContentHash, Diagnostic, Files, Span};
use copydesk_language::{
    File, FileKind, Made, Trust, WorkspaceIndex, check, is_safe, mend_all, parse, syntax, vouched,
};
use copydesk_lsp::rules::check_rules;
use copydesk_lsp::schemas::{self, Library};
use copydesk_lsp::scripts::Scripts;
use copydesk_lsp::workspace::{self, Members};

use super::find::{Found, Named, is_data, is_readable, is_yaml, read, syntax_code};
use crate::here::Here;

/// One file and what was found in it.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// As it is shown to people.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) findings: Vec<Diagnostic>,
    /// What `--fix` mended.
    pub(super) made: Vec<Made>,
    /// Why the mended text could not be written.
    pub(super) unwritten: Option<String>,
    /// Findings with a mend that `--fix` would make. It makes none in files of others.
    pub(super) fixable: usize,
    /// Why nothing was looked at.
    pub(super) unread: Option<Unread>,
}

impl Checked {
    /// The text and its findings as editors show them: a byte order mark is no character of the first line.
    pub(super) fn as_seen(&self) -> (&str, Cow<'_, [Diagnostic]>) {
        let Some(text) = self.text.strip_prefix('\u{feff}') else {
            return (&self.text, Cow::Borrowed(&self.findings));
        };
        let mark = self.text.len() - text.len();
        let seen = |span: &mut Span| {
            *span = Span::new(span.start.saturating_sub(mark), span.end.saturating_sub(mark));
        };
        let mut findings = self.findings.clone();
        for finding in &mut findings {
            seen(&mut finding.span);
            finding.related.iter_mut().filter(|one| one.path.is_none()).for_each(|one| seen(&mut one.span));
            finding.fixes.iter_mut().flat_map(|fix| &mut fix.edits).for_each(|edit| seen(&mut edit.span));
        }
        (text, Cow::Owned(findings))
    }
}

/// Why a file of somebody else was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It was named, and is in no language that is read here.
    Language,
    /// Its folder was named, nothing is known of it, and it cannot be read: a template is not wrong by that.
    Broken,
}

/// What is done about safe mends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mending {
    /// Nothing.
    Leave,
    /// They are made in the text, and nowhere else.
    InText,
    /// They are made in the file.
    InFile,
}

/// What is told of the mends that findings have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing: none of them is tried.
    Findings,
    /// Those that help.
    Mends,
    /// Those, and how many of them `--fix` would make.
    Count,
}

/// What all looks share.
pub(super) struct Surroundings<'a> {
    pub(super) here: &'a Here,
    /// What the person trusted of this workspace.
    pub(super) trusted: &'a [ContentHash],
    pub(super) index: WorkspaceIndex,
    /// The schemas of other people's files.
    pub(super) library: Library,
    /// Those that configs name.
    pub(super) scripts: Scripts,
    pub(super) mending: Mending,
    pub(super) told: Told,
}

/// Looks at all of them, on as many threads as there are processors. The order stays.
pub(super) fn all(surroundings: &Surroundings<'_>, found: &[Found]) -> Vec<Checked> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(found.len().max(1));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        while let Some((at, found)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            found.get(at).map(|found| (at, found))
        } {
            mine.extend(one(surroundings, found).map(|checked| (at, checked)));
        }
        mine
    };
    let mut checked: Vec<(usize, Checked)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut checked = work();
        for other in others {
            match other.join() {
                Ok(theirs) => checked.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        checked
    });
    checked.sort_by_key(|(at, _)| *at);
    checked.into_iter().map(|(_, checked)| checked).collect()
}

/// One file; `None` for a file that is not ours and that nobody named.
fn one(surroundings: &Surroundings<'_>, found: &Found) -> Option<Checked> {
    let whole = surroundings.here.cwd.join(&found.path);
    let path = found.path.display().to_string();
    match read(&whole) {
        Ok(text) => text_at(surroundings, &whole, found.named, path, text),
        // Whose file it is can be told by its name only.
        Err(reason) => {
            let findings = match found.named {
                Named::ByFolder if !is_ours(&whole) && !is_yaml(&whole) => return None,
                Named::ByFolder if !is_ours(&whole) => {
                    return Some(Checked { path, unread: Some(Unread::Broken), ..Checked::default() });
                }
                _ => vec![Diagnostic::new(syntax_code(&whole), Span::at(0), reason)],
            };
            Some(Checked { path, findings, ..Checked::default() })
        }
    }
}

/// A text as if it lay at `whole`; `path` is how it is shown.
pub(super) fn text_at(
    surroundings: &Surroundings<'_>,
    whole: &Path,
    named: Named,
    path: String,
    text: String,
) -> Option<Checked> {
    if named == Named::ByFolder
        && is_data(whole)
        && !is_ours(whole)
        && !copydesk_language::may_be_ours(whole)
        && !surroundings.library.may_choose(whole, &text)
    {
        return None;
    }
    let tree = parse(whole, &text);
    let file = File::new(whole, &text, &tree);
    if file.kind == FileKind::Other {
        // Somebody else's file: only what it asks for itself, by naming a schema, or what the settings ask for.
        let known = resolve(Path::new("/"), whole);
        let chosen = surroundings.library.choose(&DiskFiles, &File { path: &known, ..file });
        let findings = match chosen {
            Some(chosen) => schemas::check(&File { path: &known, ..file }, &chosen),
            // Whoever names a file wants to know at least whether it can be read.
            None if named == Named::Itself && is_readable(whole) => syntax(&file),
            None if named == Named::Itself => {
                return Some(Checked { path, text, unread: Some(Unread::Language), ..Checked::default() });
            }
            None if is_yaml(whole) => {
                let unread = (!syntax(&file).is_empty()).then_some(Unread::Broken);
                return Some(Checked { path, text, unread, ..Checked::default() });
            }
            None => return None,
        };
        let findings = proven(surroundings, &file, &surroundings.index, findings);
        return Some(Checked { path, text, findings, ..Checked::default() });
    }
    let index = index(surroundings, whole, &text);
    // As the index knows it.
    let known = resolve(Path::new("/"), whole);
    let file = File { path: &known, ..file };
    let find = |file: &File<'_>| all_of(file, &index, &surroundings.scripts);
    let findings = proven(surroundings, &file, &index, find(&file));
    let mut checked = Checked { path, findings, ..Checked::default() };
    let is_left = surroundings.mending == Mending::Leave && surroundings.told != Told::Count;
    if is_left || !checked.findings.iter().any(|finding| finding.fixes.iter().any(is_safe)) {
        return Some(Checked { text, ..checked });
    }
    let mended = mend_all(&file, &index, &find);
    if surroundings.mending == Mending::Leave {
        checked.fixable = mended_of(&checked.findings, &mended.made);
        return Some(Checked { text, ..checked });
    }
    let written = match surroundings.mending {
        Mending::InFile if mended.text != text => {
            DiskFiles.write(whole, &mended.text, Expect::Hash(ContentHash::of(&text)))
        }
        _ => Ok(()),
    };
    match written {
        Ok(()) => {
            let tree = parse(&known, &mended.text);
            let file = File { text: &mended.text, tree: &tree, ..file };
            checked.findings = proven(surroundings, &file, &index, find(&file));
            Some(Checked { text: mended.text, made: mended.made, ..checked })
        }
        Err(error) => {
            let unwritten = Some(unwritten(&error));
            Some(Checked { text, unwritten, ..checked })
        }
    }
}

/// For how many findings a mend was made; what came to light on the way is not among them.
fn mended_of(findings: &[Diagnostic], made: &[Made]) -> usize {
    let mut made: Vec<&Made> = made.iter().collect();
    let mut is_made = |finding: &&Diagnostic| {
        let title = finding.fixes.iter().find(|fix| is_safe(fix)).map(|fix| &fix.title);
        let at = made.iter().position(|made| made.code == finding.code && Some(&made.title) == title);
        at.map(|at| made.swap_remove(at)).is_some()
    };
    findings.iter().filter(|finding| is_made(finding)).count()
}

/// Whether the name alone says that a file is one of ours.
fn is_ours(path: &Path) -> bool {
    copydesk_language::kind_of(path, "", &copydesk_text::Tree::default()) != FileKind::Other
}

/// What the language finds, what the permission rules of a config say about one another, and which scripts are not
/// there, in the order of the text.
fn all_of(file: &File<'_>, index: &WorkspaceIndex, scripts: &Scripts) -> Vec<Diagnostic> {
    let mut findings = check(file, index);
    findings.extend(check_rules(file, index.trust));
    findings.extend(scripts.check(file));
    findings.sort_by_key(|finding| (finding.span, finding.code));
    findings
}

/// What was found, with those mends only that leave a file better than it was, where mends are told.
fn proven(
    surroundings: &Surroundings<'_>,
    file: &File<'_>,
    index: &WorkspaceIndex,
    found: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    match surroundings.told {
        Told::Findings => found,
        Told::Mends | Told::Count => vouched(file, index, &found, &|text| parse(file.path, text), |_| true),
    }
}

fn unwritten(error: &FileError) -> String {
    match error {
        FileError::Changed { .. } => "not fixed: somebody changed it meanwhile; check it again".to_owned(),
        FileError::NotRegular { .. } => "not fixed: it is a link; name the file that it leads to".to_owned(),
        FileError::Io { source, .. } => format!("not fixed: it cannot be written: {source}"),
        other => format!("not fixed: failed to {other}"),
    }
}

/// What is known beyond each file: what lies in the places where our files live, what was asked for, and what that
/// names.
pub(super) fn index_of(here: &Here, found: &[Found]) -> WorkspaceIndex {
    let mut members = Members::new(&here.root, &here.user_places());
    members.look_in_places(&DiskFiles);
    for found in found {
        let path = resolve(&here.cwd, &found.path);
        match found.named {
            Named::Itself => members.look_around(&DiskFiles, &path, workspace::Found::Named),
            Named::ByFolder if is_data(&path) && !is_ours(&path) => continue,
            Named::ByFolder => members.look_around(&DiskFiles, &path, workspace::Found::ByLooks),
        };
    }
    members.index(Trust::Untrusted)
}

/// What is known beyond this file, and whether what it says counts.
fn index(surroundings: &Surroundings<'_>, whole: &Path, text: &str) -> WorkspaceIndex {
    let is_trusted = surroundings.here.places.user_config.as_deref() == Some(whole)
        || surroundings.trusted.contains(&ContentHash::of(text));
    let trust = if is_trusted { Trust::Trusted } else { Trust::Untrusted };
    WorkspaceIndex { trust, ..surroundings.index.clone() }
}

#[cfg(test)]
mod tests {
    use copydesk_base::{Code, Fix, TextEdit};

    use super::*;

    #[test]
    fn what_is_left_out_or_comes_to_light_later_is_not_counted() {
        let finding = |code: Code, title: &str| {
            let fix = Fix::safe(title, vec![TextEdit::insert(0, "x")]);
            Diagnostic::new(code, Span::at(0), "wrong").with_fix(fix)
        };
        let made = |code: Code, title: &str| Made { code, title: title.to_owned(), line: 0 };
        let found = [
            finding(Code::UnknownKey, "change to 'run'"),
            finding(Code::UnknownKey, "change to 'run'"),
            finding(Code::JsonSyntax, "add a ','"),
            Diagnostic::new(Code::UnknownValue, Span::at(0), "no mend is known"),
        ];
        for (all, count) in [
            (vec![], 0),
            (vec![made(Code::UnknownKey, "change to 'run'")], 1),
            (vec![made(Code::UnknownValue, "change to 'shell'"), made(Code::JsonSyntax, "add a ','")], 1),
            (vec![made(Code::UnknownKey, "change to 'run'"); 3], 2),
        ] {
            assert_eq!(mended_of(&found, &all), count, "{all:?}");
        }
    }
}
