//! The walk over the syntax tree: every kind of node that is understood, and nothing else.

use tree_sitter::Node;

use super::command::Parts;
use super::cwd::Cwds;
use super::tree::{self, Child};
use super::words::Word;
use super::{Script, Simple, Unreadable};
use crate::policy::Policy;

/// How deep constructs may nest.
const DEEPEST: usize = 48;

/// The kinds of node that are one word. Their text is read by `words`, which knows no more quoting than these.
pub(super) const LITERALS: &[&str] = &[
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

/// Reads one tree into a script.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) policy: &'a Policy,
    pub(super) script: &'a mut Script,
    /// Where the next command runs, if all before it succeeded.
    pub(super) cwds: Cwds,
    /// Every folder this shell may have been in.
    ever: Cwds,
    /// How deep this script stands in others.
    pub(super) depth: usize,
    /// How deep the current node stands in this one.
    level: usize,
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

    pub(super) fn in_subshell(
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
        self.statements(&tree::children(self.source, node)?, keywords)
    }

    fn statements(&mut self, children: &[Child<'_>], keywords: &[&str]) -> Result<(), Unreadable> {
        let mut may_start = true;
        let mut last = "";
        for child in children {
            let starts = may_start || child.after_newline;
            match child.kind {
                ";" | "&" if !starts => may_start = true,
                ")" | "`" | ";;" | ";&" | ";;&" if keywords.contains(&child.kind) => may_start = true,
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
                    self.file_redirect(*child, None, &mut parts)?;
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

    pub(super) fn statement(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
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
            "case_statement" => self.cases(node),
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
    pub(super) fn then(&mut self, operator: &str, right: Node<'_>) -> Result<(), Unreadable> {
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
                    let text = words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
                    self.push(Simple::new(text, std::mem::take(&mut words), self.cwds.clone(), None));
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

    /// `case word in pattern) …;; esac`. What the word and the patterns are is only compared; what they run is read.
    fn cases(&mut self, node: Node<'_>) -> Result<(), Unreadable> {
        let children = tree::children(self.source, node)?;
        let [case, word, within, items @ .., esac] = children.as_slice() else {
            return unknown("case_statement");
        };
        let is_whole = (case.kind, within.kind, esac.kind) == ("case", "in", "esac");
        if !is_whole || word.is_adjacent || word.after_newline || within.is_adjacent || within.after_newline {
            return unknown("case_statement");
        }
        self.literal(word.node)?;
        for item in items {
            if item.kind != "case_item" || item.is_adjacent {
                return unknown(item.kind);
            }
            let children = tree::children(self.source, item.node)?;
            let end = children.iter().position(|child| child.kind == ")");
            let Some(end) = end else { return unknown("case_item") };
            for pattern in &children[..end] {
                match pattern.kind {
                    "(" | "|" => {}
                    "extglob_pattern" if is_plain_pattern(&self.source[pattern.node.byte_range()]) => {}
                    kind if LITERALS.contains(&kind) && !pattern.after_newline => {
                        self.word(pattern.node)?;
                    }
                    kind => return unknown(kind),
                }
            }
            self.cwds = self.ever.clone();
            self.statements(&children[end + 1..], &[";;", ";&", ";;&"])?;
        }
        self.cwds = self.ever.clone();
        Ok(())
    }

    pub(super) fn go(&mut self, cwds: Cwds) {
        self.ever = self.ever.clone().or(cwds.clone());
        self.cwds = cwds;
    }

    pub(super) fn push(&mut self, simple: Simple) {
        self.script.simples.push(simple);
    }
}

/// Whether a pattern of `case` is one word that runs nothing.
fn is_plain_pattern(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_./*?[]:@%+,=^~!-".contains(letter))
}

pub(super) fn unknown<T>(kind: &str) -> Result<T, Unreadable> {
    Unreadable::because(format!("`{kind}` is shell that is not read here"))
}
