//! Laying out YAML, JSON and TOML anew, without touching what they say.
//!
//! The formatter knows lines and columns, not values: it walks the tree once, says for each line where it should start
//! ([`layout`]), closes the gaps inside lines ([`gaps`]), and takes away white space that nobody sees. JSON and TOML
//! have brackets instead of columns ([`brackets`]). It answers with the edits, smallest pieces only, so that a cursor
//! stays where it is.
//!
//! Invariants
//! - What the text says stays: after the edits the tree has the same values, tags, anchors and comments. That is not
//!   hoped for but compared, and where it is not so there are no edits ([`same`]).
//! - Formatting twice changes nothing the second time.
//! - A piece that could not be read is not touched, and neither are the columns that it depends on.
//! - Quotes, the inside of texts, and where lines end stay as they were written.

mod brackets;
mod gaps;
mod layout;
mod lines;
mod on_type;
mod same;
mod style;
mod uneven;

use copydesk_base::{Span, TextEdit};
use copydesk_text::front_matter;
use copydesk_text::json::{self, Dialect};
use copydesk_text::{Syntax, Tree, toml, yaml};

use crate::File;
use crate::editing::edited;

pub use on_type::on_type;
pub use style::Style;

use layout::Layout;
use lines::Lines;

/// The edits that lay out a whole file: of a Markdown file its front matter, of any other everything.
pub fn format(file: &File<'_>, style: Style) -> Vec<TextEdit> {
    lay_out(file, style, None)
}

/// The edits that lay out the blocks that a range touches, and nothing else.
pub fn format_range(file: &File<'_>, style: Style, range: Span) -> Vec<TextEdit> {
    lay_out(file, style, Some(range))
}

fn lay_out(file: &File<'_>, style: Style, range: Option<Span>) -> Vec<TextEdit> {
    if file.tree.syntax() != Syntax::Yaml {
        let edits = brackets::lay_out(file, style, range);
        return if says_the_same(file, &edits) { edits } else { Vec::new() };
    }
    let Some(part) = part(file) else { return Vec::new() };
    let text = file.text;
    // A head that nobody closed may be the whole file.
    if part.len() > yaml::MAX_BYTES {
        return Vec::new();
    }
    let lines = Lines::new(text, part);
    let style = style::of(file.tree, text, &lines, style);
    let mut frozen: Vec<Span> = file.tree.broken().iter().map(|span| lines.whole(*span)).collect();
    frozen.extend(uneven::collections(file.tree, &lines));
    if let Some(range) = range {
        let kept = layout::blocks_around(file.tree, &lines, range);
        frozen.extend([Span::new(part.start, kept.start), Span::new(kept.end, part.end)]);
        frozen.retain(|span| !span.is_empty());
    }
    let layout = Layout::of(file.tree, &lines, style, &frozen);
    let mut edits = layout.edits(&lines);
    edits.extend(gaps::of(file.tree, &lines));
    edits.extend(lines::white_space(&lines, &frozen, layout.protected()));
    edits.retain(|edit| !frozen.iter().any(|frozen| touches(*frozen, edit.span)));
    let edits = lines::tidied(text, edits);
    if edits.is_empty() || says_the_same(file, &edits) {
        return edits;
    }
    // Something here is stranger than we know. What can go wrong is where lines start; the rest is nearly always fine.
    let mut few = gaps::of(file.tree, &lines);
    few.extend(lines::white_space(&lines, &frozen, layout.protected()));
    few.retain(|edit| !frozen.iter().any(|frozen| touches(*frozen, edit.span)));
    let few = lines::tidied(text, few);
    if says_the_same(file, &few) { few } else { Vec::new() }
}

/// The part of a file that is laid out.
fn part(file: &File<'_>) -> Option<Span> {
    if is_markdown(file) {
        return front_matter::split(file.text)
            .filter(|parts| parts.closing.is_some())
            .map(|parts| parts.yaml);
    }
    let extension = file.path.extension().and_then(|extension| extension.to_str()).unwrap_or("yaml");
    matches!(extension, "yaml" | "yml").then(|| Span::new(0, file.text.len()))
}

fn is_markdown(file: &File<'_>) -> bool {
    file.kind.is_markdown()
        || file.path.extension().is_some_and(|extension| extension == "md" || extension == "markdown")
}

/// Whether an edit changes a byte of a frozen piece. A frozen piece consists of whole lines.
fn touches(frozen: Span, edit: Span) -> bool {
    if edit.is_empty() {
        return frozen.start <= edit.start && edit.start < frozen.end;
    }
    frozen.start < edit.end && edit.start < frozen.end
}

fn says_the_same(file: &File<'_>, edits: &[TextEdit]) -> bool {
    let after = edited(file.text, edits);
    let tree = read(file, &after);
    if file.tree.syntax() == Syntax::Json {
        return same::same(file.text, &read(file, file.text), &after, &tree);
    }
    same::same(file.text, file.tree, &after, &tree)
}

/// Another version of a file's text.
fn read(file: &File<'_>, text: &str) -> Tree {
    match file.tree.syntax() {
        Syntax::Toml => toml::parse(text),
        // What strict JSON does not take is no matter here.
        Syntax::Json => json::parse(text, Dialect::Commented),
        Syntax::Yaml if is_markdown(file) => front_matter::parse(text),
        Syntax::Yaml => yaml::parse(text),
    }
}
