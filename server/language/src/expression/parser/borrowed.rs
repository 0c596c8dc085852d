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

/// What stands before and behind a whole expression; with the operators that bind more weakly than *in* does.
const BEFORE: &[&str] = &["(", "[", "{", ",", "?", ":", "=>", "..."];
const BEHIND: &[&str] = &[")", "]", "}", ",", "?", ":"];
const WEAK_BEFORE: &[&str] = &["(", "[", "{", ",", "?", ":", "=>", "&&", "||"];
const WEAK_BEHIND: &[&str] = &[")", "]", "}", ",", "?", ":", "&&", "||"];

impl Parser<'_> {
    /// What stands at an unread token, if it is one of these.
    pub(super) fn borrowed(&self, token: Token) -> Option<Problem> {
        match token.span.of(self.text) {
            "in" => Some(self.contained(self.at, self.at, "")),
            "not" if self.word(self.at + 1) == Some("in") => Some(self.contained(self.at, self.at + 1, "!")),
            "|" => self.filtered(),
            "`" => self.template(token),
            "??" => Some(self.coalesced(token)),
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
        let mend = self.sum_before(from).zip(self.sum_behind(to + 1)).map(|(value, (list, is_sum))| {
            let (open, close) = if is_sum { ("(", ")") } else { ("", "") };
            let text = format!("{sign}{open}{}{close}.includes({})", list.of(self.text), value.of(self.text));
            Mend { span: value.cover(list), text }
        });
        Problem { span, message, mend }
    }

    /// `a ?? b`: what is missing is `null`, and what is false, empty or 0 is not missing.
    fn coalesced(&self, token: Token) -> Problem {
        let mend = self.value_before(self.at).and_then(|value| {
            let end = self.operand_end(self.at + 1)?;
            let other = self.span(self.at + 1)?.cover(self.span(end.checked_sub(1)?)?);
            let is_clear = self.is_edge_before(value, BEFORE) && self.is_edge(end, BEHIND);
            let text = self.or_else(value, other.of(self.text), self.is_alone(value, end))?;
            is_clear.then(|| Mend { span: value.cover(other), text })
        });
        let message = format!("'??' is not part of the language; write {}", mend_words(mend.as_ref()));
        Problem { span: token.span, message, mend }
    }

    /// Whether what goes from a value to the token `end` is the whole expression, or all between two parentheses.
    fn is_alone(&self, value: Span, end: usize) -> bool {
        let Some(at) = self.tokens.iter().position(|token| token.span.start == value.start) else {
            return false;
        };
        let before = at.checked_sub(1).map(|before| self.sign_at(before));
        let is_between = before == Some(Some("(")) && self.sign_at(end) == Some(")");
        is_between || before.is_none() && end == self.tokens.len()
    }

    /// A path, or another value where there is none.
    fn or_else(&self, path: Span, other: &str, is_alone: bool) -> Option<String> {
        let mut tokens = self.tokens.iter().filter(|token| path.cover(token.span) == path);
        let starts = tokens.next().is_some_and(|token| token.kind == TokenKind::Name);
        let is_path = starts
            && tokens.all(|token| match token.kind {
                TokenKind::Sign(sign) => matches!(sign, "." | "?." | "[" | "]"),
                _ => true,
            });
        let path = path.of(self.text);
        let whole = format!("{path} == null ? {other} : {path}");
        is_path.then(|| if is_alone { whole } else { format!("({whole})") })
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
        // What a filter of `a + b` is about is for a person to say.
        let mut is_known = self.is_edge_before(start, BEFORE);
        let (mut at, mut end, mut is_default) = (self.at, start.end, false);
        while self.sign_at(at) == Some("|")
            && let Some(name) = self.word(at + 1)
        {
            let (mut arguments, mut are_many) = (None, false);
            (at, end) = (at + 2, self.span(at + 1)?.end);
            if self.sign_at(at) == Some("(") {
                let close = self.closing(at)?;
                let inner = Span::new(self.span(at)?.end, self.span(close)?.start);
                arguments = Some(inner.of(self.text).trim());
                are_many = (at + 1..close).any(|at| self.sign_at(at) == Some(","));
                (at, end) = (close + 1, self.span(close)?.end);
            }
            let new = if matches!(name, "default" | "d") {
                is_default = true;
                let is_alone = self.is_alone(start, at);
                let other = arguments.filter(|other| !other.is_empty() && !are_many);
                let other = other.filter(|_| value == start.of(self.text));
                other.and_then(|other| self.or_else(start, other, is_alone))
            } else {
                as_method(&value, name, arguments)
            };
            match new {
                Some(new) => value = new,
                None => is_known = false,
            }
        }
        let mend = is_known.then(|| Mend { span: Span::new(start.start, end), text: value });
        let better = match &mend {
            None if !is_default => "a method behind the value, as in '.trim()'".to_owned(),
            mend => mend_words(mend.as_ref()),
        };
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
            TokenKind::Name | TokenKind::Text | TokenKind::Number => start,
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

    /// The values before a token with the operators between them that bind more strongly than *in* does.
    fn sum_before(&self, end: usize) -> Option<Span> {
        let last = self.value_before(end)?;
        let mut first = last;
        loop {
            let at = self.tokens.iter().position(|token| token.span.start == first.start)?;
            match at.checked_sub(1) {
                Some(sign) if self.is_sum(sign) => first = self.value_before(sign)?,
                _ => break,
            }
        }
        self.is_edge_before(first, WEAK_BEFORE).then(|| first.cover(last))
    }

    /// The same behind a token, and whether there are operators.
    fn sum_behind(&self, start: usize) -> Option<(Span, bool)> {
        let first = self.value_behind(start)?;
        let (mut whole, mut is_sum) = (first, false);
        loop {
            let at = self.tokens.iter().position(|token| token.span.end == whole.end)? + 1;
            if !self.is_sum(at) {
                return self.is_edge(at, WEAK_BEHIND).then_some((whole, is_sum));
            }
            (whole, is_sum) = (whole.cover(self.value_behind(at + 1)?), true);
        }
    }

    fn is_sum(&self, at: usize) -> bool {
        matches!(self.sign_at(at), Some("+" | "-" | "*" | "/" | "%"))
    }

    /// Where the operand that starts at a token ends, if it needs no parentheses to be one.
    fn operand_end(&self, start: usize) -> Option<usize> {
        let mut at = start;
        while at < self.tokens.len() && !self.is_edge(at, BEHIND) {
            at = match self.sign_at(at) {
                Some("(" | "[" | "{") => self.closing(at)? + 1,
                Some("||" | "&&" | "??" | "|" | "=>") => return None,
                _ => at + 1,
            };
        }
        (at > start).then_some(at)
    }

    /// Whether nothing that stands before a value takes a part of it away.
    fn is_edge_before(&self, value: Span, signs: &[&str]) -> bool {
        let at = self.tokens.iter().position(|token| token.span.start == value.start);
        at.is_some_and(|at| at.checked_sub(1).is_none_or(|before| self.is_edge(before, signs)))
    }

    /// Whether an expression ends at a token: there is none, or one of these signs.
    fn is_edge(&self, at: usize, signs: &[&str]) -> bool {
        at >= self.tokens.len() || self.sign_at(at).is_some_and(|sign| signs.contains(&sign))
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

/// What to write for a value that may be missing.
fn mend_words(mend: Option<&Mend>) -> String {
    format!("'{}'", mend.map_or("value == null ? other : value", |mend| mend.text.as_str()))
}

/// A filter of a value, as a method or a function of the language.
fn as_method(value: &str, name: &str, arguments: Option<&str>) -> Option<String> {
    let given = arguments.filter(|arguments| !arguments.is_empty());
    Some(match (name, given) {
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
