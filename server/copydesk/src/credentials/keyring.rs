//! The keyring of the system: a Secret Service on Linux, the keychain on macOS.
//!
//! Such a service may be absent, locked, or silent for ever, and its libraries wait. So each question is asked on a
//! thread of its own, with a patience for reaching the service and a longer one for its answer, which may be the
//! person's. A thread that stays behind waits alone.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error};

const SERVICE: &str = "copydesk";

/// Until the service has answered at all.
const REACH: Duration = Duration::from_secs(3);
/// Until it has done what it was asked for; it may be asking for a password.
const ANSWER: Duration = Duration::from_mins(1);

/// Whether a keyring answers.
pub(super) fn reach() -> Result<(), String> {
    ask(|_| Ok(()))
}

pub(super) fn get(name: &str) -> Result<Option<String>, String> {
    let name = name.to_owned();
    ask(move |store| match entry(store, &name)?.get_password() {
        Ok(secret) => Ok(Some(secret)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
}

pub(super) fn set(name: &str, secret: &str) -> Result<(), String> {
    let (name, secret) = (name.to_owned(), secret.to_owned());
    ask(move |store| entry(store, &name)?.set_password(&secret))
}

/// Deleting what is not there is fine.
pub(super) fn delete(name: &str) -> Result<(), String> {
    let name = name.to_owned();
    ask(move |store| match entry(store, &name)?.delete_credential() {
        Err(Error::NoEntry) => Ok(()),
        other => other,
    })
}

fn entry(store: &CredentialStore, name: &str) -> Result<Entry, Error> {
    store.build(SERVICE, name, None)
}

/// How far a thread has come.
enum News<T> {
    Reached,
    Done(Result<T, String>),
}

fn ask<T: Send + 'static>(
    question: impl FnOnce(&CredentialStore) -> Result<T, Error> + Send + 'static,
) -> Result<T, String> {
    let (news, heard) = mpsc::channel();
    let work = move || {
        let answer = open().and_then(|store| {
            // Whoever has given up does not listen.
            let _ = news.send(News::Reached);
            question(&*store).map_err(|error| told(&error))
        });
        let _ = news.send(News::Done(answer));
    };
    let thread = std::thread::Builder::new().name("copydesk-keyring".to_owned()).spawn(work);
    thread.map_err(|error| format!("no thread can start for the keyring: {error}"))?;
    let mut patience = REACH;
    loop {
        match heard.recv_timeout(patience) {
            Ok(News::Reached) => patience = ANSWER,
            Ok(News::Done(answer)) => return answer,
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("the keyring did not answer within {} seconds", patience.as_secs()));
            }
            Err(RecvTimeoutError::Disconnected) => return Err("the keyring's library broke".to_owned()),
        }
    }
}

#[cfg(target_os = "linux")]
fn open() -> Result<Arc<CredentialStore>, String> {
    // Without this look the library would start a bus of its own, on which nobody listens.
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(std::path::PathBuf::from);
    let usual = runtime.is_some_and(|folder| folder.join("bus").exists());
    if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() && !usual {
        return Err("no keyring is running: there is no session bus".to_owned());
    }
    let store = dbus_secret_service_keyring_store::Store::new();
    store.map(|store| store as Arc<CredentialStore>).map_err(|error| told(&error))
}

#[cfg(target_os = "macos")]
fn open() -> Result<Arc<CredentialStore>, String> {
    let store = apple_native_keyring_store::keychain::Store::new();
    store.map(|store| store as Arc<CredentialStore>).map_err(|error| told(&error))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn open() -> Result<Arc<CredentialStore>, String> {
    Err("no keyring is known on this system".to_owned())
}

fn told(error: &Error) -> String {
    let mut reason = error.to_string();
    if let Some(source) = std::error::Error::source(error) {
        reason = source.to_string();
    }
    format!("the keyring cannot be used: {}", reason.lines().next().unwrap_or_default())
}
