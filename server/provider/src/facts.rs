//! What is known of a model besides its name: how much it takes in and gives, and what it costs.
//!
//! The config goes first, model by model; then what the provider itself lists; then a table that is bundled, with its
//! date. Servers on this machine cost nothing. Where nothing is known, or a price was written that is none, nothing is
//! guessed: a budget in dollars then refuses the model instead of counting zeros.

mod table;

use copydesk_base::config::{ModelPrice, ModelSettings, ProviderKind};

use crate::listing::{self, Listed};
use table::bundled;
pub use table::{AS_OF, bundled_names};

/// What is known of one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tokens of a prompt and its answer together.
    pub context_window: Option<u64>,
    /// Tokens of one answer.
    pub output_limit: Option<u32>,
    /// Whether it can call tools.
    pub tools: Option<bool>,
    /// Whether it can look at images.
    pub vision: Option<bool>,
    pub price: Option<Price>,
    /// Why nobody knows the price, where one was written that cannot be understood.
    pub broken_price: Option<String>,
}

/// What each source says of one model, strongest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub config: Facts,
    /// The provider's own list, live or kept.
    pub listed: Facts,
    /// The bundled table, and what needs no table: who bills nobody.
    pub bundled: Facts,
}

impl Sources {
    /// All that is known.
    pub fn merged(&self) -> Facts {
        let Self { config, listed, bundled } = self;
        config.over(&listed.over(bundled))
    }

    /// The name of the source that says something, as `config`.
    pub fn origin<T>(&self, part: impl Fn(&Facts) -> Option<T>) -> Option<&'static str> {
        [(&self.config, "config"), (&self.listed, "list"), (&self.bundled, "bundled")]
            .into_iter()
            .find_map(|(facts, name)| part(facts).map(|_| name))
    }
}

impl Facts {
    /// What one request costs at the most: the longest answer, and the rest of the window sent and kept. `None` where
    /// any of that is unknown; what is free has no need of the rest.
    pub fn most_dollars(&self) -> Option<f64> {
        let price = self.price?;
        if price.is_free() {
            return Some(0.0);
        }
        let output = u64::from(self.output_limit?);
        let input = self.context_window?.saturating_sub(output);
        Some(price.at_most(input, output))
    }

    fn over(&self, below: &Self) -> Self {
        Self {
            context_window: self.context_window.or(below.context_window),
            output_limit: self.output_limit.or(below.output_limit),
            tools: self.tools.or(below.tools),
            vision: self.vision.or(below.vision),
            price: self.price.or(below.price),
            broken_price: self.broken_price.clone().or_else(|| below.broken_price.clone()),
        }
    }
}

/// US dollars for a million tokens, in millionths, so that sums are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub input: u64,
    pub cached_input: u64,
    /// What the provider keeps for the next request.
    pub kept_input: u64,
    pub output: u64,
}

/// Tokens of one call, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All that were sent, the two below included.
    pub input: u64,
    pub cached: u64,
    pub kept: u64,
    pub output: u64,
}

impl Price {
    const FREE: Self = Self { input: 0, cached_input: 0, kept_input: 0, output: 0 };

    /// Dollars for a million tokens sent.
    #[expect(clippy::cast_precision_loss, reason = "a price is a few dollars")]
    pub fn input_dollars(&self) -> f64 {
        self.input as f64 / 1e6
    }

    /// Dollars for a million tokens received.
    #[expect(clippy::cast_precision_loss, reason = "a price is a few dollars")]
    pub fn output_dollars(&self) -> f64 {
        self.output as f64 / 1e6
    }

    /// Whether nobody bills for it.
    pub fn is_free(&self) -> bool {
        *self == Self::FREE
    }

    /// The most that a call can cost, in dollars, however its input is counted: plain, out of a cache or into one.
    pub fn at_most(&self, input: u64, output: u64) -> f64 {
        let dearest = self.input.max(self.cached_input).max(self.kept_input);
        Self { input: dearest, ..*self }.of(Tokens { input, output, ..Tokens::default() })
    }

    /// What a call costs, in dollars.
    #[expect(clippy::cast_precision_loss, reason = "a call costs less than nine billion dollars")]
    pub fn of(&self, tokens: Tokens) -> f64 {
        let plain = tokens.input.saturating_sub(tokens.cached.saturating_add(tokens.kept));
        let parts = [
            (plain, self.input),
            (tokens.cached, self.cached_input),
            (tokens.kept, self.kept_input),
            (tokens.output, self.output),
        ];
        let sum: u128 = parts.into_iter().map(|(count, price)| u128::from(count) * u128::from(price)).sum();
        // Millionths of dollars for a million tokens each: a million million parts make a dollar.
        sum as f64 / 1e12
    }
}

