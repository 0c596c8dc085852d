//! Which provider and model answer, by config and environment.

use super::mapped::fits;
use super::*;

fn provider(
    kind: ProviderKind,
    base_url: Option<&str>,
    model: Option<&str>,
    variable: Option<&str>,
) -> Provider {
    Provider {
        kind,
        base_url: base_url.map(str::to_owned),
        default_model: model.map(str::to_owned),
        api_key_env: variable.map(str::to_owned),
        ..Provider::default()
    }
}

/// A config with one provider of each sort.
fn house() -> BTreeMap<String, Provider> {
    let local = Some("http://127.0.0.1:9/v1");
    [
        ("azure", provider(ProviderKind::AzureOpenai, Some("https://x.example"), None, None)),
        ("local", provider(ProviderKind::OpenaiChat, local, None, None)),
        ("mine", provider(ProviderKind::Anthropic, Some("http://127.0.0.1:9"), Some("m1"), Some("MINE_KEY"))),
        ("play", provider(ProviderKind::Offline, None, None, None)),
        ("usual", provider(ProviderKind::Anthropic, None, None, None)),
    ]
    .map(|(name, provider)| (name.to_owned(), provider))
    .into()
}

fn mappings() -> BTreeMap<String, String> {
    [
        ("claude-*", "anthropic"),
        ("claude-mine-*", "mine"),
        ("qwen", "local"),
        ("*:8b", "ollama"),
        ("lost", "nowhere"),
    ]
    .map(|(pattern, provider)| (pattern.to_owned(), provider.to_owned()))
    .into()
}

fn pick(
    wanted: Option<&str>,
    default_model: Option<&str>,
    providers: &BTreeMap<String, Provider>,
    keys: &[&str],
) -> Result<Choice, ChooseError> {
    let key = |endpoint: &Endpoint| {
        let variable = endpoint.key.variable.clone().filter(|variable| keys.contains(&variable.as_str()));
        let stored = keys.contains(&endpoint.key_wanted().address.as_str()).then_some(KeyOrigin::Keyring);
        variable.map(KeyOrigin::Variable).or(stored)
    };
    let mappings = mappings();
    choose(
        wanted.map(|wanted| (Asker::Flag, wanted)),
        &Options {
            default_model,
            providers,
            mappings: &mappings,
            local: &[],
            written: &Written::default(),
            key: &key,
        },
    )
}

