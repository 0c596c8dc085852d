//! Simple commands: their words, their redirections, what they are fed, and the variables set before them.

use tree_sitter::Node;

use super::cwd::Cwds;
use super::reader::{LITERALS, Reader, unknown};
use super::tree::{self, Child};
use super::words::{Quoting, Word};
use super::{Care, Need, Redirect, Simple, Unreadable, settings, through};
use crate::path::Access;

/// Words that bash takes for syntax where a command's name would stand.
const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "select",
    "function", "in", "coproc", "{", "}", "!", "[[", "]]",
];

/// The reason of everything that changes a shell's variables.
const SETS: &str = "it sets variables";

/// A simple command while it is being put together.
#[derive(Default)]
pub(super) struct Parts {
    /// The `name=value` before it, as written.
    pub(super) prefix: String,
    /// It is `[ … ]` or `[[ … ]]`, of which the first word is a name that stands for nothing else.
    pub(super) is_test: bool,
    pub(super) words: Vec<Word>,
    /// What comes in at its standard input, as written.
    pub(super) feed: String,
    pub(super) care: Option<Care>,
}

impl Parts {
    pub(super) fn care(&mut self, need: Need, reason: &str) {
        if self.care.as_ref().is_none_or(|care| care.need < need) {
            self.care = Some(Care { need, reason: reason.to_owned() });
        }
    }
}

