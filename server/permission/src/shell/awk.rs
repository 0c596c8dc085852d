//! Programs of `awk`, as far as it takes to see that one only filters.
//!
//! [`skeleton`] leaves strings, patterns and comments out, so that what is left means what it says: a `>` or a `|`
//! there sends what is printed somewhere, unless it stands where `awk` compares. Where dialects could cut a program in
//! different places, there is no skeleton.

/// Names that reach files, commands, the environment, or what is named only when it runs.
const REACHES: &[&str] =
    &["system", "getline", "close", "ARGV", "ARGC", "ENVIRON", "SYMTAB", "FUNCTAB", "PROCINFO", "@", "\\\n"];

/// Whether a whole program only filters.
pub(super) fn is_safe(program: &str) -> bool {
    if REACHES.iter().any(|one| program.contains(one)) {
        return false;
    }
    // What neither pipes nor prints into anything needs no closer look.
    if !program.contains(['>', '|']) {
        return true;
    }
    skeleton(program).is_some_and(|skeleton| !redirects(&skeleton))
}

/// The program with a letter in place of each string and pattern; none where it is not certain where they end.
fn skeleton(program: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = program.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '#' | '\\' | '`' | '\'' => return None,
            '"' => {
                closed(&mut letters, '"')?;
                out.push('s');
            }
            '/' => {
                // A pattern begins where no value can stand before it. Anywhere else it may divide, and what it
                // seems to hide is a program.
                let before = out.trim_end().chars().next_back();
                if !before.is_none_or(|before| "({},;!~&|".contains(before)) {
                    return None;
                }
                closed(&mut letters, '/')?;
                out.push('s');
            }
            letter => out.push(letter),
        }
    }
    Some(out)
}

/// Reads to the sign that ends a string or a pattern.
fn closed(letters: &mut std::str::Chars<'_>, sign: char) -> Option<()> {
    let mut in_brackets = false;
    loop {
        match letters.next()? {
            '\n' => return None,
            '\\' => match letters.next()? {
                '\n' | '[' | ']' | '/' => return None,
                _ => {}
            },
            // Dialects disagree whether this one counts.
            letter if letter == sign => return (!in_brackets || sign == '"').then_some(()),
            '[' => {
                let inside = letters.as_str();
                if inside.strip_prefix('^').unwrap_or(inside).starts_with(']') {
                    return None;
                }
                in_brackets = true;
            }
            ']' => in_brackets = false,
            _ => {}
        }
    }
}

/// Whether a skeleton sends what it prints anywhere. Outside of braces nothing prints, and what stands in the brackets
/// of `if` and `while` is compared.
fn redirects(skeleton: &str) -> bool {
    let skeleton = skeleton.replace("||", "  ");
    let mut braces = 0_usize;
    // For each open bracket, whether it is one of a condition.
    let mut brackets: Vec<bool> = Vec::new();
    for (at, letter) in skeleton.char_indices() {
        match letter {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            '(' => {
                let before = skeleton[..at].trim_end();
                let word =
                    before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next();
                brackets.push(matches!(word, Some("if" | "while")) || brackets.last() == Some(&true));
            }
            ')' => drop(brackets.pop()),
            '|' => return true,
            '>' if braces > 0 && brackets.last() != Some(&true) => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_compares_is_safe() {
        for (program, expected) in [
            ("$3 > 5 {print $1}", true),
            ("$1 > 5 && $2 > 6", true),
            ("{if ($1 > 5) print $2}", true),
            ("{while ((i > 1) && i < 9) print i}", true),
            ("{print \"a > b | c\"}", true),
            ("/a|b/ {print $1}", true),
            ("$1 ~ /x>y/ || NR > 1 {print}", true),
            ("{print > \"c\"}", false),
            ("{print >> \"c\"}", false),
            ("{print | \"sh\"}", false),
            ("{if ($1 > 5) print > \"c\"}", false),
            ("{print ($1 > 5) > \"c\"}", false),
            ("{print (1) > \"c\"}", false),
            ("{printf(\"x\") > \"c\"}", false),
            ("/\"/ {print > \"c\"} /\"/", false),
            ("/[/]/ {print > \"c\"}", false),
            ("{a = 1 / 2; print > \"c\" / 3}", false),
            ("{print \"\\\"\" > \"c\"}", false),
            ("# /\n{print > \"c\"}", false),
            ("BEGIN{while (\"touch c\" | getline) ;}", false),
        ] {
            assert_eq!(is_safe(program), expected, "{program}");
        }
    }
}
