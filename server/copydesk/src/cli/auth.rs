//! `copydesk auth`: puts keys of model providers away, takes them back, and says where they come from.
//!
//! A key is read from the terminal without showing it, or from standard input. It is never an argument, which the
//! shell's history and every process list would keep.

mod hidden;

use std::io::{IsTerminal, Read};

use copydesk_base::Redactor;
use copydesk_base::config::ProviderKind;
use copydesk_provider::endpoint::Endpoint;
use copydesk_provider::{KeyOrigin, Keys};
use copydesk_store::{KeyPlace, Lock};
use serde_json::json;

use super::Outcome;
use crate::config::{Loaded, Nesting};
use crate::credentials::{Credentials, keyring_is_there, shown_command};
use crate::here::Here;
use crate::out;
use crate::render::visible;

/// Keys of model providers: put away, taken back, and where they come from
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Puts a key away for a provider's address; it is read from the terminal or from standard input
    Set {
        /// The provider's name
        provider: String,
        /// Where it is kept: keyring or file; the keyring where there is one
        #[arg(long = "in", value_name = "PLACE", value_parser = place)]
        place: Option<KeyPlace>,
    },
    /// Takes what was put away for a provider back
    Delete {
        /// The provider's name
        provider: String,
    },
    /// Says where each provider's key comes from, never the key
    Status {
        /// The provider's name; all of them unless given
        provider: Option<String>,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

fn place(word: &str) -> Result<KeyPlace, String> {
    let places = [KeyPlace::Keyring, KeyPlace::File];
    let found = places.into_iter().find(|place| place.as_str() == word);
    found.ok_or_else(|| "one of keyring, file is expected".to_owned())
}

/// No key of any provider is longer.
const LONGEST_KEY: u64 = 64 << 10;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    if here.nesting == Nesting::InsideRun {
        anyhow::bail!("an agent's own command has nothing to do with keys");
    }
    let loaded = here.settings();
    let credentials = Credentials::of(&here, &Redactor::default());
    let named = |provider: &str| {
        let found = endpoints(&loaded).into_iter().find(|endpoint| endpoint.name == *provider);
        if let Some(because) = loaded.written.refusal(provider) {
            // Its key would be put away for the service of its kind, which is not the one that was written.
            out::note(format!("error: {because}"));
        } else if found.is_none() {
            let known: Vec<String> = endpoints(&loaded).into_iter().map(|endpoint| endpoint.name).collect();
            out::note(format!("error: there is no provider '{}': {}", visible(provider), known.join(", ")));
        }
        found
    };
    match &arguments.command {
        Command::Set { provider, place } => match named(provider) {
            Some(endpoint) => set(&credentials, &endpoint, *place),
            None => Ok(Outcome::WrongUsage),
        },
        Command::Delete { provider } => delete(&credentials, provider),
        Command::Status { provider: Some(provider), json } => match named(provider) {
            Some(endpoint) => status(&credentials, &[endpoint], *json),
            None => Ok(Outcome::WrongUsage),
        },
        Command::Status { provider: None, json } => {
            // That some provider has no key is no problem of the others.
            status(&credentials, &endpoints(&loaded), *json).map(|_| Outcome::Fine)
        }
    }
}

/// Every provider that may have a key: configured ones, and the usual ones.
pub(super) fn endpoints(loaded: &Loaded) -> Vec<Endpoint> {
    let configured = loaded.config.providers.iter();
    let configured = configured.map(|(name, provider)| Endpoint::configured(name, provider));
    let usual = loaded.written.built_in(&loaded.config.providers);
    let all = configured.chain(usual.filter_map(Endpoint::built_in));
    all.filter(|endpoint| endpoint.kind != ProviderKind::Offline).collect()
}

fn set(credentials: &Credentials, endpoint: &Endpoint, place: Option<KeyPlace>) -> anyhow::Result<Outcome> {
    let wanted = endpoint.key_wanted();
    if wanted.address.is_empty() {
        anyhow::bail!("provider '{}' has no address that a key could belong to", endpoint.name);
    }
    let Some(key) = read(&format!("Key of {} for {}: ", endpoint.name, wanted.address))? else {
        return Ok(Outcome::Interrupted);
    };
    anyhow::ensure!(!key.is_empty(), "no key was given");
    anyhow::ensure!(key.lines().count() == 1, "a key is one line, and {} were given", key.lines().count());
    anyhow::ensure!(
        key.chars().all(|letter| letter.is_ascii_graphic()),
        "the key holds characters that cannot be sent"
    );
    let place = match place {
        Some(place) => place,
        None => match keyring_is_there() {
            Ok(()) => KeyPlace::Keyring,
            Err(reason) => {
                out::note(format!("{}; the key goes into the encrypted file", visible(&reason)));
                KeyPlace::File
            }
        },
    };
    credentials.store(&wanted, &key, place).map_err(|reason| match place {
        KeyPlace::Keyring => {
            let name = &endpoint.name;
            anyhow::anyhow!("{reason}; 'copydesk auth set {name} --in file' puts it into the encrypted file")
        }
        KeyPlace::File => anyhow::Error::msg(reason),
    })?;
    let kept = match place {
        KeyPlace::Keyring => "the keyring of this system".to_owned(),
        KeyPlace::File => credentials.sealed().path().display().to_string(),
    };
    out::line(format!("The key of {} for {} is in {kept}.", endpoint.name, wanted.address))?;
    if place == KeyPlace::File {
        out::note(worth(credentials));
    }
    if let Some(KeyOrigin::Variable(name)) = credentials.origin(&wanted) {
        out::note(format!("{name} is set and goes before it."));
    }
    Ok(Outcome::Fine)
}

