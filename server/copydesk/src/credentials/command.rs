//! A command that prints a key.
//!
//! It is the person's own, from a config that may grant, and runs with their rights and environment, but for the keys
//! that this process knows. It gets no input, a limited time and a limited page to print on, and is ended with all that
//! it started.

use std::process::Stdio;
use std::time::Duration;

use copydesk_base::config::KeySettings;
use copydesk_base::letter::is_unseen;
use copydesk_base::{Redactor, Timestamp};
use copydesk_permission::find_secrets;
use copydesk_provider::KeyForm;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::group::Group;

/// A command that prints a key, as far as everybody may see it: the program. Its words may be the key.
pub(crate) fn shown(command: &str) -> String {
    let mut words = command.split_whitespace();
    let program = Redactor::default().finding(find_secrets).clean(words.next().unwrap_or_default());
    if words.next().is_some() { format!("{program} …") } else { program }
}

/// What a command printed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) value: String,
    pub(super) form: KeyForm,
    /// When the command is to run again.
    pub(super) until: Timestamp,
}

const PATIENCE: Duration = Duration::from_secs(30);
const CACHE: Duration = Duration::from_hours(1);
const LONGEST_OUTPUT: u64 = 64 << 10;
/// What a command has printed is there when it ends.
const AFTER_ITS_END: Duration = Duration::from_millis(500);
/// A token is given up before its end, so that a request under way does not meet it.
const BEFORE_ITS_END: u64 = 60_000;

/// Runs the command and reads what it prints; the error is a fragment without secrets.
pub(super) async fn run(
    settings: &KeySettings,
    redactor: &Redactor,
    now: Timestamp,
) -> Result<Printed, String> {
    if settings.command.trim().is_empty() {
        return Err("its command is empty".to_owned());
    }
    let patience = settings.timeout.map_or(PATIENCE, |time| time.0);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &settings.command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in std::env::vars_os() {
        if value.to_str().is_some_and(|value| redactor.knows(value)) {
            command.env_remove(name);
        }
    }
    let (mut child, group) =
        Group::start(&mut command).map_err(|error| format!("its command cannot start: {error}"))?;
    let (mut printed, mut complaint) = (Vec::new(), Vec::new());
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut reading =
        Box::pin(async { tokio::join!(page(stdout, &mut printed), page(stderr, &mut complaint)) });
    let ended = tokio::time::timeout(patience, async {
        tokio::select! {
            status = child.wait() => (status, false),
            _ = &mut reading => (child.wait().await, true),
        }
    });
    let Ok((status, is_read)) = ended.await else {
        return Err(format!("its command did not end within {} seconds", patience.as_secs_f32()));
    };
    drop(group);
    if !is_read {
        // What it started elsewhere and keeps its page open has nothing to say.
        let _ = tokio::time::timeout(AFTER_ITS_END, &mut reading).await;
    }
    drop(reading);
    if printed.len() as u64 > LONGEST_OUTPUT {
        return Err(format!("its command printed more than {LONGEST_OUTPUT} bytes"));
    }
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => {
            let said = last_line(&complaint, redactor);
            let said =
                if is_one_word(&settings.command) { said.replace(&settings.command, "…") } else { said };
            return Err(format!("its command ended with {status}{said}"));
        }
        Err(error) => return Err(format!("its command was lost: {error}")),
    }
    let cache = settings.cache.map_or(CACHE, |time| time.0);
    let Ok(printed) = str::from_utf8(&printed) else {
        return Err("its command printed bytes that are no UTF-8, where one key was expected".to_owned());
    };
    read(printed, now, cache)
}

/// Takes in everything that comes, up to a little more than is allowed.
async fn page(stream: Option<impl AsyncRead + Unpin>, page: &mut Vec<u8>) {
    if let Some(stream) = stream {
        // What broke off is judged by how the command ended.
        let _ = stream.take(LONGEST_OUTPUT + 1).read_to_end(page).await;
    }
}

/// What a command complained of, for a person. It may well repeat the key that nobody here knows yet: what looks like
/// one is left out.
fn last_line(complaint: &[u8], redactor: &Redactor) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = redactor.clone().finding(find_secrets).clean(line);
    let words = line.split_whitespace().map(|word| if is_machine_made(word) { "…" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|letter| !letter.is_control()).take(200).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}

/// Whether a word has a long row of letters, at least one of them a digit: keys do, and words of people do not.
fn is_machine_made(word: &str) -> bool {
    let rows = word.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.~+=".contains(letter)));
    let is_row = |row: &str| row.len() >= 16 && row.bytes().any(|byte| byte.is_ascii_digit());
    rows.into_iter().any(is_row)
}

