//! Servers that do not say what a request took: what counts where a limit needs the count.

use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use serde_json::json;

use crate::overrun::{ask, billed, word};

/// Parts of words that are none, three letters each, of which tokenizers make two tokens.
fn letters(parts: u32) -> String {
    let letter = |at: u32| char::from(b"abcdefghijklmnopqrstuvwxyz"[(at % 26) as usize]);
    let part = |at: u32| [letter(at * 7).to_ascii_uppercase(), letter(at * 11 + 3), letter(at * at + 5)];
    (0..parts).flat_map(part).collect()
}

#[test]
fn a_server_that_counts_nothing_is_counted_at_the_most_that_its_answers_can_be() {
    // Digits, of which each may be a token, and letters, of which nearly two thirds are: it keeps to its limit, and its
    // tokenizer says as much.
    for (text, a_bill) in [("31415926535897932384".repeat(45), 0.009), (letters(500), 0.0097)] {
        for format in Format::ALL {
            let model = ModelServer::start(format, (0..20).map(|_| Reply::text(&text).without_usage()));
            let workspace = billed(&model, "{day: {usd: 0.05}}");
            let spent = (0..20).find_map(|_| {
                let report = ask(&workspace).json();
                word(&report, "error").contains("budgets.day.usd").then_some(report)
            });
            let report = spent.expect("the limit is reached");
            // A cent and less for each answer, beside what was sent.
            let bill = f64::from(u32::try_from(model.requests().len()).unwrap_or(u32::MAX)) * a_bill;
            assert!(bill <= 0.05, "{format:?}: {bill} is billed: {report}");
            assert!(!word(&report, "error").contains("passed"), "{report}");
        }
    }
}

#[test]
fn who_does_not_say_what_was_sent_is_asked_only_where_each_byte_of_it_has_room() {
    for format in Format::ALL {
        let model = ModelServer::start(format, (0..2).map(|_| Reply::text("Hello.").without_usage()));
        let workspace = billed(&model, "{day: {tokens: 18000}}");
        let ask = || workspace.run(&["ask", "--json", &letters(2_000)]);
        let first = ask().exits(0).json();
        assert!(first["notices"].to_string().contains("reported no count of tokens"), "{format:?}: {first}");
        assert!(first["usage"]["input_tokens"].as_u64() > Some(6_000), "{format:?}: {first}");
        // Each is a process of its own. As much as people write with so many bytes has room.
        let second = ask().exits(1).json();
        let error = word(&second, "error");
        assert!(error.contains("budgets.day.tokens"), "{format:?}: {second}");
        assert!(error.contains("The server of bench/m reports no tokens"), "{format:?}: {second}");
        assert_eq!(model.requests().len(), 1, "{format:?}: nothing more left this machine: {second}");
    }
}

#[test]
fn what_was_sent_counts_where_nobody_answers_who_had_taken_it() {
    for format in Format::ALL {
        let hangs_up = || Reply::empty().end(End::Hangup);
        for (budgets, is_counted) in [("{run: {usd: 1}}", true), ("{}", false)] {
            let model = ModelServer::start(format, (0..3).map(|_| hangs_up()));
            let report = ask(&billed(&model, budgets)).exits(1).json();
            let usage = &report["usage"];
            assert!(word(&report, "error").contains("was closed before an answer came"), "{report}");
            assert_eq!(usage["requests"], 3, "{format:?}: {report}");
            let sent = usage["input_tokens"].as_u64().unwrap_or_default();
            assert_eq!(sent > 3 * 1_000, is_counted, "{format:?} {budgets}: {report}");
            assert_eq!((&usage["output_tokens"], usage["estimated"] == true), (&json!(0), is_counted));
        }
    }
}
