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
    for (models, image, code, words) in [
        (
            "{m: {vision: false}}",
            "shot.png",
            1,
            "bench/m cannot look at images. Leave the image out, or choose a model that can",
        ),
        (
            "{m: {vision: true}}",
            "notes.png",
            2,
            "error: notes.png cannot be sent: it is no PNG, JPEG, GIF or WebP image",
        ),
        ("{}", "none.png", 2, "error: none.png cannot be sent: failed to find "),
        ("{}", ".env", 1, "failed to send .env to a model: "),
    ] {
        let workspace = desk(&model, models).with([("notes.png", "hello")]);
        workspace.write_bytes(".env", PNG);
        let ran = workspace.run(&["ask", "--image", image, "what is it?"]).exits(code);
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

#[test]
fn words_bring_an_image_along_and_asking_again_brings_it_once_more() {
    for format in Format::ALL {
        let model = ModelServer::start(format, (0..4).map(|_| Reply::text("A button.")));
        let workspace = desk(&model, "{}");
        let _ = workspace.run(&["ask", "what is in @shot.png?"]).exits(0);
        let _ = workspace.run(&["ask", "--retry"]).exits(0);
        let _ = workspace.run(&["ask", "--image", "shot.png", "and in @shot.png?"]).exits(0);
        let _ = workspace.run(&["ask", "--retry"]).exits(0);
        for at in 0..4 {
            let request = model.wait_request(at);
            check(format, &request.body);
            assert_eq!(request.text().matches(BASE64).count(), 1, "{format:?}, request {at}: once");
        }
    }
}

#[test]
fn what_is_not_there_to_go_on_with_is_wrong_usage() {
    let model = ModelServer::start(Format::OpenaiChat, []);
    let workspace = desk(&model, "{}");
    for (arguments, words) in [
        (&["ask", "--retry"][..], "error: there is no turn to ask again"),
        (
            &["ask", "--session", "ses-none", "go on"],
            "error: there is no conversation 'ses-none' here; 'copydesk sessions' lists them",
        ),
        (&["ask", "--continue", "go on"], "error: there is no conversation here to go on with"),
    ] {
        let ran = workspace.run(arguments).exits(2);
        assert!(ran.stderr.contains(words), "{ran}");
    }
    assert_eq!(model.requests().len(), 0);
}