/// What each source says of a model of a provider; `bills_nobody` where that runs on this machine.
pub(crate) fn sources(
    kind: ProviderKind,
    bills_nobody: bool,
    model: &str,
    settings: Option<&ModelSettings>,
    listed: Option<&Listed>,
) -> Sources {
    let is_elsewhere = kind == ProviderKind::Ollama
        && (listing::is_of_cloud(model) || listed.is_some_and(|listed| listed.elsewhere));
    let bundled = if is_elsewhere {
        // Whoever answers there bills what nobody here knows.
        Facts::default()
    } else if bills_nobody {
        Facts { price: Some(Price::FREE), ..Facts::default() }
    } else {
        bundled(model).unwrap_or_default()
    };
    let mut sources = Sources {
        config: settings.map(|settings| of_settings(kind, settings)).unwrap_or_default(),
        listed: listed.map(|listed| of_settings(kind, &listed.facts)).unwrap_or_default(),
        bundled,
    };
    if sources.config.broken_price.is_some() {
        // Another price than the one that was meant would be a guess.
        (sources.config.price, sources.listed.price, sources.bundled.price) = (None, None, None);
    }
    sources
}

fn of_settings(kind: ProviderKind, settings: &ModelSettings) -> Facts {
    Facts {
        context_window: settings.context_window,
        output_limit: settings.output_limit,
        tools: settings.tools,
        vision: settings.vision,
        price: settings.price.as_ref().map(|price| settled(kind, price)),
        broken_price: settings.broken_price.clone(),
    }
}

/// What Anthropic asks for input that it keeps, as a part of its price.
const KEPT_BY_ANTHROPIC: f64 = 1.25;

fn settled(kind: ProviderKind, price: &ModelPrice) -> Price {
    let cached = price.cached_input.unwrap_or(price.input);
    let usual = if kind == ProviderKind::Anthropic { price.input * KEPT_BY_ANTHROPIC } else { price.input };
    let kept = price.kept_input.unwrap_or(usual);
    Price {
        input: millionths(price.input),
        cached_input: millionths(cached),
        kept_input: millionths(kept.max(cached)),
        output: millionths(price.output),
    }
}

/// A price below zero, or none at all, counts as nothing; one that is no number as more than anybody has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast of a float saturates, which is meant"
)]
fn millionths(dollars: f64) -> u64 {
    if dollars.is_nan() { u64::MAX } else { (dollars * 1e6).round() as u64 }
}

#[cfg(test)]
mod tests {
    use copydesk_base::config::Provider;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::listing::Catalog;

    #[test]
    fn a_name_is_known_with_and_without_its_date_and_no_other_is_guessed() {
        let check = |model: &str, input: Option<u64>| {
            let facts = sources(ProviderKind::Anthropic, false, model, None, None).merged();
            assert_eq!(facts.price.map(|price| price.input), input, "{model}");
        };
        check("claude-sonnet-4-5", Some(3_000_000));
        check("claude-sonnet-4-5-20250929", Some(3_000_000));
        check("gpt-5-2025-08-07", Some(1_250_000));
        check("gpt-5-mini", Some(250_000));
        check("gpt-4o-latest", Some(2_500_000));
        check("gpt-5-pro", None);
        check("openai/gpt-5", None);
        check("gpt-5-20x", None);
        check("", None);
    }

