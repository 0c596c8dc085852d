//! Secrets in the formats that their issuers publish, made up here, must be found; ordinary text must not.
//!
//! A format is written as text with runs of letters drawn by lot: `{an36}` is 36 letters and digits, `{h32}` hexadecimal,
//! `{u16}` capitals and digits, `{d10}` digits, `{l34}` small letters and digits, `{b40}` letters of base64 for addresses. So no
//! sample stands in this file, and whoever scans this repository finds none.

use copydesk_permission::find_secrets;

/// Kind and format; several for one kind where it has several.
const PUBLISHED: &str = include_str!("../corpus/secret-formats.txt");

/// What looks a little like a secret, and is none.
const ORDINARY: &[&str] = &[
    "let token = get_access_token(&self.client)?;",
    "password = input(\"Password: \")",
    "API_KEY=your-api-key-here",
    "api_key: ${{ secrets.API_KEY }}",
    "secret = os.environ[\"APP_SECRET\"]",
    "const TOKEN_URL: &str = \"https://example.org/oauth2/v2.0/token\";",
    "token: \"xxxxxxxxxxxxxxxxxxxxxxxx\"",
    "password: \"correct horse battery staple\"",
    "DATABASE_URL=postgres://localhost:5432/app_test",
    "postgres://user:password@localhost/db",
    "http://example.org:8080/a@b",
    "git clone https://github.com/acme/app.git",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "checksum = \"2b15c43186be67a4fd63bee50d0303afffcef381492ebe2c5d87f324e1b8815c\"",
    "resolved \"https://registry.example.org/left-pad/-/left-pad-1.3.0.tgz#5b8a3a7765dfe001261dde915589e782f8c94d1e\"",
    "commit 3f9a0c77b1de4a52c0ffee00112233445566778899",
    "id: 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "assert_eq!(tokenize(input), vec![Token::Ident, Token::Eq, Token::Number(12345678)]);",
    "self.signing_key_identifier_for_tests = true",
    "primary_key=True, autoincrement=True",
    "const KEY_CODES = { ArrowDown: 40, ArrowUp: 38 }",
    "keyboard_shortcut: ctrl-shift-alt-f12-x9",
    "secretName: my-app-tls-2024-prod",
    "access_key_id = config.get(\"aws\", \"access_key_id\")",
    "sk-learn and sk_buff_head_init are names",
    "npm_config_registry npm_package_version npm_lifecycle_event_name",
    "-----BEGIN CERTIFICATE-----",
    "token = r\"[A-Za-z0-9_]{36}\"",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "Authorization: Bearer <token>",
    "Authorization: Bearer ${TOKEN}",
    "curl -u \"$USER:$PASSWORD\" https://example.org",
];

/// Letters drawn by lot, the same in every run.
struct Lot(u64);

impl Lot {
    fn letter(&mut self, letters: &[u8]) -> char {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[usize::try_from(self.0 >> 33).unwrap_or(0) % letters.len()])
    }

    /// A sample of a format.
    fn sample(&mut self, format: &str) -> String {
        let mut out = String::new();
        let mut rest = format;
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            let close = at + rest[at..].find('}').unwrap_or(rest.len() - at - 1);
            let inside = &rest[at + 1..close];
            let digits = inside.find(|letter: char| letter.is_ascii_digit()).unwrap_or(inside.len());
            match (&inside[..digits], inside[digits..].parse::<usize>()) {
                (set, Ok(count)) => {
                    let letters: &[u8] = match set {
                        "an" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                        "l" => b"abcdefghijklmnopqrstuvwxyz0123456789",
                        "u" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                        "h" => b"0123456789abcdef",
                        "d" => b"0123456789",
                        "b" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
                        other => panic!("{other} is no set"),
                    };
                    out.extend((0..count).map(|_| self.letter(letters)));
                }
                _ => out.push_str(&rest[at..=close]),
            }
            rest = &rest[close + 1..];
        }
        out + rest
    }
}

/// Formats with what the secret itself is: what stands between `[[` and `]]`, or else all of it.
fn formats() -> Vec<(&'static str, &'static str)> {
    PUBLISHED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect()
}

#[test]
fn nineteen_of_twenty_published_formats_are_found() {
    let mut lot = Lot(7);
    let (mut missed, mut count) = (Vec::new(), 0);
    for (kind, format) in formats() {
        for around in ["@", "x = \"@\"\n", "- run: tool --with @ --quiet", "{\"a\":\"@\",\"b\":1}", "<@>"] {
            let sample = lot.sample(format);
            let (before, secret, behind) = match sample.split_once("[[") {
                Some((before, rest)) => {
                    let (secret, behind) = rest.split_once("]]").unwrap();
                    (before.to_owned(), secret.to_owned(), behind.to_owned())
                }
                None => (String::new(), sample.clone(), String::new()),
            };
            // A name beside it brings its own quotes.
            let text = if before.is_empty() {
                around.replace('@', &sample)
            } else {
                format!("{before}{secret}{behind}")
            };
            count += 1;
            let left = find_secrets(&text).iter().rev().fold(text.clone(), |mut text, found| {
                text.replace_range(found.span.clone(), "·");
                text
            });
            // A part that is left must be too short to be of use.
            let is_hidden = !left.contains(&secret) && !left.contains(&secret[secret.len() / 2..]);
            if !is_hidden {
                missed.push(format!("{kind}: {text}"));
            }
        }
    }
    println!("{} of {count} samples of {} formats are found", count - missed.len(), formats().len());
    for text in &missed {
        println!("  missed {text}");
    }
    assert!(formats().len() >= 150);
    assert!(missed.len() * 20 <= count, "{} of {count} missed", missed.len());
}

#[test]
fn ordinary_text_stays() {
    let hits: Vec<String> = ORDINARY
        .iter()
        .flat_map(|text| find_secrets(text).into_iter().map(move |found| format!("{}: {text}", found.kind)))
        .collect();
    assert!(hits.is_empty(), "{hits:#?}");
}

#[test]
fn finds_are_apart_and_whole_letters() {
    let text =
        "é ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaé Bearer ghp_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb1 日";
    let found = find_secrets(text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    assert!(found.iter().all(|found| text.get(found.span.clone()).is_some()));
}
