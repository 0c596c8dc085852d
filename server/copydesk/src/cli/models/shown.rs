//! A list of models as lines for a terminal.

use copydesk_base::Timestamp;
use copydesk_provider::{Facts, Forms};

use super::{OfProvider, Seen, Source, Usual, pull};

pub(super) fn lines(seen: &Seen) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &seen.providers {
        lines.push(head(one, seen.now));
        lines.extend(one.error.as_ref().map(|error| format!("  {error}")));
        let width = one.models.iter().map(|listed| listed.id.chars().count()).max().unwrap_or(0).min(60);
        for listed in &one.models {
            let known = facts(&one.endpoint.sources(&listed.id, &seen.catalog).merged());
            let loaded = match listed.loaded {
                Some(true) => ", in memory",
                Some(false) => ", not in memory",
                None => "",
            };
            let pull = pull(one, listed).map(|pull| format!("not there yet: {pull}"));
            let known = [Some(known).filter(|known| !known.is_empty()), pull];
            let known = known.into_iter().flatten().collect::<Vec<_>>().join(", ");
            let line = format!("  {:<width$}  {known}{loaded}", listed.id);
            lines.push(line.trim_end().to_owned());
        }
    }
    if seen.providers.is_empty() {
        lines.push("no provider is configured, and no key and no local server was found".to_owned());
    }
    match &seen.usual {
        Ok(Usual { choice, passed }) => {
            lines.push(format!("unless you name one: {} ({})", choice.model_ref(), choice.why));
            lines.extend(
                passed.iter().map(|left| format!("  {} is passed over: {}", left.model, left.because)),
            );
        }
        Err(error) => lines.push(format!("unless you name one: none. {error}")),
    }
    lines
}

fn head(one: &OfProvider, now: Timestamp) -> String {
    let count = match one.models.len() {
        0 => "no models".to_owned(),
        1 => "1 model".to_owned(),
        count if one.is_cut() => format!("the first {count} models"),
        count => format!("{count} models"),
    };
    let source = match (one.source, one.at) {
        (Source::Live, _) => "asked just now".to_owned(),
        (Source::Kept, Some(at)) => format!("as listed {} ago", age(now.0.saturating_sub(at.0))),
        _ => format!("from the config and the bundled table of {}", copydesk_provider::facts::AS_OF),
    };
    format!("{}: {count}, {source} ({})", one.endpoint.name, one.endpoint.kind.as_str())
}

/// Who sees to it that an answer fits a schema, in a few words.
pub(super) const fn forms(forms: Forms) -> &'static str {
    match forms {
        Forms::Always => "held to schemas",
        Forms::Alone => "held to schemas without tools",
        Forms::Never => "schemas by repair",
    }
}

/// What is known of a model in a few words: `200k window, 64k answer, $3/$15, tools, no images`.
pub(super) fn facts(known: &Facts) -> String {
    let mut words = Vec::new();
    words.extend(known.context_window.map(|window| format!("{} window", thousands(window))));
    words.extend(known.output_limit.map(|limit| format!("{} answer", thousands(u64::from(limit)))));
    words.extend(known.price.map(|price| {
        let (sent, got) = (price.input_dollars(), price.output_dollars());
        if price.is_free() { "free".to_owned() } else { format!("${sent}/${got}") }
    }));
    let can = |ability: Option<bool>, what: &str| {
        ability.map(|can| if can { what.to_owned() } else { format!("no {what}") })
    };
    words.extend(can(known.tools, "tools"));
    words.extend(can(known.vision, "images"));
    words.join(", ")
}

fn thousands(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

fn age(ms: u64) -> String {
    let minutes = ms / 60_000;
    match minutes {
        0 => "less than a minute".to_owned(),
        1 => "a minute".to_owned(),
        2..120 => format!("{minutes} minutes"),
        120..2_880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_are_short_words() {
        let minute = 60_000;
        for (ms, expect) in [
            (0, "less than a minute"),
            (minute, "a minute"),
            (90 * minute, "90 minutes"),
            (180 * minute, "3 hours"),
            (3 * 1_440 * minute, "3 days"),
        ] {
            assert_eq!(age(ms), expect);
        }
        for (count, expect) in [(512, "512"), (131_072, "131k"), (1_000_000, "1M")] {
            assert_eq!(thousands(count), expect);
        }
    }
}
