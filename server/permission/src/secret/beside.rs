//! Secrets without a beginning of their own, known by what stands beside them.

use super::{Shape, always, bits, is_path_of_names, is_random, is_short_hash, likely, wordiness};

pub(super) const SHAPES: &[Shape] = &[
    // `DATADOG_API_KEY=…`, `"clientSecret": "…"`, `token => '…'`
    likely(
        "assigned-secret",
        &[
            "secret",
            "token",
            "passw",
            "passphrase",
            "pwd",
            "api_key",
            "api-key",
            "apikey",
            "access_key",
            "access-key",
            "accesskey",
            "auth_key",
            "auth-key",
            "authkey",
            "credential",
            "private_key",
            "private-key",
            "account_key",
            "encryption_key",
            "signing_key",
            "master_key",
            "app_key",
            "application_key",
            "license_key",
            "licence_key",
            "session_key",
            "service_key",
            "webhook_key",
            "integration_key",
            "write_key",
            "admin_key",
            "storage_key",
            "_key",
            "-key",
            "_auth",
            "_pat",
            "access_id",
            "salt",
        ],
        // The first two are passed over: names of secrets, and tokens that only count requests. A name is of plain
        // letters and signs: three hundred times any letter there is would take longer to compile than all the rest.
        r#"(?i)arn:aws[a-z-]*:secretsmanager:[!#-&(-~]{1,300}|(?:change|next|page|continuation|client|client_?request|request|idempotency|creation|update)[_-]?token['"`]?[ \t]{0,3}[=:][ \t]{0,3}['"`]?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?:secret|token|passw(?:or)?d|passphrase|\bpwd|_pwd|api[_-]?key|(?:access|auth|private|account|encryption|signing|master|app|application|licen[sc]e|session|service|webhook|integration|write|admin|storage)[_-]?key|credentials?|[a-z0-9]_key|[a-z0-9]-key|_auth|_pat|access_id|_salt)[a-z0-9_.-]{0,24}['"`]?[ \t]{0,3}(?:=>|:=|\?=|==|=|:)[ \t]{0,3}['"`]{0,3}(?:base64:)?([A-Za-z0-9_.+/=~%!@^*-]{16,})(?:['"`\s,;)\]}\\<&#]|$)"#,
        is_assigned,
    ),
    // `docker login -p …`, `--token …`
    likely(
        "option-secret",
        &["--token", "--password", "--api-key", "--secret", "--access-token", "--auth-token"],
        r#"(?i)--(?:[a-z-]*token|[a-z-]*password|api-key|[a-z-]*secret)[= ]['"]?([A-Za-z0-9_.+/=~%!-]{16,200})(?:['"\s;|&)]|$)"#,
        is_random,
    ),
    likely("bearer-token", &["bearer"], r#"(?i)\bbearer[ \t:]+['"]?([A-Za-z0-9_\-.=+/~]{20,})"#, is_random),
    likely(
        "authorization-header",
        &["authorization"],
        r#"(?i)authorization['"]?\s{0,3}[:=,]\s{0,3}['"]?(?:basic|token|apikey|key|digest|ssws|bot)\s+([A-Za-z0-9_\-.=+/~]{12,})"#,
        |text| bits(text) >= 2.8 && text.chars().any(|letter| letter.is_ascii_digit() || letter == '='),
    ),
    likely(
        "header-key",
        &["x-api-key", "x-auth-token", "x-access-token", "x-vault-token", "private-token", "api-key:"],
        r#"(?i)(?:x-[a-z-]*(?:key|token)|private-token|api-key)['"]?\s{0,3}[:=]\s{0,3}['"]?([A-Za-z0-9_\-.=+/~]{16,})"#,
        is_random,
    ),
    // a password in an address
    likely(
        "address-password",
        &["://"],
        r#"(?i)\b[a-z][a-z0-9+.-]{1,30}://[^\s:/?#@"'<>(){}\[\]$%`]{0,80}:([^\s/?#@"'<>(){}\[\]$`]{6,160})@[a-z0-9\[]"#,
        is_password,
    ),
    // a token in the place of a name
    likely(
        "address-token",
        &["@github", "@gitlab", "@bitbucket"],
        r"(?i)://([A-Za-z0-9_-]{20,255})(?::x-oauth-basic)?@(?:github|gitlab|bitbucket)",
        is_random,
    ),
    likely(
        "curl-password",
        &["curl"],
        r#"\bcurl\b[^\n|;&]{0,300}?\s(?:-u|--user)[ =]?['"]?[^\s:'"$]{1,80}:([^\s'"$]{6,160})"#,
        is_password,
    ),
    likely(
        "registry-token",
        &["_authtoken", "_password", "_auth", "\"auth\""],
        r#"(?:_authToken|:_password|\b_auth)\s?=\s?['"]?([A-Za-z0-9_\-+/=.]{12,})|"auth"\s?:\s?"[A-Za-z0-9+/]{16,}={0,2}""#,
        |text| !text.starts_with("${") && bits(text) >= 3.0,
    ),
    // connection strings
    likely(
        "connection-key",
        &["accountkey=", "sharedaccesskey=", "sharedaccesssignature", "sig="],
        r"(?i)(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{30,}={0,2})|[?&]sig=([A-Za-z0-9%+/]{30,})",
        always,
    ),
    likely(
        "connection-password",
        &["password=", "pwd="],
        r#"(?i);\s?(?:password|pwd)\s?=\s?([^;\s"'$<>{]{8,80})(?:;|"|'|$)"#,
        is_password,
    ),
    likely(
        "aws-secret-key",
        &["aws"],
        r#"(?i)aws.{0,30}?(?:secret|sk|key).{0,12}?[=:]\s{0,3}['"]?([A-Za-z0-9/+]{40})\b"#,
        |text| bits(text) >= 3.5,
    ),
    likely("session-cookie", &["_gitlab_session"], r"_gitlab_session=([0-9a-z]{32})", always),
    likely("kubernetes-token", &["client-key-data"], r"client-key-data:\s+([A-Za-z0-9+/=]{40,})", always),
];

/// A value beside a word that says what it is: still not every one is a secret.
fn is_assigned(text: &str) -> bool {
    // What is passed over comes whole.
    if text.contains([':', '"', '\'', '`', ' ', '\t']) || text.to_ascii_lowercase().contains("token=") {
        return false;
    }
    let is_name = (is_path_of_names(text) && wordiness(text) >= 0.35)
        || text.contains("..")
        || text.contains("://")
        || text.starts_with(['.', '/', '=', '-'])
        || text.starts_with("<secret")
        || text.matches(['.', '/']).count() > 3
        || text.ends_with("()");
    let text = text.trim_end_matches('=');
    !is_name && !is_short_hash(text) && (is_random(text) && !is_of_words(text) || is_drawn(text))
}

/// A long text that reads like no words, however its letters and digits fell.
fn is_drawn(text: &str) -> bool {
    text.len() >= 20
        && text.chars().any(|letter| letter.is_ascii_digit())
        && bits(text) >= 3.2
        && wordiness(text) < 0.35
}

/// Whether it is made of words and small numbers, as names are: `sha256-digest-v2`, `MyKey2024`.
fn is_of_words(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['_', '-', '.', '/', '+']).filter(|part| !part.is_empty()).collect();
    if parts.len() < 2 {
        // One piece: random text changes between letters and digits often.
        let kinds: Vec<bool> = text.chars().map(|letter| letter.is_ascii_digit()).collect();
        let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
        return changes < 3 && text.chars().any(|letter| !letter.is_ascii_hexdigit());
    }
    let is_word = |part: &&str| {
        let letters = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let rest = letters.get(1..).unwrap_or_default();
        letters.chars().all(|letter| letter.is_ascii_alphabetic())
            && (rest == rest.to_lowercase() || letters == letters.to_uppercase())
            && part.len() < 14
    };
    parts.iter().filter(|part| is_word(part)).count() * 3 >= parts.len() * 2
}

/// A password that somebody may really use, and not the word for one.
fn is_password(text: &str) -> bool {
    const STAND_INS: &[&str] = &[
        "password", "passwd", "secret", "token", "example", "changeme", "xxxx", "****", "....", "your",
        "hunter2",
    ];
    let lower = text.to_lowercase();
    let is_mixed = text.chars().any(|letter| letter.is_ascii_digit())
        && text.chars().any(|letter| letter.is_ascii_alphabetic());
    is_mixed && text.len() >= 8 && bits(text) >= 2.5 && !STAND_INS.iter().any(|word| lower.contains(word))
}
