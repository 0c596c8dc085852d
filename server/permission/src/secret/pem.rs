//! Private keys in text: the lines between `-----BEGIN … PRIVATE KEY-----` and its end, one find for each.
//!
//! Each line is a find of its own, so that a part of a file still shows how many lines it has. The key may stand in a
//! string with `\n` in it, or be cut off before its end.

use copydesk_base::redact::Found;

const KIND: &str = "private-key";

/// Fewer letters than this are a text about keys.
const SHORTEST: usize = 40;

pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("-----BEGIN ") {
        let start = from + at + "-----BEGIN ".len();
        from = start;
        let Some(length) = text[start..].find("-----") else { break };
        let name = &text[start..start + length];
        if name.len() > 60 || !name.contains("PRIVATE KEY") || name.contains('\n') {
            continue;
        }
        let body = start + length + "-----".len();
        let end = body + body_length(&text[body..]);
        from = end;
        if text[body..end].chars().filter(|letter| is_base64(*letter)).count() >= SHORTEST {
            found.extend(lines(text, body, end));
        }
    }
    if text.contains("PuTTY-User-Key-File") {
        found.extend(putty(text));
    }
    found
}

/// How far the letters of a key go, armour headers and escaped line ends included.
fn body_length(text: &str) -> usize {
    let end = text.find("-----END").unwrap_or(text.len());
    let is_armour = |letter: char| is_base64(letter) || " \t\r\n\\\"',:-+".contains(letter);
    text[..end].find(|letter| !is_armour(letter)).unwrap_or(end)
}

fn lines(text: &str, start: usize, end: usize) -> impl Iterator<Item = Found> + '_ {
    let mut at = start;
    text[start..end].split_inclusive('\n').filter_map(move |line| {
        let is_edge = |letter: char| letter.is_whitespace() || "\"',+".contains(letter);
        let begin = at + line.len() - line.trim_start_matches(is_edge).len();
        let finish = at + line.trim_end_matches(|letter| is_edge(letter) && letter != '+').len();
        at += line.len();
        (finish > begin + 3).then_some(Found { span: begin..finish, kind: KIND })
    })
}

/// The lines behind `Private-Lines:`.
fn putty(text: &str) -> Vec<Found> {
    let Some(at) = text.find("Private-Lines:") else { return Vec::new() };
    let start = at + text[at..].find('\n').map_or(text.len() - at, |length| length + 1);
    let end = start + text[start..].find("Private-MAC").unwrap_or(text.len() - start);
    // Where a program writes such files, its own lines stand between the two.
    lines(text, start, end).filter(|found| text[found.span.clone()].chars().all(is_base64)).collect()
}

fn is_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/=".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = find(text).into_iter().map(|found| &text[found.span]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn each_line_of_a_key_is_found() {
        let (one, two) = ("MIIEpAIBAAKCAQEA7bq".repeat(3), "q83Jx0pZ5v+/".repeat(4));
        let begin = "-----BEGIN RSA PRIVATE KEY-----";
        check(
            &format!("{begin}\n{one}\n{two}\nAb4=\n-----END RSA PRIVATE KEY-----\nfn f() {{}}"),
            &[&one, &two, "Ab4="],
        );
        check(&format!("key = \"\"\"\n  {begin}\n  {one}\n"), &[&one]);
        let escaped = format!("\\n{one}\\n{two}\\n");
        check(&format!("{{\"key\": \"{begin}{escaped}-----END RSA PRIVATE KEY-----\"}}"), &[&escaped]);
        check(
            &format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n{one}\n"),
            &["Version: x", &one],
        );
        check("const START: &str = \"-----BEGIN PRIVATE KEY-----\"; fn main() { let a = b; }", &[]);
        check(
            "-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA7bqMIIEpAIBAAKCAQEA7bqMIIEpAIBAAKCAQEA7bq\n",
            &[],
        );
    }
}
