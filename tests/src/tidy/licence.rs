//! What we build on may be used, changed and passed on by anybody.

use super::Repository;

/// Licences that ask for no more than a notice.
const ACCEPTABLE: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages whose licence is missing, unknown, or asks for more.
pub fn licences(repository: &Repository) -> Vec<String> {
    let packages = repository.metadata["packages"].as_array().into_iter().flatten();
    packages
        .filter_map(|package| {
            let name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
            match package["license"].as_str() {
                Some(licence) if is_acceptable(licence) => None,
                Some(licence) => Some(format!("{name} is under {licence}")),
                None => Some(format!("{name} names no licence")),
            }
        })
        .collect()
}

/// Whether an SPDX expression leaves a way that is acceptable: one side of an OR, every side of an AND.
pub fn is_acceptable(expression: &str) -> bool {
    // The slash is how cargo wrote OR in its early days.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let fine = any(&words, &mut at);
    fine && at == words.len()
}

fn any(words: &[&str], at: &mut usize) -> bool {
    let mut fine = all(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        let other = all(words, at);
        fine |= other;
    }
    fine
}

fn all(words: &[&str], at: &mut usize) -> bool {
    let mut fine = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        let other = one(words, at);
        fine &= other;
    }
    fine
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(&word) = words.get(*at) else { return false };
    *at += 1;
    if word == "(" {
        let fine = any(words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return fine && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        *at += 2; // an exception only takes conditions away
    }
    ACCEPTABLE.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_they_are_meant() {
        let table = [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT OR Apache-2.0 OR LGPL-2.1-or-later", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
            ("(MIT OR GPL-3.0) AND GPL-2.0", false),
            ("MIT AND AGPL-3.0-only", false),
            ("GPL-3.0-or-later", false),
            ("LGPL-2.1-only", false),
            ("(MIT", false),
            ("MIT MIT", false),
            ("Proprietary", false),
            ("", false),
        ];
        for (expression, expect) in table {
            assert_eq!(is_acceptable(expression), expect, "{expression}");
        }
    }
}
