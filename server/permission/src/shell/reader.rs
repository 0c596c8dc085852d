//! The walk over the syntax tree: every kind of node that is understood, and nothing else.

use tree_sitter::Node;

use super::cwd::Cwds;
use super::tree::{self, Child};
use super::words::{Quoting, Word};
use super::{Care, Need, Passes, Redirect, Script, Simple, Unreadable, through};
use crate::path::Access;
use crate::policy::Policy;

/// How deep constructs may nest.
const DEEPEST: usize = 48;

/// The kinds of node that are one word. Their text is read by `words`, which knows no more quoting than these.
const LITERALS: &[&str] = &[
    "word",
    "string",
    "raw_string",
    "number",
    "concatenation",
    "simple_expansion",
    "expansion",
    "command_substitution",
    "process_substitution",
    "arithmetic_expansion",
    "brace_expression",
];

/// Words that bash takes for syntax where a command's name would stand.
const RESERVED: &[&str] = &[
    "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "select",
    "function", "in", "coproc", "{", "}", "!", "[[", "]]",
];

/// The reason of everything that changes a shell's variables.
const SETS: &str = "it sets variables";

/// Reads one tree into a script.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    policy: &'a Policy,
    script: &'a mut Script,
    /// Where the next command runs, if all before it succeeded.
    cwds: Cwds,
    /// Every folder this shell may have been in.
    ever: Cwds,
    /// How deep this script stands in others.
    depth: usize,
    /// How deep the current node stands in this one.
    level: usize,
}

/// A simple command while it is being put together.
#[derive(Default)]
struct Parts {
    /// The `name=value` before it, as written.
    prefix: String,
    words: Vec<Word>,
    /// What comes in at its standard input, as written.
    feed: String,
    care: Option<Care>,
}

impl Parts {
    fn care(&mut self, need: Need, reason: &str) {
        if self.care.as_ref().is_none_or(|care| care.need < need) {
            self.care = Some(Care { need, reason: reason.to_owned() });
        }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        source: &'a str,
        cwds: Cwds,
        policy: &'a Policy,
        depth: usize,
        script: &'a mut Script,
    ) -> Self {
        Self { source, policy, script, ever: cwds.clone(), cwds, depth, level: 0 }
    }

    /// Reads a whole command.
    pub(super) fn program(&mut self, root: Node<'_>) -> Result<(), Unreadable> {
        if root.has_error() {
            return Unreadable::because("the shell parser finds an error in it");
        }
        let outside = [&self.source[..root.start_byte()], &self.source[root.end_byte()..]];
        if root.kind() != "program" || outside.iter().any(|text| tree::blank(text).is_err()) {
            return Unreadable::because("text stands where the parser sees none");
        }
        self.body(root, &[])
    }

    /// Reads the commands in a substitution, which run in a shell of their own.
    pub(super) fn inner_program(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        if self.source[node.byte_range()].starts_with('`') && self.source[node.byte_range()].contains('\\') {
            return Unreadable::because("a backslash in backticks; use $(…)");
        }
        self.in_subshell(|reader| reader.body(node, &["$(", ")", "`", "<(", ">("]))
    }

    fn in_subshell(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let before = (self.cwds.clone(), self.ever.clone());
        let result = read(self);
        (self.cwds, self.ever) = before;
        result
    }

    /// Reads statements, each ended by `;`, `&` or its line, and the keywords of the construct between them.
    fn body(&mut self, node: Node<'_>, keywords: &[&str]) -> Result<(), Unreadable> {
        let mut may_start = true;
        let mut last = "";
        for child in tree::children(self.source, node)? {
            let starts = may_start || child.after_newline;
            match child.kind {
                ";" | "&" if !starts => may_start = true,
                ")" | "`" if keywords.contains(&child.kind) => may_start = true,
                kind if keywords.contains(&kind) && starts => may_start = true,
                kind @ ("elif_clause" | "else_clause") if starts => {
                    self.body(child.node, if kind == "else_clause" { &["else"] } else { &["elif", "then"] })?;
                    may_start = true;
                }
                "do_group" if starts => {
                    self.body(child.node, &["do", "done"])?;
                    may_start = false;
                }
                "file_redirect" if starts && keywords.contains(&"$(") => {
                    let mut parts = Parts::default();
                    self.file_redirect(child, None, &mut parts)?;
                    if !parts.words.is_empty() {
                        return Unreadable::because("a redirection names two files");
                    }
                    may_start = false;
                }
                _ if !starts || !child.node.is_named() || (last == "{" && child.is_adjacent) => {
                    return unknown(child.kind);
                }
                _ => {
                    self.statement(child.node)?;
                    self.cwds = self.ever.clone();
                    may_start = false;
                }
            }
            last = child.kind;
        }
        Ok(())
    }