/// What the encrypted file protects from.
fn worth(credentials: &Credentials) -> &'static str {
    match credentials.sealed().lock() {
        Ok(Some(Lock::Passphrase)) => {
            "It is locked with COPYDESK_PASSPHRASE, which must be set wherever it is read."
        }
        _ => {
            "Its own key lies beside it: whoever can read your files can read it. COPYDESK_PASSPHRASE locks it with \
             a passphrase."
        }
    }
}

fn delete(credentials: &Credentials, provider: &str) -> anyhow::Result<Outcome> {
    let stored = credentials.stored(provider);
    if stored.is_empty() {
        out::note(format!("No key is stored for {}.", visible(provider)));
        return Ok(Outcome::Problems);
    }
    for key in stored {
        credentials.delete(&key).map_err(anyhow::Error::msg)?;
        out::line(format!("The key of {} for {} is gone.", key.provider, key.address))?;
    }
    Ok(Outcome::Fine)
}

/// What is known of one provider's key.
pub(super) struct Known {
    pub(super) provider: String,
    pub(super) address: String,
    /// A word of `--json`.
    pub(super) state: &'static str,
    pub(super) detail: String,
    pub(super) fix: String,
}

fn status(credentials: &Credentials, endpoints: &[Endpoint], as_json: bool) -> anyhow::Result<Outcome> {
    let known: Vec<Known> = endpoints.iter().map(|endpoint| look(credentials, endpoint)).collect();
    if as_json {
        let providers = known.iter().map(|known| {
            json!({
                "provider": known.provider,
                "address": known.address,
                "state": known.state,
                "detail": known.detail,
                "fix": known.fix,
            })
        });
        out::json(&json!({ "schema": "copydesk.auth/1", "providers": providers.collect::<Vec<_>>() }))?;
    } else {
        for Known { provider, address, detail, fix, .. } in &known {
            out::line(format!("{:<12} {} ({})", visible(provider), visible(detail), visible(address)))?;
            if !fix.is_empty() {
                out::line(format!("{:<12} {}", "", visible(fix)))?;
            }
        }
    }
    let missing = known.iter().any(|known| matches!(known.state, "missing" | "broken"));
    Ok(if missing { Outcome::Problems } else { Outcome::Fine })
}

pub(super) fn look(credentials: &Credentials, endpoint: &Endpoint) -> Known {
    let wanted = endpoint.key_wanted();
    let provider = endpoint.name.clone();
    let elsewhere = credentials.stored(&provider).into_iter().find(|key| key.address != wanted.address);
    let stored = credentials.stored(&provider).into_iter().find(|key| key.address == wanted.address);
    let (state, detail, fix) = match (credentials.origin(&wanted), stored, elsewhere) {
        (Some(KeyOrigin::Variable(name)), ..) => {
            ("environment", format!("from the environment: {name}"), String::new())
        }
        (Some(KeyOrigin::Command(_)), ..) => {
            let command = wanted.source.command.map(|settings| settings.command).unwrap_or_default();
            (
                "command",
                format!("from a command, which is not run now: {}", shown_command(&command)),
                String::new(),
            )
        }
        (Some(origin), Some(stored), _) => match credentials.look(&stored) {
            Ok(()) => (stored.place.as_str(), format!("in {origin}"), String::new()),
            Err(reason) => ("broken", format!("should be in {origin}: {reason}"), String::new()),
        },
        (_, _, Some(other)) => (
            "missing",
            format!("stored for {} and not for this address", other.address),
            format!("Run 'copydesk auth set {provider}' if it shall be sent there too."),
        ),
        _ if !wanted.source.is_needed() => ("none", "none, and none is asked for".to_owned(), String::new()),
        _ => {
            let name = wanted.source.variable.clone().unwrap_or_default();
            (
                "missing",
                "no key".to_owned(),
                format!("Run 'copydesk auth set {provider}', or set {name} where your editor is started."),
            )
        }
    };
    Known { provider, address: wanted.address, state, detail, fix }
}

/// The key; `None` where the person thought better of it.
fn read(question: &str) -> anyhow::Result<Option<String>> {
    let key = if std::io::stdin().is_terminal() {
        hidden::ask(question)?
    } else {
        let mut given = String::new();
        std::io::stdin().lock().take(LONGEST_KEY).read_to_string(&mut given)?;
        Some(given)
    };
    Ok(key.map(|key| key.trim().to_owned()))
}
