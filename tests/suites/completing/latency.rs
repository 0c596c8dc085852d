//! Waiting and not waiting: answers that serve again, answers that come late, calls that are given up, models that
//! fail.

use copydesk_tests::model_server::{End, Format, Gate, ModelServer, Reply};
use copydesk_tests::personality::{neovim_0_12, vs_code};
use serde_json::{Value, json};

use crate::{Desk, FORMATS, config, said};

#[test]
fn what_is_typed_through_an_answer_asks_nobody() {
    for format in FORMATS {
        let mut desk = Desk::begin(vs_code(), format, vec![said(format, "x * 2"), said(format, "  # a\n")]);
        assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "x * 2");
        let mut at = Desk::cursor();
        for (typed, rest) in [("x", " * 2"), (" *", " 2")] {
            at = desk.types(at, typed);
            let id = desk.typing(at);
            let answer = desk.client.answer_to(id).unwrap();
            assert_eq!(answer[0]["insertText"], rest);
        }
        assert_eq!(desk.model.requests().len(), 1, "{format:?}");
        // Typed to its end: what comes next is a new question.
        at = desk.types(at, " 2");
        assert_eq!(desk.ask(at)[0]["insertText"], "  # a");
        assert_eq!(desk.model.requests().len(), 2, "{format:?}");
        // Back into it: none.
        let uri = desk.uri.clone();
        desk.client.type_over(&uri, at - 2, at, "");
        assert_eq!(desk.ask(at - 2)[0]["insertText"], " 2");
        assert_eq!(desk.model.requests().len(), 2, "{format:?}");
        desk.end();
    }
}

#[test]
fn a_bracket_that_the_editor_closes_does_not_end_a_suggestion() {
    let mut desk = Desk::begin(neovim_0_12(), Format::OllamaHole, vec![Reply::text("twice(x, 2)")]);
    assert_eq!(desk.ask(Desk::cursor())[0]["insertText"], "twice(x, 2)");
    let at = desk.types(Desk::cursor(), "twice(");
    desk.types(at, ")");
    assert_eq!(desk.ask(at)[0]["insertText"], "x, 2");
    desk.end();
}

#[test]
fn an_answer_that_comes_late_is_shown_where_it_still_fits() {
    for format in FORMATS {
        let gate = Gate::new();
        let mut desk = Desk::begin(vs_code(), format, vec![said(format, "x * 2").hold(&gate)]);
        let first = desk.typing(Desk::cursor());
        desk.model.wait_request(0);
        // The next key: the editor takes the request back and asks anew.
        let at = desk.types(Desk::cursor(), "x ");
        desk.client.cancel(first);
        let second = desk.typing(at);
        assert!(desk.client.answer_to(first).is_err(), "it was canceled");
        gate.open();
        let answer = desk.client.answer_to(second).unwrap();
        assert_eq!(answer[0]["insertText"], "* 2");
        assert_eq!(desk.model.requests().len(), 1, "one call for both");
        desk.end();
    }
}

#[test]
fn a_call_that_nobody_waits_for_is_given_up_and_its_socket_closed() {
    for format in FORMATS {
        let gate = Gate::new();
        let script = vec![said(format, "x * 2").hold(&gate), said(format, "y")];
        let mut desk = Desk::begin(neovim_0_12(), format, script);
        let first = desk.typing(Desk::cursor());
        desk.model.wait_request(0);
        desk.client.cancel(first);
        assert!(desk.client.answer_to(first).is_err());
        desk.model.wait_closed(0);
        // So is one whose text became another: at most one is under way.
        let at = desk.types(0, "import os\n");
        assert_eq!(desk.ask(Desk::cursor() + at)[0]["insertText"], "y");
        assert_eq!(desk.model.requests().len(), 2);
        desk.end();
    }
}

#[test]
fn an_edit_that_no_answer_fits_ends_the_call_under_way_though_nobody_asks_anew() {
    for format in FORMATS {
        let gate = Gate::new();
        let script = vec![said(format, "x * 2").hold(&gate), said(format, "x * 9").hold(&gate)];
        let mut desk = Desk::begin(vs_code(), format, script);
        let first = desk.typing(Desk::cursor());
        desk.model.wait_request(0);
        let uri = desk.uri.clone();
        desk.client.replace(&uri, "double(4)", "double(5)");
        desk.model.wait_closed(0);
        assert_eq!(desk.client.answer_to(first), Ok(json!([])));
        // What is typed through it does not.
        let second = desk.typing(Desk::cursor());
        desk.model.wait_request(1);
        let at = desk.types(Desk::cursor(), "x");
        let third = desk.typing(at);
        gate.open();
        // Whether it is told or outdated depends on who was quicker.
        let _ = desk.client.answer_to(second);
        assert_eq!(desk.client.answer_to(third).unwrap()[0]["insertText"], " * 9");
        assert_eq!(desk.model.requests().len(), 2);
        desk.end();
    }
}

