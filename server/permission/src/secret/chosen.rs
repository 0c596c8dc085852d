//! What somebody may have chosen as a secret, told from what else stands where one would be: no variable, no type, no
//! path, no sentence, and none of the words that people write in place of one.

use super::{bits, is_path_of_names};

/// What stands where a secret would be, and is none.
const STAND_INS: &[&str] = &[
    "a",
    "abc",
    "access",
    "actual",
    "added",
    "admin",
    "after",
    "and",
    "any",
    "api",
    "app",
    "apply",
    "argument",
    "as",
    "at",
    "auth",
    "bar",
    "baz",
    "be",
    "before",
    "blank",
    "bool",
    "boolean",
    "bytes",
    "change",
    "changed",
    "changeit",
    "changeme",
    "char",
    "check",
    "client",
    "code",
    "column",
    "config",
    "confirm",
    "confirmation",
    "confirmed",
    "correct",
    "create",
    "credential",
    "credentials",
    "current",
    "custom",
    "database",
    "date",
    "db",
    "default",
    "demo",
    "dev",
    "disabled",
    "dummy",
    "each",
    "email",
    "empty",
    "enabled",
    "encoded",
    "encrypted",
    "enter",
    "env",
    "environment",
    "error",
    "example",
    "expired",
    "external",
    "fake",
    "false",
    "field",
    "file",
    "first",
    "foo",
    "for",
    "forgot",
    "forgotten",
    "format",
    "from",
    "function",
    "generate",
    "generated",
    "get",
    "given",
    "guest",
    "hash",
    "hashed",
    "has",
    "here",
    "hidden",
    "host",
    "id",
    "if",
    "in",
    "incorrect",
    "input",
    "insert",
    "int",
    "integer",
    "internal",
    "invalid",
    "is",
    "it",
    "key",
    "label",
    "length",
    "local",
    "localhost",
    "login",
    "long",
    "match",
    "max",
    "message",
    "min",
    "missing",
    "mock",
    "must",
    "my",
    "mysql",
    "name",
    "needed",
    "new",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "of",
    "oauth",
    "off",
    "ok",
    "old",
    "on",
    "one",
    "only",
    "optional",
    "option",
    "or",
    "other",
    "param",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "path",
    "pattern",
    "phrase",
    "placeholder",
    "please",
    "port",
    "postgres",
    "postgresql",
    "private",
    "prompt",
    "property",
    "protected",
    "prod",
    "provided",
    "public",
    "pw",
    "pwd",
    "random",
    "read",
    "redacted",
    "redis",
    "register",
    "repeat",
    "replace",
    "request",
    "required",
    "reset",
    "root",
    "rule",
    "sample",
    "second",
    "secret",
    "secure",
    "server",
    "service",
    "set",
    "settings",
    "short",
    "show",
    "some",
    "something",
    "string",
    "str",
    "strong",
    "temp",
    "temporary",
    "test",
    "tester",
    "testing",
    "text",
    "the",
    "this",
    "to",
    "todo",
    "token",
    "too",
    "true",
    "type",
    "undefined",
    "unknown",
    "update",
    "url",
    "use",
    "user",
    "username",
    "users",
    "valid",
    "validation",
    "value",
    "var",
    "variable",
    "verify",
    "void",
    "weak",
    "will",
    "with",
    "wrong",
    "xxx",
    "yes",
    "you",
    "your",
];

/// The words of a text in small letters: runs of letters, cut where capitals begin.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in text.chars() {
        let goes_on = before.is_alphabetic() && !(before.is_lowercase() && letter.is_uppercase());
        if letter.is_alphabetic() {
            match words.last_mut() {
                Some(word) if goes_on => word.extend(letter.to_lowercase()),
                _ => words.push(letter.to_lowercase().collect()),
            }
        }
        before = letter;
    }
    words
}

/// Whether a text is made of words that people write where a secret would be, and of nothing else.
fn is_stand_in(text: &str) -> bool {
    let is_known = |word: &String| {
        let first = word.chars().next();
        STAND_INS.contains(&word.as_str()) || word.chars().all(|letter| Some(letter) == first)
    };
    words(text).iter().all(is_known)
}