#[test]
fn reads_what_is_asked_for() {
    let check = |wanted: &str, expect: Result<(&str, &str), &str>| {
        let got = pick(Some(wanted), Some("play/x"), &house(), &["MINE_KEY", "ANTHROPIC_API_KEY"]);
        match (got, expect) {
            (Ok(choice), Ok((provider, model))) => {
                assert_eq!((choice.provider.as_str(), choice.model.as_str()), (provider, model), "{wanted}");
                assert_eq!(choice.requested.as_deref(), Some(wanted.trim()));
                assert_eq!(choice.offline, choice.kind == ProviderKind::Offline);
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{wanted}: {error}"),
            (got, _) => panic!("{wanted}: {got:?}"),
        }
    };
    check("mine/m2", Ok(("mine", "m2")));
    check(" mine/m2 ", Ok(("mine", "m2")));
    check("mine:m2", Ok(("mine", "m2")));
    check("mine", Ok(("mine", "m1")));
    check("mine/", Ok(("mine", "m1")));
    check("local/org/name:8b", Ok(("local", "org/name:8b")));
    check("local:org/name", Ok(("local", "org/name")));
    check("local", Err("no default_model"));
    check("azure/gpt", Ok(("azure", "gpt")));
    check("play", Ok(("play", "none")));
    check("offline", Ok(("offline", "none")));
    check("anthropic", Ok(("anthropic", "claude-sonnet-4-5")));
    check("openai", Ok(("openai", "gpt-5-mini")));
    check("ollama/llama3:8b", Ok(("ollama", "llama3:8b")));
    check("ollama", Err("no default_model"));
    check("claude-x", Ok(("anthropic", "claude-x")));
    check("claude-mine-x", Ok(("mine", "claude-mine-x")));
    check("qwen", Ok(("local", "qwen")));
    check("org/llama:8b", Ok(("ollama", "org/llama:8b")));
    check("lost", Err("which is no provider"));
    check(
        "nobody/x",
        Err("known are azure, local, mine, play, usual, anthropic, openai, ollama, lmstudio, offline"),
    );
    check("gpt-9", Err("no provider serves 'gpt-9'"));
}

#[test]
fn a_key_that_is_there_is_no_leave_to_ask_another_than_the_provider_that_cannot_be_read() {
    let key = |_: &Endpoint| Some(KeyOrigin::Keyring);
    let pick = |written: &Written, providers: &BTreeMap<String, Provider>| {
        let (default_model, mappings) = (None, BTreeMap::new());
        let options =
            Options { default_model, providers, mappings: &mappings, local: &[], written, key: &key };
        choose(None, &options).unwrap().provider
    };
    let misread = Written { misread: [("lm-studio".to_owned(), String::new())].into(), ..Written::default() };
    let unread = Written { unread: Some(String::new()), ..Written::default() };
    let mine = house().into_iter().filter(|(name, _)| name == "mine").collect();
    for (written, nobody, with_mine) in
        [(Written::default(), "anthropic", "mine"), (misread, "offline", "mine"), (unread, "offline", "mine")]
    {
        let got = (pick(&written, &BTreeMap::new()), pick(&written, &mine));
        assert_eq!(got, (nobody.to_owned(), with_mine.to_owned()), "{written:?}");
    }
}

#[test]
fn goes_down_the_order() {
    let check = |default: Option<&str>, names: &[&str], keys: &[&str], expect: (&str, &str, &str)| {
        let providers = house().into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
        let choice = pick(None, default, &providers, keys).unwrap();
        let got = (choice.provider.as_str(), choice.model.as_str(), choice.why.as_str());
        assert_eq!(got, expect, "{default:?} {names:?} {keys:?}");
        assert_eq!(choice.requested, None);
        assert_eq!(choice.is_last_resort(), expect.2.starts_with("no model"));
    };
    let both = &["ANTHROPIC_API_KEY", "OPENAI_API_KEY"][..];
    check(Some("local/q"), &["local", "mine"], both, ("local", "q", "default_model of the config"));
    check(None, &["local", "mine"], both, ("mine", "m1", "providers.mine in the config"));
    // Whoever configured one that names no model is asked for it, or it is asked what it serves.
    let nobody = ("offline", "none", "no model is configured and no key was found");
    check(None, &["local"], both, nobody);
    check(None, &["azure"], &["https://x.example", "ANTHROPIC_API_KEY"], nobody);
    check(None, &["local", "play", "usual"], &["OPENAI_API_KEY"], nobody);
    check(None, &["play"], both, ("anthropic", "claude-sonnet-4-5", "key found in ANTHROPIC_API_KEY"));
    check(
        None,
        &["azure", "local", "usual"],
        both,
        (
            "usual",
            "claude-sonnet-4-5",
            "key found in ANTHROPIC_API_KEY; azure was passed over: it names no default_model; local was passed over: \
             it names no default_model",
        ),
    );
    check(None, &[], &["OPENAI_API_KEY"], ("openai", "gpt-5-mini", "key found in OPENAI_API_KEY"));
    check(
        None,
        &["azure", "local", "play"],
        &[],
        ("offline", "none", "no model is configured and no key was found"),
    );
    check(Some("  "), &[], &[], ("offline", "none", "no model is configured and no key was found"));
}

#[test]
fn a_provider_that_can_answer_goes_before_one_that_cannot() {
    let local = Some("http://127.0.0.1:9/v1");
    let providers: BTreeMap<String, Provider> = [
        ("a", provider(ProviderKind::OpenaiResponses, None, Some("x"), None)),
        ("b", provider(ProviderKind::Anthropic, None, Some("x"), None)),
        ("c", provider(ProviderKind::OpenaiChat, local, Some("x"), None)),
    ]
    .map(|(name, provider)| (name.to_owned(), provider))
    .into();
    let only: BTreeMap<String, Provider> =
        providers.clone().into_iter().filter(|(name, _)| name == "a").collect();
    let a = "; a was passed over: its key is missing";
    let b = "; b was passed over: its key is missing";
    for (providers, keys, expect, passed) in [
        (&providers, &[][..], "c", format!("{a}{b}")),
        (&providers, &["ANTHROPIC_API_KEY"], "b", a.to_owned()),
        (&providers, &["OPENAI_API_KEY"], "a", String::new()),
        (&only, &[], "a", String::new()),
    ] {
        let choice = pick(None, None, providers, keys).unwrap();
        let why = format!("providers.{expect} in the config{passed}");
        assert_eq!((choice.provider.as_str(), choice.why), (expect, why), "{keys:?}");
    }
}

#[test]
fn a_mapping_that_leads_nowhere_is_known_before_a_name_fits_it() {
    let (providers, mappings) = (house(), mappings());
    let places = BTreeMap::from([("model_mappings.lost".to_owned(), "config.yaml:7".to_owned())]);
    let written = Written { places, ..Written::default() };
    let options = Options {
        default_model: None,
        providers: &providers,
        mappings: &mappings,
        local: &[],
        written: &written,
        key: &|_| None,
    };
    let broken: Vec<_> = options.broken_mappings().map(|(at, why)| (at, why.to_string())).collect();
    let known = "azure, local, mine, play, usual, anthropic, openai, ollama, lmstudio, offline";
    let why = format!(
        "config.yaml:7: model_mappings sends 'lost' to 'nowhere', which is no provider; known are {known}"
    );
    assert_eq!(broken, [("lost".to_owned(), why)]);
}

#[test]
fn a_star_stands_for_any_characters() {
    let check =
        |pattern: &str, text: &str, expect: bool| assert_eq!(fits(pattern, text), expect, "{pattern} {text}");
    check("a", "a", true);
    check("a", "ab", false);
    check("a*", "a", true);
    check("a*", "abc", true);
    check("*", "", true);
    check("*-mini", "gpt-5-mini", true);
    check("*-mini", "gpt-5-mini-x", false);
    check("a*b*c", "aXbYc", true);
    check("a*b*c", "acb", false);
    check("a*a", "a", false);
}

#[test]
fn the_name_of_a_provider_that_does_not_count_is_nobody_elses() {
    let because = |name: &str| format!("config.yaml:3: provider '{name}' does not count: it has no kind");
    let local = LocalServer::usual();
    let check = |refused: &str, wanted: Option<&str>, default: Option<&str>, expect: Result<&str, &str>| {
        let misread = BTreeMap::from([(refused.to_owned(), because(refused))]);
        let written = Written { misread, ..Written::default() };
        let key = |endpoint: &Endpoint| endpoint.key.variable.clone().map(KeyOrigin::Variable);
        let (providers, mappings) =
            (house(), [("qwen*".to_owned(), refused.to_owned()), ("*".to_owned(), "play".to_owned())]);
        let providers = if wanted.is_some() { providers } else { BTreeMap::new() };
        let options = Options {
            default_model: default,
            providers: &providers,
            mappings: &mappings.into(),
            local: &local,
            written: &written,
            key: &key,
        };
        let got = choose(wanted.map(|wanted| (Asker::Flag, wanted)), &options);
        let asked = wanted.or(default).unwrap_or_default();
        match (&got, expect) {
            (Ok(choice), Ok(model)) => assert_eq!(choice.model_ref(), model, "{refused} {asked}"),
            (Err(error), Err(wanted)) => {
                let told = format!("no provider serves '{wanted}': {}", because(refused));
                assert_eq!(error.to_string(), told, "{refused} {asked}");
            }
            _ => panic!("{refused} {asked}: {got:?}"),
        }
    };
    // Neither a built-in one, nor a server that was found here, nor whom a pattern names.
    for name in ["anthropic", "openai", "ollama", "lmstudio", "offline"] {
        for wanted in [format!("{name}/m"), format!("{name}:m"), name.to_owned()] {
            check(name, Some(&wanted), None, Err(&wanted));
            check(name, None, Some(&wanted), Err(&wanted));
        }
        check(name, Some("qwen3"), None, Err("qwen3"));
        check(name, Some("mine/m2"), None, Ok("mine/m2"));
    }
    check(" ollama ", Some("ollama/m"), None, Err("ollama/m"));
}
