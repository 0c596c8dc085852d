//! Names that expressions read behind a root, by the letters alone: one too many is only offered.

/// The names behind `root.` and between `root['` and its quote.
pub(crate) fn names_behind<'t>(text: &'t str, root: &str) -> Vec<&'t str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let found = text.match_indices(root).filter_map(|(at, _)| {
        let before = text.get(..at)?.chars().next_back();
        if before.is_some_and(|c| is_part(c) || c == '.') {
            return None;
        }
        let rest = text.get(at + root.len()..)?;
        let name = match rest.strip_prefix('.') {
            Some(rest) => rest.split(|c: char| !is_part(c)).next()?,
            None => rest
                .strip_prefix('[')?
                .trim_start_matches(['\'', '"', '\\'])
                .split(['\'', '"', '\\', ']'])
                .next()?,
        };
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| is_part(c) || c == '-');
        is_name.then_some(name)
    });
    found.collect()
}