/// Whether a command may be a key that stands in the place of one.
fn is_one_word(command: &str) -> bool {
    command.len() > 15 && !command.contains(|letter: char| letter.is_whitespace() || letter == '/')
}

/// A key in one line, or a token as JSON.
fn read(printed: &str, now: Timestamp, cache: Duration) -> Result<Printed, String> {
    // The mark before a text that some programs of Windows write is no part of it.
    let printed = printed.strip_prefix('\u{feff}').unwrap_or(printed).trim();
    let usual = Timestamp(now.0.saturating_add(u64::try_from(cache.as_millis()).unwrap_or(u64::MAX)));
    if printed.starts_with('[') && serde_json::from_str::<Value>(printed).is_ok() {
        return Err("its command printed a JSON list where one key was expected".to_owned());
    }
    if printed.starts_with('"')
        && let Ok(text) = serde_json::from_str::<String>(printed)
    {
        // Tools that read JSON print a text of it in its quotes unless they are told otherwise.
        return read(&text, now, cache);
    }
    if printed.starts_with('{') {
        let document: Value = serde_json::from_str(printed)
            .map_err(|error| format!("its command printed JSON that cannot be read: {error}"))?;
        let names = ["accessToken", "access_token", "token"];
        let token = names.iter().find_map(|name| document[name].as_str());
        let value = token.ok_or("its command printed JSON without accessToken")?.trim().to_owned();
        if value.is_empty() {
            return Err("its command printed JSON with an empty accessToken".to_owned());
        }
        let end = end(&document, now);
        if end.is_some_and(|end| end <= now) || end.is_none() && is_long_over(&document, now) {
            return Err("its command printed a token that has ended already; log in there anew".to_owned());
        }
        let until = end.map_or(usual, |end| Timestamp(end.0.saturating_sub(BEFORE_ITS_END)));
        return Ok(Printed { value, form: KeyForm::Token, until });
    }
    match printed.lines().count() {
        0 => Err("its command printed nothing".to_owned()),
        1 if printed.contains(|letter: char| letter.is_control() || is_unseen(letter)) => {
            Err("its command printed a character that nobody sees, where one key was expected".to_owned())
        }
        1 => {
            let form = if is_web_token(printed) { KeyForm::Token } else { KeyForm::Key };
            Ok(Printed { value: printed.to_owned(), form, until: usual })
        }
        lines => Err(format!("its command printed {lines} lines where one key was expected")),
    }
}

