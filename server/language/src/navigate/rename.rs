//! Giving a thing another name, everywhere at once.
//!
//! First everything is looked at: whether the thing can be renamed, whether the name is free, whether every file can be
//! read. Then each mention is written in its own form: quotes stay, `steps.a` becomes `steps['a-b']` where the name
//! needs it, comments are never touched.
//!
//! An agent is known by the `name` of its front matter and by its file. Where both are the same, the file is renamed
//! too if the client can do that; where it cannot, the `name` alone is changed, by which the agent is found as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use copydesk_base::{Span, TextEdit};
use copydesk_text::Style;

use super::mention::{Form, Mention, Role, Thing};
use super::names::{can_rename, is_dottable, refusal, word};
use super::scan::Scanned;
use super::symbol::Home;
use super::{Asked, Texts};
use crate::expression::ROOTS;
use crate::expression::library::global;
use crate::index::{Summary, Target};
use crate::{File, FileKind, WorkspaceIndex};

/// A name that can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamable {
    /// Where it stands, without quotes.
    pub span: Span,
    pub name: String,
}

/// What a rename does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renaming {
    /// By file, in order of their places, none overlapping.
    pub edits: BTreeMap<PathBuf, Vec<TextEdit>>,
    /// A file to be renamed after its edits.
    pub file: Option<FileRename>,
}

/// A file that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRename {
    pub from: PathBuf,
    pub to: PathBuf,
}

/// Whether the client renames files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRenames {
    Can,
    Cannot,
}

/// The name under the cursor, if it can be changed; else why not.
pub fn prepare_rename(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Result<Renamable, String> {
    let Some(asked) = Asked::at(file, index, offset) else {
        return Err("there is no name here that can be changed".to_owned());
    };
    let name = asked.old_name(file, index)?;
    Ok(Renamable { span: asked.mention.span, name })
}

/// The edits that give the thing under the cursor another name; else why not.
pub fn rename(
    file: &File<'_>,
    index: &WorkspaceIndex,
    texts: &Texts<'_>,
    offset: usize,
    new: &str,
    files: FileRenames,
) -> Result<Renaming, String> {
    let Some(asked) = Asked::at(file, index, offset) else {
        return Err("there is no name here that can be changed".to_owned());
    };
    let old = asked.old_name(file, index)?;
    let kind = asked.home_kind(file, index);
    if old == new {
        return Ok(Renaming::default());
    }
    if let Some(why) = refusal(&asked.symbol.thing, kind, new) {
        return Err(why);
    }
    if let Thing::Elsewhere(Target::Agent(_)) | Thing::Own = &asked.symbol.thing
        && kind == FileKind::Agent
    {
        let file = agent_file(&asked, index, &old, new, files)?;
        return Ok(Renaming { file, ..written(&asked, index, texts, &old, new)? });
    }
    written(&asked, index, texts, &old, new)
}

impl Asked {
    /// What the thing is called now, in the words under the cursor.
    fn old_name(&self, file: &File<'_>, index: &WorkspaceIndex) -> Result<String, String> {
        let thing = &self.symbol.thing;
        let said = match &self.mention.thing {
            // A head without a name stands for the file's own.
            Thing::Own if self.mention.form == Form::Bare => {
                let stem = file.path.file_stem().and_then(|stem| stem.to_str());
                stem.unwrap_or("").to_owned()
            }
            Thing::Own => self.mention.span.of(file.text).to_owned(),
            thing => thing.name().unwrap_or("").to_owned(),
        };
        if let (Home::Nowhere, Thing::Elsewhere(_)) = (&self.symbol.home, thing) {
            return Err(format!("nothing in this workspace declares '{said}'"));
        }
        if !can_rename(thing) {
            return Err(format!(
                "{} cannot be renamed from here",
                word(&self.mention.thing, FileKind::Other)
            ));
        }
        if let (Thing::Elsewhere(Target::Workflow(_)), Some(summary)) =
            (&self.mention.thing, self.home_summary(index))
            && summary.title.as_deref() != Some(said.as_str())
        {
            return Err("this is the path of a file; rename the file and change the path".to_owned());
        }
        if let Home::File(home) = &self.symbol.home
            && *home != self.own.path
            && index.root.as_ref().is_some_and(|root| !home.starts_with(root))
        {
            return Err(format!("'{said}' is declared outside this workspace, in {}", home.display()));
        }
        Ok(said)
    }

    fn home_summary<'i>(&self, index: &'i WorkspaceIndex) -> Option<&'i Summary> {
        let Home::File(home) = &self.symbol.home else { return None };
        index.files.as_deref()?.get(home).map(|summary| &**summary)
    }

    /// The kind of file that declares the thing.
    fn home_kind(&self, file: &File<'_>, index: &WorkspaceIndex) -> FileKind {
        match &self.symbol.home {
            Home::File(home) if *home == file.path => file.kind,
            _ => self.home_summary(index).map_or(FileKind::Other, |summary| summary.kind),
        }
    }
}

