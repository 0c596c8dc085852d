//! Where the secrets of a text may stand after an edit: behind the words that they stood behind, and as well hidden.
//!
//! That a secret comes back in an edit is for the sake of the text around it. Behind another name, in an address or in
//! a comment it would go where nobody put it; and one that is known by the name before it would stand in the open, for
//! every later reader, when that name goes.

use std::collections::HashMap;

use copydesk_base::Redactor;
use copydesk_base::redact::placeholders;

/// So many letters before a secret say which place it is, and no more: a whole file may be one line.
const HEAD: usize = 48;

/// Values that are shorter stand in any text.
const SHORTEST: usize = 6;

/// The placeholder that stands in a text behind other words than in the one before, or more often; both as a model sees
/// them.
pub(crate) fn moved<'a>(before: &str, after: &'a str) -> Option<&'a str> {
    let mut free: HashMap<(&str, String), usize> = HashMap::new();
    for span in placeholders(before) {
        *free.entry((&before[span.clone()], head(before, span.start))).or_default() += 1;
    }
    placeholders(after).into_iter().find_map(|span| {
        let word = &after[span.clone()];
        match free.get_mut(&(word, head(after, span.start))) {
            Some(left) if *left > 0 => {
                *left -= 1;
                None
            }
            _ => Some(word),
        }
    })
}

/// What stands before a place on its line, but for the spaces: a line may move, and be set in.
fn head(text: &str, at: usize) -> String {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let before: Vec<char> = text[line..at].chars().filter(|letter| !letter.is_whitespace()).collect();
    before[before.len().saturating_sub(HEAD)..].iter().collect()
}

/// Why an edit is refused behind which a secret of the text would be read as none.
pub(crate) fn bared(before: &str, after: &str, redactor: &Redactor) -> Option<String> {
    let hidden = redactor.find(before);
    if hidden.is_empty() {
        return None;
    }
    let still = redactor.find(after);
    hidden.iter().find_map(|one| {
        let secret = &before[one.span.clone()];
        let open = |text: &str, hidden: &[copydesk_base::redact::Found]| {
            let is_open = |at: usize| {
                hidden.iter().all(|found| found.span.end <= at || at + secret.len() <= found.span.start)
            };
            text.match_indices(secret).filter(|(at, _)| is_open(*at)).count()
        };
        (secret.len() >= SHORTEST && open(after, &still) > open(before, &hidden)).then(|| {
            format!(
                "refused: a {} of this file is hidden because of the words around it, and this edit would leave it in the \
                 open; leave its line as it is",
                one.kind
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_stays_behind_its_words() {
        let (one, two) = ("<secret:password:1>", "<secret:token:2>");
        let before = format!("name = 1\n  PASSWORD = \"{one}\"\nTOKEN = \"{two}\"; PASSWORD = \"{one}\"\n");
        for (after, expected) in [
            (before.clone(), None),
            ("none\n".to_owned(), None),
            (format!("PASSWORD=\"{one}\" # here\nname = 1\n"), None),
            (format!("TOKEN = \"{two}\" + x\n"), None),
            (format!("x = \"{one}\"\n"), Some(one)),
            (format!("# {two}\n"), Some(two)),
            (format!("get(\"http://example.org/?{two}\")\n"), Some(two)),
            (format!("PASSWORD = \"{two}\"\n"), Some(two)),
            (format!("PASSWORD = \"{one}\"\nPASSWORD = \"{one}\"\n"), Some(one)),
            (format!("PASSWORD = \"\n{one}\"\n"), Some(one)),
            ("TOKEN = \"<secret:token:3>\"\n".to_owned(), Some("<secret:token:3>")),
        ] {
            assert_eq!(moved(&before, &after), expected, "{after}");
        }
        let (line, other) = ("x".repeat(60), "y".repeat(60));
        let as_one =
            |start: &str| format!("{{\"{start}\": 1, {}\"token\": \"{two}\"}}", " ".repeat(HEAD) + &line);
        assert_eq!(moved(&as_one("a"), &as_one(&other)), None, "far before it on a long line");
    }

    #[test]
    fn no_edit_leaves_in_the_open_what_was_hidden() {
        let redactor = Redactor::default().finding(copydesk_permission::find_secrets);
        let before = "DB_PASSWORD = \"hX7!kq92Lmz\"\nname = \"a\"\n";
        for (after, is_bare) in [
            ("DB_PASSWORD = \"hX7!kq92Lmz\"\nname = \"b\"\n", false),
            ("name = \"a\"\n", false),
            ("DB_PASSWORD = \"other-hX7!kq92Lmz\"\n", false),
            ("x = \"hX7!kq92Lmz\"\nname = \"a\"\n", true),
            ("DB_PASSWORD = \"hX7!kq92Lmz\"\nprint(\"hX7!kq92Lmz\")\n", true),
        ] {
            assert_eq!(bared(before, after, &redactor).is_some(), is_bare, "{after}");
        }
        let there = "x = \"hX7!kq92Lmz\"\n";
        let both = format!("{before}{there}");
        assert_eq!(
            bared(&both, &format!("{both}\n"), &redactor),
            None,
            "what stood in the open before may stay"
        );
    }
}
