//! What an expression lacks or has too much: the problem, what would mend it, and where reading goes on.

use copydesk_base::Span;

use super::Parser;
use crate::expression::lexer::{Token, TokenKind};
use crate::expression::operators::{binding, foreign, spelled};
use crate::expression::{Expr, ExprKind, Mend, Problem};

impl Parser<'_> {
    pub(super) fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem { span, message: message.into(), mend: None });
    }

    /// The same, with what would mend it.
    pub(super) fn mended(&mut self, span: Span, message: impl Into<String>, (at, text): (Span, &str)) {
        let mend = Some(Mend { span: at, text: text.to_owned() });
        self.problems.push(Problem { span, message: message.into(), mend });
    }

    pub(super) fn unexpected(&mut self, token: Token) {
        let word = token.span.of(self.text);
        if let Some(problem) = self.borrowed(token).or_else(|| self.spelled_out(token)) {
            self.problems.push(problem);
            self.at = self.tokens.len();
            return;
        }
        let (message, mend) = match foreign(word) {
            Some((message, mend)) => (message.to_owned(), mend),
            // `.1` of `steps.1a` reads as a number.
            None if word.starts_with('.') && token.kind == TokenKind::Number => (
                "a name behind a dot starts with a letter; write another between brackets: ['…']".to_owned(),
                None,
            ),
            None => {
                let is_sign = matches!(token.kind, TokenKind::Sign(")" | "]" | "}" | ","));
                (format!("'{word}' is not expected here"), is_sign.then_some(""))
            }
        };
        let mend = mend.map(|mend| self.with_those_behind(token, mend));
        self.problems.push(Problem { span: token.span, message, mend });
        // The rest would only repeat it.
        self.at = self.tokens.len();
    }

    /// An operator that is written as a word: `a and b`, `not a`.
    fn spelled_out(&self, token: Token) -> Option<Problem> {
        let tell = |span: Span, word: &str, sign: &str, mend: Option<Span>| {
            let message = format!("'{word}' is not part of the language; write '{sign}'");
            Problem { span, message, mend: mend.map(|span| Mend { span, text: sign.to_owned() }) }
        };
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let is_not = |token: &&Token| token.kind == TokenKind::Name && token.span.of(self.text) == "not";
        if let Some(not) = before.filter(is_not) {
            // In front of a comparison the sign would be about its left side only.
            let mend = Span::new(not.span.start, token.span.start);
            return Some(tell(not.span, "not", "!", (!self.compares_next()).then_some(mend)));
        }
        let word = token.span.of(self.text);
        let sign = spelled(word).filter(|_| token.kind == TokenKind::Name)?;
        let next = self.tokens.iter().find(|next| next.span.start > token.span.start).filter(is_not);
        if let Some(not) = next.filter(|_| word == "is") {
            let span = token.span.cover(not.span);
            Some(tell(span, "is not", "!=", Some(span)))
        } else {
            let told = tell(token.span, word, sign, None);
            Some(Problem { mend: Some(self.with_those_behind(token, sign)), ..told })
        }
    }

    /// A token as `text`, and with it the operators of other languages that follow in the expression: `a = 1 and b = 2`
    /// can be read only when all of them are mended.
    fn with_those_behind(&self, token: Token, text: &str) -> Mend {
        let mut mend = Mend { span: token.span, text: text.to_owned() };
        let rest = self.tokens.iter().filter(|next| next.span.start > token.span.start);
        for next in rest {
            let word = next.span.of(self.text);
            let sign = match word {
                "=" => Some("=="),
                "&" => Some("&&"),
                _ => spelled(word).filter(|_| next.kind == TokenKind::Name && !self.is_member(*next)),
            };
            if let Some(sign) = sign {
                let between = self.text.get(mend.span.end..next.span.start).unwrap_or_default();
                mend.text = format!("{}{between}{sign}", mend.text);
                mend.span = mend.span.cover(next.span);
            }
        }
        mend
    }

    /// Whether a token is the name behind a dot.
    fn is_member(&self, token: Token) -> bool {
        let before = self.text.get(..token.span.start).unwrap_or_default().trim_end();
        before.ends_with('.')
    }

    /// Whether a comparison follows before the next *and* or *or*.
    fn compares_next(&self) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let ends = |token: &&Token| {
            let word = token.span.of(self.text);
            matches!(word, "&&" | "||" | "?" | "and" | "or")
        };
        let compares = |token: &Token| {
            let word = token.span.of(self.text);
            matches!(word, "==" | "!=" | "===" | "!==" | "<" | ">" | "<=" | ">=" | "in")
                || spelled(word).is_some_and(|sign| !matches!(sign, "&&" | "||"))
        };
        rest.iter().take_while(|token| !ends(token)).any(compares)
    }

    /// Something should stand here. The last token is where it is missed.
    pub(super) fn missing(&mut self) -> Expr {
        let at = self.behind();
        match self.peek() {
            Some(token) if !matches!(token.kind, TokenKind::Sign(")" | "]" | "}" | "," | ":")) => {
                self.unexpected(token);
            }
            found => {
                let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).copied();
                if let Some(token) = before.or(found) {
                    let word = token.span.of(self.text).to_owned();
                    let message = format!("a value is missing after '{word}'");
                    if binding(&word).is_some() || matches!(word.as_str(), "," | "!") {
                        self.mended(token.span, message, (token.span, ""));
                    } else {
                        self.problem(token.span, message);
                    }
                } else {
                    let span = Span::at(self.end);
                    self.problem(span, "the expression is empty; write a value");
                }
            }
        }
        Expr { span: Span::at(at), kind: ExprKind::Missing }
    }

    pub(super) fn too_deep(&mut self) -> Expr {
        let span = self.peek().map_or(Span::at(self.end), |token| token.span);
        self.problem(span, "the expression is too long or nested too deeply; cut it into steps");
        self.at = self.tokens.len();
        Expr { span, kind: ExprKind::Missing }
    }

    pub(super) fn close(&mut self, closing: &'static str, opening: Span) {
        if self.eat(closing).is_some() {
            return;
        }
        // An unread token has its own problem; otherwise the bracket is what is wrong.
        match self.peek() {
            Some(token) => self.unexpected(token),
            None if self.problems.is_empty() => {
                let message = format!("'{}' is never closed; add '{closing}'", opening.of(self.text));
                self.mended(opening, message, (Span::at(self.behind()), closing));
            }
            None => {
                // What is open around it is closed with it.
                let end = Span::at(self.behind());
                let mend = self.problems.first_mut().and_then(|problem| problem.mend.as_mut());
                if let Some(mend) =
                    mend.filter(|mend| mend.span == end && mend.text.starts_with([')', ']', '}']))
                {
                    mend.text.push_str(closing);
                }
            }
        }
    }
}