/// Which file an agent's new name renames.
fn agent_file(
    asked: &Asked,
    index: &WorkspaceIndex,
    old: &str,
    new: &str,
    files: FileRenames,
) -> Result<Option<FileRename>, String> {
    let Home::File(path) = &asked.symbol.home else { return Ok(None) };
    let all = index.files.as_deref().into_iter().flatten();
    let sees = |other: &Path| {
        index.agents_for(other).is_some_and(|agents| {
            agents.iter().any(|agent| agent.name == new && agent.path != Some(path.as_path()))
                && agents.iter().any(|agent| agent.path == Some(path.as_path()))
        })
    };
    if all.into_iter().any(|(other, summary)| summary.kind == FileKind::Workflow && sees(other)) {
        return Err(format!("there is already an agent '{new}'"));
    }
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    if stem != Some(old) {
        return Ok(None);
    }
    let named = asked.home_summary(index).and_then(|summary| summary.title.as_deref()) == Some(old);
    match files {
        FileRenames::Can => {
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("md");
            let to = path.with_file_name(format!("{new}.{ending}"));
            if index.files.as_deref().is_some_and(|files| files.contains_key(&to)) {
                return Err(format!("there is already a file {}", to.display()));
            }
            Ok(Some(FileRename { from: path.clone(), to }))
        }
        // By its `name` it is found as well.
        FileRenames::Cannot if named => Ok(None),
        FileRenames::Cannot => Err(format!(
            "'{old}' is the name of a file, and this editor renames no files; rename it by hand, or give the agent a 'name'"
        )),
    }
}

/// The edits of every mention.
fn written(
    asked: &Asked,
    index: &WorkspaceIndex,
    texts: &Texts<'_>,
    old: &str,
    new: &str,
) -> Result<Renaming, String> {
    let mut edits = BTreeMap::new();
    let mut refused = None;
    let mut declared = 0;
    asked.each(index, texts, &mut |scanned, mentions| {
        if refused.is_some() {
            return;
        }
        // A path that leads to a file, or a file's name where the agent is called something else, stays.
        let mentions: Vec<Mention> = mentions
            .into_iter()
            .filter(|mention| mention.thing.name().is_none_or(|name| name == old))
            .collect();
        let mentions: Vec<Mention> = mentions
            .into_iter()
            .filter(|mention| mention.thing != Thing::Own || is_called(index, scanned, old))
            .collect();
        declared += mentions.iter().filter(|mention| mention.role == Role::Declares).count();
        match of_file(asked, index, scanned, &mentions, (old, new)) {
            Ok(found) if found.is_empty() => {}
            Ok(found) => {
                edits.insert(scanned.path.clone(), found);
            }
            Err(why) => refused = Some(why),
        }
    });
    if let Some(why) = refused {
        return Err(why);
    }
    let is_file = asked.symbol.thing == Thing::Own;
    let many = asked.symbol.home != Home::Settings && declared > 1;
    match declared {
        0 if !is_file => Err(format!("'{old}' is declared nowhere; declare it first")),
        _ if many => {
            Err(format!("'{old}' is declared {declared} times; give one of them another name by hand"))
        }
        _ => Ok(Renaming { edits, file: None }),
    }
}

/// Whether the file's own name is the one that changes.
fn is_called(index: &WorkspaceIndex, scanned: &Scanned, old: &str) -> bool {
    let summary = index.files.as_deref().and_then(|files| files.get(&scanned.path));
    summary.is_none_or(|summary| summary.title.as_deref() == Some(old))
}

fn of_file(
    asked: &Asked,
    index: &WorkspaceIndex,
    scanned: &Scanned,
    mentions: &[Mention],
    (old, new): (&str, &str),
) -> Result<Vec<TextEdit>, String> {
    let shown = || copydesk_base::path::shown(index.root.as_deref().unwrap_or(Path::new("/")), &scanned.path);
    let is_home = asked.symbol.home == Home::File(scanned.path.clone());
    if mentions.is_empty() && !is_home {
        return if reads_for_others(asked, index, scanned, old) {
            Err(format!(
                "{} reads the input '{old}' for several workflows; change it there by hand first",
                shown()
            ))
        } else {
            Ok(Vec::new())
        };
    }
    if let Some(line) = scanned.broken {
        return Err(format!("{} has a syntax error in line {line}; mend it first", shown()));
    }
    let outside = index.root.as_ref().is_some_and(|root| !scanned.path.starts_with(root));
    if outside && asked.symbol.home == Home::Settings && scanned.path != asked.own.path {
        return Err(format!("'{old}' is declared outside this workspace, in {}", scanned.path.display()));
    }
    if scanned.unread.iter().any(|text| text.contains(old)) {
        return Err(format!(
            "an expression in {} cannot be read, and it may name '{old}'; mend it first",
            shown()
        ));
    }
    let is_key = !matches!(asked.symbol.thing, Thing::Step { .. } | Thing::Anchor { .. });
    let is_shared = |one: &Mention| one.role == Role::Declares && scanned.is_shared(one);
    if is_key && mentions.iter().any(is_shared) {
        return Err(format!(
            "'{old}' is declared in a mapping that stands in several places; give it a key of its own first"
        ));
    }
    clash(asked, scanned, new)?;
    mentions.iter().map(|mention| edit(mention, (old, new), &shown)).collect()
}

