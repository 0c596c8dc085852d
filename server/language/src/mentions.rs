//! What words name as `@name`: files, and definitions.
//!
//! Only the reading is here. What of it is there, and goes along with the words, is for whoever sends them.

/// What may stand around a name in a sentence.
const MARKS: &[char] = &['(', ')', '[', ']', '<', '>', '"', '\'', '`', ',', '.', ';', ':', '!', '?', '*'];

/// The endings of images that models are shown.
const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

/// The name, and what it may be. It may stand in brackets or quotes, before a line number, at the end of a sentence.
pub fn names(words: &str) -> impl Iterator<Item = (&str, [&str; 3])> {
    words.split_whitespace().filter_map(|word| {
        let name = word.trim_start_matches(MARKS).strip_prefix('@')?;
        let bare = name.trim_end_matches(MARKS);
        Some((bare, [name, bare, bare.split_once(':').map_or(bare, |(file, _)| file)]))
    })
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
