//! Keys of model providers: environment, then a command, then what `copydesk auth set` has put away.
//!
//! [`Credentials`] is the program's [`Keys`]. It says where a key would come from without waking anybody, and fetches
//! it right before it is sent: [`command`] runs a program of the person's, [`keyring`] asks the system's keyring, and
//! [`SealedKeys`] is a file for machines without one. A key that was put away belongs to the address that its provider
//! had then. What can go wrong, and what holds then, is the table of the decision record 0013.
//!
//! Invariants
//! - Every key that is fetched is known to the redactor before anybody gets it.
//! - Inside a run only the environment counts, which holds no key there: nothing is started, opened or asked.

mod command;
mod kept;
mod keyring;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use copydesk_base::{Clock, Redactor, SystemClock};
use copydesk_provider::{Fetch, Fetching, Key, KeyForm, KeyOrigin, KeyWanted, Keys, Missing};
use copydesk_store::{KeyPlace, OwnEffects, Passphrase, SealedKeys, StoredKey, UserStore};

use crate::config::Nesting;
use crate::here::Here;
pub(crate) use command::shown as shown_command;
use kept::Kept;

/// Locks the encrypted file, where it is set.
pub(crate) const PASSPHRASE: &str = "COPYDESK_PASSPHRASE";

/// The keys of one person, as this process may have them.
pub(crate) struct Credentials {
    user: UserStore,
    sealed: SealedKeys,
    nesting: Nesting,
    redactor: Redactor,
    clock: Arc<dyn Clock>,
    own: OwnEffects,
    /// One at a time: of two requests that need the same key at once the second finds it kept.
    kept: tokio::sync::Mutex<HashMap<(String, String), Kept>>,
}

impl Credentials {
    /// The keys of whoever runs this process. What is fetched, the redactor learns.
    pub(crate) fn of(here: &Here, redactor: &Redactor) -> Self {
        Self {
            user: here.user.clone(),
            sealed: SealedKeys::at(&here.places.state, variable(PASSPHRASE).map(Passphrase)),
            nesting: here.nesting,
            redactor: redactor.clone(),
            clock: Arc::new(SystemClock),
            own: OwnEffects::at(&here.places.state),
            kept: tokio::sync::Mutex::default(),
        }
    }

    /// The encrypted file.
    pub(crate) fn sealed(&self) -> &SealedKeys {
        &self.sealed
    }

    /// What was put away for a provider, whatever its address. Empty inside a run, and where that is not known.
    pub(crate) fn stored(&self, provider: &str) -> Vec<StoredKey> {
        if self.nesting == Nesting::InsideRun {
            return Vec::new();
        }
        let stored = self.user.stored_keys_blocking().unwrap_or_else(|error| {
            tracing::warn!(%error, "which keys are stored is not known");
            Vec::new()
        });
        stored.into_iter().filter(|key| key.provider == provider).collect()
    }

    /// Puts a key away for this address; the error is a fragment.
    pub(crate) fn store(&self, wanted: &KeyWanted, key: &str, place: KeyPlace) -> Result<(), String> {
        self.redactor.learn(key);
        let before: Vec<StoredKey> =
            self.stored(&wanted.provider).into_iter().filter(|old| old.address == wanted.address).collect();
        let name = name(&wanted.provider, &wanted.address);
        match place {
            KeyPlace::Keyring => keyring::set(&name, key)?,
            KeyPlace::File => self.sealed.set(&name, key).map_err(|error| format!("failed to {error}"))?,
        }
        let noted = self.user.note_key_blocking(&wanted.provider, &wanted.address, place);
        noted.map_err(|error| format!("failed to {error}"))?;
        for old in before.iter().filter(|old| old.place != place) {
            // It is found no more, since the list names the new place.
            let _ = self.remove(old);
        }
        Ok(())
    }

    /// Takes a stored key away, wherever it lies.
    pub(crate) fn delete(&self, stored: &StoredKey) -> Result<(), String> {
        self.remove(stored)?;
        let forgotten = self.user.forget_key_blocking(&stored.provider, &stored.address);
        forgotten.map(drop).map_err(|error| format!("failed to {error}"))
    }

    fn remove(&self, stored: &StoredKey) -> Result<(), String> {
        let name = name(&stored.provider, &stored.address);
        match stored.place {
            KeyPlace::Keyring => keyring::delete(&name),
            KeyPlace::File => {
                self.sealed.delete(&name).map(drop).map_err(|error| format!("failed to {error}"))
            }
        }
    }

    /// Looks whether a stored key is really there. May wait for the keyring, and for the person whom that asks.
    pub(crate) fn look(&self, stored: &StoredKey) -> Result<(), String> {
        if stored.place == KeyPlace::Keyring {
            self.own.note_key(&kept_as(stored), "you asked whether it is there");
        }
        read(&self.sealed, stored)?.map(drop).ok_or_else(|| gone(stored))
    }

    fn stored_for(&self, wanted: &KeyWanted) -> Option<StoredKey> {
        self.stored(&wanted.provider).into_iter().find(|key| key.address == wanted.address)
    }

