//! What lies between a model server's bytes and the reader of an answer. `cargo bench -p copydesk-provider` prints it.
//!
//! The server is the bench's own, on loopback, on a thread of its own; everything of ours runs on the thread that
//! measures, so its CPU time is the thread's, which travels better between machines than wall time does. Nothing here
//! asserts: a miss is printed as a miss.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints small numbers, and stops where its own texts are wrong"
)]

#[path = "table/mod.rs"]
mod table;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use copydesk_base::config::{Provider, ProviderKind};
use copydesk_provider::{Message, ModelEvent, Models, ModelsConfig, NoKeys, Request};
use copydesk_tests::model_server::{Delivery, End, Format, ModelServer, Reply};
use futures_util::StreamExt;
use table::{line, median, millis};
use tokio_util::sync::CancellationToken;

/// Formats, and the kinds of provider that speak them.
const FORMATS: [(Format, ProviderKind); 5] = [
    (Format::Anthropic, ProviderKind::Anthropic),
    (Format::OpenaiChat, ProviderKind::OpenaiChat),
    (Format::OpenaiResponses, ProviderKind::OpenaiResponses),
    (Format::Azure, ProviderKind::AzureOpenai),
    (Format::Ollama, ProviderKind::Ollama),
];

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("{:<62} {:>10} {:>10}", "what", "measured", "reach");
    for (format, kind) in FORMATS {
        runtime.block_on(first_token(format, kind));
    }
    for (format, kind) in FORMATS {
        runtime.block_on(deltas(format, kind));
    }
    for (format, kind) in FORMATS {
        runtime.block_on(flood(format, kind));
    }
    runtime.block_on(side_by_side());
}

fn models(server: &ModelServer, kind: ProviderKind) -> Models {
    let provider = Provider {
        kind,
        base_url: Some(server.base_url()),
        default_model: Some("m".to_owned()),
        concurrency: Some(64),
        ..Provider::default()
    };
    let config = ModelsConfig {
        providers: BTreeMap::from([("bench".to_owned(), provider)]),
        ..ModelsConfig::default()
    };
    Models::new(&config, Arc::new(NoKeys))
}

/// Reads an answer up to its first text, or whole; answers when the first text came and how many words there were, of
/// which a server sends each by itself and a stream may join some.
async fn read(models: &Models, whole: Whole) -> (Instant, usize) {
    let choice = models.choose().expect("the bench names a model");
    let messages = vec![Message::user("hello")];
    let mut stream =
        models.call(&choice, Request { messages, ..Request::default() }, CancellationToken::new());
    let (mut first, mut words) = (None, 0);
    while let Some(item) = stream.next().await {
        if let Ok(ModelEvent::Text(text)) = item {
            words += text.split_whitespace().count();
            first.get_or_insert_with(Instant::now);
            if whole == Whole::No {
                break;
            }
        }
    }
    (first.expect("a text came"), words)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    Yes,
    No,
}

/// From the request to the first text, beside a client that does nothing but read the socket until the text is there.
async fn first_token(format: Format, kind: ProviderKind) {
    const ROUNDS: usize = 60;
    let server = ModelServer::start(format, (0..=2 * ROUNDS).map(|_| Reply::text("token")));
    let models = models(&server, kind);
    read(&models, Whole::Yes).await;
    let mut added = Vec::new();
    for _ in 0..ROUNDS {
        let bare = bare(&server);
        let began = Instant::now();
        let (first, _) = read(&models, Whole::No).await;
        added.push(millis(first - began) - bare);
    }
    line(
        &format!("added to the first token, median of {ROUNDS}, {}", kind.as_str()),
        median(added),
        2.0,
        "ms",
    );
}

/// Milliseconds from a request to the first text, read from the bare socket.
fn bare(server: &ModelServer) -> f64 {
    let began = Instant::now();
    let mut socket = TcpStream::connect(server.address()).expect("the server is there");
    socket.set_nodelay(true).expect("a socket");
    let body = "{}";
    let path = server.format().path();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    socket.write_all(head.as_bytes()).expect("the server reads");
    let mut heard = Vec::new();
    let mut chunk = [0; 4096];
    while !heard.windows(5).any(|window| window == b"token") {
        let count = socket.read(&mut chunk).expect("the server answers");
        assert!(count > 0, "the server left: {}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&chunk[..count]);
    }
    millis(began.elapsed())
}

/// A thousand events in one write: CPU of this thread, and what the memory of this process grew by.
async fn deltas(format: Format, kind: ProviderKind) {
    const ROUNDS: usize = 21;
    let thousand = || {
        let pieces = (0..1000).map(|_| "word ");
        Reply::empty().pieces(pieces).delivery(Delivery::AtOnce)
    };
    let server = ModelServer::start(format, (0..ROUNDS + 2).map(|_| thousand()));
    let models = models(&server, kind);
    read(&models, Whole::Yes).await;
    read(&models, Whole::Yes).await;
    let before = memory();
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = cpu();
        let (_, words) = read(&models, Whole::Yes).await;
        times.push(millis(cpu().saturating_sub(began)));
        assert_eq!(words, 1000, "each event is a word");
    }
    line(&format!("1 000 deltas in one write, CPU, {}", kind.as_str()), median(times), 3.0, "ms");
    let grown = memory().saturating_sub(before) as f64 / 1e6;
    line(&format!("memory grown over {ROUNDS} such answers, {}", kind.as_str()), grown, 1.0, "MB");
}

/// Text without end, read as fast as it goes until the limit on an answer's size.
async fn flood(format: Format, kind: ProviderKind) {
    let server = ModelServer::start(format, [Reply::text("begin").end(End::Babble)]);
    let models = models(&server, kind);
    let before = memory();
    let began = Instant::now();
    let (_, words) = read(&models, Whole::Yes).await;
    let rate = words as f64 / began.elapsed().as_secs_f64() / 1000.0;
    // More is better here: the reach is a floor.
    println!(
        "{:<62} {rate:>7.0} {:<2} {:>10}",
        format!("thousand words a second, without end, {}", kind.as_str()),
        "k",
        "≥ 100 k"
    );
    let grown = memory().saturating_sub(before) as f64 / 1e6;
    line(&format!("memory meanwhile, up to the limit of 8 MiB, {}", kind.as_str()), grown, 32.0, "MB");
}

/// Fifty answers of a thousand events at the same time, on this one thread.
async fn side_by_side() {
    let thousand = || Reply::empty().pieces((0..1000).map(|_| "word ")).delivery(Delivery::AtOnce);
    let server = ModelServer::start(Format::OpenaiChat, (0..51).map(|_| thousand()));
    let models = models(&server, ProviderKind::OpenaiChat);
    read(&models, Whole::Yes).await;
    let (began, used) = (Instant::now(), cpu());
    let all = futures_util::future::join_all((0..50).map(|_| read(&models, Whole::Yes))).await;
    assert!(all.iter().all(|(_, words)| *words == 1000), "every stream is whole");
    line(
        "50 streams of 1 000 deltas at once on one core, CPU",
        millis(cpu().saturating_sub(used)),
        150.0,
        "ms",
    );
    line("the same, wall time", millis(began.elapsed()), 500.0, "ms");
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

/// Memory of this process that is not of files, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) * 1024
}
