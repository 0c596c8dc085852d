//! Where something ends that nobody ended: texts, words, brackets.
//!
//! Each answer looks at what is around the place and at nothing else, so that a part that is read again gets the same
//! one.

use copydesk_base::{Diagnostic, Span};

use super::{Reader, closing};
use crate::green::Green;
use crate::json::scan::{self, Quote, Token};
use crate::json::{literal, mend, message};
use crate::node::MAX_DEPTH;

/// What a closing bracket of another kind than the open one is.
pub(super) enum Other {
    /// It closes something further out; what is open inside of that is not closed.
    Outer,
    /// The one that is open was meant.
    Wrong,
    Stray,
}

/// Which sign follows a text.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Before {
    Colon,
    Comma,
}

impl Reader<'_> {
    /// Where a text without its closing quote ends: before the sign that goes on behind it, and not with its line or
    /// with the quote that opens the next text.
    pub(super) fn string_end(&self, quote: Quote, span: Span, before: Before) -> (Quote, Span) {
        let raw = span.of(self.text);
        let inner = raw.get(1..).unwrap_or("");
        let ended = |len: usize| (Quote::Open, Span::new(span.start, span.start + 1 + len));
        if quote == Quote::Closed {
            let inner = inner.get(..inner.len().saturating_sub(1)).unwrap_or("");
            let is_next_open = self.goes_on_in_letters(span);
            let text = match before {
                Before::Colon => inner.split_once(':').map(|(text, _)| text),
                Before::Comma => inner.trim_end_matches([' ', '\t', '{', '[']).strip_suffix(','),
            };
            return match text.filter(|text| is_next_open && !text.is_empty()) {
                Some(text) => ended(text.len()),
                None => (quote, self.with_inner_quotes(span, before).unwrap_or(span)),
            };
        }
        let text = match inner.find(':').filter(|_| before == Before::Colon) {
            Some(colon) => inner.get(..colon).unwrap_or(inner),
            None => self.before_brackets(inner.trim_end()),
        };
        ended(text.trim_end().len())
    }

    /// Whether letters stand right behind the quote that seems to close a text.
    pub(super) fn goes_on_in_letters(&self, span: Span) -> bool {
        let rest = self.text.get(span.end..);
        span.len() > 1 && rest.is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
    }

    pub(super) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        at + rest.find(['\n', '\r']).unwrap_or(rest.len())
    }

    /// A text with quotes of its own kind in it, `'it's'` or `"say "hi""`, ends at the one that a text can end at.
    fn with_inner_quotes(&self, span: Span, before: Before) -> Option<Span> {
        let sign = span.of(self.text).chars().next()?;
        let last = span.of(self.text).get(1..span.len() - 1)?.chars().next_back();
        let opens = last.is_none_or(|last| last.is_whitespace() || last == '(');
        let is_apostrophe = sign == '\'' && last.is_some_and(char::is_alphanumeric);
        if !self.goes_on_in_letters(span) || !opens && !is_apostrophe {
            return None;
        }
        let line = self.text.get(span.end..self.line_end(span.end))?;
        let mut inner = 1;
        let mut is_escaped = false;
        for (at, c) in line.char_indices() {
            let is_quote = c == sign && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            if !is_quote {
                continue;
            }
            let end = span.end + at + 1;
            let rest = line.get(at + 1..)?.trim_start_matches([' ', '\t']);
            let is_end = match rest.chars().next() {
                None | Some(',' | ']' | '}' | '#') => before == Before::Comma,
                Some('/') => before == Before::Comma && rest.starts_with(['/', '*']),
                Some(':') if before == Before::Comma => return None,
                next => next == Some(':'),
            };
            if is_end {
                // What opens in it closes in it.
                return (is_apostrophe || inner & 1 == 0).then(|| Span::new(span.start, end));
            }
            inner += 1;
        }
        None
    }

    /// A text in the quotes of a word processor.
    fn in_curly_quotes(&self, first: Span) -> Option<Span> {
        let line = self.text.get(first.start..self.line_end(first.start))?;
        let (open, _) = mend::CURLY.iter().find(|(open, _)| line.starts_with(*open))?;
        let closes = mend::CURLY.iter().find(|(one, _)| one == open)?.1;
        let close = |(at, c): (usize, char)| {
            let end = at + c.len_utf8();
            let rest = line.get(end..).unwrap_or("").trim_start_matches([' ', '\t']);
            let is_end = rest.is_empty() || rest.starts_with([',', ':', ']', '}', '#', '/']);
            (closes.contains(c) && at > 0 && is_end).then_some(end)
        };
        let end = line.char_indices().find_map(close)?;
        Some(Span::new(first.start, first.start + end))
    }

    /// A ']' among the entries of a mapping whose last ones have no colon: the value before them should have opened a
    /// list. `last` is where that value starts, and how many problems were known before it.
    pub(super) fn never_opened(&mut self, last: Option<(usize, usize)>, close: Span) -> bool {
        let Some((value, before)) = last.filter(|_| !self.open.contains(&b'[')) else { return false };
        let is_lone = |problem: &Diagnostic| problem.message == message::NO_COLON;
        if !self.output.problems.iter().skip(before).any(is_lone) {
            return false;
        }
        let mut at = 0;
        self.output.problems.retain(|problem| {
            at += 1;
            at <= before || !is_lone(problem)
        });
        self.left_open = None;
        self.output.problems.push(mend::never_opened(value, close));
        self.output.broken.push(Span::new(value, close.end));
        self.take(close);
        true
    }

    /// Whether a key behind the items of a list stands beside it: behind a comma, or on a line of its own, which
    /// without any item must not stand deeper than the line on which the list was opened.
    pub(super) fn is_beside(
        &mut self,
        comma: Option<Span>,
        items: &[Green],
        (opened, key): (Span, Span),
    ) -> bool {
        if comma.is_some()
            || !self.text.get(self.end..key.start).is_some_and(|between| between.contains('\n'))
        {
            return comma.is_some();
        }
        if !items.is_empty() {
            return true;
        }
        let line = |at: usize| {
            let before = self.text.get(..at).unwrap_or("");
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = self.text.get(start..).unwrap_or("");
            (start, line.len() - line.trim_start_matches([' ', '\t']).len())
        };
        let ((start, opened), (_, own)) = (line(opened.start), line(key.start));
        // What stands before the bracket decides, too.
        self.output.broken.push(Span::new(start, key.end));
        own <= opened
    }

    /// Ends a collection at `end`, before what cannot be its own. The mend parts the two, too, if no comma does.
    pub(super) fn end_early(&mut self, opened: Span, close: u8, (end, has_comma): (usize, bool)) {
        (self.at, self.end) = (end, end);
        self.unclosed(opened, close);
        let last = self.output.problems.last_mut().filter(|_| !has_comma);
        if let Some(edit) = last.and_then(|last| last.fixes.first_mut()?.edits.first_mut()) {
            edit.text.push(',');
        }
    }

    /// Whether the mapping that is read is an item of a list.
    pub(super) fn is_among_items(&self) -> bool {
        self.open.len().checked_sub(2).and_then(|around| self.open.get(around)) == Some(&b'[')
    }

    /// A text without the brackets and the comma at its end that close what is open around it.
    fn before_brackets<'a>(&self, text: &'a str) -> &'a str {
        let text = text.strip_suffix(',').unwrap_or(text);
        // More are never open.
        let tail =
            text.trim_end_matches([']', '}', ' ', '\t']).len().max(text.len().saturating_sub(4 * MAX_DEPTH));
        let closes = |from: usize| {
            let closers = text.get(from..).unwrap_or("").bytes().filter(|byte| matches!(byte, b']' | b'}'));
            let open = self.open.iter().rev().map(|open| closing(*open));
            closers.clone().count() > 0
                && closers.clone().count() <= self.open.len()
                && closers.zip(open).all(|(one, other)| one == other)
        };
        (tail..text.len()).find(|from| closes(*from)).and_then(|from| text.get(..from)).unwrap_or(text)
    }

    /// A text without quotes may have more than one word.
    pub(super) fn words(&self, first: Span) -> Span {
        if let Some(whole) = self.in_curly_quotes(first) {
            return whole;
        }
        let mut end = first.end;
        while !literal::is_value(first.of(self.text)) {
            let rest = self.text.get(end..).unwrap_or("");
            let at = end + rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let (token, next) = scan::token(self.text, at);
            let is_word = token == Token::Word && at > end && scan::comment(self.text, at).is_none();
            if !is_word
                || next.of(self.text).starts_with('=')
                || literal::is_value(next.of(self.text))
                || self.is_key(next)
            {
                break;
            }
            end = next.end;
        }
        Span::new(first.start, end)
    }

    /// What a closing bracket is that does not fit: what stands behind it tells.
    pub(super) fn other(&self, close: u8, at: Span) -> Other {
        let (next, span) = scan::token(self.text, scan::behind_blanks(self.text, at.end));
        let fitting = self.open.iter().rposition(|open| closing(*open) == close);
        let own = self.open.last().map(|open| closing(*open));
        let Some(fitting) = fitting else {
            let is_own_next = own.is_some_and(|own| next == Token::Mark(own));
            return if is_own_next { Other::Stray } else { Other::Wrong };
        };
        // If it closed the one further out, could that which is around it go on like this?
        let goes_on = match (fitting.checked_sub(1).and_then(|around| self.open.get(around)), next) {
            (None, next) => next == Token::End,
            (Some(around), Token::Mark(b',')) => {
                let (next, span) = scan::token(self.text, scan::behind_blanks(self.text, span.end));
                let is_key = matches!(next, Token::Text(_) | Token::Word) && self.is_key(span);
                (*around == b'{') == is_key || matches!(next, Token::Mark(b'}' | b']') | Token::End)
            }
            _ => true,
        };
        if goes_on { Other::Outer } else { Other::Wrong }
    }

    pub(super) fn unclosed(&mut self, opened: Span, close: u8) {
        let open = self.text.as_bytes().get(opened.start).copied().unwrap_or(b'{');
        let (open, close) = (char::from(open), char::from(close));
        let place = self.at;
        if !self.was_cut {
            // What is open around it is the same mistake, and the mend closes it, too.
            if let Some((_, told)) = self.left_open.filter(|(at, _)| *at == place) {
                let told = self.output.problems.get_mut(told);
                if let Some(edit) = told.and_then(|told| told.fixes.first_mut()?.edits.first_mut()) {
                    edit.text.push(close);
                }
            } else {
                self.left_open = Some((place, self.output.problems.len()));
                self.output.problems.push(mend::unclosed(self.text, opened, (open, close), self.end));
            }
        }
        // The collection reaches to where the next thing would go.
        self.end = self.at.max(self.end);
        self.output.broken.push(Span::at(self.end));
    }

    /// Whether what stands in a list is a key of the mapping around it.
    pub(super) fn is_of_mapping(&self, span: Span) -> bool {
        let around = self.open.len().checked_sub(2).and_then(|around| self.open.get(around));
        around == Some(&b'{') && self.is_key(span)
    }

    /// Whether what was read last is broken at its end: then what is missing behind it is the same mistake.
    pub(super) fn is_broken_off(&self) -> bool {
        self.output.broken.iter().rev().take(4).any(|span| span.end == self.end)
    }
}
