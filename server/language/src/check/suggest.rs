//! Did you mean …: the nearest of the names that would be right.

use copydesk_base::Safety;

/// In shorter names one letter is too much to be a slip for certain.
const SHORTEST: usize = 4;

/// In names of so many letters two may be wrong, and it is still nothing else.
const LONG: usize = 8;

/// Finds near names, within a budget: a file full of wrong names is not worth a second of anybody's time.
#[derive(Debug)]
pub(crate) struct Suggest {
    looks_left: usize,
    /// Whether the last answer may be another name than the one that was meant.
    doubtful: bool,
    /// Whether it is so short that one letter is much of it.
    short: bool,
    /// Whether it differs by its end or its case alone: `items` and `item`, `date` and `Date`.
    variant: bool,
    /// What may have been meant as well: as near, or the same name but for its last letter.
    rivals: Vec<String>,
}

impl Default for Suggest {
    fn default() -> Self {
        Self { looks_left: 200_000, doubtful: false, short: false, variant: false, rivals: Vec::new() }
    }
}

impl Suggest {
    /// The name nearest to `word`, if one is near enough to be meant.
    pub(crate) fn nearest<'c>(
        &mut self,
        word: &str,
        candidates: impl Iterator<Item = &'c str>,
    ) -> Option<&'c str> {
        let own_length = word.chars().count();
        let limit = match own_length {
            0 | 1 => return None,
            2..=4 => 1,
            5..=7 => 2,
            _ => 3,
        };
        let first = |text: &str| text.chars().next();
        let mut best: Option<(Rank, &'c str)> = None;
        let own = marks(word);
        (self.doubtful, self.short, self.variant) = (false, false, false);
        self.rivals.clear();
        let mut near: Vec<(usize, &'c str)> = Vec::new();
        for candidate in candidates {
            if self.looks_left == 0 {
                break;
            }
            self.looks_left -= 1;
            if same_letters(word, candidate) {
                self.doubtful = false;
                self.variant = true;
                return Some(candidate);
            }
            if candidate.len().abs_diff(word.len()) > limit || are_far(own, marks(candidate), limit) {
                continue;
            }
            let distance = strsim::osa_distance(word, candidate);
            let rank = Rank {
                distance,
                other_letters: !is_swap(word, candidate),
                other_start: first(word) != first(candidate),
                longer: candidate.len().abs_diff(word.len()),
            };
            // Two of five letters, the first among them, are another word: `fetch` is no `patch`.
            let is_other = distance > 1 && rank.other_start && rank.other_letters && own_length <= 5;
            if distance > limit || is_other {
                continue;
            }
            near.push((distance, candidate));
            match best {
                Some((least, name)) if rank >= least => {
                    self.doubtful |= name != candidate && least.is_like(rank);
                }
                _ => {
                    self.doubtful = best.is_some_and(|(least, _)| rank.is_like(least));
                    best = Some((rank, candidate));
                }
            }
        }
        let (Rank { distance, .. }, candidate) = best?;
        let is_pair = |one: &str, other: &str| {
            one.len().abs_diff(other.len()) == 1 && (one.starts_with(other) || other.starts_with(one))
        };
        near.retain(|(other, name)| *name != candidate && (*other <= distance || is_pair(name, candidate)));
        near.dedup();
        self.rivals.extend(near.into_iter().map(|(_, name)| name.to_owned()));
        let longer = word.len().max(candidate.len());
        self.doubtful |= distance > if word.len() < LONG { 1 } else { 2 };
        self.doubtful |= longer < SHORTEST && !is_swap(word, candidate);
        self.doubtful |= !digits(word).eq(digits(candidate));
        self.short = word.len().min(candidate.len()) < SHORTEST;
        self.variant = candidate.starts_with(word) || word.starts_with(candidate);
        Some(candidate)
    }

    /// The same for a word that signs have come into which stand in no name: `inp??uts`, `- type`.
    pub(crate) fn nearest_letters<'c>(
        &mut self,
        word: &str,
        candidates: impl Iterator<Item = &'c str>,
    ) -> Option<&'c str> {
        let letters: String = word.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
        let has_signs = word.chars().any(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$')));
        has_signs.then(|| self.nearest(&letters, candidates)).flatten()
    }

    /// Whether the last answer can only have been meant, among the words of a language: nothing else was as near.
    pub(crate) fn safety(&self) -> Safety {
        if self.doubtful { Safety::Suggested } else { Safety::Safe }
    }

    /// The same among names of values, where `a` and `aa`, `item` and `items` may both be meant.
    pub(crate) fn safety_of_name(&self) -> Safety {
        if self.short || self.variant { Safety::Suggested } else { self.safety_of_member() }
    }

    /// The same among the fields of a value: `output` and `outputs` may both be meant.
    pub(crate) fn safety_of_member(&self) -> Safety {
        if self.rivals.is_empty() { self.safety() } else { Safety::Suggested }
    }

    /// What may have been meant instead of the last answer.
    pub(crate) fn rivals(&self) -> &[String] {
        &self.rivals
    }
}