/// Whether an agent that the home names reads an input of this name, which other workflows hand it as well.
fn reads_for_others(asked: &Asked, index: &WorkspaceIndex, scanned: &Scanned, old: &str) -> bool {
    let (Thing::Input(_), Home::File(home)) = (&asked.symbol.thing, &asked.symbol.home) else { return false };
    let is_read =
        scanned.mentions.iter().any(|mention| matches!(&mention.thing, Thing::Input(name) if name == old));
    is_read && index.callers_of_agent(&scanned.path).iter().any(|(caller, _)| caller == home)
}

/// Whether the new name is taken where the old one counts.
fn clash(asked: &Asked, scanned: &Scanned, new: &str) -> Result<(), String> {
    let thing = &asked.symbol.thing;
    // What others call their own things does not matter; of the config's, every file may have one that hides it.
    if matches!(&asked.symbol.home, Home::File(home) if *home != scanned.path) {
        return Ok(());
    }
    if let Thing::Bound { .. } = thing {
        let known = ROOTS.iter().any(|(name, _)| *name == new) || global(new).is_some();
        let mine =
            scanned.mentions.iter().find(|mention| mention.role == Role::Declares && mention.thing == *thing);
        let meets = |other: &Mention| {
            matches!(&other.thing, Thing::Bound { name, .. } if name == new)
                && mine.is_some_and(|mine| mine.around.overlaps(other.around))
        };
        if known || scanned.mentions.iter().any(meets) {
            return Err(format!("'{new}' already means something in this expression"));
        }
        return Ok(());
    }
    let same_kind = |other: &Thing| match (thing, other) {
        (Thing::Step { list, .. }, Thing::Step { list: other, .. }) => list == other,
        (Thing::Mapped { step, .. }, Thing::Mapped { step: other, .. }) => step == other,
        (Thing::Input(_), Thing::Input(_))
        | (Thing::Output(_), Thing::Output(_))
        | (Thing::Argument(_), Thing::Argument(_))
        | (Thing::Anchor { .. }, Thing::Anchor { .. })
        | (Thing::Elsewhere(Target::Pool(_)), Thing::Elsewhere(Target::Pool(_))) => true,
        _ => false,
    };
    let taken = |other: &Mention| {
        other.role == Role::Declares && same_kind(&other.thing) && other.thing.name() == Some(new)
    };
    if scanned.mentions.iter().any(taken) {
        return Err(format!("there is already {} '{new}'", word(thing, FileKind::Other)));
    }
    Ok(())
}

/// One mention with the new name, in its own form.
fn edit(mention: &Mention, (old, new): (&str, &str), shown: &dyn Fn() -> String) -> Result<TextEdit, String> {
    let here = |text: String| TextEdit { span: mention.span, text };
    Ok(match &mention.form {
        Form::Short => here(format!("{old}: {new}")),
        Form::Scalar(style) => match scalar(*style, new) {
            Some(text) => here(text),
            None => {
                return Err(format!(
                    "'{old}' is written as a block text in {}; write it on one line first",
                    shown()
                ));
            }
        },
        Form::Dotted { .. } if is_dottable(new) => here(new.to_owned()),
        Form::Dotted { whole: Some(whole), quote } => {
            TextEdit { span: *whole, text: format!("[{quote}{new}{quote}]") }
        }
        Form::Dotted { whole: None, .. } => {
            return Err(format!(
                "'{new}' needs brackets in expressions, and a text without quotes inside '{{ }}' cannot hold them; put quotes \
                 around the text in {} first",
                shown()
            ));
        }
        // The brackets were there for the old name alone.
        Form::Bracketed { whole: Some(whole) } if is_dottable(new) && !is_dottable(old) => {
            TextEdit { span: *whole, text: format!(".{new}") }
        }
        Form::Bare | Form::Bracketed { .. } => here(new.to_owned()),
    })
}

/// A text in the style it was written in.
fn scalar(style: Style, text: &str) -> Option<String> {
    match style {
        Style::Plain if is_plain(text) => Some(text.to_owned()),
        Style::Plain => Some(format!("\"{}\"", escaped(text))),
        Style::DoubleQuoted => Some(escaped(text)),
        Style::SingleQuoted => Some(text.replace('\'', "''")),
        Style::Literal | Style::Folded => None,
    }
}

/// Whether YAML takes it as it stands, wherever it stands.
fn is_plain(text: &str) -> bool {
    let safe = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.' | '/' | '+' | '(' | ')');
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(safe)
        && !matches!(text, "true" | "false" | "null")
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
