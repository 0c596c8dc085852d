//! Prices and limits that cannot be understood: none of them is taken for none.

use super::{Bench, USER, WORKSPACE};

#[test]
fn a_price_that_cannot_be_understood_is_not_known_and_not_free() {
    let price =
        |text: &str| format!("providers: {{here: {{kind: ollama, models: {{m: {{price: {text}}}}}}}}}\n");
    let broken = |files: &[(&str, &str)]| {
        let bench = Bench::new(files);
        bench.trust();
        let loaded = bench.load();
        assert_eq!(loaded.refusal, None, "{:?}", loaded.problems);
        let model = loaded.config.providers["here"].models.get("m").cloned().unwrap_or_default();
        model.broken_price.map(|wrong| wrong.replace(&format!("{}/", bench.base().display()), ""))
    };
    for (text, expect) in [
        ("", "price' does not count: it has no value"),
        ("much", "price' does not count: keys with values are needed, and this is \"much\""),
        ("0", "price' does not count: keys with values are needed, and this is 0"),
        ("[1, 2]", "price' does not count: keys with values are needed, and this is a list"),
        ("{}", "price' does not count: missing field 'input'"),
        (
            "{input: 1, output: 2, cached_input: -5}",
            "price.cached_input' does not count: it must be at least 0",
        ),
        ("{input: 1, output: 2, cached_input: }", "price.cached_input' does not count: it has no value"),
        (
            "{input: 1, output: 2, cached_input: .nan}",
            "price.cached_input' does not count: a number is needed that can be counted with",
        ),
        ("{input: 1, output: 2, cache_input: 3}", "price.cache_input' is no setting and does not count"),
        ("{input: -1, output: 2}", "price.input' does not count: it must be at least 0"),
        (
            "{input: .inf, output: 2}",
            "price.input' does not count: a number is needed that can be counted with",
        ),
        (
            "{input: 1, output: .nan}",
            "price.output' does not count: a number is needed that can be counted with",
        ),
        (
            "{input: 1, output: 1e999}",
            "price.output' does not count: a number is needed that can be counted with",
        ),
        ("{input: 1, output: }", "price.output' does not count: it has no value"),
        ("{input: 1}", "price' does not count: missing field 'output'"),
        ("{inptu: 1, output: 2}", "providers.here.models.m.price.inptu' is no setting and does not count"),
    ] {
        let wrong = broken(&[(USER, &price(text))]).unwrap_or_else(|| panic!("{text}"));
        assert!(wrong.starts_with(&format!("{USER}:1: ")) && wrong.contains(expect), "{text}: {wrong}");
    }
    let (fine, bad) = (price("{input: 1, output: 2}"), price("{input: -1, output: 2}"));
    assert_eq!(broken(&[(USER, &fine)]), None);
    assert_eq!(broken(&[(USER, &bad), (WORKSPACE, &fine)]), None, "the stronger layer says it right");
    assert!(broken(&[(USER, &fine), (WORKSPACE, &bad)]).is_some(), "the stronger layer says it wrong");
}

#[test]
fn a_price_below_a_misspelt_key_is_not_known() {
    for (provider, of_model, of_all) in [
        ("models: {m: {prices: {input: 1, output: 2}}}", true, false),
        ("models: {m: {Price: {input: 1, output: 2}}}", true, false),
        ("models: {m: {price.input: 1}}", true, false),
        ("models: {m: [1, 2]}", true, false),
        ("modles: {m: {price: {input: 1, output: 2}}}", false, true),
        ("Models: {m: {price: {input: 1, output: 2}}}", false, true),
        ("models.m.price: {input: 1, output: 2}", false, true),
        ("models: [m]", false, true),
        ("price: {input: 1, output: 2}", false, true),
        ("models: {m: {prices: }}", true, false),
        ("modles: ", false, true),
        ("models: {m: {output_limit: -1, price: {input: 1, output: 2}}}", false, false),
        ("models: {m: {other: 1}}, more: 1", false, false),
        ("models: ", false, false),
    ] {
        let text = format!("providers: {{here: {{kind: ollama, {provider}}}}}\n");
        let loaded = Bench::new(&[(USER, &text)]).load();
        let here = &loaded.config.providers["here"];
        let is_broken = here.models.get("m").is_some_and(|model| model.broken_price.is_some());
        assert_eq!(
            (is_broken, here.broken_prices.is_some()),
            (of_model, of_all),
            "{text}: {:?}",
            loaded.problems
        );
    }
}