/// `pass1`: a short stand-in with a digit behind it, as examples have several of.
pub(super) fn is_numbered(text: &str) -> bool {
    let word = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    text.len() <= 5 && word.len() + 1 == text.len() && is_stand_in(word)
}

/// Whether it is put in when the file is used, or points to where the secret is.
fn is_elsewhere(text: &str) -> bool {
    let starts = [
        "$", "%", "<", "{", "[", "/", "./", "../", "~/", "\\", "@{", "#{", "&", "vault:", "env:", "op://",
        "arn:",
    ];
    let contains =
        ["${", "{{", "}}", "#{", "$(", "%(", "%s", "://", "(?", "[^", "\\d", "\\w", ".*", "***", "...", "…"];
    let is_blank = text.to_ascii_lowercase().contains("xxx");
    let is_pointer = starts.iter().any(|start| text.starts_with(start));
    // `proxy.example.com:3128`
    let is_host = text.split_once(':').is_some_and(|(host, port)| {
        host.contains('.') && !port.is_empty() && port.chars().all(|letter| letter.is_ascii_digit())
    });
    is_blank || is_pointer || is_host || contains.iter().any(|part| text.contains(part))
}

/// A value that somebody chose: the place alone says that it is a secret.
pub(super) fn is_chosen(text: &str) -> bool {
    let has_digit = text.chars().any(|letter| letter.is_ascii_digit());
    !is_elsewhere(text) && (has_digit && text.chars().any(char::is_alphabetic) || !is_stand_in(text))
}

/// The same in quotes: with blanks in it, it must not be a sentence about secrets.
pub(super) fn is_phrase(text: &str) -> bool {
    let is_sentence = text.contains(' ')
        && (words(text).iter().any(|word| STAND_INS.contains(&word.as_str()) && word.len() > 2)
            || text.ends_with([':', '.', '?', ' ']));
    is_chosen(text) && !is_sentence && !is_stand_in(text) && !is_identifier(text)
}

/// A value that looks like a password: letters with digits or signs among them.
pub(super) fn is_mixed(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|letter| is(&letter));
    let has_sign = has(|letter| letter.is_ascii_punctuation() && !"-_.:/ ,".contains(*letter));
    // What fills up base64 is no comparison.
    let text = text.trim_end_matches('=');
    text.is_ascii()
        && !text.contains(' ')
        && has(char::is_ascii_alphabetic)
        && (has(char::is_ascii_digit) || (has_sign && text.len() >= 10))
        && bits(text) >= 2.0
        && !is_elsewhere(text)
        && !is_stand_in(text)
        && !is_code(text)
        && !is_type(text)
}

/// The same without quotes, where code may stand as well.
pub(super) fn is_plain(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    is_mixed(text)
        && digits >= 1
        && !text.contains("::")
        && !text.contains("->")
        && !(digits < 2 && is_identifier(text) && text.len() < 8)
}

/// The same where it is joined to others, as in addresses.
pub(super) fn is_joined(text: &str) -> bool {
    is_chosen(text) && !is_type(text) && !is_code(text) && !is_stand_in(text)
}

/// `INVALID_PASSWORD_2`, `auth.password.v2`, `#password-1`, `input.value`, `a=b`
pub(super) fn is_code(text: &str) -> bool {
    let is_constant = text.contains('_')
        && text.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    is_path_of_names(text)
        || is_constant
        || text.starts_with(['#', '.', '*', ':', ')', '(', '='])
        || ["==", "=>", "&&", "||", "()", "+=", "%d", "\\n"].iter().any(|part| text.contains(part))
}

/// `string1`, `u32`, `Uint8Array`, `varchar(20)`
pub(super) fn is_type(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "int", "uint", "float", "varchar", "char", "u8", "utf", "ucs", "sha", "md5", "base64", "hmac",
        "aes-", "pbkdf2", "bcrypt", "string",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
}

fn is_identifier(text: &str) -> bool {
    text.contains('_') && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
