//! One line of policy, as a person writes it: `Bash(cargo test:*)`, `Edit(src/**)`, `Mcp(files, read_file)`.
//!
//! A rule names what it is about and, in parentheses, which. Without parentheses it is about everything of that kind.
//! `Edit` and `Write` are one word for edits, writes and redirections; `WebFetch` and `Network` are one word too.

use std::path::Path;
use std::sync::Arc;

use crate::defaults;
use crate::glob::ShellPattern;
use crate::loose::LoosePattern;
use crate::place::{Care, PlacePattern};

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleVerdict {
    Allow,
    Ask,
    Deny,
}

/// A rule that was understood.
#[derive(Clone, Debug)]
pub struct Rule {
    pub verdict: RuleVerdict,
    /// As it was written.
    pub text: String,
    /// Where it stands: a file with its line, `remembered`, `command line`.
    pub origin: String,
    /// Shared: a compiled pattern is dear to copy, and policies are copied for every run.
    pub(crate) pattern: Arc<Pattern>,
    /// The same in any order of options, for what tightens.
    pub(crate) loose: Option<Arc<LoosePattern>>,
}

impl PartialEq for Rule {
    /// Two rules are equal when they read the same.
    fn eq(&self, other: &Self) -> bool {
        (self.verdict, &self.text, &self.origin) == (other.verdict, &other.text, &other.origin)
    }
}

impl Eq for Rule {}

impl Rule {
    /// The same rule where a folder is worked on in a copy: what it asks about or denies in the folder, it asks about
    /// or denies in the copy. What allows stays as it is.
    #[must_use]
    pub fn in_copy(&self, copy: &Path, of: &Path) -> Self {
        if self.verdict == RuleVerdict::Allow {
            return self.clone();
        }
        let pattern = match &*self.pattern {
            Pattern::Read(place) => Pattern::Read(place.in_copy(copy, of)),
            Pattern::Edit(place) => Pattern::Edit(place.in_copy(copy, of)),
            Pattern::Destroy(place) => Pattern::Destroy(place.in_copy(copy, of)),
            _ => return self.clone(),
        };
        Self { pattern: Arc::new(pattern), ..self.clone() }
    }

    /// Whether it denies edits that somebody wanted denied: those that ship are about the machine.
    pub fn denies_edits(&self) -> bool {
        self.verdict == RuleVerdict::Deny
            && self.origin != defaults::ORIGIN
            && matches!(&*self.pattern, Pattern::Edit(_))
    }

    /// Whether it has edits asked about.
    pub fn asks_about_edits(&self) -> bool {
        self.verdict == RuleVerdict::Ask && matches!(&*self.pattern, Pattern::Edit(_))
    }
}

/// Why a rule could not be understood. Where the rule is a deny, starting without it would be dangerous.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error(
        "read `{rule}`: `{word}` is no kind of rule; use Bash, Read, Edit, Write, Mcp, WebFetch, Network or Destroy"
    )]
    UnknownWord { rule: String, word: String },
    #[error("read `{rule}`: the closing `)` is missing at its end")]
    Unclosed { rule: String },
    #[error("read `{rule}`: nothing stands between the parentheses; leave them out to mean everything")]
    Empty { rule: String },
    #[error("read `{rule}`: {reason}")]
    Pattern { rule: String, reason: String },
}

/// What a rule is about.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Shell(ShellPattern),
    Read(PlacePattern),
    Edit(PlacePattern),
    Tool(ToolPattern),
    Network(HostPattern),
    Destroy(PlacePattern),
}

#[derive(Clone, Debug)]
pub(crate) struct ToolPattern {
    server: Option<ShellPattern>,
    tool: Option<ShellPattern>,
}

#[derive(Clone, Debug)]
pub(crate) struct HostPattern(Option<ShellPattern>);

impl ToolPattern {
    pub(crate) fn matches(&self, server: &str, tool: &str) -> bool {
        self.server.as_ref().is_none_or(|wanted| wanted.matches(server))
            && self.tool.as_ref().is_none_or(|wanted| wanted.matches(tool))
    }
}

impl HostPattern {
    /// Whether it is about every host.
    pub(crate) fn is_every(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it names one host and no other.
    pub(crate) fn is_one(&self) -> bool {
        self.0.as_ref().is_some_and(ShellPattern::is_literal)
    }

    /// A host that could not be read is matched only by the rule about every host.
    pub(crate) fn matches(&self, host: Option<&str>) -> bool {
        match (&self.0, host) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wanted), Some(host)) => wanted.matches(host),
        }
    }
}

/// Understands one rule. An error on a deny rule is a reason not to start; on the others it is a warning.
pub fn parse_rule(
    verdict: RuleVerdict,
    text: impl Into<String>,
    origin: impl Into<String>,
) -> Result<Rule, RuleError> {
    let text = text.into();
    let pattern = pattern(verdict, text.trim())?;
    let inside = text.trim().strip_prefix("Bash(").and_then(|rest| rest.strip_suffix(')'));
    let loose = inside.filter(|_| verdict != RuleVerdict::Allow).and_then(LoosePattern::parse).map(Arc::new);
    Ok(Rule { verdict, text, origin: origin.into(), pattern: Arc::new(pattern), loose })
}