impl Reader<'_> {
    pub(super) fn command(&mut self, node: Node<'_>, parts: &mut Parts) -> Result<(), Unreadable> {
        let mut before: Option<Child<'_>> = None;
        for child in tree::children(self.source, node)? {
            if child.after_newline {
                return Unreadable::because("a command goes on behind its line");
            }
            let follows_word = before.is_some_and(|before| is_word(before.kind));
            if is_word(child.kind) && follows_word && child.is_adjacent {
                return Unreadable::because("two words stand side by side without a blank");
            }
            match child.kind {
                "variable_assignment" if parts.words.is_empty() => {
                    if let Some(need) = self.assignment(child.node)? {
                        parts.care(need, SETS);
                    }
                    parts.prefix.push_str(&self.source[child.node.byte_range()]);
                    parts.prefix.push(' ');
                }
                "command_name" => {
                    let inner = tree::children(self.source, child.node)?;
                    let [name] = inner.as_slice() else { return unknown("command_name") };
                    let name = self.literal(name.node)?;
                    parts.words.push(name);
                }
                "file_redirect" => self.file_redirect(child, before, parts)?,
                "herestring_redirect" => self.herestring(child.node, parts)?,
                "$" | "==" | "=~" => parts.words.push(Word::plain(child.kind)),
                _ => {
                    let word = self.literal(child.node)?;
                    parts.words.push(word);
                }
            }
            before = Some(child);
        }
        Ok(())
    }

    pub(super) fn literal(&mut self, node: Node<'_>) -> Result<Word, Unreadable> {
        if !LITERALS.contains(&node.kind()) {
            return unknown(node.kind());
        }
        self.word(node)
    }

    /// A command with redirections, one after the other.
    pub(super) fn redirected(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let mut parts = Parts::default();
        let mut is_simple = true;
        let mut behind: Vec<(&str, Node<'_>)> = Vec::new();
        let mut before: Option<Child<'_>> = None;
        for child in tree::children(self.source, node)? {
            if child.after_newline {
                return Unreadable::because("a command goes on behind its line");
            }
            match child.kind {
                "file_redirect" => self.file_redirect(child, before, &mut parts)?,
                "herestring_redirect" => self.herestring(child.node, &mut parts)?,
                "heredoc_redirect" => {
                    if child.lost_dash {
                        parts.words.push(Word::plain("-"));
                    }
                    self.heredoc(child.node, &mut parts, &mut behind)?;
                }
                "command" if before.is_none() => self.command(child.node, &mut parts)?,
                _ if before.is_none() && child.node.is_named() => {
                    is_simple = false;
                    self.statement(child.node)?;
                }
                kind => return unknown(kind),
            }
            before = Some(child);
        }
        if is_simple {
            self.finish(parts)?;
        } else if !parts.words.is_empty() {
            return Unreadable::because("words stand behind a redirection of a group");
        } else if let Some(care) = parts.care {
            let text = parts.feed.trim().to_owned();
            self.push(Simple::new(text, Vec::new(), self.cwds.clone(), Some(care)));
        }
        for (operator, right) in behind {
            match operator {
                "|" | "|&" => self.in_subshell(|reader| reader.statement(right))?,
                operator => self.then(operator, right)?,
            }
        }
        Ok(())
    }

    pub(super) fn file_redirect(
        &mut self,
        redirect: Child<'_>,
        before: Option<Child<'_>>,
        parts: &mut Parts,
    ) -> Result<(), Unreadable> {
        let children = tree::children(self.source, redirect.node)?;
        let mut children = children.as_slice();
        let has_descriptor = children.first().is_some_and(|first| first.kind == "file_descriptor");
        if has_descriptor {
            children = &children[1..];
        }
        let [operator, targets @ ..] = children else { return unknown("file_redirect") };
        if let Some(before) = before.filter(|_| redirect.is_adjacent) {
            // `a2>b`, `2>b` and `{a}>b`: bash and the parser may part word and descriptor differently.
            let text = &self.source[before.node.byte_range()];
            if has_descriptor || text.ends_with('}') || text.ends_with(|letter: char| letter.is_ascii_digit())
            {
                return Unreadable::because("a blank is missing before a redirection");
            }
        }
        if has_descriptor && !operator.is_adjacent || targets.iter().any(|target| target.after_newline) {
            return unknown("file_redirect");
        }
        let access = match operator.kind {
            "<" | "<&" => Access::Read,
            ">" | ">>" | ">|" | "&>" | "&>>" | ">&" => Access::Write,
            "<&-" | ">&-" => {
                return targets.iter().try_for_each(|word| {
                    let word = self.literal(word.node)?;
                    parts.words.push(word);
                    Ok(())
                });
            }
            kind => return unknown(kind),
        };
        let [target, extra @ ..] = targets else { return unknown("file_redirect") };
        let target = self.literal(target.node)?;
        let digits = target.text.strip_suffix('-').unwrap_or(&target.text);
        let is_descriptor = operator.kind.ends_with('&')
            && !target.has_quotes
            && !target.text.is_empty()
            && digits.chars().all(|digit| digit.is_ascii_digit());
        if operator.kind == "<&" && !is_descriptor {
            return Unreadable::because("`<&` needs a number");
        }
        if access == Access::Read && !is_descriptor {
            parts.feed.push_str(" < ");
            parts.feed.push_str(&target.raw);
        }
        if !is_descriptor {
            self.script.redirects.push(Redirect { access, target, cwds: self.cwds.clone() });
        }
        // The parser hangs words behind a redirection on it; to bash they are words of the command.
        for word in extra {
            if word.is_adjacent {
                return Unreadable::because("two words stand side by side without a blank");
            }
            let word = self.literal(word.node)?;
            parts.words.push(word);
        }
        Ok(())
    }

    fn herestring(&mut self, node: Node<'_>, parts: &mut Parts) -> Result<(), Unreadable> {
        let children = tree::children(self.source, node)?;
        let [operator, text] = children.as_slice() else { return unknown("herestring_redirect") };
        if operator.kind != "<<<" || text.after_newline {
            return unknown("herestring_redirect");
        }
        let text = self.literal(text.node)?;
        if text.is_dynamic() {
            parts.care(Need::Person, "what it is fed is known only when it runs");
        }
        parts.feed.push_str(" <<< ");
        parts.feed.push_str(&text.raw);
        Ok(())
    }

    fn heredoc<'tree>(
        &mut self,
        node: Node<'tree>,
        parts: &mut Parts,
        behind: &mut Vec<(&'tree str, Node<'tree>)>,
    ) -> Result<(), Unreadable> {
        let document = tree::document(self.source, node)?;
        let mut cursor = node.walk();
        let mut operator = None;
        let mut end = node.start_byte();
        for child in node.children(&mut cursor) {
            let kind = child.kind();
            if matches!(kind, "heredoc_body" | "heredoc_end") {
                continue;
            }
            let gap = self.source.get(end..child.start_byte()).unwrap_or("?");
            if child.end_byte() > document.line_end && kind != "\n"
                || !tree::blank(gap).is_ok_and(|gap| !gap.has_newline)
            {
                return Unreadable::because("a here-document is not where the parser sees it");
            }
            end = child.end_byte();
            match kind {
                "<<" | "<<-" | "heredoc_start" | "\n" => {}
                "&&" | "||" => operator = Some(kind),
                "file_redirect" => {
                    let redirect = Child {
                        node: child,
                        kind,
                        after_newline: false,
                        is_adjacent: false,
                        lost_dash: false,
                    };
                    self.file_redirect(redirect, None, parts)?;
                }
                "pipeline" => {
                    let children = tree::children(self.source, child)?;
                    let [pipe, right] = children.as_slice() else { return unknown("pipeline") };
                    behind.push((pipe.kind, right.node));
                }
                _ if operator.is_some() && child.is_named() => {
                    behind.extend(operator.take().map(|operator| (operator, child)));
                }
                kind if LITERALS.contains(&kind) && !gap.is_empty() => {
                    let word = self.word(child)?;
                    parts.words.push(word);
                }
                kind => return unknown(kind),
            }
        }
        if end <= document.line_end && tree::blank(&self.source[end..=document.line_end]).is_err() {
            return Unreadable::because("a here-document is not where the parser sees it");
        }
        if !document.is_quoted {
            let body = self.cut(node, document.body.start, document.body.end, Quoting::Body)?;
            if body.is_dynamic() {
                parts.care(Need::Person, "what it is fed is known only when it runs");
            }
        }
        parts.feed.push(' ');
        parts.feed.push_str(&document.text);
        Ok(())
    }

    /// Checks `name=value`; answers what it takes to allow it before a command, if anything.
    pub(super) fn assignment(&mut self, node: Node<'_>) -> Result<Option<Need>, Unreadable> {
        let children = tree::children(self.source, node)?;
        let [name, operator, value @ ..] = children.as_slice() else { return unknown("variable_assignment") };
        let is_plain = node.kind() == "variable_assignment"
            && name.kind == "variable_name"
            && matches!(operator.kind, "=" | "+=")
            && operator.is_adjacent;
        match value {
            [] if is_plain => Ok(Some(Need::Literal)),
            [value] if is_plain && value.node.start_byte() == value.node.end_byte() => {
                Ok(Some(Need::Literal))
            }
            [value] if is_plain && value.is_adjacent => {
                let value = self.literal(value.node)?;
                let is_set = operator.kind == "=" && value.is_literal();
                if is_set && settings::is_harmless(&self.source[name.node.byte_range()], &value.text) {
                    return Ok(None);
                }
                Ok(Some(if value.is_dynamic() { Need::Person } else { Need::Literal }))
            }
            _ => Unreadable::because("only `name=word` is read, no lists or subscripts"),
        }
    }

    pub(super) fn set_variables(&mut self, node: Node<'_>) {
        let text = self.source[node.byte_range()].to_owned();
        let mut parts = Parts { words: vec![Word::plain(&text)], ..Parts::default() };
        parts.care(Need::Person, SETS);
        self.push(Simple::new(text, parts.words, self.cwds.clone(), parts.care));
    }

    /// `export`, `declare` and their like: they take names, and names can be code.
    pub(super) fn declaration(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let mut parts = Parts::default();
        for child in tree::children(self.source, node)? {
            if child.after_newline || (child.is_adjacent && !parts.words.is_empty()) {
                return unknown(node.kind());
            }
            match child.kind {
                "variable_assignment" => {
                    self.assignment(child.node)?;
                    parts.words.push(Word::plain(&self.source[child.node.byte_range()]));
                }
                "variable_name" => parts.words.push(Word::plain(&self.source[child.node.byte_range()])),
                kind if !child.node.is_named() => parts.words.push(Word::plain(kind)),
                _ => {
                    let word = self.literal(child.node)?;
                    parts.words.push(word);
                }
            }
        }
        parts.care(Need::Person, SETS);
        self.finish(parts)
    }

    /// Makes a simple command of its parts, and looks behind it.
    pub(super) fn finish(&mut self, parts: Parts) -> Result<(), Unreadable> {
        let Parts { prefix, words, feed, care, is_test } = parts;
        let Some(name) = words.first() else { return Ok(()) };
        let is_declared = care.as_ref().is_some_and(|care| care.reason == SETS);
        if !is_test && !name.has_quotes && RESERVED.contains(&name.text.as_str()) {
            return unknown(&name.text);
        }
        let has_manner = care.as_ref().is_none_or(|care| care.reason != SETS);
        if !is_declared && looks_like_assignment(&name.raw) {
            return Unreadable::because("a name with `=` can set a variable");
        }
        let raw = words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
        let text = format!("{prefix}{raw}{feed}");
        let mut simple = Simple::new(text, words, self.cwds.clone(), care);
        if has_manner {
            simple.manner = prefix;
        }
        if !is_test && !simple.words[0].is_literal() {
            simple.care = Some(Care {
                need: Need::Person,
                reason: "the program's name is known only when it runs".to_owned(),
            });
        }
        through::see(&mut simple, self.script, self.policy, self.depth)?;
        self.move_on(&simple);
        self.push(simple);
        Ok(())
    }

    /// Where the shell stands after a command.
    fn move_on(&mut self, simple: &Simple) {
        if simple.name() == "cd" {
            self.go(self.cwds.after_cd(&simple.words, self.policy));
        } else if through::may_move(simple) {
            self.go(Cwds::Unknown);
        }
    }
}

fn is_word(kind: &str) -> bool {
    LITERALS.contains(&kind) || matches!(kind, "command_name" | "variable_assignment" | "$" | "==" | "=~")
}

/// Whether bash could take a command's first word for `name=…` or `name[…]=…`.
fn looks_like_assignment(raw: &str) -> bool {
    let end = raw.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(raw.len());
    end > 0
        && !raw.starts_with(|letter: char| letter.is_ascii_digit())
        && (raw[end..].starts_with('=') || raw[end..].starts_with("+=") || raw[end..].starts_with('['))
}
