//! What mends are worth: each is tried before anybody sees it.
//!
//! Who cannot read a text can only guess what was meant. All mends of such guesses pass here, whoever made them. One
//! that may be made unseen must be a part of the way to a text that can be read, with nothing of the person's lost on
//! it; one that a person may choose must leave fewer errors than before. What does neither is not offered. As long as a
//! text cannot be read and that way is not known, no other mend is made unseen either. And no mend of any finding may
//! leave a text that reads worse than before, a key that then stands twice, or the same text.
//!
//! It costs readings of the text. So it is done where mends are shown or made, and not at each keystroke; what differs
//! in a name alone is read once, what stands apart together, and a single mend with its block alone where that tells.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use copydesk_base::{Code, Diagnostic, Fix, Safety, Span, TextEdit};
use copydesk_text::{Identity, Node, Step, Tree};

use super::mend::{choose, edited, edits_of_all, is_safe};
use crate::{File, FileKind, WorkspaceIndex, check, syntax};

/// So many bytes are read for the mends of one text; what is not tried by then is not offered.
const MOST_READ: usize = 16 << 20;
/// So many copies of a text cost what one reading does.
const COPIES: usize = 64;
/// A block that is read for itself has no more bytes.
const PART: usize = 2 << 10;

/// The findings that are `wanted`, with those of their mends that help. `found` is all that was found in the file, and
/// `read` reads another text as this one was read.
pub fn vouched(
    file: &File<'_>,
    index: &WorkspaceIndex,
    found: &[Diagnostic],
    read: &dyn Fn(&str) -> Tree,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Vec<Diagnostic> {
    let mut list = with_syntax_vouched(file, index, found, read, wanted);
    let changes = |fix: &Fix| match fix.edits.as_slice() {
        [edit] => edit.span.of(file.text) != edit.text,
        edits => edited(file.text, edits) != file.text,
    };
    let is_plain = |fix: &Fix| fix.edits.iter().all(|edit| is_word(file.text, edit));
    let mut unread: Vec<(usize, usize)> = Vec::new();
    for (at, finding) in list.iter_mut().enumerate().filter(|(_, finding)| !is_syntax(finding.code)) {
        finding.fixes.retain(|fix| {
            let makes_twin = || fix.edits.iter().any(|edit| makes_twin(file.tree, edit));
            changes(fix) && !(is_plain(fix) && makes_twin())
        });
        let fixes = finding.fixes.iter().enumerate();
        unread.extend(fixes.filter(|(_, fix)| !is_plain(fix)).map(|(number, _)| (at, number)));
    }
    let fix = |(at, number): &(usize, usize)| list.get(*at).and_then(|finding| finding.fixes.get(*number));
    // What several findings offer alike is read once.
    let offered: BTreeMap<Edits<'_>, &Fix> =
        unread.iter().filter_map(fix).map(|fix| (edits_of(fix), fix)).collect();
    let (alike, apart) = alike(file.tree, offered.into_values());
    let read_well = harmless(file, index, read, &apart);
    let harmless = |fix: &Fix| {
        let edits = edits_of(fix);
        let same = alike.get(&edits).unwrap_or(&edits);
        read_well.contains(same)
    };
    let is_refused = |place: &(usize, usize)| fix(place).is_some_and(|fix| !harmless(fix));
    let refused: Vec<(usize, usize)> = unread.iter().copied().filter(is_refused).collect();
    for (at, number) in refused.into_iter().rev() {
        list.get_mut(at).map(|finding| finding.fixes.remove(number));
    }
    list
}

/// What a mend writes, and where.
type Edits<'f> = Vec<(Span, &'f str)>;

fn edits_of(fix: &Fix) -> Edits<'_> {
    fix.edits.iter().map(|edit| (edit.span, edit.text.as_str())).collect()
}

/// Mends that a reader cannot tell apart, each with the one that is read for it; and all that are read.
///
/// A thousand names that nobody declared have a thousand mends at one place, which differ in the name alone. A name that
/// is a key around that place is read for itself, and so is what is no name in some language.
fn alike<'f>(
    tree: &Tree,
    fixes: impl Iterator<Item = &'f Fix>,
) -> (BTreeMap<Edits<'f>, Edits<'f>>, Vec<&'f Fix>) {
    let mut first: BTreeMap<Vec<(Span, String)>, Edits<'f>> = BTreeMap::new();
    let (mut alike, mut apart) = (BTreeMap::new(), Vec::new());
    let mut keys: HashMap<Identity, HashSet<&str>> = HashMap::new();
    for fix in fixes {
        let around = fix.edits.iter().flat_map(|edit| tree.path_at(edit.span.start));
        let around: Vec<Node<'_>> = around.map(Step::node).chain(tree.root()).collect();
        for node in &around {
            let names = || node.entries().iter().filter_map(|entry| entry.key().scalar_text()).collect();
            keys.entry(node.identity()).or_insert_with(names);
        }
        let is_known = |word: &str| {
            let mut known = around.iter().filter_map(|node| keys.get(&node.identity()));
            known.any(|keys| keys.contains(word))
        };
        let shape = |edit: &TextEdit| (edit.span, shape(&edit.text, is_known));
        match first.entry(fix.edits.iter().map(shape).collect()) {
            Entry::Occupied(same) => drop(alike.insert(edits_of(fix), same.get().clone())),
            Entry::Vacant(new) => {
                new.insert(edits_of(fix));
                apart.push(fix);
            }
        }
    }
    (alike, apart)
}