/// The only name that starts with a word which is a good part of it: `desc` of `description`.
pub(super) fn only_start<'c>(word: &str, names: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    // What goes on behind a `_` is another name: `api_key` is no `api_key_env`.
    let goes_on = |name: &&str| {
        let rest = name.strip_prefix(word);
        rest.is_some_and(|rest| rest.starts_with(char::is_alphanumeric)) && word.len() * 3 >= name.len()
    };
    let mut longer = names.filter(goes_on);
    let only = longer.next().filter(|_| word.len() >= SHORTEST)?;
    longer.next().is_none().then_some(only)
}

/// How near a name is; the least is the nearest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Letters that are wrong, missing, too many or swapped.
    distance: usize,
    /// Letters in another order are all there: nothing has to be made up.
    other_letters: bool,
    /// What begins with another letter is less like it than what lacks one: `wit` is `wait` before `git`.
    other_start: bool,
    longer: usize,
}

impl Rank {
    /// Whether a name of this rank could be meant instead.
    fn is_like(self, other: Self) -> bool {
        self.distance == other.distance && self.other_letters == other.other_letters
    }
}

/// Whether a key is this one but for its case, one letter, or a dotted tail.
pub fn is_meant(key: &str, name: &str) -> bool {
    let head = key.split('.').next().unwrap_or(key).trim().to_lowercase();
    strsim::osa_distance(&head, name) <= 1
}

/// Whether an unknown key may have been meant for what limits runs, or says which model is asked and how: by its name,
/// or by where it stands. Whoever loses that to a slip has none, so no agent runs before it is mended.
pub fn loses_limit(path: &[&str]) -> bool {
    let is_one_of = |key: &str, names: &[&str]| names.iter().any(|name| is_meant(key, name));
    match path {
        [top, ..] if is_meant(top, "budgets") => true,
        [top] => is_one_of(top, &["models", "providers", "default_model", "fallback"]),
        // Of a provider, whoever loses the address asks somebody else, with a key.
        ["models", ..] | ["providers", _, _] | ["providers", _, "timeouts" | "key", _] => true,
        ["providers", _, "models", _, key] => is_one_of(key, &["output_limit", "context_window"]),
        _ => false,
    }
}

/// Whether an unknown key may have been meant for what keeps an agent back: rules, a stricter mode, walls, or anything
/// of a hook.
pub fn loses_guard(path: &[&str]) -> bool {
    let is_one = |key: &str, names: &[&str]| names.iter().any(|name| is_meant(key, name));
    match path {
        [key] => is_one(key, &["permissions", "hooks", "sandbox"]),
        ["permissions", key] => is_one(key, &["deny", "ask", "mode"]),
        ["sandbox", key] => is_one(key, &["required"]),
        ["hooks", ..] => true,
        _ => false,
    }
}

/// Whether the items of a list in a config count whole or not at all: an unknown key takes the item away that it stands
/// in.
pub fn counts_whole(path: &[&str]) -> bool {
    matches!(path, ["checks"] | ["hooks", _])
}

/// Whether two names differ only in case and in `_` or `-`: `allow_failure`, `allowFailure`.
fn same_letters(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// Whether two names have the same letters in another order.
fn is_swap(one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.sort_unstable();
        bytes
    };
    sorted(one) == sorted(other)
}

/// Which letters a name has, each by one of 64 marks.
fn marks(text: &str) -> u64 {
    text.chars().fold(0, |marks, c| marks | 1 << (u32::from(c) % 64))
}

/// Whether one of two names has more letters that the other one lacks than may be wrong: to count them costs far less
/// than to look for the shortest way between the two.
fn are_far(one: u64, other: u64, limit: usize) -> bool {
    let lacks = |one: u64, other: u64| (one & !other).count_ones() as usize > limit;
    lacks(one, other) || lacks(other, one)
}

/// `build1` and `build2` are two names, not one and its slip.
fn digits(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_digit)
}

fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|b| !matches!(b, b'_' | b'-')).map(|b| b.to_ascii_lowercase())
}

/// The right key for names that people bring along from other systems, whatever their case and hyphens.
pub(super) fn usual_mistake(kind: Option<&str>, key: &str) -> Option<&'static str> {
    let bare: String = letters(key).map(char::from).collect();
    usual_key(kind, key).or_else(|| usual_key(kind, &bare))
}

