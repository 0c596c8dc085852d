//! What words name as `@name`: files, and definitions.
//!
//! Only the reading is here. What of it is there, and goes along with the words, is for whoever sends them.

/// What may stand around a name in a sentence.
const MARKS: &[char] = &['(', ')', '[', ']', '<', '>', '"', '\'', '`', ',', '.', ';', ':', '!', '?', '*'];

/// The endings of images that models are shown.
const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

/// The name, and what it may be. It may stand in brackets or quotes, before a line number, at the end of a sentence; one
/// with spaces stands in quotes of its own: `@"my file.py"`.
pub fn names(words: &str) -> impl Iterator<Item = (&str, [&str; 3])> {
    let mut rest = words;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            if let Some((name, behind)) = quoted(rest.trim_start_matches(MARKS)) {
                rest = behind;
                return Some((name, [name; 3]));
            }
            let word = rest.split_whitespace().next()?;
            rest = &rest[word.len()..];
            if let Some(name) = word.trim_start_matches(MARKS).strip_prefix('@') {
                let bare = name.trim_end_matches(MARKS);
                return Some((bare, [name, bare, bare.split_once(':').map_or(bare, |(file, _)| file)]));
            }
        }
    })
}

/// The name in quotes that a text begins with, and what stands behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let line = text.lines().next()?;
    let (quote, rest) = ['"', '\'']
        .into_iter()
        .find_map(|quote| Some((quote, line.strip_prefix('@')?.strip_prefix(quote)?)))?;
    let (name, _) = rest.split_once(quote)?;
    let is_name = !name.is_empty() && name.trim() == name;
    is_name.then(|| (name, &text[name.len() + 3..]))
}

/// A name as words have it.
pub fn written(name: &str) -> String {
    match name.contains(char::is_whitespace) {
        true if name.contains('"') => format!("@'{name}'"),
        true => format!("@\"{name}\""),
        false => format!("@{name}"),
    }
}

/// The name that a line ends in the middle of, with where its `@` stands.
pub fn begun(line: &str) -> Option<(usize, &str)> {
    let open = ["@\"", "@'"].into_iter().filter_map(|open| line.rfind(open)).max();
    let open = open.filter(|at| quoted(&line[*at..]).is_none());
    let is_free =
        |at: usize| line[..at].ends_with(|before: char| before.is_whitespace() || MARKS.contains(&before));
    if let Some(at) = open.filter(|at| *at == 0 || is_free(*at)) {
        return Some((at, &line[at + 2..]));
    }
    let start = line
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
    line[start..].strip_prefix('@').map(|begun| (start, begun))
}

/// The first image that words name, by its ending.
pub(crate) fn image(words: &str) -> Option<&str> {
    let ending = |name: &str| name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let is_image = |name: &&str| ending(name).is_some_and(|ending| IMAGES.contains(&ending.as_str()));
    names(words).map(|(bare, _)| bare).find(is_image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_stands_in_quotes() {
        for (words, expect) in [
            ("why @\"my file.py\"?", vec!["my file.py"]),
            ("(@'a b/c d.py'), @e.py and @\"f.py\":12", vec!["a b/c d.py", "e.py", "f.py"]),
            ("@my file.py", vec!["my"]),
            ("@\"open\nend\" @x", vec!["\"open", "x"]),
            ("@\" a\" it@\"b c\"", vec![""]),
        ] {
            assert_eq!(names(words).map(|(bare, _)| bare).collect::<Vec<_>>(), expect, "{words}");
        }
        for name in ["a.py", "my file.py", "the \"new\" one.py"] {
            assert_eq!(names(&written(name)).next().map(|(bare, _)| bare), Some(name));
        }
    }

    #[test]
    fn a_name_is_begun_where_its_quotes_are_open() {
        for (line, expect) in [
            ("see @", Some((4, ""))),
            ("see @a b", None),
            ("@src/a", Some((0, "src/a"))),
            ("see @\"my fi", Some((4, "my fi"))),
            ("see (@'my fi", Some((5, "my fi"))),
            ("see @\"my file.py\" and @b", Some((22, "b"))),
            ("see @\"my file.py\" and", None),
            ("me@\"my", None),
        ] {
            assert_eq!(begun(line), expect, "{line}");
        }
    }

    #[test]
    fn an_image_is_known_by_its_ending() {
        for (words, expect) in [
            ("why is the button in @shots/one.png cut off?", Some("shots/one.png")),
            ("(@a.py), then `@B.JPG`.", Some("B.JPG")),
            ("mail me@b.png, see a.png and @png", None),
        ] {
            assert_eq!(image(words), expect, "{words}");
        }
    }
}