/// A text with one letter for each of its names that is not known where it comes to stand.
fn shape(text: &str, is_known: impl Fn(&str) -> bool) -> String {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut shape = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_name) {
        let (before, behind) = rest.split_at(start);
        let (name, after) = behind.split_at(behind.find(|c| !is_of_name(c)).unwrap_or(behind.len()));
        let is_value =
            name.starts_with(char::is_numeric) || ["true", "false", "null", "inf", "nan"].contains(&name);
        shape.push_str(before);
        shape.push_str(if is_value || is_known(name) { name } else { "w" });
        rest = after;
    }
    shape + rest
}

/// The mends that leave a text which reads as well as before and has no more twins among its keys.
///
/// Of a text without either, mends that stand apart are read together: what each of them would break, they break
/// together, too. Only where something is broken they are read by halves.
fn harmless<'f>(
    file: &File<'_>,
    index: &WorkspaceIndex,
    read: &dyn Fn(&str) -> Tree,
    fixes: &[&'f Fix],
) -> BTreeSet<Edits<'f>> {
    let mut harmless = BTreeSet::new();
    if fixes.is_empty() {
        return harmless;
    }
    let trial = Trial { file, index, read, has_expressions: false };
    let found = syntax(file);
    let before = (Broken::of(&found), twins(&found));
    let mut left = MOST_READ;
    let mut groups = if before == (Broken::default(), 0) {
        apart(fixes)
    } else {
        fixes.iter().rev().map(|fix| vec![*fix]).collect()
    };
    while let Some(group) = groups.pop() {
        let edits: Vec<TextEdit> = group.iter().flat_map(|fix| fix.edits.iter().cloned()).collect();
        let Some(after) = trial.found(&edits, &mut left) else { break };
        if Broken::of(&after) <= before.0 && twins(&after) <= before.1 {
            harmless.extend(group.into_iter().map(edits_of));
        } else if group.len() > 1 {
            let (first, second) = group.split_at(group.len() / 2);
            groups.extend([second.to_vec(), first.to_vec()]);
        }
    }
    harmless
}

/// Mends in groups within which none touches another; the last group holds the first ones.
fn apart<'f>(fixes: &[&'f Fix]) -> Vec<Vec<&'f Fix>> {
    let extent = |fix: &Fix| {
        let spans = fix.edits.iter().map(|edit| edit.span);
        spans.reduce(Span::cover).unwrap_or_default()
    };
    let mut rest = fixes.to_vec();
    rest.sort_by_key(|fix| extent(fix).end);
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let mut end = None;
        let (group, later): (Vec<&Fix>, Vec<&Fix>) = rest.into_iter().partition(|fix| {
            let span = extent(fix);
            let is_apart = end.is_none_or(|end| end < span.start);
            end = if is_apart { Some(span.end) } else { end };
            is_apart
        });
        groups.push(group);
        rest = later;
    }
    groups.reverse();
    groups
}

/// The same, with the mends of all other findings as they are.
pub(super) fn with_syntax_vouched(
    file: &File<'_>,
    index: &WorkspaceIndex,
    found: &[Diagnostic],
    read: &dyn Fn(&str) -> Tree,
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Vec<Diagnostic> {
    let mut list: Vec<Diagnostic> = found.iter().filter(|finding| wanted(finding)).cloned().collect();
    let before = Broken::of(found);
    if before == Broken::default() || list.iter().all(|finding| finding.fixes.is_empty()) {
        return list;
    }
    let trial = Trial { file, index, read, has_expressions: before.expressions > 0 };
    let mut left = MOST_READ;
    let mut try_one = |edits: &[TextEdit]| Some(Broken::of(&trial.found(edits, &mut left)?));
    let chosen = choose(found, is_syntax);
    let keeps = |fix: &Fix| keeps_words(file.text, &edited(file.text, &fix.edits));
    let is_whole = !chosen.is_empty()
        && chosen.iter().all(|(_, fix)| keeps(fix))
        && try_one(&edits_of_all(&chosen)) == Some(Broken::default());
    for finding in &mut list {
        if is_syntax(finding.code) {
            finding.fixes.retain_mut(|fix| {
                if is_whole && is_safe(fix) && keeps(fix) {
                    return true;
                }
                fix.safety = Safety::Suggested;
                try_one(&fix.edits).is_some_and(|after| after < before)
            });
        } else if before.text > 0 && !is_whole {
            finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Suggested);
        }
    }
    list
}

