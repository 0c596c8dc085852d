//! Formats of holes: where they go, what they say, and their answers, good and broken.

use std::sync::Arc;

use copydesk_base::Usage;
use copydesk_base::config::{ModelPrice, ModelSettings, Provider};

use super::*;
use crate::{Asker, Models, ModelsConfig, NoKeys, Wish};

fn choice(kind: ProviderKind, base_url: &str, model: &str) -> Choice {
    let provider = Provider {
        kind,
        base_url: Some(base_url.to_owned()),
        default_model: Some(model.to_owned()),
        ..Provider::default()
    };
    choice_of(provider)
}

fn choice_of(provider: Provider) -> Choice {
    let config = ModelsConfig { providers: [("p".to_owned(), provider)].into(), ..ModelsConfig::default() };
    Models::new(&config, Arc::new(NoKeys))
        .route(&[Wish::model(Asker::Flag, Some("p".to_owned()))])
        .unwrap()
        .first
}

#[test]
fn a_format_is_known_or_named_and_has_its_address() {
    use CompletionFormat::{Auto, Completions, Deepseek, LlamaCpp, Mistral, Ollama, Prompted};
    use ProviderKind::{Anthropic, OpenaiChat};
    let here = "http://127.0.0.1:1/v1";
    for (kind, base_url, wanted, expect) in [
        (ProviderKind::Ollama, "http://127.0.0.1:1", Auto, Some("http://127.0.0.1:1/api/generate")),
        (ProviderKind::Ollama, "http://127.0.0.1:1", Completions, Some("http://127.0.0.1:1/v1/completions")),
        (OpenaiChat, "http://127.0.0.1:1/v1", Ollama, Some("http://127.0.0.1:1/api/generate")),
        (OpenaiChat, here, Auto, None),
        (OpenaiChat, here, Prompted, None),
        (OpenaiChat, here, Completions, Some("http://127.0.0.1:1/v1/completions")),
        (OpenaiChat, here, LlamaCpp, Some("http://127.0.0.1:1/infill")),
        (OpenaiChat, here, Mistral, Some("http://127.0.0.1:1/v1/fim/completions")),
        (
            OpenaiChat,
            "https://codestral.mistral.ai/v1",
            Auto,
            Some("https://codestral.mistral.ai/v1/fim/completions"),
        ),
        (OpenaiChat, "https://notmistral.ai/v1", Auto, None),
        (OpenaiChat, "https://api.deepseek.com", Auto, Some("https://api.deepseek.com/beta/completions")),
        (
            OpenaiChat,
            "https://api.deepseek.com/v1",
            Deepseek,
            Some("https://api.deepseek.com/beta/completions"),
        ),
        (
            OpenaiChat,
            "https://api.deepseek.com/beta",
            Auto,
            Some("https://api.deepseek.com/beta/completions"),
        ),
        (Anthropic, "https://api.anthropic.com", Auto, None),
    ] {
        let choice = choice(kind, base_url, "codestral-latest");
        let format = InfillFormat::of(&choice, wanted).unwrap();
        let address = format.map(|format| format.address(&choice.endpoint).unwrap().to_string());
        assert_eq!(address.as_deref(), expect, "{base_url} {wanted:?}");
    }
    let wrong = InfillFormat::of(&choice(Anthropic, "https://api.anthropic.com", "m"), Mistral);
    assert!(wrong.unwrap_err().contains("kind anthropic"));
}

#[test]
fn another_machine_and_any_price_count_as_metered() {
    let price = Some(ModelPrice { input: 0.1, output: 0.1, cached_input: None, kept_input: None });
    let free = Some(ModelPrice { input: 0.0, output: 0.0, cached_input: None, kept_input: None });
    for (base_url, price, expect) in [
        ("http://127.0.0.1:1/v1", None, false),
        ("http://localhost:1/v1", None, false),
        ("http://[::1]:1/v1", None, false),
        ("http://127.0.0.1:1/v1", price.clone(), true),
        ("http://192.168.0.2:1/v1", None, true),
        ("https://a.example/v1", free, true),
        ("https://a.example/v1", price, true),
    ] {
        let settings = ModelSettings { price, ..ModelSettings::default() };
        let choice = choice_of(Provider {
            kind: ProviderKind::OpenaiChat,
            base_url: Some(base_url.to_owned()),
            default_model: Some("m".to_owned()),
            models: [("m".to_owned(), settings)].into(),
            ..Provider::default()
        });
        assert_eq!(is_metered(&choice), expect, "{base_url}");
    }
    let script = Provider { scenario: Some("s.yaml".to_owned()), ..Provider::default() };
    assert!(!is_metered(&choice_of(script)), "a script bills for nothing");
}