    fn statement(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        self.level += 1;
        if self.level > DEEPEST {
            return Unreadable::because("it nests too deep");
        }
        let result = self.statement_of(node);
        self.level -= 1;
        result
    }

    fn statement_of(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        match node.kind() {
            "command" => {
                let mut parts = Parts::default();
                self.command(node, &mut parts)?;
                self.finish(parts)
            }
            "redirected_statement" => self.redirected(node),
            "variable_assignment" => {
                self.assignment(node)?;
                self.set_variables(node);
                Ok(())
            }
            "variable_assignments" => {
                for child in tree::children(self.source, node)? {
                    self.assignment(child.node)?;
                }
                self.set_variables(node);
                Ok(())
            }
            "declaration_command" | "unset_command" => self.declaration(node),
            "test_command" => self.test(node),
            "negated_command" => match tree::children(self.source, node)?.as_slice() {
                [not, inner] if not.kind == "!" && !inner.is_adjacent && !inner.after_newline => {
                    self.statement(inner.node)
                }
                _ => unknown("negated_command"),
            },
            "subshell" => self.in_subshell(|reader| reader.body(node, &["(", ")"])),
            "compound_statement" if self.source[node.byte_range()].starts_with("((") => {
                Unreadable::because("arithmetic with names can run commands; it is not read")
            }
            "compound_statement" => self.body(node, &["{", "}"]),
            "pipeline" => self.pipeline(node),
            "list" => self.list(node),
            "if_statement" => self.body(node, &["if", "then", "fi"]),
            "while_statement" => self.looping(node, |reader| reader.body(node, &["while", "until"])),
            "for_statement" => self.looping(node, |reader| reader.each(node)),
            kind => unknown(kind),
        }
    }

    fn pipeline(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        for child in tree::children(self.source, node)? {
            match child.kind {
                "|" | "|&" if !child.after_newline => {}
                _ if child.node.is_named() => self.in_subshell(|reader| reader.statement(child.node))?,
                kind => return unknown(kind),
            }
        }
        Ok(())
    }

    fn list(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let children = tree::children(self.source, node)?;
        let [left, operator, right] = children.as_slice() else { return unknown("list") };
        if operator.after_newline {
            return Unreadable::because("a line starts with an operator");
        }
        self.statement(left.node)?;
        self.then(operator.kind, right.node)
    }

    /// Reads what follows `&&` or `||`.
    fn then(&mut self, operator: &str, right: Node<'_>) -> Result<(), Unreadable> {
        match operator {
            "&&" => self.statement(right),
            "||" => {
                let left = self.cwds.clone();
                self.cwds = self.ever.clone();
                self.statement(right)?;
                self.cwds = left.or(self.cwds.clone());
                Ok(())
            }
            kind => unknown(kind),
        }
    }

    /// A loop runs its body again where the body left off.
    fn looping(
        &mut self,
        node: Node<'_>,
        read: impl FnOnce(&mut Self) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let text = &self.source[node.byte_range()];
        if ["cd", "pushd", "popd"].iter().any(|word| text.contains(word)) {
            self.go(Cwds::Unknown);
        }
        let before = self.ever.clone();
        read(self)?;
        if self.ever == before { Ok(()) } else { Unreadable::because("a loop changes its folder") }
    }