/// How many keys stand where the same one stands already.
pub(super) fn twins(found: &[Diagnostic]) -> usize {
    found.iter().filter(|finding| finding.code == Code::DuplicateKey).count()
}

/// Whether a word that is put in the place of a key is a key there already.
fn makes_twin(tree: &Tree, edit: &TextEdit) -> bool {
    let path = tree.path_at(edit.span.start);
    let Some((Step::Key(entry), around)) = path.split_last() else { return false };
    let mapping = around.last().map(|step| step.node()).or_else(|| tree.root());
    let twin = mapping.and_then(|mapping| mapping.entry(&edit.text));
    twin.is_some_and(|twin| twin.key().span() != entry.key().span())
}

/// Whether findings of this kind say that all of the text cannot be read.
pub(super) fn is_of_text(code: Code) -> bool {
    is_syntax(code) && code != Code::ExpressionSyntax
}

/// Whether an edit puts one word in the place of another, which no reader of the text can take amiss.
fn is_word(text: &str, edit: &TextEdit) -> bool {
    let is_plain = |part: &str| {
        part.starts_with(char::is_alphabetic) && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    is_plain(edit.span.of(text)) && is_plain(&edit.text)
}

/// Whether findings of this kind say that a text cannot be read.
pub(crate) fn is_syntax(code: Code) -> bool {
    matches!(code, Code::YamlSyntax | Code::JsonSyntax | Code::TomlSyntax | Code::ExpressionSyntax)
}

/// How much of a text cannot be read. Less of the text itself counts for more: behind it expressions come to light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Broken {
    text: usize,
    expressions: usize,
}

impl Broken {
    fn of(found: &[Diagnostic]) -> Self {
        let count =
            |is_counted: &dyn Fn(Code) -> bool| found.iter().filter(|one| is_counted(one.code)).count();
        Self { text: count(&is_of_text), expressions: count(&|code| code == Code::ExpressionSyntax) }
    }
}

/// What is needed to look at another text as this one was looked at.
struct Trial<'t> {
    file: &'t File<'t>,
    index: &'t WorkspaceIndex,
    read: &'t dyn Fn(&str) -> Tree,
    /// Whether there is more to look at than what the reader of the text says.
    has_expressions: bool,
}

impl Trial<'_> {
    /// What is found once these edits are made; `None` where more than is `left` would have to be read for it.
    fn found(&self, edits: &[TextEdit], left: &mut usize) -> Option<Vec<Diagnostic>> {
        let text = edited(self.file.text, edits);
        let (tree, cost) = self.tree(&text, edits);
        *left = left.checked_sub(cost)?;
        let file = File { text: &text, tree: &tree, ..*self.file };
        let is_enough = !self.has_expressions || file.kind == FileKind::Other;
        Some(if is_enough { syntax(&file) } else { check(&file, self.index) })
    }

    /// The tree of another text, and how many bytes count as read for it. A single edit costs its block and a copy.
    fn tree(&self, text: &str, edits: &[TextEdit]) -> (Tree, usize) {
        if let [edit] = edits {
            let in_part =
                self.file.tree.edited(&text.into(), edit.span, edit.span.start + edit.text.len(), PART);
            if let Some(tree) = in_part {
                return (tree, text.len() / COPIES + PART);
            }
        }
        ((self.read)(text), text.len())
    }
}

/// Whether all that is no sign of the syntax is still there, in its order. `True` may have become `true`.
fn keeps_words(before: &str, after: &str) -> bool {
    let mut after = letters(after);
    letters(before).all(|letter| after.any(|other| other == letter))
}

/// What a text is made of but for blanks and the signs of YAML, JSON and TOML.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let is_sign = |c: &char| c.is_whitespace() || "{}[],:=\"'\\/#*-+“”„‟‘’‚‛\u{feff}".contains(*c);
    text.chars().filter(move |c| !is_sign(c)).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::keeps_words;

    #[test]
    fn words_are_kept_whatever_the_signs_around_them() {
        for (before, after, is_kept) in [
            ("{a: 'x',}", "{\"a\": \"x\"}", true),
            ("[True]", "[true]", true),
            ("[\"a\tb\"]", "[\"a\\tb\"]", true),
            ("{\"a\": }", "{\"a\": null}", true),
            ("[None]", "[null]", false),
            ("[1, 2] x", "[1, 2]", false),
            ("a b", "b a", false),
            ("{“a”: 1}", "{\"a\": 1}", true),
        ] {
            assert_eq!(keeps_words(before, after), is_kept, "{before:?} to {after:?}");
        }
    }
}