#[test]
fn another_text_ends_the_call_under_way_at_once() {
    let gate = Gate::new();
    let script = vec![Reply::text("x * 2").hold(&gate), Reply::text("x * 9")];
    let mut desk = Desk::begin(vs_code(), Format::Completions, script);
    let first = desk.typing(Desk::cursor());
    desk.model.wait_request(0);
    let uri = desk.uri.clone();
    desk.client.replace(&uri, "double(4)", "double(5)");
    let answer = desk.ask(Desk::cursor());
    assert_eq!(answer[0]["insertText"], "x * 9");
    desk.model.wait_closed(0);
    assert_eq!(desk.client.answer_to(first), Ok(Value::Null), "the older one is told that there is nothing");
    desk.end();
}

#[test]
fn a_server_that_does_not_end_a_suggestion_is_hung_up_on_and_that_is_said_once() {
    for format in [Format::Completions, Format::OpenaiChat] {
        let endless = || Reply::text("On and on: ").end(End::Babble);
        let model = ModelServer::start(format, [endless(), endless()]);
        let config = config(&model, "budgets: {day: {requests: 2}}");
        let mut desk = Desk::with(vs_code(), model, &config, &[]);
        desk.client.hold("window/logMessage");
        for at in 0..2 {
            let _ = desk.ask(Desk::cursor());
            desk.model.wait_closed(at);
        }
        let _ = desk.ask(Desk::cursor());
        assert_eq!(desk.model.requests().len(), 2, "each of them counts for the day");
        let told = desk.client.message("window/logMessage").params;
        let words = told["message"].as_str().unwrap();
        assert!(words.contains("goes on behind the 256 tokens that it was told to end at"), "{words}");
        // No limit of theirs would let it end.
        assert!(
            words.contains("Choose another model in completion.model") && !words.contains("Raise"),
            "{words}"
        );
        let spent = desk.client.message("window/logMessage").params;
        assert!(spent["message"].as_str().unwrap().contains("budgets.day.requests"), "{spent}");
        desk.end();
    }
}

#[test]
fn a_model_that_fails_is_left_alone_and_that_is_said_once() {
    let failing = || Reply::status(500, r#"{"error":{"message":"no"}}"#);
    let model = ModelServer::start(Format::Completions, [failing(), failing(), Reply::text("x * 2")]);
    let config = config(&model, "");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    desk.client.hold("window/logMessage");
    let end = desk.client.text(&desk.uri).len();
    for at in [Desk::cursor(), end, 0] {
        let id = desk.typing(at);
        assert_eq!(desk.client.answer_to(id), Ok(json!([])));
    }
    assert_eq!(desk.model.requests().len(), 1, "it is asked once, and not again at once");
    let told = desk.client.message("window/logMessage").params;
    let words = told["message"].as_str().unwrap();
    assert!(words.contains("bench/bench-model answers again") && words.contains("500"), "{words}");
    // Who asks by hand wants it now, whatever happened before.
    assert_eq!(desk.shown(Desk::cursor()), None);
    assert_eq!(desk.shown(Desk::cursor()).as_deref(), Some("x * 2"));
    assert!(desk.client.heard("window/logMessage").is_empty(), "once");
    desk.end();
}

#[test]
fn a_model_that_does_not_answer_as_it_is_asked_is_left_alone_and_that_is_said_once() {
    let talk = || Reply::text("You could return price * 2.");
    let model = ModelServer::start(Format::OpenaiChat, [talk(), talk(), talk(), talk()]);
    let config = config(&model, "");
    let mut desk = Desk::with(vs_code(), model, &config, &[]);
    desk.client.hold("window/logMessage");
    let end = desk.client.text(&desk.uri).len();
    for at in [Desk::cursor(), end, 0, 1] {
        assert_eq!(desk.shown(at), None);
    }
    let told = desk.client.message("window/logMessage").params;
    let words = told["message"].as_str().unwrap();
    assert!(
        words.contains("bench/bench-model does not put") && words.contains("completion.model"),
        "{words}"
    );
    assert!(desk.client.heard("window/logMessage").is_empty(), "once");
    let id = desk.typing(2);
    assert_eq!(desk.client.answer_to(id), Ok(json!([])));
    assert_eq!(desk.model.requests().len(), 4, "nobody is asked while somebody types");
    desk.end();
}

#[test]
fn a_key_that_is_refused_is_said_with_its_place() {
    let model = ModelServer::start(Format::OpenaiChat, [Reply::status(401, "{}")]);
    let config = config(&model, "");
    let mut desk = Desk::with(neovim_0_12(), model, &config, &[]);
    desk.client.hold("window/logMessage");
    assert_eq!(desk.shown(Desk::cursor()), None);
    let told = desk.client.message("window/logMessage").params;
    assert!(told["message"].as_str().unwrap().contains("BENCH_KEY"), "{told}");
    desk.end();
}