/// Whether another rule begins in what stands in the brackets of one, as where the comma between two was forgotten: it
/// would be a place that nothing is at.
fn holds_another(inside: &str) -> bool {
    let behind =
        inside.match_indices(')').map(|(at, _)| inside[at + 1..].trim_start_matches([' ', '\t', ',', ';']));
    let words = ["Bash", "Read", "Edit", "Write", "Mcp", "Destroy", "Network", "WebFetch"];
    behind.into_iter().any(|rest| {
        words.iter().any(|word| rest.strip_prefix(word).is_some_and(|rest| rest.starts_with('(')))
    })
}

fn pattern(verdict: RuleVerdict, text: &str) -> Result<Pattern, RuleError> {
    let rule = || text.to_owned();
    let (word, inside) = match text.split_once('(') {
        None => (text, None),
        Some((word, rest)) => {
            let inside = rest.strip_suffix(')').ok_or_else(|| RuleError::Unclosed { rule: rule() })?;
            if inside.trim().is_empty() {
                return Err(RuleError::Empty { rule: rule() });
            }
            (word.trim_end(), Some(inside))
        }
    };
    let wrong = |reason: String| RuleError::Pattern { rule: rule(), reason };
    if inside.is_some_and(holds_another) {
        return Err(wrong("it holds two rules; write each as an item of its own".to_owned()));
    }
    let care = if verdict == RuleVerdict::Allow { Care::Loosening } else { Care::Tightening };
    let place = || match inside {
        None => Ok(PlacePattern::everything(care)),
        Some(inside) => PlacePattern::parse(inside.trim(), care).map_err(wrong),
    };
    Ok(match word {
        "Bash" => Pattern::Shell(match inside {
            None => ShellPattern::everything(),
            Some(inside) => ShellPattern::parse(inside).map_err(wrong)?,
        }),
        "Read" => Pattern::Read(place()?),
        "Edit" | "Write" => Pattern::Edit(place()?),
        "Mcp" => Pattern::Tool(tool_pattern(inside, text)?),
        "Destroy" if verdict == RuleVerdict::Allow => {
            return Err(wrong(
                "it only asks or denies; what may be taken away is a matter of `Bash` and `Edit`".to_owned(),
            ));
        }
        "Destroy" => Pattern::Destroy(place()?),
        "Network" | "WebFetch" => Pattern::Network(HostPattern(match inside {
            None => None,
            Some(inside) => Some(host_pattern(inside.trim()).map_err(wrong)?),
        })),
        _ => return Err(RuleError::UnknownWord { rule: rule(), word: word.to_owned() }),
    })
}

fn tool_pattern(inside: Option<&str>, rule: &str) -> Result<ToolPattern, RuleError> {
    let name = |name: &str| match name.trim() {
        "" => Err(RuleError::Empty { rule: rule.to_owned() }),
        name => Ok(Some(ShellPattern::plain(name))),
    };
    Ok(
        match inside.map(|inside| {
            inside.split_once(',').map_or((inside, None), |(server, tool)| (server, Some(tool)))
        }) {
            None => ToolPattern { server: None, tool: None },
            Some((server, None)) => ToolPattern { server: name(server)?, tool: None },
            Some((server, Some(tool))) => ToolPattern { server: name(server)?, tool: name(tool)? },
        },
    )
}

impl Pattern {
    /// Whether everything that `narrow` speaks about is spoken about here too.
    pub(crate) fn covers(&self, narrow: &Self) -> bool {
        let optional = |wide: Option<&ShellPattern>, narrow: Option<&ShellPattern>| match (wide, narrow) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wide), Some(narrow)) => wide.covers(narrow),
        };
        match (self, narrow) {
            (Self::Shell(wide), Self::Shell(narrow)) => wide.covers(narrow),
            (Self::Read(wide), Self::Read(narrow))
            | (Self::Edit(wide), Self::Edit(narrow))
            | (Self::Destroy(wide), Self::Destroy(narrow)) => wide.covers(narrow),
            (Self::Tool(wide), Self::Tool(narrow)) => {
                optional(wide.server.as_ref(), narrow.server.as_ref())
                    && optional(wide.tool.as_ref(), narrow.tool.as_ref())
            }
            (Self::Network(wide), Self::Network(narrow)) => optional(wide.0.as_ref(), narrow.0.as_ref()),
            _ => false,
        }
    }
}

/// A host, `*.example.org`, or a URL of which only the host counts.
fn host_pattern(inside: &str) -> Result<ShellPattern, String> {
    let inside = inside.strip_prefix("domain:").unwrap_or(inside);
    let host = match inside.split_once("://") {
        Some((_, rest)) => match rest.split_once('/') {
            Some((host, "" | "*" | "**")) => host,
            Some(_) => {
                return Err("a network rule names a host; paths of a URL cannot be told apart".to_owned());
            }
            None => rest,
        },
        None => inside,
    };
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._*".contains(c));
    if !is_host {
        return Err(format!("`{host}` is no host name; write `example.org` or `*.example.org`"));
    }
    Ok(ShellPattern::plain(&host.to_ascii_lowercase()))
}
