//! HTTP clients: made when first needed, shared, and none of them ever takes a key elsewhere.
//!
//! They are kept per scheme and connect time-out: those for `http://` load no certificates, so that a model on this
//! machine is reached within a millisecond even where the system has none. A client goes past no proxy and along no
//! redirect, and lends out the connection of a request as [`Heard`]: how much of an answer has come before its head is
//! whole is known to nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use copydesk_base::config::shown_address;
use futures_util::Stream;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, DATE, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::CallError;
use crate::error::Scheme;
use crate::sending::SentBody;
use crate::trust::{self, Unjudged};
use crate::watched::{Heard, Watching};

/// HTTP clients, made when first needed and shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients(Arc<Mutex<HashMap<(Scheme, Duration), Client>>>);

/// One client. Cloning it shares its connections.
#[derive(Clone, Debug)]
pub(crate) struct Client(legacy::Client<Watching, SentBody>);

/// An answer whose head is there.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Incoming,
}

/// Why no answer's head came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The request is none that can be sent.
    #[error(transparent)]
    Unfit(#[from] hyper::http::Error),
    #[error(transparent)]
    Failed(#[from] legacy::Error),
}

impl SendError {
    /// Whether there was no connection yet.
    pub(crate) fn is_connect(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_connect())
    }
}

/// How long a connection without a request is kept.
const IDLE: Duration = Duration::from_secs(30);

impl Clients {
    pub(crate) async fn get(&self, url: &Url, connect: Duration) -> Result<Client, CallError> {
        let scheme = if url.scheme() == "https" { Scheme::Secure } else { Scheme::Plain };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(scheme, connect)).cloned();
        if let Some(client) = kept {
            return Ok(client);
        }
        let client = match scheme {
            Scheme::Plain => plain_client(connect),
            // Reads the system's certificates from disk.
            Scheme::Secure => match tokio::task::spawn_blocking(move || secure_client(connect)).await {
                Ok(made) => made.map_err(|Unjudged { fault, reason }| CallError::Untrusted {
                    address: shown_address(url.as_str()),
                    reason,
                    fault,
                })?,
                Err(error) => return Err(CallError::Unsendable { reason: error.to_string() }),
            },
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((scheme, connect), client.clone());
        Ok(client)
    }
}

/// A client for `http://` addresses only: it trusts no certificate.
pub(crate) fn plain_client(connect: Duration) -> Client {
    provide();
    let tls = ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    client(Scheme::Plain, tls, connect)
}

fn secure_client(connect: Duration) -> Result<Client, Unjudged> {
    provide();
    let builder = ClientConfig::builder();
    let judge = trust::judge(builder.crypto_provider().clone())?;
    let tls = builder.dangerous().with_custom_certificate_verifier(Arc::new(judge)).with_no_client_auth();
    Ok(client(Scheme::Secure, tls, connect))
}

/// Only the first call does something; another room may have chosen before us, which is as good.
fn provide() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn client(scheme: Scheme, tls: ClientConfig, connect: Duration) -> Client {
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
    let builder = match scheme {
        Scheme::Plain => builder.https_or_http(),
        Scheme::Secure => builder.https_only(),
    };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = Watching::new(builder.enable_http1().wrap_connector(tcp), connect);
    let client = legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector);
    Client(client)
}

impl Client {
    /// Sends a request; answers what will be the answer's head, and what is heard of it until then.
    pub(crate) fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: SentBody,
    ) -> (impl Future<Output = Result<Response, SendError>> + Send + 'static, Heard) {
        let request = Request::builder().method(method).uri(url.as_str()).body(body).map(|mut request| {
            *request.headers_mut() = headers;
            let program = HeaderValue::from_static(concat!("copydesk/", env!("CARGO_PKG_VERSION")));
            request.headers_mut().insert(USER_AGENT, program);
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            request
        });
        let (request, heard) = match request {
            Ok(mut request) => {
                let heard = Heard::of(&mut request);
                (Ok(request), heard)
            }
            Err(error) => (Err(error), Heard::nothing()),
        };
        let client = self.0.clone();
        let sending = async move {
            let (head, body) = client.request(request?).await?.into_parts();
            let headers = dated(head.headers, Timestamp::now());
            Ok(Response { status: head.status, headers, body })
        };
        (sending, heard)
    }
}

/// The head of an answer that came just now. What moments in it are taken against is the server's own clock, and ours
/// where it does not tell.
fn dated(mut headers: HeaderMap, now: Timestamp) -> HeaderMap {
    if !headers.contains_key(DATE)
        && let Ok(now) = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now)
        && let Ok(now) = HeaderValue::try_from(now)
    {
        headers.insert(DATE, now);
    }
    headers
}

impl Response {
    /// The body, piece by piece.
    pub(crate) fn pieces(self) -> impl Stream<Item = Result<Bytes, hyper::Error>> + Send + 'static {
        self.body.into_data_stream()
    }
}
