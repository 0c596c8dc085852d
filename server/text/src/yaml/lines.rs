//! Lines of a text by offsets, without looking at all of it.

use copydesk_base::Span;

use crate::document::BYTE_ORDER_MARK;
use crate::position;

/// A line that starts in a region.
pub(super) struct Line<'t> {
    /// With its break.
    pub(super) span: Span,
    pub(super) text: &'t str,
}

/// Where the line of an offset starts.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|text| text.rfind(['\n', '\r'])).map_or(0, |at| at + 1)
}

/// How far from the start of its line an offset is, in bytes. The mark that some files begin with takes no room.
pub(super) fn column(text: &str, offset: usize) -> usize {
    let start = line_start(text, offset);
    let mark = if start == 0 && text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    offset.saturating_sub(start + mark)
}

/// Where the line behind that of an offset starts.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or("");
    position::lines(rest).next().map_or(text.len(), |line| offset + line.len())
}

/// The lines of a region, cut off at its ends.
pub(super) fn lines(text: &str, region: Span) -> impl Iterator<Item = Line<'_>> {
    let mut at = region.start;
    position::lines(region.of(text)).map(move |text| {
        let span = Span::new(at, at + text.len());
        at = span.end;
        Line { span, text }
    })
}

/// Whether a line is blank, or a comment.
pub(super) fn is_quiet(line: &str) -> bool {
    let content = line.trim_start_matches([' ', '\t']).trim_end_matches(['\n', '\r', ' ', '\t']);
    content.is_empty() || content.starts_with('#')
}

/// What YAML takes for white space. Other blanks of other languages, and other ends of lines, are characters like others.
pub(super) const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether a line is white space that reaches behind a column: behind a block scalar it may be text of it, though the
/// scalar's span ends before.
pub(super) fn is_deep_blank(line: &str, column: usize) -> bool {
    let blank = line.trim_end_matches(['\n', '\r']);
    blank.len() > column && blank.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
}
