//! The key: where it goes, where it never stands.

use std::sync::{Arc, Mutex};

use copydesk_provider::{
    CallError, Fetch, Fetching, Key, KeyForm, KeyOrigin, KeyWanted, Keys, Missing, Models, ModelsConfig,
};
use copydesk_tests::model_server::{Format, ModelServer, Reply};
use tokio_util::sync::CancellationToken;

use crate::bench::{self, CALM, KEY, Manners, VARIABLE, address, ask, fails, models};

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for format in Format::ALL {
        let elsewhere = ModelServer::start(format, [Reply::text("gotcha")]);
        let location = address(&elsewhere);
        for status in [301, 302, 307, 308] {
            let reply = Reply::status(status, "").header("location", &location);
            let (server, events, error) = fails(format, Manners { retries: 2, ..CALM }, vec![reply]).await;
            assert_eq!(
                error,
                CallError::Redirected { address: address(&server), status, location: location.clone() }
            );
            assert_eq!(events, []);
        }
        assert_eq!(elsewhere.connections(), 0);
    }
}

#[tokio::test]
async fn a_key_that_is_missing_or_odd_is_named_and_nothing_is_sent() {
    for format in Format::ALL {
        let server = ModelServer::start(format, []);
        let check = async |keys: &[(&str, &str)], expect: CallError| {
            let provider = copydesk_base::config::Provider {
                kind: bench::kind(format),
                base_url: Some(server.base_url()),
                api_key_env: Some(VARIABLE.into()),
                default_model: Some("m".into()),
                ..Default::default()
            };
            let config =
                ModelsConfig { providers: [("bench".to_owned(), provider)].into(), ..Default::default() };
            assert_eq!(ask(&Models::new(&config, bench::keys(keys))).await.end, Err(expect));
        };
        let missing = || CallError::NoKey {
            provider: "bench".into(),
            variable: VARIABLE.into(),
            missing: Missing::Unset,
        };
        check(&[], missing()).await;
        check(&[(VARIABLE, " ")], missing()).await;
        check(&[("ANTHROPIC_API_KEY", KEY), ("OPENAI_API_KEY", KEY)], missing()).await;
        check(&[(VARIABLE, "two\nlines")], CallError::UnusableKey { origin: VARIABLE.into() }).await;
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn the_key_stands_in_no_debug_print() {
    let server = ModelServer::start(Format::Anthropic, [Reply::text("hi")]);
    let models = models(&server, CALM);
    ask(&models).await.end.unwrap();
    let choice = bench::choice(&models);
    let stream = models.call(&choice, bench::request("x"), CancellationToken::new());
    for told in [format!("{models:?}"), format!("{choice:?}"), format!("{stream:?}")] {
        assert!(!told.contains(KEY), "{told}");
    }
}

/// A place of keys that has these, one after the other.
struct Place {
    keys: Vec<Key>,
    fetched: Mutex<Vec<(KeyWanted, Fetch)>>,
}

impl Keys for Place {
    fn origin(&self, _: &KeyWanted) -> Option<KeyOrigin> {
        self.keys.first().map(|key| key.origin.clone())
    }

    fn key<'a>(&'a self, wanted: &'a KeyWanted, fetch: Fetch) -> Fetching<'a> {
        let mut fetched = self.fetched.lock().unwrap();
        let key = self.keys[fetched.len().min(self.keys.len() - 1)].clone();
        fetched.push((wanted.clone(), fetch));
        Box::pin(std::future::ready(Ok(Some(key))))
    }
}

#[tokio::test]
async fn a_refused_key_is_fetched_once_more_and_sent_again_only_if_it_is_another() {
    let key = |value: &str, origin: KeyOrigin| Key { value: value.into(), origin, form: KeyForm::Key };
    let (command, keyring) = (KeyOrigin::Command("bench".into()), KeyOrigin::Keyring);
    let variable = KeyOrigin::Variable(VARIABLE.into());
    for format in Format::ALL {
        for (keys, answers, fetches, sent, ends) in [
            // Another key, which is taken.
            (vec![key("old", command.clone()), key(KEY, command.clone())], 1, 2, 2, true),
            (vec![key("old", keyring.clone()), key(KEY, keyring.clone())], 1, 2, 2, true),
            // The same one, another one that is refused too, and a variable, which cannot have changed.
            (vec![key("old", command.clone())], 1, 2, 1, false),
            (vec![key("old", command.clone()), key("older", command.clone())], 2, 2, 2, false),
            (vec![key("old", variable.clone()), key(KEY, variable.clone())], 1, 1, 1, false),
        ] {
            let refusals = (0..answers).map(|_| Reply::status(401, "{}"));
            let server = ModelServer::start(format, refusals.chain([Reply::text("hi")]));
            let place = Arc::new(Place { keys, fetched: Mutex::default() });
            let provider = copydesk_base::config::Provider {
                kind: bench::kind(format),
                base_url: Some(server.base_url()),
                default_model: Some("m".into()),
                ..Default::default()
            };
            let config =
                ModelsConfig { providers: [("bench".to_owned(), provider)].into(), ..Default::default() };
            let end = ask(&Models::new(&config, place.clone())).await.end;
            let fetched = place.fetched.lock().unwrap();
            assert_eq!(
                (fetched.len(), server.requests().len(), end.is_ok()),
                (fetches, sent, ends),
                "{fetched:?}"
            );
            assert_eq!(fetched[0].0.address, format!("http://{}", server.address()));
            if let Err(CallError::Refused { key, .. }) = end {
                assert_eq!(key, format!("the key came from {}", place.keys[0].origin));
            }
        }
    }
}

#[tokio::test]
async fn a_token_goes_as_a_bearer_whatever_the_format() {
    for format in Format::ALL {
        let server = ModelServer::start(format, [Reply::text("hi")]);
        let token =
            Key { value: KEY.into(), origin: KeyOrigin::Command("bench".into()), form: KeyForm::Token };
        let provider = copydesk_base::config::Provider {
            kind: bench::kind(format),
            base_url: Some(server.base_url()),
            default_model: Some("m".into()),
            ..Default::default()
        };
        let config =
            ModelsConfig { providers: [("bench".to_owned(), provider)].into(), ..Default::default() };
        let place = Place { keys: vec![token], fetched: Mutex::default() };
        ask(&Models::new(&config, Arc::new(place))).await.end.unwrap();
        let seen = server.requests().remove(0);
        assert_eq!(seen.header("authorization"), format!("Bearer {KEY}"));
        assert_eq!((seen.header("api-key"), seen.header("x-api-key")), ("", ""));
    }
}
