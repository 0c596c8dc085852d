//! The syntax tree, trusted only where the text between its nodes is nothing.

use tree_sitter::Node;

use super::Unreadable;

/// One child of a node, and what stands before it.
#[derive(Clone, Copy)]
pub(super) struct Child<'tree> {
    pub(super) node: Node<'tree>,
    /// Its kind; for what has no name of its own the token itself.
    pub(super) kind: &'tree str,
    /// A line ended before it.
    pub(super) after_newline: bool,
    /// Nothing at all stands before it.
    pub(super) is_adjacent: bool,
    /// The parser lost a word `-` before it.
    pub(super) lost_dash: bool,
}

/// The children of a node, comments left out, after checking that nothing but blanks stands between them.
pub(super) fn children<'tree>(source: &str, node: Node<'tree>) -> Result<Vec<Child<'tree>>, Unreadable> {
    let mut cursor = node.walk();
    let mut out: Vec<Child<'tree>> = Vec::new();
    let mut end = node.start_byte();
    let mut after_newline = false;
    let mut is_adjacent = true;
    for child in node.children(&mut cursor) {
        let gap = source.get(end..child.start_byte()).unwrap_or("?");
        // `cat - <<EOF`: the scanner of the grammar drops the dash.
        let lost_dash = child.kind() == "heredoc_redirect" && is_lone_dash(gap);
        let blank = if lost_dash { Blank { has_newline: false } } else { blank(gap)? };
        after_newline |= blank.has_newline;
        is_adjacent &= gap.is_empty();
        end = child.end_byte();
        if child.kind() == "comment" {
            check_comment(source, child)?;
            is_adjacent = false;
            continue;
        }
        out.push(Child { node: child, kind: child.kind(), after_newline, is_adjacent, lost_dash });
        // A here-document ends with a line of its own.
        after_newline = false;
        is_adjacent = true;
    }
    blank(source.get(end..node.end_byte()).unwrap_or("?"))?;
    Ok(out)
}

fn is_lone_dash(gap: &str) -> bool {
    gap.starts_with([' ', '\t']) && gap.ends_with([' ', '\t']) && gap.trim_matches([' ', '\t']) == "-"
}

/// What is known about text between two nodes.
pub(super) struct Blank {
    pub(super) has_newline: bool,
}

/// Checks that bash, too, would see nothing in a piece of text.
pub(super) fn blank(text: &str) -> Result<Blank, Unreadable> {
    let joined = text.replace("\\\n", "");
    if !joined.chars().all(|letter| matches!(letter, ' ' | '\t' | '\n')) {
        return Unreadable::because("text stands where the parser sees none");
    }
    if joined.is_empty() && !text.is_empty() {
        return Unreadable::because("a line ends within a word");
    }
    Ok(Blank { has_newline: joined.contains('\n') })
}

/// Checks that bash, too, would see a comment: it starts a word, and ends with its line.
fn check_comment(source: &str, comment: Node<'_>) -> Result<(), Unreadable> {
    let before = source[..comment.start_byte()].chars().next_back();
    let after = source[comment.end_byte()..].chars().next();
    let starts = before.is_none_or(|letter| " \t\n;&|()".contains(letter));
    let text = &source[comment.byte_range()];
    if starts && text.starts_with('#') && !text.contains('\n') && matches!(after, None | Some('\n')) {
        return Ok(());
    }
    Unreadable::because("a comment stands where bash would see none")
}

/// A here-document, found in the text as bash finds it.
pub(super) struct Document {
    pub(super) body: std::ops::Range<usize>,
    /// Its delimiter was quoted: nothing in the body is special.
    pub(super) is_quoted: bool,
    /// Where the line with the operator ends.
    pub(super) line_end: usize,
    /// Operator, delimiter, body and delimiter again.
    pub(super) text: String,
}

/// Finds the body of a here-document by the text, and checks that the tree found the same.
pub(super) fn document(source: &str, redirect: Node<'_>) -> Result<Document, Unreadable> {
    let mut cursor = redirect.walk();
    let parts: Vec<Node<'_>> = redirect.children(&mut cursor).collect();
    let part = |kinds: &[&str]| parts.iter().find(|part| kinds.contains(&part.kind())).copied();
    let missing = || Unreadable("a here-document is not closed".to_owned());
    let operator = part(&["<<", "<<-"]).ok_or_else(missing)?;
    let start = part(&["heredoc_start"]).ok_or_else(missing)?;
    let end = part(&["heredoc_end"]).ok_or_else(missing)?;
    let written = &source[start.byte_range()];
    let word = written
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .or_else(|| written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')))
        .or_else(|| written.strip_prefix('\\'))
        .unwrap_or(written);
    if word.is_empty() || !word.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
    {
        return Unreadable::because("the delimiter of a here-document is not a plain word");
    }
    let line_end = start.end_byte() + source[start.end_byte()..].find('\n').ok_or_else(missing)?;
    let line_start = source[..operator.start_byte()].rfind('\n').map_or(0, |at| at + 1);
    if source[line_start..operator.start_byte()].contains("<<")
        || source[start.end_byte()..line_end].contains("<<")
    {
        return Unreadable::because("a line has more than one here-document");
    }
    let strips_tabs = operator.kind() == "<<-";
    let mut at = line_end + 1;
    for line in source[line_end + 1..].split_inclusive('\n') {
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = if strips_tabs { bare.trim_start_matches('\t') } else { bare };
        if bare == word {
            let ends_here = at + line.find(word).unwrap_or(0);
            if source.get(end.byte_range()).map(str::trim) != Some(word)
                || ends_here < end.start_byte()
                || end.end_byte() != ends_here + word.len()
            {
                break;
            }
            let text = format!("{}{written}\n{}{word}", operator.kind(), &source[line_end + 1..at]);
            return Ok(Document { body: line_end + 1..at, is_quoted: word != written, line_end, text });
        }
        at += line.len();
    }
    Unreadable::because("a here-document ends where the parser sees no end")
}