#[test]
fn each_format_says_the_hole_in_its_own_words() {
    let infill = |format| Infill {
        format,
        prefix: "a(".into(),
        suffix: String::new(),
        stop: vec!["\n\n".into()],
        extra: vec![Extra { name: "b.py".into(), text: "b".into() }],
    };
    let request = Request { model: "m".into(), max_output_tokens: Some(64), ..Request::default() };
    let check = |format, expect: Value| {
        assert_eq!(body(&infill(format), &request, ollama::Window::default()), expect, "{format:?}");
    };
    check(
        InfillFormat::Ollama,
        json!({"model": "m", "prompt": "a(", "suffix": "\n", "stream": true,
            "options": {"temperature": 0, "num_ctx": 8192, "num_predict": 64, "stop": ["\n\n"]}}),
    );
    let plain = json!({"model": "m", "prompt": "a(", "suffix": "", "temperature": 0, "stop": ["\n\n"],
        "stream": true, "max_tokens": 64});
    check(InfillFormat::Mistral, plain.clone());
    let mut counted = plain;
    counted["stream_options"] = json!({"include_usage": true});
    check(InfillFormat::Completions, counted.clone());
    check(InfillFormat::Deepseek, counted);
    check(
        InfillFormat::LlamaCpp,
        json!({"input_prefix": "a(", "input_suffix": "", "input_extra": [{"filename": "b.py", "text": "b"}],
            "prompt": "", "n_predict": 64, "temperature": 0, "stop": ["\n\n"], "cache_prompt": true, "stream": true}),
    );
}

/// The text, why it ended, and the count; or the error.
type Read = Result<Option<(String, StopReason, Usage)>, WireError>;

fn read(format: InfillFormat, pieces: &[&str]) -> Read {
    let (mut reader, mut events) = (Reader::of(format), Vec::new());
    for piece in pieces {
        if reader.read(piece, &mut events)? == Progress::Done {
            return Ok(stopped(&mut reader));
        }
    }
    Ok(if reader.may_end() { stopped(&mut reader) } else { None })
}

fn stopped(reader: &mut Reader) -> Option<(String, StopReason, Usage)> {
    let usage = reader.answer().usage();
    let ModelEvent::Stopped { text, reason, .. } = reader.stop() else { return None };
    Some((text, reason, usage))
}

#[test]
fn answers_are_read_and_their_ends_are_ends() {
    let usage = Usage { input_tokens: 9, output_tokens: 2, requests: 0, usd: None, ..Usage::default() };
    let whole = |reason| Ok(Some(("x ü".to_owned(), reason, usage)));
    let check =
        |format, pieces: &[&str], expect: Read| assert_eq!(read(format, pieces), expect, "{pieces:?}");
    check(
        InfillFormat::Ollama,
        &[
            r#"{"model":"m","response":"x ","done":false}"#,
            r#"{"model":"m","response":"ü","done":false}"#,
            r#"{"model":"m","response":"","done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":2}"#,
        ],
        whole(StopReason::EndTurn),
    );
    check(InfillFormat::Ollama, &[r#"{"response":"x","done":false}"#], Ok(None));
    check(
        InfillFormat::Completions,
        &[
            r#"{"object":"text_completion","choices":[{"text":"x ","index":0,"finish_reason":null}]}"#,
            r#"{"choices":[{"text":"ü","finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#,
            "[DONE]",
        ],
        whole(StopReason::MaxTokens),
    );
    check(InfillFormat::Deepseek, &[r#"{"choices":[{"text":"x"}]}"#], Ok(None));
    check(
        InfillFormat::Mistral,
        &[
            r#"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x ü"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#,
        ],
        whole(StopReason::EndTurn),
    );
    check(
        InfillFormat::LlamaCpp,
        &[
            r#"{"content":"x ü","stop":false}"#,
            r#"{"content":"","stop":true,"stop_type":"limit","tokens_evaluated":9,"tokens_predicted":2}"#,
        ],
        whole(StopReason::MaxTokens),
    );
    for (pieces, wrong) in
        [(&["[DONE]"][..], "before it began"), (&["{}"], "holds none"), (&["nonsense"], "no part")]
    {
        let error = read(InfillFormat::Completions, pieces).unwrap_err();
        assert!(
            matches!(&error, WireError::Malformed(reason) if reason.contains(wrong)),
            "{pieces:?}: {error:?}"
        );
    }
    let error = read(InfillFormat::Ollama, &[r#"{"error":"model runner has stopped"}"#]).unwrap_err();
    assert!(matches!(&error, WireError::Server { message, .. } if message.contains("runner")), "{error:?}");
}
