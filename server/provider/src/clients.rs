//! HTTP clients: made when first needed, shared, and none of them ever takes a key elsewhere.
//!
//! They are kept per scheme and connect time-out: those for `http://` load no certificates, so that a model on this
//! machine is reached within a millisecond even where the system has none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Url};

use crate::{CallError, failure};

/// HTTP clients, made when first needed and shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients(Arc<Mutex<HashMap<(Scheme, Duration), Client>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Plain,
    Secure,
}

impl Clients {
    pub(crate) async fn get(&self, url: &Url, connect: Duration) -> Result<Client, CallError> {
        let scheme = if url.scheme() == "https" { Scheme::Secure } else { Scheme::Plain };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(scheme, connect)).cloned();
        if let Some(client) = kept {
            return Ok(client);
        }
        let made = match scheme {
            Scheme::Plain => plain_client(connect),
            // Reads the system's certificates from disk.
            Scheme::Secure => match tokio::task::spawn_blocking(move || secure_client(connect)).await {
                Ok(made) => made,
                Err(error) => return Err(CallError::Unsendable { reason: error.to_string() }),
            },
        };
        let client = made.map_err(|error| CallError::Unsendable { reason: failure::innermost(&error) })?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((scheme, connect), client.clone());
        Ok(client)
    }
}

/// A client for `http://` addresses only: it trusts no certificate.
pub(crate) fn plain_client(connect: Duration) -> reqwest::Result<Client> {
    builder(connect).tls_certs_only([]).build()
}

fn secure_client(connect: Duration) -> reqwest::Result<Client> {
    builder(connect).https_only(true).build()
}

fn builder(connect: Duration) -> reqwest::ClientBuilder {
    // Only the first call does something; another room may have chosen before us, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        // A key goes to the address it was configured for, past no proxy and along no redirect.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(connect)
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("copydesk/", env!("CARGO_PKG_VERSION")))
}
