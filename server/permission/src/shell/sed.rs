//! Programs of `sed`, as far as it takes to see that one only filters.
//!
//! Addresses, the commands that touch no file, and substitutions whose delimiters every dialect finds in the same places.

/// Whether a whole `sed` program is of the part that only filters.
pub(super) fn is_safe(program: &str) -> bool {
    let mut rest = program;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', ';']);
        if rest.is_empty() {
            return true;
        }
        let Some(behind) = addresses(rest).and_then(command) else { return false };
        rest = behind;
    }
}

/// What is behind `1`, `1,$`, `/re/I,+3`, `2~3!` and the like.
fn addresses(text: &str) -> Option<&str> {
    let mut rest = address(text)?;
    if let Some(second) = rest.trim_start_matches(' ').strip_prefix(',') {
        let second = second.trim_start_matches(' ');
        rest = address(second.strip_prefix(['+', '~']).unwrap_or(second))?;
    }
    Some(rest.trim_start_matches([' ', '!']))
}

/// What is behind one address, or behind none.
fn address(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('$') {
        return Some(rest);
    }
    if let Some(rest) = text.strip_prefix('/') {
        return Some(delimited(rest, '/', Brackets::Matter)?.trim_start_matches(['I', 'M']));
    }
    let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    match rest.strip_prefix('~') {
        Some(step) if rest.len() < text.len() => {
            Some(step.trim_start_matches(|digit: char| digit.is_ascii_digit()))
        }
        _ => Some(rest),
    }
}

/// What is behind one command and its end.
fn command(text: &str) -> Option<&str> {
    let mut letters = text.chars();
    let rest = match letters.next()? {
        // A block opens: its first command follows at once.
        '{' => return Some(letters.as_str()),
        '}' | 'p' | 'P' | 'd' | 'D' | '=' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' => letters.as_str(),
        'q' => letters.as_str().trim_start_matches(|digit: char| digit == ' ' || digit.is_ascii_digit()),
        verb @ ('s' | 'y') => {
            let sign = letters.next().filter(|sign| "/|#,:@!%~_+".contains(*sign))?;
            let brackets = if verb == 's' { Brackets::Matter } else { Brackets::Plain };
            let rest = delimited(letters.as_str(), sign, brackets)?;
            let rest = delimited(rest, sign, Brackets::Plain)?;
            let is_flag = |flag: char| flag.is_ascii_digit() || "gpIi".contains(flag);
            if verb == 's' { rest.trim_start_matches(is_flag) } else { rest }
        }
        _ => return None,
    };
    let rest = rest.trim_start_matches([' ', '\t']);
    (rest.is_empty() || rest.starts_with([';', '\n', '}'])).then_some(rest)
}

/// Whether `[` means anything in a delimited text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Brackets {
    Matter,
    Plain,
}

/// What is behind the next delimiter; none where dialects disagree which one that is.
fn delimited(text: &str, sign: char, brackets: Brackets) -> Option<&str> {
    let mut letters = text.chars();
    let mut in_brackets = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => return None,
            '\\' => match letters.next()? {
                '\n' => return None,
                // In brackets a backslash escapes for some and not for others.
                ']' | '[' | '\\' if in_brackets => return None,
                _ => {}
            },
            // A delimiter in brackets ends the pattern for some and not for others.
            letter if letter == sign => return (!in_brackets).then_some(letters.as_str()),
            '[' if in_brackets => {
                // `[:alpha:]` and its kin.
                if let Some(kind) = letters.as_str().chars().next().filter(|kind| ":.=".contains(*kind)) {
                    if kind == sign {
                        return None;
                    }
                    let (class, rest) = letters.as_str()[1..].split_once(&format!("{kind}]"))?;
                    if !class.chars().all(|letter| letter.is_ascii_alphanumeric()) {
                        return None;
                    }
                    letters = rest.chars();
                }
            }
            '[' if brackets == Brackets::Matter => {
                in_brackets = true;
                let rest = letters.as_str();
                let rest = rest.strip_prefix('^').unwrap_or(rest);
                letters = rest.strip_prefix(']').unwrap_or(rest).chars();
            }
            ']' => in_brackets = false,
            _ => {}
        }
    }
    None
}