    /// `for name in words; do …; done`. The words count as words of a command named `for`.
    fn each(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let mut words = vec![Word::plain("for")];
        let mut may_start = false;
        for child in tree::children(self.source, node)? {
            match child.kind {
                "for" if words.len() == 1 => {}
                "variable_name" if words.len() == 1 => {
                    let name = &self.source[child.node.byte_range()];
                    let is_harmless = name.starts_with(|letter: char| letter.is_ascii_lowercase())
                        && name
                            .chars()
                            .all(|letter| letter.is_ascii_lowercase() || "0123456789_".contains(letter))
                        && !name.ends_with("_proxy");
                    if !is_harmless {
                        return Unreadable::because("the name of a loop must be lower case");
                    }
                    words.push(Word::plain(name));
                }
                "in" if words.len() == 2 && !child.after_newline => {}
                ";" if !may_start => may_start = true,
                "do_group" if may_start || child.after_newline => {
                    self.push(Simple {
                        text: words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" "),
                        words: std::mem::take(&mut words),
                        cwds: self.cwds.clone(),
                        care: None,
                        inner: Vec::new(),
                        passes: Passes::Outer,
                    });
                    self.body(child.node, &["do", "done"])?;
                }
                kind if LITERALS.contains(&kind) && !child.after_newline && !child.is_adjacent => {
                    words.push(self.word(child.node)?);
                }
                kind => return unknown(kind),
            }
        }
        Ok(())
    }

    fn command(&mut self, node: Node<'_>, parts: &mut Parts) -> Result<(), Unreadable> {
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
                    let need = self.assignment(child.node)?;
                    parts.care(need, SETS);
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

    fn literal(&mut self, node: Node<'_>) -> Result<Word, Unreadable> {
        if !LITERALS.contains(&node.kind()) {
            return unknown(node.kind());
        }
        self.word(node)
    }

    /// A command with redirections, one after the other.
    fn redirected(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
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
                "heredoc_redirect" => self.heredoc(child.node, &mut parts, &mut behind)?,
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
            self.push(Simple {
                text: parts.feed.trim().to_owned(),
                words: Vec::new(),
                cwds: self.cwds.clone(),
                care: Some(care),
                inner: Vec::new(),
                passes: Passes::Outer,
            });
        }
        for (operator, right) in behind {
            match operator {
                "|" | "|&" => self.in_subshell(|reader| reader.statement(right))?,
                operator => self.then(operator, right)?,
            }
        }
        Ok(())
    }

    fn file_redirect(
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
                    let redirect = Child { node: child, kind, after_newline: false, is_adjacent: false };
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
        parts.feed.push_str(&self.source[node.byte_range()]);
        Ok(())
    }

    /// Checks `name=value`; answers what it takes to allow it before a command.
    fn assignment(&mut self, node: Node<'_>) -> Result<Need, Unreadable> {
        let children = tree::children(self.source, node)?;
        let [name, operator, value @ ..] = children.as_slice() else { return unknown("variable_assignment") };
        let is_plain = node.kind() == "variable_assignment"
            && name.kind == "variable_name"
            && matches!(operator.kind, "=" | "+=")
            && operator.is_adjacent;
        match value {
            [] if is_plain => Ok(Need::Literal),
            [value] if is_plain && value.node.start_byte() == value.node.end_byte() => Ok(Need::Literal),
            [value] if is_plain && value.is_adjacent => {
                let value = self.literal(value.node)?;
                Ok(if value.is_dynamic() { Need::Person } else { Need::Literal })
            }
            _ => Unreadable::because("only `name=word` is read, no lists or subscripts"),
        }
    }

    fn set_variables(&mut self, node: Node<'_>) {
        let text = self.source[node.byte_range()].to_owned();
        let mut parts = Parts { words: vec![Word::plain(&text)], ..Parts::default() };
        parts.care(Need::Person, SETS);
        self.push(Simple {
            text,
            words: parts.words,
            cwds: self.cwds.clone(),
            care: parts.care,
            inner: Vec::new(),
            passes: Passes::Outer,
        });
    }

    /// `export`, `declare` and their like: they take names, and names can be code.
    fn declaration(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
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

    /// `[ … ]` with words that are plainly words.
    fn test(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let text = &self.source[node.byte_range()];
        let inside = text.strip_prefix("[ ").and_then(|rest| rest.strip_suffix(" ]"));
        let Some(inside) = inside.filter(|inside| !inside.contains('\n')) else {
            return Unreadable::because("`[[` can run commands; it is not read");
        };
        let mut parts = Parts { words: vec![Word::plain("[")], ..Parts::default() };
        for token in inside.split_ascii_whitespace() {
            let bare = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(token);
            let name = bare.strip_prefix('$').unwrap_or(bare);
            let is_plain =
                name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_./=!:+@%,-".contains(letter));
            if !is_plain {
                return Unreadable::because("a test with more than plain words is not read");
            }
            if name.len() < bare.len() {
                parts.care(Need::Person, "a word of it is known only when it runs");
            }
            parts.words.push(Word::plain(bare));
        }
        parts.words.push(Word::plain("]"));
        self.finish(parts)
    }

    /// Makes a simple command of its parts, and looks behind it.
    fn finish(&mut self, parts: Parts) -> Result<(), Unreadable> {
        let Parts { prefix, words, feed, care } = parts;
        let Some(name) = words.first() else { return Ok(()) };
        let is_test = name.raw == "[";
        let is_declared = care.as_ref().is_some_and(|care| care.reason == SETS);
        if !name.has_quotes && RESERVED.contains(&name.text.as_str()) {
            return unknown(&name.text);
        }
        if !is_declared && looks_like_assignment(&name.raw) {
            return Unreadable::because("a name with `=` can set a variable");
        }
        let raw = words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
        let text = format!("{prefix}{raw}{feed}");
        let mut simple =
            Simple { text, words, cwds: self.cwds.clone(), care, inner: Vec::new(), passes: Passes::Outer };
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

    fn go(&mut self, cwds: Cwds) {
        self.ever = self.ever.clone().or(cwds.clone());
        self.cwds = cwds;
    }

    fn push(&mut self, simple: Simple) {
        self.script.simples.push(simple);
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

fn unknown<T>(kind: &str) -> Result<T, Unreadable> {
    Unreadable::because(format!("`{kind}` is shell that is not read here"))
}
