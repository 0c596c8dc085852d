//! A key and its value, with whatever stands between and before them.

use copydesk_base::{Code, Diagnostic, Fix, Span, TextEdit};

use super::Reader;
use super::recover::Before;
use crate::green::Green;
use crate::json::scan::Token;
use crate::json::{literal, mend, message};

impl Reader<'_> {
    pub(super) fn key(&mut self, token: Token, span: Span) -> Green {
        if let Token::Text(quote) = token {
            return self.string(quote, span, Before::Colon);
        }
        let span = self.read_words(span);
        self.output.problems.push(mend::key(span.of(self.text), span));
        literal::bare_key(span)
    }

    /// Takes a text without quotes, or with quotes that JSON does not know.
    pub(super) fn read_words(&mut self, first: Span) -> Span {
        if mend::opens_curly(first.of(self.text)) {
            self.output.broken.push(Span::new(first.start, self.line_end(first.end)));
        }
        let span = self.words(first);
        self.take(span);
        span
    }

    pub(super) fn value_of(&mut self, key: &Green) -> Green {
        let (token, span) = self.peek();
        let key_span = key.span();
        if token == Token::Word && span.of(self.text).starts_with('=') {
            return self.behind_equals(Span::new(span.start, span.start + 1));
        }
        if token != Token::Mark(b':') {
            return self.without_colon(key_span, token, span);
        }
        self.take(span);
        let colon = span;
        let (mut token, mut span) = self.peek();
        while token == Token::Mark(b':') {
            self.output.problems.push(mend::second_colon(span));
            self.output.broken.push(span);
            self.take(span);
            (token, span) = self.peek();
        }
        let is_below = self.text.get(colon.end..span.start).unwrap_or("").contains(['\n', '\r']);
        let is_next_key = is_below && matches!(token, Token::Text(_) | Token::Word) && self.is_key(span);
        let value = if is_next_key { None } else { self.value() };
        value.unwrap_or_else(|| {
            let fix = Fix::new("write 'null'", vec![TextEdit::insert(colon.end, " null")]);
            self.missing(colon.end, message::NO_VALUE, Some(fix));
            Green::nothing(colon.end)
        })
    }

    /// Between a key and its value stands what other languages have there.
    fn behind_equals(&mut self, sign: Span) -> Green {
        let fix = Fix::safe("change to ':'", vec![TextEdit::new(sign, ":")]);
        let problem = Diagnostic::new(Code::JsonSyntax, sign, message::EQUALS).with_fix(fix);
        self.output.problems.push(problem);
        self.output.broken.push(sign);
        self.take(sign);
        self.value().unwrap_or_else(|| Green::nothing(sign.end))
    }

    /// A key behind which something else than a colon stands.
    fn without_colon(&mut self, key: Span, token: Token, span: Span) -> Green {
        let is_value = match token {
            Token::Text(_) | Token::Word => !self.is_key(span),
            // What stands in it says nothing about what is around it.
            token => matches!(token, Token::Mark(b'{' | b'[')),
        };
        let is_near = !self.text.get(key.end..span.start).unwrap_or("").contains(['\n', '\r']);
        let has_value = is_value && is_near;
        // A key that could not be read is told already.
        if !self.is_broken_off() {
            let (title, add) = if has_value { ("add a ':'", ":") } else { ("add ': null'", ": null") };
            let fix = Fix::new(title, vec![TextEdit::insert(key.end, add)]);
            let problem = Diagnostic::new(Code::JsonSyntax, key, message::NO_COLON);
            self.output.problems.push(problem.with_fix(fix));
        }
        self.output.broken.push(key);
        let value = if has_value { self.value() } else { None };
        value.unwrap_or_else(|| Green::nothing(key.end))
    }

    /// Whether a ':' follows what stands at `span`.
    pub(super) fn is_key(&self, span: Span) -> bool {
        self.text.get(span.end..).is_some_and(|rest| rest.trim_start().starts_with(':'))
    }
}