#[test]
fn a_limit_or_a_choice_that_was_lost_to_a_slip_stops_every_run_and_says_where() {
    const WHOLE: &str = "a whole number, 0 or more, is needed, and this is";
    const COUNTED: &str = "a number is needed that can be counted with";
    const ABOVE: &str = "it must be more than 0";
    const TIME: &str = "expected seconds, or a text such as '90s' or '5m'";
    let provider = |more: &str| format!("providers: {{a: {{kind: ollama, {more}}}}}");
    let model = |more: &str| provider(&format!("models: {{m: {{{more}}}}}"));
    let mut rows = Vec::new();
    let mut row = |text: String, key: &str, wrong: &str| {
        rows.push((text, format!("'{key}' does not count: {wrong}")));
    };
    for key in ["output_limit", "context_window"] {
        let path = format!("providers.a.models.m.{key}");
        for (value, wrong) in [
            ("0", ABOVE.to_owned()),
            ("-1", format!("{WHOLE} -1")),
            (".inf", COUNTED.to_owned()),
            (".nan", COUNTED.to_owned()),
            ("1.5", format!("{WHOLE} 1.5")),
            ("many", format!("{WHOLE} \"many\"")),
            ("[1]", format!("{WHOLE} a list")),
            ("", "it has no value".to_owned()),
        ] {
            row(model(&format!("{key}: {value}")), &path, &wrong);
        }
    }
    row(provider("concurrency: 0"), "providers.a.concurrency", ABOVE);
    row(provider("concurrency: -1"), "providers.a.concurrency", &format!("{WHOLE} -1"));
    row(provider("concurrency: .inf"), "providers.a.concurrency", COUNTED);
    for key in ["connect", "first_byte", "idle", "progress"] {
        let path = format!("providers.a.timeouts.{key}");
        for (value, wrong) in [
            ("0", ABOVE),
            ("0ms", ABOVE),
            ("-1", TIME),
            ("soon", TIME),
            ("{}", TIME),
            (".inf", COUNTED),
            ("", "it has no value"),
        ] {
            row(provider(&format!("timeouts: {{{key}: {value}}}")), &path, wrong);
        }
    }
    row(provider("timeouts: 5"), "providers.a.timeouts", "keys with values are needed, and this is 5");
    row(provider("key: {command: x, timeout: 0}"), "providers.a.key.timeout", ABOVE);
    row(provider("key: {command: x, cache: -1}"), "providers.a.key.cache", TIME);
    for (value, wrong) in [("0", ABOVE), ("-5m", TIME), (".nan", COUNTED)] {
        row(format!("models: {{cache: {{ttl: {value}}}}}"), "models.cache.ttl", wrong);
    }
    row("models: {cache: {megabytes: -1}}".to_owned(), "models.cache.megabytes", &format!("{WHOLE} -1"));
    row("models: {strict: 1}".to_owned(), "models.strict", "true or false is needed, and this is 1");
    row("default_model: [a/m]".to_owned(), "default_model", "a text is needed, and this is a list");
    row(provider("base_url: 5"), "providers.a.base_url", "a text is needed, and this is 5");
    row(provider("base_url: [a]"), "providers.a.base_url", "a text is needed, and this is a list");
    row(provider("base_url: "), "providers.a.base_url", "it has no value");
    row(provider("api_key_env: "), "providers.a.api_key_env", "it has no value");
    let name = "the name of a variable is needed: letters, digits and '_'; a key does not belong in a file";
    row(provider("api_key_env: sk-proj-0123"), "providers.a.api_key_env", name);
    row(provider("api_key_env: $KEY"), "providers.a.api_key_env", name);
    let itself = "a command that prints the key stands in key.command, the name of a variable in api_key_env; a key \
                  itself does not belong in a file";
    for key in ["sk-proj-0123456789abcdef", "op read x", "hunter2", "$(pass key)"] {
        row(provider(&format!("key: {key}")), "providers.a.key", itself);
    }
    for key in ["{}", "{{KEY}}", "{hunter2}"] {
        row(provider(&format!("key: {key}")), "providers.a.key", "it has no command, and nothing else");
    }
    for key in ["$KEY", "\"${KEY}\"", "\"{env:KEY}\""] {
        let named = "a variable is named by api_key_env: KEY";
        row(provider(&format!("key: {key}")), "providers.a.key", named);
    }
    row("providers: 5".to_owned(), "providers", "keys with values are needed, and this is 5");
    for (text, key) in [
        ("modles: {strict: true}".to_owned(), "modles"),
        ("models: {strikt: true}".to_owned(), "models.strikt"),
        ("models: {cache: {tll: 1h}}".to_owned(), "models.cache.tll"),
        ("provider: {a: {kind: ollama}}".to_owned(), "provider"),
        ("Providers: ".to_owned(), "Providers"),
        ("default-model: a/m".to_owned(), "default-model"),
        ("falback: a/m".to_owned(), "falback"),
        (provider("modles: {m: {output_limit: 1}}"), "providers.a.modles"),
        (provider("timeout: {idle: 1}"), "providers.a.timeout"),
        (provider("timeouts: {iddle: 1}"), "providers.a.timeouts.iddle"),
        (provider("concurency: 1"), "providers.a.concurency"),
        (provider("base_ulr: \"http://127.0.0.1:1/v1\""), "providers.a.base_ulr"),
        (provider("url: \"http://127.0.0.1:1/v1\""), "providers.a.url"),
        (provider("base_ulr: "), "providers.a.base_ulr"),
        (model("output-limit: 1"), "providers.a.models.m.output-limit"),
    ] {
        rows.push((text, format!("'{key}' is no setting and does not count")));
    }
    for (text, wrong) in rows {
        let bench = Bench::new(&[(USER, &format!("{text}\n"))]);
        let refusal = bench.load().refusal.unwrap_or_else(|| panic!("{text} stops nothing"));
        assert!(refusal.contains(&format!("{USER}:1: {wrong}. What it forbids")), "{text}: {refusal}");
    }
    for fine in [
        provider("timeouts: {idle: 0.5, connect: 1ms}, key: {command: x, cache: 0}"),
        "modules: {a: b}".to_owned(),
        "models: {cache: {ttl: 8h, megabytes: 0}}".to_owned(),
    ] {
        assert_eq!(Bench::new(&[(USER, &fine)]).load().refusal, None, "{fine}");
    }
    // A stranger's workspace has no say in these, and so cannot hold up anybody.
    for text in [model("output_limit: 0"), "provider: {a: {kind: ollama}}".to_owned()] {
        let bench = Bench::new(&[(WORKSPACE, &text)]);
        assert_eq!(bench.load().refusal, None, "{text}");
        bench.trust();
        assert!(bench.load().refusal.is_some(), "{text}");
    }
}
