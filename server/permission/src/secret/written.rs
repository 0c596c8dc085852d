//! Passwords that somebody wrote into code and lists: in template literals and declarations with a type, as arguments
//! of setters, on the line below their name, as pairs of a name and a value, and beside words of other languages.
//!
//! The names are those of `settings`; what stands there must look `chosen`, or drawn by lot where the name says no more
//! than *token* or *key*.

use super::chosen::{is_mixed, is_plain};
use super::{Shape, is_random, likely};

/// Words in names of passwords.
const PASSWORD: &[&str] = &["passw", "_pass", "passphrase", "pwd", "pass("];

/// *Password* in other languages, as it stands in names.
const FOREIGN: &[&str] = &[
    "passwort",
    "kennwort",
    "mot_de_passe",
    "motdepasse",
    "mdp",
    "contrasen",
    "contrase\u{f1}a",
    "senha",
    "wachtwoord",
    "losenord",
    "l\u{f6}senord",
    "passord",
    "adgangskode",
    "haslo",
    "has\u{142}o",
    "heslo",
    "salasana",
    "sifre",
    "\u{15f}ifre",
    "parola",
    "jelszo",
    "jelsz\u{f3}",
    "\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}",
    "\u{5bc6}\u{7801}",
    "\u{5bc6}\u{78bc}",
    "\u{30d1}\u{30b9}\u{30ef}\u{30fc}\u{30c9}",
    "\u{be44}\u{bc00}\u{bc88}\u{d638}",
];

pub(super) const SHAPES: &[Shape] = &[
    // const password = `…`
    likely(
        "setting",
        PASSWORD,
        r"(?i)(?:password|passwd|passphrase|pwd|_pass)[0-9]?[\]'\x22]{0,2}[ \t]*(?:=>|:=|\|\||\?\?|=|:|,)[ \t]*`([^`$\n\\]{6,160})`",
        is_mixed,
    ),
    // `const password: string = "…"`, `var password string = "…"`, `char password[] = "…"`
    likely(
        "setting",
        PASSWORD,
        r#"(?i)(?:password|passwd|passphrase|pwd|_pass)[0-9]?(?:\??[ \t]*:[ \t]*[a-z_&'<>|.\[\], ?]{2,40}|[ \t]+[a-z]{2,12}|\[[0-9a-z_]{0,20}\])[ \t]*=[ \t]*@?[bru]?["'`]([^"'`\n\\$]{6,160})["'`]"#,
        is_mixed,
    ),
    // `setPassword("…")`, `.password('…')`, `with_passphrase(b"…")`
    likely(
        "setting",
        PASSWORD,
        r#"(?i)(?:password|passwd|passphrase|pwd|[._]pass)\([ \t\r\n]{0,40}@?[bru]?["'`]([^"'`\n\\$]{6,160})["'`][ \t\r\n]{0,40}[,)]"#,
        is_mixed,
    ),
    // A string on the line below: long lines are broken so.
    likely(
        "setting",
        PASSWORD,
        r#"(?i)(?:password|passwd|passphrase|pwd|_pass)[0-9]?["'\]]{0,2}(?:[ \t]*:[ \t]*[a-z_&'<>|.]{2,30})?[ \t]*(?:=>|:=|=|:|\()[ \t]*\r?\n[ \t]*@?[bru]?["'`]([^"'`\n\\$]{6,160})["'`]"#,
        is_mixed,
    ),
    // `password: |` and the like, with what tools put before a line
    likely(
        "setting",
        PASSWORD,
        r"(?im)(?:password|passwd|passphrase|pwd|_pass)[0-9]?['\x22]?:[ \t]*(?:[|>][0-9+-]{0,2})?[ \t]*\r?\n(?:[^\s:]{1,200}[:-]\d+[:-]|[+-]|\s*\d+\t)?[ \t]+([^\s'\x22`(){}<>\[\],;$&|\\:]{6,200})[ \t]*$",
        is_plain,
    ),
    // `- name: DB_PASSWORD`, and the value below or beside it
    likely(
        "setting",
        PASSWORD,
        r#"(?i)\b(?:name|key|id|parameterkey|option_?name)["']?[ \t]*(?:=>|[:=])[ \t]*["']?[a-z0-9_.:/-]{0,60}(?:password|passwd|passphrase|pwd|_pass)["']?(?:[ \t]*,\s{0,60}|\s{1,60})["']?(?:parameter|option_?|default_?)?value["']?[ \t]*(?:=>|[:=])[ \t]*["']?([^\s"'`(){}<>\[\],;$&|\\]{6,200})"#,
        is_mixed,
    ),
    likely(
        "setting",
        &["token", "secret", "api_key", "apikey", "api-key", "access_key"],
        r#"(?i)\b(?:name|key|id|parameterkey|option_?name)["']?[ \t]*(?:=>|[:=])[ \t]*["']?[a-z0-9_.:/-]{0,60}(?:token|secret|api[_-]?key|access_key)["']?(?:[ \t]*,\s{0,60}|\s{1,60})["']?(?:parameter|option_?|default_?)?value["']?[ \t]*(?:=>|[:=])[ \t]*["']?([A-Za-z0-9_+/=.~-]{10,200})"#,
        |text| is_mixed(text) && is_random(text),
    ),
    // `ARG TOKEN=…`, `export KEY=…`: short names, which say enough where a variable is set.
    likely(
        "setting",
        &["TOKEN", "KEY", "SECRET", "PASS", "PWD"],
        r#"(?m)\b(?:ARG|ENV|export|setx?|setenv|declare[ \t]-x|local|readonly)[ \t]+(?:[A-Z][A-Z0-9_]*_)?(?:TOKEN|KEY|SECRET|PASS|PASSWORD|PWD)[= ][ \t]*["']?([^\s"'`(){}<>\[\],;$&|\\]{8,200})["']?[ \t]*(?:[;#&|]|$)"#,
        |text| is_plain(text) && !text.starts_with('/'),
    ),
    likely(
        "setting",
        &["settoken", "set_token", "setapikey", "set_api_key", "setsecret", "set_secret", "setaccesskey"],
        r#"(?i)set_?(?:auth|access|api|bearer)?_?(?:token|api_?key|secret(?:_?key)?|access_?key)\([ \t]*["'`]([A-Za-z0-9_+/=.~-]{10,200})["'`]"#,
        |text| is_mixed(text) && is_random(text),
    ),
    likely(
        "setting",
        FOREIGN,
        r#"(?i)(?:passwort|kennwort|mot_?de_?passe|\bmdp|_mdp|contrase(?:n|ñ|ni)a|senha|wachtwoord|l[oö]senord|passord|adgangskode|has[lł]o|heslo|salasana|[sş]ifre|parola|jelsz[oó]|пароль|密码|密碼|パスワード|비밀번호)[0-9]?["'`]?\]?[ \t]{0,8}(?:=>|:=|=|:|：)[ \t]{0,8}[bru]?["'`]?([^\s"'`(){}<>\[\],;$&|\\]{6,160})(?:["'`\s,;)}]|$)"#,
        is_plain,
    ),
];
