//! Passwords and keys in settings: a name that says what it is, a sign, and a value that need not look drawn by lot.
//!
//! What a person chose as a password looks like a word, and so does much of what stands beside the word *password* in
//! code. So the shapes here are narrow about the place (a variable of the environment, a line of YAML, a string in
//! quotes, an attribute, a statement of SQL, an option), and what stands in it must look `chosen`.

use super::chosen::{is_chosen, is_code, is_joined, is_mixed, is_numbered, is_phrase, is_plain, is_type};
use super::{Shape, is_random, is_short_hash, likely};

/// Words in names of passwords.
const PASSWORD: &[&str] = &["passw", "_pass", "-pass", ".pass", "pass=", "pass ", "passphrase", "pwd", "psk"];

pub(super) const SHAPES: &[Shape] = &[
    // `DB_PASSWORD=swordfish`: a variable of the environment can hold nothing but its value.
    likely(
        "setting",
        &["PASSW", "_PASS", "_PWD", "SECRET", "PASSPHRASE"],
        r#"(?m)(?:^|[^A-Za-z0-9_.$({])(?:[A-Z][A-Z0-9_]{0,60}?)?(?:PASSWORD|PASSWD|PASSPHRASE|\b_?PASS|_PASS|SECRET|SECRET_KEY|[A-Z]_?PWD)(?:_[A-Z]{3,4}|_?\d)?=["']?([^\s"'`(){}<>\[\],;|&\\]{4,200})(?:["']?[ \t;]|["']?$|["'])"#,
        is_chosen,
    ),
    // The same in YAML, to the end of its line.
    likely(
        "setting",
        &["PASSW", "_PASS", "_PWD", "PASSPHRASE"],
        r#"(?m)^(?:[^\s:]{1,200}:\d+:|[+-]|\s*\d+\t)?[ \t-]*["']?(?:[A-Z][A-Z0-9_]{0,60})?(?:PASSWORD|PASSWD|PASSPHRASE|_PASS|_PWD)["']?:[ ]["']?([^\s"'`(){}<>\[\],;|&\\]{4,200})["']?[ \t]*$"#,
        |text| is_chosen(text) && !is_code(text) && !is_type(text),
    ),
    // Keys are drawn by lot, or nothing.
    likely(
        "setting",
        &["TOKEN", "KEY"],
        r#"(?m)(?:^|[^A-Za-z0-9_.$({-])(?:[A-Z][A-Z0-9_]{0,60}?)?(?:_TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|ENCRYPTION_KEY)=["']?([A-Za-z0-9_+/=.~-]{10,200})(?:["']?[ \t;]|["']?$|["'])"#,
        |text| is_mixed(text) && is_random(text),
    ),
    // The same in quotes, where blanks are part of it, and the other ways to set a variable.
    likely(
        "setting",
        &["PASSW", "_PASS", "_PWD", "SECRET", "PASSPHRASE", "_SALT", "_KEY"],
        r#"(?:^|[^A-Za-z0-9_.$({-])(?:[A-Z][A-Z0-9]*_){0,6}(?:PASSWORD|PASSWD|PASSPHRASE|PASS|SECRET|SECRET_KEY|PWD|AUTH_KEY|AUTH_SALT|IN_KEY|IN_SALT|NONCE_KEY|NONCE_SALT)["']?\]?[ \t]*(?:=|:|=>|,)[ \t]*[bru]?["']([^"'\n]{6,200})["']"#,
        is_phrase,
    ),
    likely(
        "setting",
        &["PASSW", "_PASS"],
        r"(?m)(?:ENV|ARG)[ \t]+[A-Z0-9_]*(?:PASSWORD|PASSWD|PASSPHRASE|_PASS)[ \t]+([^\s$]{4,200})[ \t]*$",
        is_chosen,
    ),
    // `password: "…"`, `'password' => '…'`, `private String dbPassword = "…"`, `env('DB_PASSWORD', '…')`
    likely(
        "setting",
        PASSWORD,
        r#"(?i)(?:password|passwd|passphrase|\bpwd|_pwd|[_.'"-]pass|\bpass|_psk|\bpsk)(?:_?[0-9]|_(?:prod|dev|test|staging))?\\?["'`]?\]?[ \t]{0,20}(?:=>|:=|\|\|=|=|:|,)[ \t]{0,8}(?:env\([^,()\n]{1,40},[ \t]?)?@?[bru]?\\?"([^"\n\\]{6,160})\\?""#,
        is_mixed,
    ),
    likely(
        "setting",
        PASSWORD,
        r#"(?i)(?:password|passwd|passphrase|\bpwd|_pwd|[_.'"-]pass|\bpass|_psk|\bpsk)(?:_?[0-9]|_(?:prod|dev|test|staging))?["'`]?\]?[ \t]{0,20}(?:=>|:=|\|\|=|=|:|,)[ \t]{0,8}(?:env\([^,()\n]{1,40},[ \t]?)?[bru]?'([^'\n\\]{6,160})'"#,
        is_mixed,
    ),
    // `app.secret_key = '…'`: any letters and signs.
    likely(
        "setting",
        &["secret"],
        r#"(?i)secret(?:_key)?(?:_base)?["']?\]?[ \t]{0,8}(?:=>|:=|=|:|,)[ \t]{0,8}[bru]?["']([^"'\n\\]{16,200})["']"#,
        |text| is_mixed(text) && !is_short_hash(text),
    ),
    // `password: swordfish1`, `spring.datasource.password=…`, to the end of its line
    likely(
        "setting",
        PASSWORD,
        r#"(?im)(?:^|[\s:|+"'-])(?:[a-z0-9]+[_.-]){0,8}(?:[a-z0-9]*password|passwd|passphrase|pwd|pass|psk)[ \t]{0,8}[:=][ \t]{0,8}([^\s"'`(){}<>\[\],;$&|\\]{6,200})[ \t]*(?:#.*)?$"#,
        is_plain,
    ),
    // `password: swordfish` on a line of its own
    likely(
        "setting",
        &["password:", "passwd:", "passphrase:"],
        r"(?m)^(?:[^\s:]{1,200}:\d+:|[+-]|\s*\d+\t)?[ \t]*[a-z_]{0,40}(?:password|passwd|passphrase):[ ]([a-z]{6,40})[ \t]*$",
        |text| is_chosen(text) && !is_type(text),
    ),
    // `…;Password=…;`, `?user=a&password=…`, `host=a password=…`, `--set auth.password=…`
    likely(
        "setting",
        &["password=", "pwd=", "passwd="],
        r#"(?i)(?:^|[\s;?&"',.=-])(?:password|passwd|pwd)=([^\s"'`(){}<>\[\],;$&|\\]{4,200})(?:[\s;&"',<]|$)"#,
        is_joined,
    ),
    // `requirepass …` of Redis
    likely(
        "setting",
        &["requirepass", "masterauth"],
        r"(?m)\b(?:requirepass|masterauth)[ \t]+([^\s#]{4,200})[ \t]*$",
        is_chosen,
    ),
    // `<password>…</password>`, `name="password" value="…"`
    likely(
        "setting",
        &["passw", "secret", "token", "apikey"],
        r"(?i)<(?:[a-z]+:)?[a-z.]{0,40}(?:password|passwd|secret|token|apikey)>([^<>\s$]{6,200})</",
        is_mixed,
    ),
    likely(
        "setting",
        &["passw", "secret", "token", "apikey"],
        r#"(?i)(?:name|key)="[a-z._:-]{0,40}(?:password|passwd|secret|token|apikey)"[ \t]+value="([^"$\n]{6,200})""#,
        is_mixed,
    ),
    // `IDENTIFIED BY '…'`
    likely(
        "setting",
        &["identified by", "password '"],
        r"(?i)\b(?:identified[ \t]+by|password)[ \t]+'([^'\n]{4,160})'",
        is_mixed,
    ),
    // Options of commands.
    likely(
        "option-secret",
        &["--pass"],
        r#"(?i)--pass(?:word|wd|phrase)?[= ]["']?([^\s"'`(){}<>\[\],;$&|\\-][^\s"'`(){}<>\[\],;$&|\\]{4,200})(?:["'\s;|&]|$)"#,
        is_mixed,
    ),
    likely(
        "option-secret",
        &["sshpass", "mysql", "docker login", "unzip", "redis-cli", "-pass pass:"],
        r#"\b(?:sshpass[ ]+-p[ ]?|mysql(?:dump|admin|import|show)?\b[^\n|;&]{0,200}?[ ]-p|docker[ ]login\b[^\n|;&]{0,200}?[ ]-p[ ]|unzip[ ]+(?:-[a-z]+[ ]+)*-P[ ]|redis-cli\b[^\n|;&]{0,200}?[ ]-a[ ])["']?([^\s"'$-][^\s"'$]{4,160})|-pass[ ]pass:([^\s"'$]{4,160})"#,
        is_mixed,
    ),
    likely(
        "option-secret",
        &["| sudo"],
        r#"\becho[ ]["']?([^\s"'$]{4,160})["']?[ ]*\|[ ]*sudo[ ]+-S\b"#,
        is_chosen,
    ),
    // Files of their own.
    likely(
        "netrc-password",
        &["login"],
        r"(?i)(?:\bmachine\s+\S+|\bdefault)\s+login\s+\S+\s+password\s+(\S{4,200})",
        |text| is_chosen(text) && !is_numbered(text),
    ),
    likely(
        "pgpass-password",
        &[":543", ":*:"],
        r"(?m)(?:^|[\s:])[A-Za-z0-9_.*-]{1,80}:(?:54\d\d|\*):[A-Za-z0-9_*-]{1,60}:[A-Za-z0-9_*-]{1,60}:([^\s:]{4,160})[ \t]*$",
        is_chosen,
    ),
    likely(
        "password-hash",
        &["$apr1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$y$", "$argon2"],
        r"\$(?:apr1\$|2[aby]\$\d\d\$|[56]\$(?:rounds=\d+\$)?|y\$|argon2id?\$)([./A-Za-z0-9+=,$]{28,200})",
        is_random,
    ),
    likely(
        "wireguard-key",
        &["privatekey", "presharedkey"],
        r"(?i)\b(?:PrivateKey|PresharedKey)[ \t]*=[ \t]*([A-Za-z0-9+/]{43}=)",
        |_| true,
    ),
    likely(
        "session-cookie",
        &["sessionid=", "session_id=", "connect.sid=", "phpsessid=", "jsessionid=", "_session="],
        r"(?i)\b(?:sessionid|session_id|connect\.sid|phpsessid|jsessionid|[a-z]+_session)=([A-Za-z0-9%._-]{16,400})",
        is_random,
    ),
    // Passwords in addresses of services, however short: nobody opens a database with an address that has none.
    likely(
        "address-password",
        &["://"],
        r#"(?i)\b(?:postgres(?:ql)?|cockroachdb|mysql2?|mariadb|mssql|sqlserver|mongodb|rediss?|valkeys?|amqps?|clickhouse|nats|ldaps?|smtps?|s?ftp)(?:\+[a-z0-9]+)?://[^\s:/?#@"'<>(){}\[\]$]{0,80}:([^\s/?#@"'<>(){}\[\]$`]{2,200})@[a-z0-9\[]"#,
        is_chosen,
    ),
    likely(
        "address-password",
        &["jdbc:oracle:"],
        r"(?i)jdbc:oracle:\w+:[^\s/:@]{1,60}/([^\s@]{2,160})@",
        is_chosen,
    ),
    likely(
        "address-password",
        &["ldap", "smtp"],
        r#"(?i)\b(?:ldaps?|smtps?)://[^\s:/?#@"'<>]{1,120}:([^\s/?#@"'<>$]{2,160})@"#,
        is_chosen,
    ),
];
