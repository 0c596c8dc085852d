//! Texts of a known form, as people write them otherwise: dates, times, e-mail addresses.

/// What a text says in the form of that name, by JSON Schema's word for it, if it can say only one thing.
pub(crate) fn meant(format: &str, text: &str) -> Option<String> {
    let text = text.trim();
    match format {
        "date" => date(text.split(['T', ' ']).next()?),
        "date-time" => match text.split_once(['T', ' ']) {
            Some((day, hour)) => Some(format!("{}T{}", date(day)?, time(hour)?)),
            None => Some(format!("{}T00:00:00Z", date(text)?)),
        },
        "time" => time(text),
        "email" | "idn-email" => email(text),
        "uri" | "iri" => {
            let host = text.split('/').next()?;
            let is_host =
                host.contains('.') && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
            (is_host && !text.contains(char::is_whitespace)).then(|| format!("https://{text}"))
        }
        _ => None,
    }
}

/// `2026/1/5`, `5.1.2026`. Of `5/1/2026` nobody knows which one is the month.
fn date(text: &str) -> Option<String> {
    let sign = text.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '/' | '.' | '-'))?;
    let parts: Vec<&str> = text.split(sign).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number =
        |part: &str| part.parse::<u32>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (one, two) = (number(first)?, number(second)?);
    let (year, month, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (one, two, number(third)?),
        (1 | 2, 4) if sign == '.' || one > 12 => (number(third)?, two, one),
        (1 | 2, 4) if two > 12 => (number(third)?, one, two),
        _ => return None,
    };
    let is_day = (1..=12).contains(&month) && (1..=31).contains(&day);
    is_day.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// `9:00`, `09:00:00`: with seconds and a zone. What has a zone keeps it.
fn time(text: &str) -> Option<String> {
    let split = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = (text.get(..split)?.trim(), text.get(split..)?.trim());
    let mut parts = clock.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let second = parts.next().unwrap_or("00");
    let whole = |part: &str, most: u32| {
        let number: u32 = part.parse().ok()?;
        (part.len() <= 2 && number <= most).then(|| format!("{number:02}"))
    };
    let fits = second.len() >= 2 && second.chars().all(|c| c.is_ascii_digit() || c == '.');
    let zone = if zone.is_empty() { "Z".to_owned() } else { zone.to_ascii_uppercase() };
    (fits && parts.next().is_none())
        .then(|| Some(format!("{}:{}:{second}{zone}", whole(hour, 23)?, whole(minute, 59)?)))
        .flatten()
}

/// `Ann <ann@example.com>`, `mailto:ann@example.com`, `ann at example.com`.
fn email(text: &str) -> Option<String> {
    let inside = text.split_once('<').and_then(|(_, rest)| rest.split('>').next());
    let bare = inside.unwrap_or(text).trim().trim_start_matches("mailto:");
    let address = [" (at) ", " [at] ", "(at)", "[at]", " at "]
        .into_iter()
        .fold(bare.to_owned(), |text, at| text.replace(at, "@"));
    let (name, host) = address.split_once('@')?;
    let is_part = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || matches!(c, '@' | '<' | '>'))
    };
    (is_part(name) && is_part(host) && host.contains('.')).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn what_says_only_one_thing_has_its_form() {
        for (format, text, expect) in [
            ("date", "2026/1/5", Some("2026-01-05")),
            ("date", "21.11.2026", Some("2026-11-21")),
            ("date", "21/11/2026", Some("2026-11-21")),
            ("date", "5/1/2026", None),
            ("date", "2026-13-01", None),
            ("date", "2026-11-21T09:00:00Z", Some("2026-11-21")),
            ("date", "tomorrow", None),
            ("date-time", "2026-11-21", Some("2026-11-21T00:00:00Z")),
            ("date-time", "2026-11-21 9:00", Some("2026-11-21T09:00:00Z")),
            ("date-time", "2026-11-21T09:00:00+01:00", Some("2026-11-21T09:00:00+01:00")),
            ("time", "9:30", Some("09:30:00Z")),
            ("time", "25:00", None),
            ("email", "Ann <ann@example.com>", Some("ann@example.com")),
            ("email", "ann at example.com", Some("ann@example.com")),
            ("email", "mailto:ann@example.com", Some("ann@example.com")),
            ("email", "ann", None),
            ("uri", "example.com/a", Some("https://example.com/a")),
            ("uri", "a b", None),
        ] {
            assert_eq!(meant(format, text).as_deref(), expect, "{format} {text}");
        }
    }
}
