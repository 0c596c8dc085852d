//! What other languages have: `a in list`, and filters, `a | trim`, which are methods here; texts between backticks.
//!
//! Read from the tokens around the sign, as the other language would take them: one value on each side, with its members
//! and calls.

use copydesk_base::Span;

use super::Parser;
use crate::expression::lexer::{Token, TokenKind};
use crate::expression::library;
use crate::expression::{Mend, Problem, ROOTS};

/// The kinds of value that have methods.
const KINDS: &[&str] = &["string", "array", "number", "boolean", "object"];

impl Parser<'_> {
    /// What stands at an unread token, if it is one of these.
    pub(super) fn borrowed(&self, token: Token) -> Option<Problem> {
        match token.span.of(self.text) {
            "in" => Some(self.contained(self.at, self.at, "")),
            "not" if self.word(self.at + 1) == Some("in") => Some(self.contained(self.at, self.at + 1, "!")),
            "|" => self.filtered(),
            "`" => self.template(token),
            _ => None,
        }
    }

    /// `a in b`, `a not in b`: the operator goes from the token `from` to the token `to`.
    fn contained(&self, from: usize, to: usize, sign: &str) -> Problem {
        let places = self.span(from).zip(self.span(to)).map(|(from, to)| from.cover(to));
        let span = places.unwrap_or(Span::at(self.end));
        let message = format!(
            "'{}' is not part of the language; write '{sign}list.includes(value)', or '{sign}Object.keys(object).includes(key)'",
            span.of(self.text)
        );
        let sides = self.value_before(from).zip(self.value_behind(to + 1));
        let mend = sides.map(|(value, list)| Mend {
            span: value.cover(list),
            text: format!("{sign}{}.includes({})", list.of(self.text), value.of(self.text)),
        });
        Problem { span, message, mend }
    }

    /// `a | name`, `a | name(b)`, and more of them behind it.
    fn filtered(&self) -> Option<Problem> {
        let name = self.word(self.at + 1).filter(|name| !ROOTS.iter().any(|(root, _)| root == name))?;
        if library::global(name).is_some() {
            return None;
        }
        let start = self.value_before(self.at)?;
        let span = self.span(self.at)?.cover(self.span(self.at + 1)?);
        let mut value = start.of(self.text).to_owned();
        let (mut at, mut end, mut is_known) = (self.at, start.end, true);
        while self.sign_at(at) == Some("|")
            && let Some(name) = self.word(at + 1)
        {
            let mut arguments = None;
            (at, end) = (at + 2, self.span(at + 1)?.end);
            if self.sign_at(at) == Some("(") {
                let close = self.closing(at)?;
                let inner = Span::new(self.span(at)?.end, self.span(close)?.start);
                arguments = Some(inner.of(self.text).trim());
                (at, end) = (close + 1, self.span(close)?.end);
            }
            let is_first = start.start == self.span(0)?.start;
            let is_alone = is_first && self.sign_at(at).is_none_or(|next| next == "|");
            match as_method(&value, name, arguments, is_alone) {
                Some(new) => value = new,
                None => is_known = false,
            }
        }
        let mend = is_known.then(|| Mend { span: Span::new(start.start, end), text: value });
        let better = mend.as_ref().map_or("a method behind the value, as in '.trim()'".to_owned(), |mend| {
            format!("'{}'", mend.text)
        });
        let message = format!("filters are not part of the language; write {better}");
        Some(Problem { span, message, mend })
    }

    /// `a ${x} b` between backticks, as texts that are joined.
    fn template(&self, token: Token) -> Option<Problem> {
        let rest = self.text.get(token.span.end..self.end)?;
        let whole = rest.get(..rest.find('`')?)?;
        let mut parts = Vec::new();
        let mut left = whole;
        while let Some((before, behind)) = left.split_once("${") {
            let (hole, behind) = behind.split_once('}')?;
            parts.extend((!before.is_empty() || parts.is_empty()).then(|| format!("'{before}'")));
            parts.push(hole.trim().to_owned());
            left = behind;
        }
        parts.extend((!left.is_empty() || parts.is_empty()).then(|| format!("'{left}'")));
        let is_simple = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '(' | ')');
        let is_plain = !whole.contains(['\'', '"', '\\', '\n']);
        let are_values = whole.split("${").skip(1).all(|hole| {
            hole.split('}')
                .next()
                .is_some_and(|hole| !hole.trim().is_empty() && hole.trim().chars().all(is_simple))
        });
        let is_alone = self.tokens.len() > 1 && self.at == 0;
        let text =
            if parts.len() > 1 && !is_alone { format!("({})", parts.join(" + ")) } else { parts.join(" + ") };
        let end = token.span.end + whole.len() + 1;
        (is_plain && are_values).then(|| Problem {
            span: token.span,
            message: "template texts are not part of the language; join texts with '+'".to_owned(),
            mend: Some(Mend { span: Span::new(token.span.start, end), text }),
        })
    }

    fn span(&self, at: usize) -> Option<Span> {
        self.tokens.get(at).map(|token| token.span)
    }

    fn word(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at).filter(|token| token.kind == TokenKind::Name)?;
        Some(token.span.of(self.text))
    }

    fn sign_at(&self, at: usize) -> Option<&'static str> {
        match self.tokens.get(at)?.kind {
            TokenKind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    /// The value that ends right before a token.
    fn value_before(&self, end: usize) -> Option<Span> {
        let last = end.checked_sub(1)?;
        let mut at = last;
        loop {
            let hangs = match self.tokens.get(at)?.kind {
                TokenKind::Sign(")" | "]") => {
                    at = self.opening(at)?;
                    let before = at.checked_sub(1).and_then(|before| self.tokens.get(before));
                    before.is_some_and(|token| {
                        matches!(token.kind, TokenKind::Name | TokenKind::Sign(")" | "]"))
                    })
                }
                TokenKind::Name | TokenKind::Text | TokenKind::Number => {
                    let dot = at.checked_sub(1).and_then(|dot| self.sign_at(dot));
                    let is_member = matches!(dot, Some("." | "?."));
                    at -= usize::from(is_member);
                    is_member
                }
                _ => return None,
            };
            if !hangs {
                return Some(self.span(at)?.cover(self.span(last)?));
            }
            at = at.checked_sub(1)?;
        }
    }

    /// The value that starts with a token.
    fn value_behind(&self, start: usize) -> Option<Span> {
        let mut end = match self.tokens.get(start)?.kind {
            TokenKind::Sign("(" | "[") => self.closing(start)?,
            TokenKind::Name | TokenKind::Text => start,
            _ => return None,
        };
        loop {
            end = match self.sign_at(end + 1) {
                Some("." | "?.") if self.word(end + 2).is_some() => end + 2,
                Some("(" | "[") => self.closing(end + 1)?,
                _ => return Some(self.span(start)?.cover(self.span(end)?)),
            };
        }
    }

    /// The bracket that closes the one at a token.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in open..self.tokens.len() {
            match self.sign_at(at) {
                Some("(" | "[" | "{") => depth += 1,
                Some(")" | "]" | "}") => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }

    /// The bracket that the one at a token closes.
    fn opening(&self, close: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in (0..=close).rev() {
            match self.sign_at(at) {
                Some(")" | "]" | "}") => depth += 1,
                Some("(" | "[" | "{") => depth = depth.checked_sub(1)?,
                _ => {}
            }
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }
}

/// A filter of a value, as a method or a function of the language.
fn as_method(value: &str, name: &str, arguments: Option<&str>, is_alone: bool) -> Option<String> {
    let given = arguments.filter(|arguments| !arguments.is_empty());
    Some(match (name, given) {
        ("default" | "d", Some(other)) if is_alone => format!("{value} || {other}"),
        ("default" | "d", Some(other)) => format!("({value} || {other})"),
        ("upper" | "uppercase" | "upcase", None) => format!("{value}.toUpperCase()"),
        ("lower" | "lowercase" | "downcase", None) => format!("{value}.toLowerCase()"),
        ("strip", None) => format!("{value}.trim()"),
        ("length" | "size" | "count", None) => format!("{value}.length"),
        ("first", None) => format!("{value}[0]"),
        ("last", None) => format!("{value}.at(-1)"),
        ("json" | "tojson" | "to_json" | "toJSON" | "toJson" | "dump", None) => {
            format!("JSON.stringify({value})")
        }
        ("fromjson" | "from_json" | "fromJSON" | "fromJson" | "parse_json", None) => {
            format!("JSON.parse({value})")
        }
        ("string" | "str", None) => format!("String({value})"),
        ("int", None) => format!("parseInt({value})"),
        ("float", None) => format!("parseFloat({value})"),
        ("round" | "floor" | "ceil" | "abs", None) => format!("Math.{name}({value})"),
        ("keys" | "values", None) => format!("Object.{name}({value})"),
        ("contains", Some(part)) => format!("{value}.includes({part})"),
        (name, _) => {
            let method = KINDS.iter().find_map(|kind| library::method(kind, name))?;
            let is_enough = method.signature.needs == 0 || given.is_some();
            let arguments = given.unwrap_or("");
            return is_enough.then(|| format!("{value}.{name}({arguments})"));
        }
    })
}
