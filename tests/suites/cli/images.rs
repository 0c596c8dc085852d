//! Images that go along with the words, to models that can look at them.

use copydesk_tests::model_server::{Format, ModelServer, Reply};
use copydesk_tests::scene::KEY;
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::COPYDESK;

/// The first bytes of an image are enough for everybody but a model.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";
const BASE64: &str = "iVBORw0KGgogYW5kIHNvIG9u";

fn desk(model: &ModelServer, models: &str) -> Workspace {
    let config = format!(
        "default_model: bench/m\nproviders:\n  bench: {{kind: {}, base_url: \"{}\", api_key_env: BENCH_KEY, models: {models}}}\n",
        model.format().kind(),
        model.base_url()
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config).with_variable("BENCH_KEY", KEY);
    workspace.write_bytes("shot.png", PNG);
    workspace
}

/// What the last message of a request holds beside its text.
fn check(format: Format, body: &Value) {
    let address = format!("data:image/png;base64,{BASE64}");
    let (place, expect) = match format {
        Format::Anthropic => (
            "/messages/0/content/0",
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}}),
        ),
        Format::OpenaiResponses => {
            ("/input/0/content/1", json!({"type": "input_image", "image_url": address}))
        }
        Format::Ollama => ("/messages/1/images/0", json!(BASE64)),
        _ => ("/messages/1/content/1", json!({"type": "image_url", "image_url": {"url": address}})),
    };
    let found = body.pointer(place).cloned().unwrap_or_default();
    assert_eq!(found, expect, "{format:?}: {body}");
}

#[test]
fn an_image_is_sent_in_every_format_and_named_in_the_words() {
    for format in Format::ALL {
        let model = ModelServer::start(format, [Reply::text("A button.")]);
        let workspace = desk(&model, "{}");
        let ran = workspace.run(&["ask", "--image", "shot.png", "what is it?"]).exits(0);
        assert_eq!(ran.stdout, "A button.\n", "{ran}");
        let request = model.wait_request(0);
        check(format, &request.body);
        assert!(request.text().contains("Image beside this: shot.png"), "{}", request.text());
    }
}

#[test]
fn what_cannot_be_looked_at_is_told_before_anything_leaves() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    for (models, image, words) in [
        (
            "{m: {vision: false}}",
            "shot.png",
            "bench/m cannot look at images. Leave the image out, or choose a model that can",
        ),
        (
            "{m: {vision: true}}",
            "notes.png",
            "failed to send notes.png to a model: it is no PNG, JPEG, GIF or WebP image",
        ),
        ("{}", "none.png", "failed to send none.png to a model: "),
        ("{}", ".env", "failed to send .env to a model: "),
    ] {
        let workspace = desk(&model, models).with([("notes.png", "hello"), (".env", "KEY=1\n")]);
        let ran = workspace.run(&["ask", "--image", image, "what is it?"]).exits(1);
        assert!(ran.stderr.contains(words), "{words}: {ran}");
    }
    assert_eq!(model.requests().len(), 0);
}

#[test]
fn a_fallback_that_can_see_answers_for_one_that_cannot() {
    let (blind, seeing) = (
        ModelServer::start(Format::OpenaiChat, []),
        ModelServer::start(Format::Anthropic, [Reply::text("A button.")]),
    );
    let config = format!(
        "default_model: one/m\nfallback: [two/m]\nproviders:\n  one: {{kind: openai-chat, base_url: \"{}\", models: {{m: {{vision: false}}}}}}\n  two: {{kind: anthropic, base_url: \"{}\"}}\n",
        blind.base_url(),
        seeing.base_url()
    );
    let workspace = Workspace::new(COPYDESK).with_user_config(&config);
    workspace.write_bytes("shot.png", PNG);
    let ran = workspace.run(&["ask", "--image", "shot.png", "what is it?"]).exits(0);
    assert!(ran.stderr.contains("two/m answers instead of one/m: one/m cannot look at images"), "{ran}");
    assert_eq!(blind.requests().len(), 0);
}
