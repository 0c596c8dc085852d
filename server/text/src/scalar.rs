//! Scalars: what was written, what it says, and the way from the one to the other.
//!
//! An expression inside a folded text or behind an escape must be underlined on the very characters that are wrong.
//! So a [`Scalar`] keeps, besides its decoded text, the few places where text and source stop running in step.

use copydesk_base::Span;

use crate::green::short;

/// A text, number, truth value or written null, decoded.
#[derive(Clone, Copy, Debug)]
pub struct Scalar<'t> {
    text: &'t str,
    style: Style,
    /// Where the places of the source count from.
    start: usize,
    /// None where text and source run in step from the start to the end.
    mapped: Option<&'t Mapped>,
}

/// A decoded text that is not its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapped {
    /// What it says: escapes resolved, lines folded, indentation and quotes gone.
    pub(crate) text: Box<str>,
    style: Style,
    /// Where text and source run in step from; in order, never empty. Places count from the start of the node.
    pieces: Box<[Piece]>,
    /// Behind the last byte of the source, in the same count.
    end: u32,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a scalar means by the core schema of YAML 1.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'t> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'t str),
}

/// From decoded offset `text` on, the source runs in step from offset `source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: u32,
    pub(crate) source: u32,
}

impl Piece {
    pub(crate) fn new(text: usize, source: usize) -> Self {
        Self { text: short(text), source: short(source) }
    }
}

impl Style {
    /// The bytes between the quotes, for the styles whose source can be their text.
    pub(crate) fn inner(self, span: Span) -> Span {
        match self {
            Self::SingleQuoted | Self::DoubleQuoted => Span::new(span.start + 1, span.end.saturating_sub(1)),
            _ => span,
        }
    }
}

impl Mapped {
    /// The text of the node that starts at `node`; `pieces` and `source` are places in the whole text.
    pub(crate) fn new(text: String, style: Style, mut pieces: Vec<Piece>, source: Span, node: usize) -> Self {
        if pieces.first().is_none_or(|piece| piece.text > 0) {
            pieces.insert(0, Piece::new(0, source.start));
        }
        let node = short(node);
        // The parser looks at the lines behind a block scalar, too, as far as it is given any.
        pieces.retain(|piece| piece.source <= short(source.end));
        for piece in &mut pieces {
            piece.source = piece.source.saturating_sub(node);
        }
        Self { text: text.into(), style, pieces: pieces.into(), end: short(source.end).saturating_sub(node) }
    }
}

impl<'t> Scalar<'t> {
    /// A scalar that stands in the source as it is; `start` is where `text` is.
    pub fn verbatim(text: &'t str, style: Style, start: usize) -> Self {
        Self { text, style, start, mapped: None }
    }

    /// A scalar of the node that starts at `start`.
    pub(crate) fn mapped(mapped: &'t Mapped, start: usize) -> Self {
        Self { text: &mapped.text, style: mapped.style, start, mapped: Some(mapped) }
    }

    /// What it says: escapes resolved, lines folded, indentation and quotes gone.
    pub fn text(self) -> &'t str {
        self.text
    }

    pub fn style(self) -> Style {
        self.style
    }

    fn pieces(&self) -> &'t [Piece] {
        const IN_STEP: &[Piece] = &[Piece { text: 0, source: 0 }];
        self.mapped.map_or(IN_STEP, |mapped| &mapped.pieces)
    }

    fn end(&self) -> usize {
        self.mapped.map_or(self.text.len(), |mapped| mapped.end as usize)
    }

    /// The byte of the source where byte `decoded` of the text comes from.
    ///
    /// Exact behind escapes and in folded lines too. Inside an escape it is a byte of that escape; behind the end of
    /// the text it is the end of the source.
    pub fn source_offset(self, decoded: usize) -> usize {
        self.start + self.offset_within(decoded)
    }

    /// The same, counted as the pieces are.
    fn offset_within(self, decoded: usize) -> usize {
        let pieces = self.pieces();
        let next = pieces.partition_point(|piece| piece.text as usize <= decoded);
        let piece = next.checked_sub(1).and_then(|at| pieces.get(at));
        let (text, source) =
            piece.map_or((0, self.end()), |piece| (piece.text as usize, piece.source as usize));
        let limit = pieces.get(next).map_or(self.end(), |piece| piece.source as usize);
        (source + (decoded - text)).min(limit).min(self.end())
    }

    /// The bytes of the source behind the bytes `from..to` of the text.
    pub fn source_span(self, from: usize, to: usize) -> Span {
        let end = if to > from {
            // One behind the source of the last character, not the start of the next one, which may be lines away.
            let last = self.text.get(..to).and_then(|text| text.char_indices().next_back());
            let (at, width) = last.map_or((to - 1, 1), |(at, c)| (at, c.len_utf8()));
            self.offset_within(at) + self.source_width(at, width)
        } else {
            self.offset_within(from)
        };
        Span::new(self.offset_within(from), end.min(self.end())).shifted(self.start)
    }

    /// How many bytes of the source one character of the text takes.
    fn source_width(self, at: usize, width: usize) -> usize {
        let next = self.pieces().partition_point(|piece| piece.text as usize <= at);
        let Some(piece) = self.pieces().get(next) else { return width };
        let room = (piece.source as usize).saturating_sub(self.offset_within(at));
        let is_escape = piece.text as usize == at + width && self.is_escape(next - 1);
        if is_escape { room } else { width.min(room) }
    }

    /// Whether a piece is one character written with an escape, and no line break.
    fn is_escape(self, piece: usize) -> bool {
        let from = self.pieces().get(piece).map_or(0, |piece| piece.text as usize);
        matches!(self.style, Style::DoubleQuoted | Style::SingleQuoted)
            && from < self.text.len()
            && self.pieces().get(piece + 1).is_some_and(|next| {
                self.text.get(from..next.text as usize).is_some_and(|text| text.chars().count() == 1)
            })
    }

    /// The meaning under an explicit tag, or by the looks of a plain scalar.
    pub fn value(self, tag: Option<&str>) -> Value<'t> {
        let text = self.text;
        match tag {
            Some("!!str" | "!") => Value::Text(text),
            Some("!!int" | "!!float" | "!!bool" | "!!null") => plain_value(text),
            _ if self.style == Style::Plain => plain_value(text),
            _ => Value::Text(text),
        }
    }
}

/// The core schema's table, rule by rule.
fn plain_value(text: &str) -> Value<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Value::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Value::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Value::Float(f64::NAN),
        _ => {}
    }
    // Nearly every scalar is a word: one byte decides.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return Value::Text(text);
    }
    number(text).unwrap_or(Value::Text(text))
}

fn number(text: &str) -> Option<Value<'static>> {
    if let Some(digits) = text.strip_prefix("0o") {
        return whole(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return whole(digits, 16);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.parse() {
            Ok(value) => Some(Value::Int(value)),
            Err(_) => text.parse().ok().map(Value::Float),
        };
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_float = digits(before)
        && digits(after)
        && !(before.is_empty() && after.is_empty())
        && !exponent.is_empty()
        && digits(exponent);
    is_float.then(|| text.parse().ok().map(Value::Float)).flatten()
}

fn whole(digits: &str, radix: u32) -> Option<Value<'static>> {
    let is_plain = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    is_plain.then(|| i64::from_str_radix(digits, radix).ok().map(Value::Int)).flatten()
}
