//! Reading one expression: a Pratt parser that always gives a tree.

mod borrowed;
mod mending;

use copydesk_base::Span;

use super::lexer::{Token, TokenKind, tokens, unquote};
use super::operators::{binding, foreign};
use super::value::number_text;
use super::{Expr, ExprKind, Link, MAX_LENGTH, Name, Problem, is_too_long};

/// How deep brackets, operators and arrows may be nested.
const MAX_DEPTH: usize = 50;
/// How many members, calls and operators may follow one another, all in all.
const MAX_LINKS: usize = 1_000;

/// The tree of the part `within` of `text`, and what is wrong with it.
pub fn parse(text: &str, within: Span) -> (Expr, Vec<Problem>) {
    if is_too_long(within.of(text)) {
        let missing = Expr { span: within, kind: ExprKind::Missing };
        let message = format!("this expression is too long; {MAX_LENGTH} characters is the limit");
        return (missing, vec![Problem { span: within, message, mend: None }]);
    }
    let mut parser = Parser {
        text,
        tokens: tokens(text, within),
        at: 0,
        end: within.end,
        depth: 0,
        links: 0,
        problems: vec![],
    };
    let expr = parser.expression(0);
    if let Some(token) = parser.peek() {
        parser.unexpected(token);
    }
    (expr, parser.problems)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    /// Where the expression's text ends.
    end: usize,
    depth: usize,
    links: usize,
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn sign(&self) -> Option<&'static str> {
        match self.peek()?.kind {
            TokenKind::Sign(sign) => Some(sign),
            _ => None,
        }
    }

    fn eat(&mut self, sign: &str) -> Option<Token> {
        let token = self.peek().filter(|_| self.sign() == Some(sign))?;
        self.at += 1;
        Some(token)
    }

    /// Where the last token that was read ends.
    fn behind(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(self.end, |token| token.span.end)
    }

    fn link(&mut self) -> bool {
        self.links += 1;
        self.links <= MAX_LINKS
    }

    fn expression(&mut self, weakest: u8) -> Expr {
        if self.depth >= MAX_DEPTH {
            return self.too_deep();
        }
        self.depth += 1;
        let mut left = self.prefix();
        while let Some(sign) = self.sign() {
            if sign == "?" && weakest <= 1 {
                self.at += 1;
                left = self.conditional(left);
                continue;
            }
            let Some(strength) = binding(sign).filter(|strength| *strength > weakest) else { break };
            if !self.link() {
                left = self.too_deep();
                break;
            }
            self.at += 1;
            let right = self.expression(strength);
            let span = left.span.cover(right.span);
            left = Expr {
                span,
                kind: ExprKind::Binary { operator: sign, left: Box::new(left), right: Box::new(right) },
            };
        }
        self.depth -= 1;
        left
    }

    fn conditional(&mut self, condition: Expr) -> Expr {
        let question = self.behind();
        let then = self.expression(0);
        let otherwise = if self.eat(":").is_some() {
            self.expression(0)
        } else {
            if self.problems.is_empty() {
                let span = Span::new(question - 1, question);
                let at = Span::at(then.span.end);
                self.mended(span, "the other choice is missing; write ': …' behind it", (at, " : null"));
            }
            Expr { span: Span::at(then.span.end), kind: ExprKind::Missing }
        };
        let span = condition.span.cover(otherwise.span);
        let kind = ExprKind::Conditional {
            condition: Box::new(condition),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        Expr { span, kind }
    }

    fn prefix(&mut self) -> Expr {
        let Some(operator @ ("!" | "-" | "+")) = self.sign() else {
            let start = self.primary();
            return self.postfix(start);
        };
        let start = self.peek().map_or(self.end, |token| token.span.start);
        self.at += 1;
        if self.depth >= MAX_DEPTH {
            return self.too_deep();
        }
        self.depth += 1;
        let operand = self.prefix();
        self.depth -= 1;
        let span = Span::new(start, operand.span.end);
        Expr { span, kind: ExprKind::Unary { operator, operand: Box::new(operand) } }
    }

    fn postfix(&mut self, mut left: Expr) -> Expr {
        while let Some(sign @ ("." | "?." | "[" | "(")) = self.sign() {
            if !self.link() {
                return self.too_deep();
            }
            let opening = self.peek().map_or(Span::at(self.end), |token| token.span);
            self.at += 1;
            let link = if sign == "?." { Link::Optional } else { Link::Plain };
            left = match (sign, self.sign()) {
                ("[", _) => self.index(left, opening, link),
                ("(", _) => self.call(left, opening, link),
                ("?.", Some(sign @ ("[" | "("))) => {
                    let opening = self.peek().map_or(opening, |token| token.span);
                    self.at += 1;
                    if sign == "[" { self.index(left, opening, link) } else { self.call(left, opening, link) }
                }
                _ => self.member(left, opening, link),
            };
        }
        left
    }

    fn member(&mut self, object: Expr, dot: Span, link: Link) -> Expr {
        let name = match self.peek() {
            Some(token) if token.kind == TokenKind::Name => {
                self.at += 1;
                Name { span: token.span, text: token.span.of(self.text).to_owned() }
            }
            _ => {
                self.mended(dot, "a name is missing after '.'", (dot, ""));
                Name { span: Span::at(dot.end), text: String::new() }
            }
        };
        let span = Span::new(object.span.start, name.span.end);
        Expr { span, kind: ExprKind::Member { object: Box::new(object), name, link } }
    }

    fn index(&mut self, object: Expr, opening: Span, link: Link) -> Expr {
        let index = self.expression(0);
        self.close("]", opening);
        let span = Span::new(object.span.start, self.behind());
        let kind = ExprKind::Index { object: Box::new(object), index: Box::new(index), link };
        Expr { span, kind }
    }

    fn call(&mut self, callee: Expr, opening: Span, link: Link) -> Expr {
        let arguments = self.list(")", opening);
        let span = Span::new(callee.span.start, self.behind());
        Expr { span, kind: ExprKind::Call { callee: Box::new(callee), arguments, link } }
    }

    /// Values between commas, up to the closing sign.
    fn list(&mut self, closing: &'static str, opening: Span) -> Vec<Expr> {
        let mut items = Vec::new();
        while self.peek().is_some() && self.sign() != Some(closing) {
            items.push(self.expression(0));
            if self.eat(",").is_none() {
                break;
            }
        }
        self.close(closing, opening);
        items
    }

    fn primary(&mut self) -> Expr {
        let Some(token) = self.peek() else { return self.missing() };
        let word = token.span.of(self.text);
        let kind = match token.kind {
            TokenKind::Number => ExprKind::Number(word.parse().unwrap_or(f64::NAN)),
            TokenKind::Text => ExprKind::Text(unquote(word)),
            TokenKind::OpenText => {
                let (quote, end) = (&word[..1], token.span.start + word.trim_end().len());
                let message = format!("this text is never closed; add {quote}");
                let mend = (Span::at(end), quote);
                self.mended(token.span, message, mend);
                ExprKind::Missing
            }
            TokenKind::Name => return self.name(token),
            TokenKind::Sign("(") => return self.parenthesis(token),
            TokenKind::Sign("[") => {
                self.at += 1;
                let items = self.list("]", token.span);
                return Expr {
                    span: Span::new(token.span.start, self.behind()),
                    kind: ExprKind::List(items),
                };
            }
            TokenKind::Sign("{") => return self.mapping(token),
            TokenKind::Sign(_) | TokenKind::Strange => return self.missing(),
        };
        self.at += 1;
        Expr { span: token.span, kind }
    }

    fn name(&mut self, token: Token) -> Expr {
        let word = token.span.of(self.text);
        if foreign(word).is_some() {
            self.unexpected(token);
            return Expr { span: token.span, kind: ExprKind::Missing };
        }
        self.at += 1;
        if self.sign() == Some("=>") {
            let parameter = Name { span: token.span, text: word.to_owned() };
            return self.arrow(vec![parameter], token.span.start);
        }
        let kind = match word {
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            "null" => ExprKind::Null,
            "undefined" => ExprKind::Undefined,
            _ => ExprKind::Name(word.to_owned()),
        };
        Expr { span: token.span, kind }
    }

    fn parenthesis(&mut self, opening: Token) -> Expr {
        if let Some(parameters) = self.parameters() {
            return self.arrow(parameters, opening.span.start);
        }
        self.at += 1;
        let inner = self.expression(0);
        self.close(")", opening.span);
        Expr { span: Span::new(opening.span.start, self.behind()), kind: inner.kind }
    }

    /// `(a, b)` where `=>` follows: reads it and stops before the arrow.
    fn parameters(&mut self) -> Option<Vec<Name>> {
        let mut names = Vec::new();
        let mut at = self.at + 1;
        loop {
            let token = *self.tokens.get(at)?;
            at += 1;
            match token.kind {
                TokenKind::Name => {
                    names.push(Name { span: token.span, text: token.span.of(self.text).to_owned() });
                }
                TokenKind::Sign(",") => {}
                TokenKind::Sign(")") => break,
                _ => return None,
            }
        }
        if self.tokens.get(at)?.kind != TokenKind::Sign("=>") {
            return None;
        }
        self.at = at;
        Some(names)
    }

    fn arrow(&mut self, parameters: Vec<Name>, start: usize) -> Expr {
        self.at += 1;
        let body = self.expression(0);
        let span = Span::new(start, body.span.end);
        Expr { span, kind: ExprKind::Arrow { parameters, body: Box::new(body) } }
    }

    fn mapping(&mut self, opening: Token) -> Expr {
        self.at += 1;
        let mut entries = Vec::new();
        while let Some(token) = self.peek() {
            let word = token.span.of(self.text);
            let text = match token.kind {
                TokenKind::Name => word.to_owned(),
                TokenKind::Number => number_text(word.parse().unwrap_or(f64::NAN)),
                TokenKind::Text => unquote(word),
                _ => break,
            };
            self.at += 1;
            let name = Name { span: token.span, text };
            let value = if self.eat(":").is_some() {
                self.expression(0)
            } else {
                // `{ name }` is short for `{ name: name }`.
                Expr { span: token.span, kind: ExprKind::Name(name.text.clone()) }
            };
            entries.push((name, value));
            if self.eat(",").is_none() {
                break;
            }
        }
        self.close("}", opening.span);
        Expr { span: Span::new(opening.span.start, self.behind()), kind: ExprKind::Mapping(entries) }
    }
}
