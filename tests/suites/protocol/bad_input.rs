//! Input that no client should send: it is answered or it ends the server clearly, and nothing hangs.

use copydesk_tests::client::{Client, frame};
use copydesk_tests::personality;
use copydesk_tests::workspace::Workspace;
use serde_json::json;

use crate::COPYDESK;

#[test]
fn a_body_that_is_no_json_is_answered_and_the_server_goes_on() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    let bodies: &[&[u8]] = &[
        b"{",
        b"",
        b"{\"jsonrpc\": \"2.0\", \"method\": \"x\"",
        b"\xff\xfe{}",
        b"{\"a\": \"\xc3\"}",
        b"nul",
    ];
    for body in bodies {
        client.send_bytes(&frame(body));
        let error = client.message("error").params;
        assert_eq!(error["code"], -32700, "{:?}: {error}", String::from_utf8_lossy(body));
    }
    still_works(&mut client);
    client.finish();
}

#[test]
fn json_that_is_no_message_is_answered_and_the_server_goes_on() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::helix_25_07(), &workspace);
    let batch = r#"[{"jsonrpc":"2.0","id":900,"method":"shutdown"}]"#;
    for body in [
        "5",
        "null",
        "\"text\"",
        "[]",
        "{}",
        batch,
        r#"{"jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","method":7}"#,
    ] {
        client.send_bytes(&frame(body.as_bytes()));
        let error = client.message("error").params;
        assert!(error["code"] == -32600 || error["code"] == -32700, "{body}: {error}");
    }
    still_works(&mut client);
    client.finish();
}

#[test]
fn a_deeply_nested_body_does_not_kill() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    client.send_bytes(&frame("[".repeat(1_000_000).as_bytes()));
    let error = client.message("error").params;
    assert!(error["code"] == -32600 || error["code"] == -32700, "{error}");
    still_works(&mut client);
    client.finish();
}

#[test]
fn a_broken_header_ends_with_one_line_and_exit_1() {
    let headers: &[&[u8]] = &[
        b"hello\r\n\r\n{}",
        b"Content-Lenght: 2\r\n\r\n{}",
        b"Content-Length: x\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: 99999999999999999999\r\n\r\n{}",
        b"Content-Length: 9999999999999\r\n\r\n{}",
        b"\r\n\r\n",
        b"\xff\xff\xff\r\n\r\n",
    ];
    for header in headers {
        let workspace = Workspace::new(COPYDESK);
        let mut client = Client::start(personality::vs_code(), &workspace);
        client.send_bytes(header);
        let (code, stderr) = client.ends();
        let shown = String::from_utf8_lossy(header);
        assert_eq!(code, Some(1), "{shown:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{shown:?}: one line, not {stderr:?}");
    }
}

#[test]
fn headers_are_read_as_generously_as_the_protocol_is_written() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    let body = r#"{"jsonrpc":"2.0","method":"$/nothing"}"#;
    for header in [
        format!(
            "Content-Length: {}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
            body.len()
        ),
        format!("content-length:{}\r\n\r\n", body.len()),
        format!(
            "Content-Type: application/vscode-jsonrpc; charset=utf8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ),
    ] {
        client.send_bytes(format!("{header}{body}").as_bytes());
        still_works(&mut client);
    }
    client.finish();
}

#[test]
fn one_message_in_many_pieces_and_many_in_one_piece() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    let note = frame(r#"{"jsonrpc":"2.0","method":"$/nothing","params":{"x":"ä😀"}}"#.as_bytes());
    for byte in &note {
        client.send_bytes(std::slice::from_ref(byte));
    }
    still_works(&mut client);
    client.send_bytes(&note.repeat(500));
    still_works(&mut client);
    client.finish();
}

#[test]
fn places_that_do_not_exist_are_answered_and_change_nothing() {
    let workspace = Workspace::new(COPYDESK);
    let text = "name: x\nsteps:\n  - id: a\n    type: shell\n    run: 'ä😀'\n";
    for personality in [personality::vs_code(), personality::helix_25_07(), personality::eglot_1_17()] {
        let mut client = Client::start(personality, &workspace);
        let uri = workspace.uri("x.workflow.yaml");
        client.open(&uri, "yaml", text);
        let nowhere = json!({"start": {"line": 4, "character": 11}, "end": {"line": 99_999, "character": 4_000_000_000_u32}});
        for position in [
            json!({"line": 99_999, "character": 0}),
            json!({"line": 4, "character": 99_999}),
            json!({"line": 4, "character": 11}), // inside a character, in two encodings
            json!({"line": 4_294_967_295_u32, "character": 4_294_967_295_u32}),
        ] {
            let place = json!({"textDocument": {"uri": uri}, "position": position});
            client.ok("textDocument/hover", place.clone());
            client.ok("textDocument/completion", place);
        }
        let context = json!({"diagnostics": []});
        client.ok(
            "textDocument/codeAction",
            json!({"textDocument": {"uri": uri}, "range": nowhere, "context": context}),
        );
        // Backwards, and about documents that nobody opened.
        let backwards = json!({"start": {"line": 3, "character": 0}, "end": {"line": 1, "character": 0}});
        client.ok(
            "textDocument/codeAction",
            json!({"textDocument": {"uri": uri}, "range": backwards, "context": context}),
        );
        let other = json!({"textDocument": {"uri": workspace.uri("other.yaml")}, "position": {"line": 0, "character": 0}});
        client.ok("textDocument/hover", other.clone());
        client.ok("textDocument/completion", other);
        client.diagnostic_codes(&uri, &[]);
        client.finish();
    }
}

#[test]
fn notifications_without_sense_are_passed_over() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::neovim_0_12(), &workspace);
    let uri = workspace.uri("x.workflow.yaml");
    client.open(&uri, "yaml", "name: x\nsteps: []\n");
    client.notify("textDocument/didOpen", json!({}));
    client.notify("textDocument/didOpen", json!({"textDocument": 5}));
    client.notify("textDocument/didChange", json!({"textDocument": {"uri": uri}}));
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": "not a uri", "version": 1}, "contentChanges": []}),
    );
    client.notify("textDocument/didChange", json!({"textDocument": {"uri": workspace.uri("y.yaml"), "version": 1}, "contentChanges": [{"text": "x"}]}));
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": workspace.uri("y.yaml")}}));
    client.notify("$/cancelRequest", json!({"id": 123_456}));
    client.notify("$/cancelRequest", json!({}));
    client.notify("window/workDoneProgress/cancel", json!({"token": "nobody's"}));
    client.notify("workspace/didChangeConfiguration", json!(null));
    still_works(&mut client);
    client.finish();
}

#[test]
fn a_request_whose_params_make_no_sense_is_refused() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    for params in
        [json!(null), json!({}), json!([1]), json!({"textDocument": {"uri": 5}, "position": "here"})]
    {
        let error = client.err("textDocument/hover", params.clone());
        assert_eq!(error.code, -32602, "{params}: {error}");
    }
    client.finish();
}

#[test]
fn a_large_document_is_taken() {
    let workspace = Workspace::new(COPYDESK);
    let mut client = Client::start(personality::vs_code(), &workspace);
    let uri = workspace.uri("large.txt");
    let line = "a line of a log, as long as lines of logs are, and then some more of it ä😀\n";
    client.open(&uri, "text", &line.repeat(20_000_000 / line.len()));
    client.type_over(&uri, 0, 1, "A");
    still_works(&mut client);
    client.finish();
}

/// One ordinary request is answered.
fn still_works(client: &mut Client) {
    let error = client.err("textDocument/levitate", json!({}));
    assert_eq!(error.code, -32601);
}