#[expect(clippy::match_same_arms, reason = "a table, one kind of step after the other")]
fn usual_key(kind: Option<&str>, key: &str) -> Option<&'static str> {
    let own = match (kind.unwrap_or(""), key) {
        ("shell", "cwd" | "workdir" | "workingdirectory" | "directory") => "dir",
        ("shell", "command" | "cmd" | "script" | "exec") | ("script", "script" | "code" | "source") => "run",
        ("shell" | "engine" | "git", "environment") => "env",
        ("engine" | "git", "dir" | "workdir" | "workingdirectory") => "cwd",
        ("engine", "run" | "cmd") => "command",
        ("llm" | "plan" | "blueprint", "message" | "messages" | "instruction" | "instructions") => "prompt",
        ("llm" | "plan", "maxsteps" | "maxturns") => "maxIterations",
        ("human", "prompt" | "question" | "text") => "message",
        ("request", "uri" | "endpoint" | "address") => "url",
        ("request", "verb") | ("git" | "file" | "memory" | "artifact", "operation" | "action") => {
            if kind == Some("request") { "method" } else { "op" }
        }
        ("request", "data" | "json" | "payload") => "body",
        // A bare number under the others may count seconds.
        ("sleep", "ms" | "milliseconds") => "duration",
        ("workflow", "file" | "workflow" | "uses") => "path",
        ("workflow", "with" | "params") => "inputs",
        ("file", "text" | "data" | "contents" | "body") => "content",
        ("file", "file" | "filename") => "path",
        ("wait", "name" | "signal") => "event",
        ("git", "ref" | "commitish") => "branch",
        ("git", "repo" | "repository") => "url",
        ("memory", "content") => "text",
        ("join", "mode" | "wait") => "condition",
        _ => "",
    };
    let common = match key {
        "dependson" | "depends" | "dependencies" | "after" | "requires" => "needs",
        // `unless` holds when `if` does not.
        "when" | "onlyif" => "if",
        "loop" | "withitems" | "each" => "foreach",
        "retries" | "attempts" => "retry",
        "continueonerror" | "ignoreerrors" => "allowFailure",
        "name" => "id",
        "kind" => "type",
        "matrix" => "strategy",
        "cmd" => "command",
        // Of an input.
        "enum" | "options" | "choices" => "values",
        _ => "",
    };
    [own, common].into_iter().find(|right| !right.is_empty())
}

/// The right word for values that people bring along from other systems, and whether nothing else can be meant.
pub(super) fn usual_value(key: &str, value: &str) -> Option<(&'static str, Safety)> {
    let guess = match (key, value) {
        ("type", "agent" | "model" | "prompt" | "chat") => "llm",
        ("type", "approval" | "input" | "ask" | "confirm") => "human",
        ("method", _) => match value.to_ascii_uppercase().as_str() {
            "FETCH" | "READ" | "LIST" => "GET",
            "CREATE" | "ADD" | "SEND" | "SUBMIT" => "POST",
            "UPDATE" | "REPLACE" => "PUT",
            "REMOVE" | "DEL" => "DELETE",
            _ => return None,
        },
        _ => "",
    };
    let known = match (key, value) {
        // The template of a stepper layer itself suggests these; its program takes them not.
        ("on-failure", "continue" | "ignore") => "skip",
        ("on-failure", "abort" | "fail") => "stop",
        ("kind", "openai" | "openai-compatible" | "openai-compat") => "openai-chat",
        ("kind", "azure") => "azure-openai",
        ("type", "text" | "str" | "enum") => "string",
        ("type", "int" | "integer" | "float") => "number",
        ("type", "bool") => "boolean",
        ("type", "list") => "array",
        ("type", "map" | "dict" | "mapping") => "object",
        ("type", "bash" | "command" | "cmd" | "run") => "shell",
        ("type", "http" | "fetch" | "api") => "request",
        ("type", "subworkflow" | "sub-workflow" | "call") => "workflow",
        ("type", "delay") => "sleep",
        ("type", "javascript" | "js" | "node") => "script",
        _ => "",
    };
    let of = [(known, Safety::Safe), (guess, Safety::Suggested)];
    of.into_iter().find(|(right, _)| !right.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_spelled_nearly_the_same_is_safe() {
        let table = [
            ("cmd", "cwd", Safety::Suggested),
            ("tools", "pool", Safety::Suggested),
            ("rnu", "run", Safety::Safe),
            ("typ", "type", Safety::Safe),
            ("nedes", "needs", Safety::Safe),
            ("nedz", "needs", Safety::Suggested),
            ("descripton", "description", Safety::Safe),
            ("allow_failure", "allowFailure", Safety::Safe),
        ];
        for (word, name, safety) in table {
            let mut suggest = Suggest::default();
            let near = suggest.nearest(word, std::iter::once(name));
            let is_near = near == Some(name) || safety == Safety::Suggested;
            assert!(is_near && (near.is_none() || suggest.safety() == safety), "{word} {name}");
        }
    }

    #[test]
    fn of_equally_near_names_the_one_with_the_same_letters_comes_first() {
        let table: [(&str, &[&str], &str, Safety); 5] = [
            ("modle", &["mode", "model"], "model", Safety::Safe),
            ("modle", &["model", "mode"], "model", Safety::Safe),
            ("tools1", &["tool1", "tools2", "pools1"], "tools2", Safety::Suggested),
            ("nedd", &["need", "neds"], "need", Safety::Suggested),
            ("wit", &["git", "wait"], "wait", Safety::Suggested),
        ];
        for (word, names, expected, safety) in table {
            let mut suggest = Suggest::default();
            let near = suggest.nearest(word, names.iter().copied());
            assert_eq!((near, suggest.safety()), (Some(expected), safety), "{word}");
        }
    }
}
