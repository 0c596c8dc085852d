//! Keys: where one may come from, and what is sent.
//!
//! A [`KeySource`] is plain data of the config. Fetching is the business of whoever implements [`Keys`]: this room asks
//! right before a request leaves, and forgets.
//!
//! Invariant: a key's value stands in no `Debug` and no `Display`.

use std::future::Future;
use std::pin::Pin;

use copydesk_base::config::KeySettings;

/// Where the key of a provider may come from; what stands first goes first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySource {
    /// An environment variable.
    pub variable: Option<String>,
    /// What a command prints.
    pub command: Option<KeySettings>,
}

impl KeySource {
    /// Whether the config, or the provider itself, wants one: without it nothing is sent. A key that was merely stored
    /// is sent where there is one.
    pub const fn is_needed(&self) -> bool {
        self.variable.is_some() || self.command.is_some()
    }
}

/// Whose key is wanted, and for what address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWanted {
    /// The provider's name.
    pub provider: String,
    /// Scheme, host and port: `https://api.example.com`. A stored key belongs to one.
    pub address: String,
    pub source: KeySource,
}

/// A key, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    pub value: String,
    pub origin: KeyOrigin,
    pub form: KeyForm,
}

/// How a key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyForm {
    /// In the header that the API has for keys.
    Key,
    /// As a bearer token, also where keys have a header of their own.
    Token,
}

/// Where a key came from, as a fragment behind *from*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// The environment variable of this name.
    Variable(String),
    /// The command of this provider.
    Command(String),
    Keyring,
    /// The encrypted file.
    File,
}

impl std::fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Command(provider) => write!(f, "providers.{provider}.key.command"),
            Self::Keyring => f.write_str("the keyring of this system"),
            Self::File => f.write_str("the encrypted file of keys"),
        }
    }
}

/// Why a variable gives no key, as a fragment behind *is*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    #[default]
    Unset,
    /// It holds nothing, or blanks.
    Empty,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unset => "not set",
            Self::Empty => "set, but empty",
        })
    }
}

/// Whether what was fetched before will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    Usual,
    /// The last one was refused: past every cache.
    Again,
}

/// A fetch under way; the error is a fragment that says why there is none, and what would help.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Option<Key>, String>> + Send + 'a>>;

/// Has keys.
pub trait Keys: Send + Sync {
    /// Where a key would come from. Starts nothing, waits for nothing.
    fn origin(&self, wanted: &KeyWanted) -> Option<KeyOrigin>;

    /// The key; `None` where nobody has one.
    fn key<'a>(&'a self, wanted: &'a KeyWanted, fetch: Fetch) -> Fetching<'a>;

    /// Why a variable gives no key.
    fn missing(&self, _variable: &str) -> Missing {
        Missing::Unset
    }

    /// That a provider is asked for its list: no run has that on record, which is about requests.
    fn asked_for_list(&self, _provider: &str, _address: &str) {}
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("origin", &self.origin).field("form", &self.form).finish_non_exhaustive()
    }
}

/// Keys of nobody, for models that want none.
#[derive(Clone, Copy, Debug)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn origin(&self, _: &KeyWanted) -> Option<KeyOrigin> {
        None
    }

    fn key<'a>(&'a self, _: &'a KeyWanted, _: Fetch) -> Fetching<'a> {
        Box::pin(std::future::ready(Ok(None)))
    }
}
