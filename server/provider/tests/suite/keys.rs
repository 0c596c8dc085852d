//! The key: where it goes, where it never stands.

use copydesk_provider::{CallError, Models, ModelsConfig};
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
        let missing = || CallError::NoKey { provider: "bench".into(), variable: VARIABLE.into() };
        check(&[], missing()).await;
        check(&[(VARIABLE, " ")], missing()).await;
        check(&[("ANTHROPIC_API_KEY", KEY), ("OPENAI_API_KEY", KEY)], missing()).await;
        check(&[(VARIABLE, "two\nlines")], CallError::UnusableKey { variable: VARIABLE.into() }).await;
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