    #[test]
    fn what_runs_here_is_free_and_the_config_goes_first() {
        let keyed = |kind, url: &str, api_key_env: Option<&str>| {
            let base_url = Some(url.to_owned());
            let provider = Provider {
                kind,
                base_url,
                api_key_env: api_key_env.map(str::to_owned),
                ..Provider::default()
            };
            Endpoint::configured("x", &provider).sources("gpt-5", &Catalog::new()).merged().price
        };
        let free = |kind, url: &str| keyed(kind, url, None) == Some(Price::FREE);
        assert!(free(ProviderKind::OpenaiChat, "http://127.0.0.1:1234/v1"));
        assert!(free(ProviderKind::Ollama, "http://localhost:11434"));
        assert!(free(ProviderKind::Ollama, "http://[::1]:11434"));
        assert!(free(ProviderKind::Offline, ""));
        assert!(!free(ProviderKind::OpenaiChat, "http://127.0.0.1.example/v1"));
        assert!(!free(ProviderKind::OpenaiChat, "http://10.0.0.7/v1"));
        // A server here that hands on what it is asked bills all the same: who wants a key may be one.
        let proxy = keyed(ProviderKind::OpenaiChat, "http://127.0.0.1:4000/v1", Some("PROXY_KEY"));
        assert_eq!(proxy.map(|price| price.input), Some(1_250_000));
        let here = |model: &str, elsewhere| {
            let listed = Listed { elsewhere, ..Listed::default() };
            sources(ProviderKind::Ollama, true, model, None, Some(&listed)).merged().price
        };
        assert_eq!(here("q", false), Some(Price::FREE));
        assert_eq!(
            (here("q", true), here("big:120b-cloud", false), here("big:cloud", false)),
            (None, None, None)
        );
        // What Anthropic keeps costs a quarter more, also at a price of one's own.
        let own = ModelSettings {
            price: Some(ModelPrice { input: 1.0, output: 10.0, cached_input: Some(0.1), kept_input: None }),
            ..ModelSettings::default()
        };
        let kept =
            |kind| sources(kind, false, "m", Some(&own), None).merged().price.map(|price| price.kept_input);
        assert_eq!(kept(ProviderKind::Anthropic), Some(1_250_000));
        assert_eq!(kept(ProviderKind::OpenaiChat), Some(1_000_000));
        let price = ModelPrice { kept_input: Some(2.0), ..own.price.clone().unwrap() };
        let dear = settled(ProviderKind::Anthropic, &price);
        assert_eq!((dear.kept_input, dear.at_most(1_000_000, 0)), (2_000_000, 2.0));
        let settings = ModelSettings {
            price: Some(ModelPrice { input: 1.5, output: 2.0, cached_input: None, kept_input: None }),
            ..ModelSettings::default()
        };
        let facts = ModelSettings {
            output_limit: Some(7),
            vision: Some(false),
            price: Some(ModelPrice { input: 9.0, output: 9.0, cached_input: None, kept_input: None }),
            ..ModelSettings::default()
        };
        let listed = Listed { facts, ..Listed::default() };
        let all = sources(ProviderKind::OpenaiChat, false, "gpt-5", Some(&settings), Some(&listed));
        let price =
            Price { input: 1_500_000, cached_input: 1_500_000, kept_input: 1_500_000, output: 2_000_000 };
        let expect = Facts {
            context_window: Some(400_000),
            output_limit: Some(7),
            tools: Some(true),
            vision: Some(false),
            price: Some(price),
            broken_price: None,
        };
        assert_eq!(all.merged(), expect);
        assert_eq!(all.origin(|facts| facts.price), Some("config"));
        assert_eq!(all.origin(|facts| facts.output_limit), Some("list"));
        assert_eq!(all.origin(|facts| facts.context_window), Some("bundled"));
        assert_eq!(Sources::default().origin(|facts| facts.price), None);
        // A price that was meant and is none is not known, whoever else says something.
        let broken = ModelSettings { broken_price: Some("why".to_owned()), ..ModelSettings::default() };
        for (kind, bills_nobody) in [(ProviderKind::Ollama, true), (ProviderKind::OpenaiChat, false)] {
            let facts = sources(kind, bills_nobody, "gpt-5", Some(&broken), Some(&listed)).merged();
            assert_eq!((facts.price, facts.broken_price.as_deref()), (None, Some("why")));
        }
    }

    #[test]
    fn each_token_is_paid_once() {
        let price = bundled("claude-sonnet-4-5").and_then(|facts| facts.price).unwrap();
        let check = |tokens: Tokens, dollars: f64| {
            assert!((price.of(tokens) - dollars).abs() < 1e-12, "{tokens:?} costs {}", price.of(tokens));
        };
        check(Tokens::default(), 0.0);
        check(Tokens { input: 1_000_000, ..Tokens::default() }, 3.0);
        check(Tokens { output: 1_000_000, ..Tokens::default() }, 15.0);
        check(Tokens { input: 1_000_000, cached: 900_000, kept: 100_000, output: 0 }, 0.27 + 0.375);
        // A server that counts nonsense.
        check(Tokens { input: 10, cached: 1_000_000, kept: 0, output: 0 }, 0.3);
        assert!(price.of(Tokens { input: u64::MAX, output: u64::MAX, ..Tokens::default() }).is_finite());
    }

    #[test]
    fn one_request_costs_so_much_at_the_most() {
        let all = Facts {
            context_window: Some(100_000),
            output_limit: Some(20_000),
            price: Some(Price {
                input: 3_000_000,
                cached_input: 3_000_000,
                kept_input: 4_000_000,
                output: 15_000_000,
            }),
            ..Facts::default()
        };
        let table = [
            (all.clone(), Some("0.620")),
            (Facts { output_limit: None, ..all.clone() }, None),
            (Facts { context_window: None, ..all.clone() }, None),
            (Facts { price: None, ..all }, None),
            (Facts { price: Some(Price::FREE), ..Facts::default() }, Some("0.000")),
        ];
        for (facts, expect) in table {
            let most = facts.most_dollars().map(|most| format!("{most:.3}"));
            assert_eq!(most.as_deref(), expect, "{facts:?}");
        }
    }
}
