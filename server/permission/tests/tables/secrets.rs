//! Secrets in the formats that their issuers publish, made up here, must be found; ordinary text must not.
//!
//! The samples are made up (`samples`). `secret-formats.txt` has the formats that the shapes were written for;
//! `secret-holdout.txt` was written first and looked at afterwards, and is the figure to believe.

use std::collections::BTreeMap;

use crate::samples::{Lot, Sample, formats};
use copydesk_permission::find_secrets;

/// Kind and format; several for one kind where it has several.
const PUBLISHED: &str = include_str!("../corpus/secret-formats.txt");

/// Group and format.
const HELD_OUT: &str = include_str!("../corpus/secret-holdout.txt");

/// What looks a little like a secret, and is none.
const ORDINARY: &[&str] = &[
    "machine host.domain.com login log1 password pass1 account acct1",
    "machine host.domain.com login log password \"pass\" account acct",
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
    "DB_PASSWORD=changeme",
    "POSTGRES_PASSWORD=postgres",
    "DB_PASSWORD=${DB_PASSWORD:-}",
    "DB_PASSWORD={{ vault_db_password }}",
    "DB_PASSWORD=$(pass show db)",
    "PWD=/people/ada OLDPWD=/tmp",
    "  password: string",
    "  password?: string;",
    "    password: str = Field(min_length=8)",
    "password: Password1 | None",
    "let password = entry.get_password()?;",
    "self.password = config.db.password2",
    "(\"password\", \"proxy.example.com\")",
    "Buffer.from(password, 'base64').toString('utf8')",
    "const PASSWORD_FIELD = 'password2';",
    "<input type=\"password\" name=\"password1\" value=\"\">",
    "pub const DBPROP_AUTH_MASK_PASSWORD: DBPROPENUM = DBPROPENUM(8i32);",
    "\"AWS::ApiGateway::ApiKey\": \"48205d4ffd7feba3\",",
    "ERROR_PASSWORD: 'The password must have 8 letters'",
    "jdbc:mysql://localhost:3306/db?user=root&password=secret",
    "postgres://postgres:postgres@localhost:5432/test",
    "public_key: ed25519.Ed25519PublicKey, f_pub: _FragList",
    "--password-stdin --passphrase-file key.txt",
    "src/parser.rs:5432:9: note: unused",
    "\"ChangeToken\": \"abcd12f2-46da-4fdb-b8d5-fbd4c466928f\"",
    "client_request_token=f4c94ed7-238d-4c46-93db-48cd62ec33b7",
    "\"arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestDatabaseSecret-a1b2c3\"",
    "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
    "\"SecretAccessKey\": \"8P+SQvWIuLnKhh8d++jpw0nNmQRBZvNEXAMPLEKEY\"",
    "const password: string = prompt(\"Password: \");",
    "password: Password1 = field2",
    "form.setPassword(\"password1\")",
    "cy.get('#password').type(user.password2)",
    "page.getByLabel('password').fill(env.PASSWORD2)",
    "hash_password(\"sha256\", salt)",
    "password:\n  type: string\n  minLength: 8",
    "password:\n  $ref: '#/Password1'",
    "password: |\n  Enter the password2 of your account",
    "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db1, key: password}",
    "- name: DB_PASSWORD\n  value: ${DB_PASSWORD_2}",
    "{\"name\": \"password\", \"value\": \"password1\"}",
    "{\"key\": \"token\", \"value\": \"Token2\"}",
    "export KEY=/etc/ssl/key2.pem",
    "export PWD=/people/ada1/src",
    "ARG TOKEN",
    "Passwort: mindestens 8 Zeichen",
    "const senha = useState2();",
    "setToken(token2)",
    "(\"password\", \"proxy.example.com:3128\")",
];

#[test]
fn nineteen_of_twenty_published_formats_are_found() {
    let mut lot = Lot(7);
    let mut tally = Tally::default();
    for (kind, format) in formats(PUBLISHED) {
        for around in ["@", "x = \"@\"\n", "- run: tool --with @ --quiet", "{\"a\":\"@\",\"b\":1}", "<@>"] {
            let sample = lot.sample(format);
            // A name beside it brings its own quotes.
            let is_bare = sample.before.is_empty();
            let text = if is_bare { around.replace('@', &sample.text()) } else { sample.text() };
            tally.take(kind, &sample, &text);
        }
    }
    assert!(formats(PUBLISHED).count() >= 150);
    tally.must_be_nineteen_of_twenty("published formats");
}