/// Whether a token has ended by a time that names no zone, as `expiresOn` of `az`: wherever that may be.
fn is_long_over(document: &Value, now: Timestamp) -> bool {
    let local = document["expiresOn"].as_str().and_then(|text| text.parse::<jiff::civil::DateTime>().ok());
    let utc = local.and_then(|local| local.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let at = utc.map(|utc| utc.timestamp().as_millisecond().saturating_add(FARTHEST_ZONE));
    at.is_some_and(|at| u64::try_from(at).is_ok_and(|at| at <= now.0))
}

/// No zone is farther behind UTC, in milliseconds.
const FARTHEST_ZONE: i64 = 12 * 60 * 60 * 1000;

/// When a token ends, in the words of the clouds' command lines. `expiresOn` of `az` names no zone and is passed over.
fn end(document: &Value, now: Timestamp) -> Option<Timestamp> {
    let seconds = |name: &str| {
        let value = &document[name];
        let seconds = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
        Some(u64::try_from(seconds).unwrap_or(0))
    };
    let moment = |name: &str| {
        let moment: jiff::Timestamp = document[name].as_str()?.parse().ok()?;
        u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
    };
    seconds("expires_on")
        .map(|at| Timestamp(at.saturating_mul(1000)))
        .or_else(|| {
            seconds("expires_in").map(|after| Timestamp(now.0.saturating_add(after.saturating_mul(1000))))
        })
        .or_else(|| seconds("expires_at").map(|at| Timestamp(at.saturating_mul(1000))))
        .or_else(|| ["expiresOn", "expires_on", "expires_at", "expiry"].into_iter().find_map(moment))
}

/// Whether it has the form of a JSON web token, as `az … --query accessToken` prints it.
fn is_web_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn what_is_printed_is_a_key_or_a_token_with_its_end() {
        let check = |printed: &str, expect: Result<(&str, KeyForm, u64), &str>| {
            let read = read(printed, NOW, Duration::from_mins(10));
            match (read, expect) {
                (Ok(read), Ok((value, form, after))) => {
                    let until = Timestamp(NOW.0 + after * 1000);
                    assert_eq!(read, Printed { value: value.into(), form, until }, "{printed}");
                }
                (Err(error), Err(part)) => assert!(error.contains(part), "{printed}: {error}"),
                (read, _) => panic!("{printed}: {read:?}"),
            }
        };
        check("sk-1234\n", Ok(("sk-1234", KeyForm::Key, 600)));
        check("  sk-1234  \r\n\n", Ok(("sk-1234", KeyForm::Key, 600)));
        check("eyJhbGci.eyJhdWQi.c2ln", Ok(("eyJhbGci.eyJhdWQi.c2ln", KeyForm::Token, 600)));
        check(
            r#"{"accessToken": "t", "expiresOn": "2026-11-21 17:00:00.000000", "expires_on": 1004000}"#,
            Ok(("t", KeyForm::Token, 4_000 - 60)),
        );
        check(r#"{"access_token": "t", "expires_on": "1004000"}"#, Ok(("t", KeyForm::Token, 4_000 - 60)));
        check(r#"{"access_token": "t", "expires_in": 100}"#, Ok(("t", KeyForm::Token, 40)));
        check(r#"{"token": "t", "expiry": "1970-01-12T13:50:00Z"}"#, Ok(("t", KeyForm::Token, 200 - 60)));
        check(r#"{"token": "t"}"#, Ok(("t", KeyForm::Token, 600)));
        check(r#"{"token": "t", "expires_on": 1}"#, Err("has ended already"));
        check(r#"{"token": "t", "expires_in": -5}"#, Err("has ended already"));
        check(r#"{"token": "t", "expires_at": "1970-01-12T13:40:00Z"}"#, Err("has ended already"));
        // NOW is at 13:46 of this day, and it may be another one elsewhere.
        check(r#"{"token": "t", "expiresOn": "1970-01-12 01:40:00.000000"}"#, Err("has ended already"));
        check(r#"{"token": "t", "expiresOn": "1970-01-12 01:50:00.000000"}"#, Ok(("t", KeyForm::Token, 600)));
        check(r#"["sk-1234"]"#, Err("printed a JSON list"));
        check(r#""sk-1234""#, Ok(("sk-1234", KeyForm::Key, 600)));
        check(r#""""#, Err("printed nothing"));
        check("[sk-1234]", Ok(("[sk-1234]", KeyForm::Key, 600)));
        check(r#"{"token": " "}"#, Err("an empty accessToken"));
        check(r#"{"key": "t"}"#, Err("without accessToken"));
        check(r#"{"key": "#, Err("cannot be read"));
        check("", Err("printed nothing"));
        check("\u{feff}sk-1234\n", Ok(("sk-1234", KeyForm::Key, 600)));
        check("sk-12\u{200b}34", Err("a character that nobody sees"));
        check("sk-12\u{1b}[0m34", Err("a character that nobody sees"));
        check("Enter code:\nsk-1234", Err("2 lines"));
    }

    #[tokio::test]
    async fn a_command_is_bounded_in_time_and_size_and_its_complaint_is_clean() {
        let redactor = Redactor::new(["sk-canary-0123456789".to_owned()]);
        let check = async |command: &str, timeout: Duration, expect: Result<&str, &str>| {
            let settings = KeySettings {
                command: command.into(),
                timeout: Some(copydesk_base::config::Duration(timeout)),
                cache: None,
            };
            match (run(&settings, &redactor, NOW).await, expect) {
                (Ok(printed), Ok(value)) => assert_eq!(printed.value, value, "{command}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{command}: {error}"),
                (other, _) => panic!("{command}: {other:?}"),
            }
        };
        let (long, short) = (Duration::from_secs(20), Duration::from_millis(200));
        check("printf sk-%s 1234", long, Ok("sk-1234")).await;
        check("cat", long, Err("printed nothing")).await;
        check(r"printf '\377\376k'", long, Err("bytes that are no UTF-8")).await;
        check(" ", long, Err("is empty")).await;
        check("echo no sk-canary-0123456789 here >&2; exit 3", long, Err("status: 3: no [redacted] here"))
            .await;
        // What it complains of may be the very key.
        for (said, expect) in [
            ("+ curl -H Bearer a8f7e6d5c4b3a29180f7", "status: 7: + curl -H Bearer [redacted]"),
            ("token=a8f7e6d5c4b3a29180f7, expired", "status: 7: token=[redacted], expired"),
            ("you are not signed in", "status: 7: you are not signed in"),
        ] {
            check(&format!("echo '{said}' >&2; exit 7"), long, Err(expect)).await;
        }
        check("sleep 60 & echo sk-1234; wait", short, Err("did not end within 0.2 seconds")).await;
        // Whatever it leaves behind is not waited for, within its group or not.
        check("sleep 60 & echo sk-1234", long, Ok("sk-1234")).await;
        check("setsid sleep 3 & echo sk-1234", long, Ok("sk-1234")).await;
        check("exec yes", long, Err("more than 65536 bytes")).await;
    }
}
