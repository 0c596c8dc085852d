//! Moving around: where a thing is declared, where it is used, and giving it another name.
//!
//! Everything here rests on one idea. A file is scanned into *mentions*, the places where it gives or uses a name; a
//! mention's *symbol* says which thing of which file is meant. [`definition`] shows the mention that declares a symbol,
//! [`references`] all of them, [`highlights`] those of one file, and [`rename`](fn@rename) writes another name into
//! each.
//!
//! The files that may name a symbol come from the [`WorkspaceIndex`]; their texts come through [`Texts`], so that an
//! editor shows its open documents and nothing here reads.
//!
//! Invariants
//! - Whoever asks at any mention of a symbol gets the same references.
//! - A rename is whole or nothing: what it cannot write, it refuses with a sentence.

mod anchors;
mod expressions;
mod find;
mod lens;
mod links;
mod mention;
mod names;
mod rename;
mod scan;
mod symbol;

use std::path::{Path, PathBuf};

use copydesk_base::Span;

use crate::index::{Names, Target};
use crate::{File, WorkspaceIndex};
pub use find::{Found, FoundKind, find};
pub use lens::{Lens, count, lenses};
pub use links::{Link, links};
pub use mention::Role;
use mention::{Mention, Thing};
pub(crate) use names::is_legal_name;
pub use rename::{FileRename, FileRenames, Renamable, Renaming, prepare_rename, rename};
use scan::{Scanned, scan};
use symbol::{Home, Symbol, files_naming, symbol};

/// Shows a file of the workspace to whoever needs its text: open ones as they are in the editor, others from the disk.
/// A file that cannot be read is not shown.
pub type Texts<'a> = dyn Fn(&Path, &mut dyn FnMut(&File<'_>)) + 'a;

/// A place in some file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub path: PathBuf,
    /// The name.
    pub span: Span,
    /// All of what is declared there; of a use, the name.
    pub around: Span,
}

/// Where the name under the cursor is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The name under the cursor.
    pub origin: Span,
    pub targets: Vec<Place>,
}

/// A place of the same thing in the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub span: Span,
    pub role: Role,
}

/// Whether the place that declares a thing is one of its references.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declaration {
    With,
    Without,
}

/// Where the thing under the cursor is declared.
pub fn definition(
    file: &File<'_>,
    index: &WorkspaceIndex,
    texts: &Texts<'_>,
    offset: usize,
) -> Option<Definition> {
    let asked = Asked::at(file, index, offset)?;
    let mut targets: Vec<Place> = asked
        .mentions(index, texts)
        .into_iter()
        .filter(|(_, mention)| mention.role == Role::Declares)
        .map(place)
        .collect();
    if targets.is_empty() {
        targets.extend(asked.elsewhere(index));
    }
    (!targets.is_empty()).then_some(Definition { origin: asked.mention.span, targets })
}

/// Every place that names the thing under the cursor, by file and place.
pub fn references(
    file: &File<'_>,
    index: &WorkspaceIndex,
    texts: &Texts<'_>,
    offset: usize,
    declaration: Declaration,
) -> Vec<Place> {
    let Some(asked) = Asked::at(file, index, offset) else { return Vec::new() };
    let found = asked.mentions(index, texts).into_iter();
    let wanted =
        |(_, mention): &(PathBuf, Mention)| declaration == Declaration::With || mention.role == Role::Uses;
    found.filter(wanted).map(place).collect()
}

/// Every place of this file that names the thing under the cursor.
pub fn highlights(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Vec<Highlight> {
    let Some(asked) = Asked::at(file, index, offset) else { return Vec::new() };
    let same = asked.own.mentions.iter().filter(|mention| symbol(&asked.own, mention, index) == asked.symbol);
    same.map(|mention| Highlight { span: mention.span, role: mention.role }).collect()
}

fn place((path, mention): (PathBuf, Mention)) -> Place {
    Place { path, span: mention.span, around: mention.around }
}

/// The thing under the cursor.
struct Asked {
    /// The file at hand.
    own: Scanned,
    mention: Mention,
    symbol: Symbol,
}

impl Asked {
    fn at(file: &File<'_>, index: &WorkspaceIndex, offset: usize) -> Option<Self> {
        let own = scan(file);
        let touching = own.mentions.iter().filter(|mention| mention.span.touches(offset));
        // Of two that meet at the cursor, the one that starts there; of two at one place, the smaller.
        let mention =
            touching.min_by_key(|mention| (mention.span.end == offset, mention.span.len()))?.clone();
        let symbol = symbol(&own, &mention, index);
        Some(Self { own, mention, symbol })
    }

    /// Every mention of the symbol, by file and place.
    fn mentions(&self, index: &WorkspaceIndex, texts: &Texts<'_>) -> Vec<(PathBuf, Mention)> {
        let mut found = Vec::new();
        self.each(index, texts, &mut |scanned, mentions| {
            found.extend(mentions.into_iter().map(|mention| (scanned.path.clone(), mention)));
        });
        found
    }

    /// Shows each file that may name the symbol, with its mentions of it, in order.
    fn each(&self, index: &WorkspaceIndex, texts: &Texts<'_>, look: &mut dyn FnMut(&Scanned, Vec<Mention>)) {
        let mut show = |scanned: &Scanned| {
            let same = |mention: &&Mention| symbol(scanned, mention, index) == self.symbol;
            look(scanned, scanned.mentions.iter().filter(same).cloned().collect());
        };
        for path in files_naming(&self.symbol, &self.own.path, index) {
            if path == self.own.path {
                show(&self.own);
            } else {
                texts(&path, &mut |file| show(&scan(file)));
            }
        }
    }

    /// Where a thing is declared that no mention declares: a whole file, or a config outside the workspace.
    fn elsewhere(&self, index: &WorkspaceIndex) -> Option<Place> {
        let settings = index.settings.as_deref();
        let origin = |names: &Names, name: &str| names.get(name).cloned().flatten();
        let origin = match (&self.symbol.home, &self.symbol.thing) {
            (Home::File(path), Thing::Own) => {
                return Some(Place { path: path.clone(), span: Span::at(0), around: Span::at(0) });
            }
            (Home::Settings, Thing::Elsewhere(target)) => match target {
                Target::Pool(name) => origin(&settings?.pools, name),
                Target::McpServer(name) => origin(&settings?.mcp_servers, name),
                Target::Provider(name) => origin(&settings?.providers, name),
                _ => None,
            },
            (Home::Settings, Thing::Engine(name)) => {
                let view = settings?;
                let allowed = view.engines_allowed.as_ref().and_then(|names| origin(names, name));
                allowed.or_else(|| origin(&view.engines_denied, name))
            }
            _ => None,
        }?;
        Some(Place { path: origin.path, span: origin.span, around: origin.span })
    }
}