/// Secrets where they stand in files, commands and addresses, with what tools put before a line.
#[test]
fn nineteen_of_twenty_of_each_group_are_found_where_they_stand() {
    let mut lot = Lot(11);
    let mut groups: BTreeMap<&str, Tally> = BTreeMap::new();
    for (group, format) in formats(HELD_OUT) {
        for before in ["", "    12\t", "src/settings.py:12:", "+", "see below\n"] {
            let sample = lot.sample(format);
            let text = format!("{before}{}\n", sample.text());
            groups.entry(group).or_default().take(format, &sample, &text);
        }
    }
    assert!(formats(HELD_OUT).count() >= 350);
    for (group, tally) in groups {
        tally.must_be_nineteen_of_twenty(group);
    }
}

/// How many samples of a group are found.
#[derive(Default)]
struct Tally {
    count: usize,
    missed: Vec<String>,
}

impl Tally {
    fn take(&mut self, kind: &str, sample: &Sample, text: &str) {
        self.count += 1;
        if !sample.is_hidden_in(text) {
            self.missed.push(format!("{kind}: {text}"));
        }
    }

    #[expect(clippy::print_stdout, reason = "the figure is what the test is for")]
    fn must_be_nineteen_of_twenty(&self, group: &str) {
        let (count, missed) = (self.count, self.missed.len());
        println!("{group}: {} of {count} samples are found", count - missed);
        for text in &self.missed {
            println!("  missed {text}");
        }
        assert!(missed * 20 <= count, "{group}: {missed} of {count} missed");
    }
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

/// Each with its secrets as stars: letters that only touch one are hidden, too.
const IN_OTHER_LETTERS: &[(&str, &str)] = &[
    (
        "bmFtZTogYXBwCkRCX1BBU1NXT1JEOiBIdW50ZXIyLVJhYmJpdDkhCnBvcnQ6IDU0MzIKbm90ZTog\ndGhpcyBsaW5lIGlzIG9ubHkgaGVyZSB0byBtYWtlIGl0IGxvbmcgZW5vdWdoCg==",
        "bmFtZTogYXBwCkRCX1BBU1NXT1JEOi**********************CnBvcnQ6IDU0MzIKbm90ZTog\ndGhpcyBsaW5lIGlzIG9ubHkgaGVyZSB0byBtYWtlIGl0IGxvbmcgZW5vdWdoCg==",
    ),
    (
        "6e616d653a206170700a44425f50415353574f52443a2048756e74657232\n2d52616262697439210a706f72743a20353433320a6e6f74653a20746869\n73206c696e65206973206f6e6c79206865726520746f206d616b65206974\n206c6f6e6720656e6f7567680a",
        "6e616d653a206170700a44425f50415353574f52443a20**************\n******************0a706f72743a20353433320a6e6f74653a20746869\n73206c696e65206973206f6e6c79206865726520746f206d616b65206974\n206c6f6e6720656e6f7567680a",
    ),
    (
        "data: Z2hwX2FiYzEyM0RlZjQ1NkdoaTc4OUprbDAxMk1ubzM0NVBxcjY3OA== # x",
        "data: ******************************************************== # x",
    ),
    (
        "    7\tQVBJX0tFWT1hOEZrMjlkTHEwWnh2QjNuTTdxUnQ1\n",
        "    7\tQVBJX0tFWT******************************\n",
    ),
    (
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    ("aGVsbG8gd29ybGQsIHRoaXMgaXMgbm8gc2VjcmV0", "aGVsbG8gd29ybGQsIHRoaXMgaXMgbm8gc2VjcmV0"),
];

#[test]
fn a_secret_in_base64_or_hexadecimal_digits_is_found() {
    for (text, expected) in IN_OTHER_LETTERS {
        let mut shown = (*text).to_owned();
        for found in find_secrets(text) {
            shown.replace_range(found.span.clone(), &"*".repeat(found.span.len()));
        }
        assert_eq!(shown, *expected, "{text}");
    }
}