    async fn fetch(&self, wanted: &KeyWanted, fetch: Fetch) -> Result<Option<Key>, String> {
        if let Some((name, value)) = set_variable(wanted) {
            self.redactor.learn(&value);
            return Ok(Some(Key { value, origin: KeyOrigin::Variable(name), form: KeyForm::Key }));
        }
        if self.nesting == Nesting::InsideRun {
            return Ok(None);
        }
        let mut all = self.kept.lock().await;
        let at = (wanted.provider.clone(), wanted.address.clone());
        let now = self.clock.now();
        let (stamp, stored) = match &wanted.source.command {
            Some(settings) => (kept::Stamp::Command(settings.clone()), None),
            None => match self.stored_for(wanted) {
                Some(stored) => (kept::Stamp::Stored(stored.place, stored.at), Some(stored)),
                None => return Ok(None),
            },
        };
        if fetch == Fetch::Usual
            && let Some(kept) = all.get(&at).filter(|kept| kept.is_good(&stamp, now))
        {
            return Ok(Some(kept.key.clone()));
        }
        all.remove(&at);
        let (key, until) = match (&wanted.source.command, stored) {
            (Some(settings), _) => {
                // Its other words may be the key.
                let line = command::shown(&settings.command);
                let because = format!(
                    "your config names it for the key of {}, and its key was needed",
                    wanted.provider
                );
                self.own.note(&line, Path::new("."), &because);
                let printed = command::run(settings, &self.redactor, now).await?;
                let origin = KeyOrigin::Command(wanted.provider.clone());
                (Key { value: printed.value, origin, form: printed.form }, printed.until)
            }
            (None, Some(stored)) => {
                if stored.place == KeyPlace::Keyring {
                    self.own.note_key(&kept_as(&stored), "its key was needed, and you have stored it there");
                }
                let (sealed, asked) = (self.sealed.clone(), stored.clone());
                let value = tokio::task::spawn_blocking(move || read(&sealed, &asked)).await;
                let value = value.map_err(|error| error.to_string())??.ok_or_else(|| gone(&stored))?;
                (Key { value, origin: origin(stored.place), form: KeyForm::Key }, kept::FOREVER)
            }
            (None, None) => return Ok(None),
        };
        self.redactor.learn(&key.value);
        all.insert(at, Kept { key: key.clone(), stamp, until });
        Ok(Some(key))
    }
}

impl Keys for Credentials {
    fn asked_for_list(&self, provider: &str, address: &str) {
        let because = format!("what {provider} lists was wanted, to know its models; it costs no tokens");
        self.own.note_asked(address, &because);
    }

    fn origin(&self, wanted: &KeyWanted) -> Option<KeyOrigin> {
        if let Some((name, _)) = set_variable(wanted) {
            return Some(KeyOrigin::Variable(name));
        }
        match (&wanted.source.command, self.nesting) {
            (_, Nesting::InsideRun) => None,
            (Some(_), _) => Some(KeyOrigin::Command(wanted.provider.clone())),
            (None, _) => self.stored_for(wanted).map(|stored| origin(stored.place)),
        }
    }

    fn missing(&self, variable: &str) -> Missing {
        let is_empty = std::env::var_os(variable).is_some() && self::variable(variable).is_none();
        if is_empty { Missing::Empty } else { Missing::Unset }
    }

    fn key<'a>(&'a self, wanted: &'a KeyWanted, fetch: Fetch) -> Fetching<'a> {
        Box::pin(self.fetch(wanted, fetch))
    }
}

/// Whether the keyring can be reached; the error says why not.
pub(crate) fn keyring_is_there() -> Result<(), String> {
    keyring::reach()
}

/// The value of a variable that holds something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn set_variable(wanted: &KeyWanted) -> Option<(String, String)> {
    let name = wanted.source.variable.as_ref()?;
    Some((name.clone(), variable(name)?))
}

fn read(sealed: &SealedKeys, stored: &StoredKey) -> Result<Option<String>, String> {
    let name = name(&stored.provider, &stored.address);
    match stored.place {
        KeyPlace::Keyring => keyring::get(&name),
        KeyPlace::File => sealed.get(&name).map_err(|error| format!("failed to {error}")),
    }
}

const fn origin(place: KeyPlace) -> KeyOrigin {
    match place {
        KeyPlace::Keyring => KeyOrigin::Keyring,
        KeyPlace::File => KeyOrigin::File,
    }
}

/// What a key is called where it lies: the address is part of it, so that it is found for no other.
fn name(provider: &str, address: &str) -> String {
    format!("{provider}@{address}")
}

/// A key in the keyring, as a person knows it.
fn kept_as(stored: &StoredKey) -> String {
    format!("keyring: {}", name(&stored.provider, &stored.address))
}

fn gone(stored: &StoredKey) -> String {
    format!("it is no longer in {}; run 'copydesk auth set {}'", origin(stored.place), stored.provider)
}
