//! Where keys of model providers are kept: names and places, never a key.

use copydesk_base::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{UserStore, now, reading, taking_back, writing};
use crate::StoreError;
use crate::database::Halt;

/// A key that `auth set` has put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    pub provider: String,
    /// Scheme, host and port that it may be sent to.
    pub address: String,
    pub place: KeyPlace,
    /// When it was stored, so that another one is noticed.
    pub at: Timestamp,
}

/// What holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    Keyring,
    File,
}

impl KeyPlace {
    /// The word of the table and of `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
        }
    }
}

impl UserStore {
    /// Every key that is stored, by provider and address.
    pub fn stored_keys_blocking(&self) -> Result<Vec<StoredKey>, StoreError> {
        self.database.call_blocking(reading(stored))
    }

    /// Notes that a key lies there.
    pub fn note_key_blocking(
        &self,
        provider: &str,
        address: &str,
        place: KeyPlace,
    ) -> Result<(), StoreError> {
        let (provider, address) = (provider.to_owned(), address.to_owned());
        self.database.call_blocking(writing(move |transaction| note(transaction, &provider, &address, place)))
    }

    /// Forgets where a key lay.
    pub fn forget_key_blocking(&self, provider: &str, address: &str) -> Result<bool, StoreError> {
        let (provider, address) = (provider.to_owned(), address.to_owned());
        let work = taking_back(move |transaction| {
            let query = "DELETE FROM stored_keys WHERE provider = ?1 AND address = ?2";
            Ok(transaction.execute(query, [&provider, &address])?)
        });
        Ok(self.database.call_blocking(work)? > 0)
    }
}

fn stored(connection: &Connection) -> Result<Vec<StoredKey>, Halt> {
    let mut query = connection
        .prepare_cached("SELECT provider, address, place, at FROM stored_keys ORDER BY provider, address")?;
    let rows = query.query_map([], |row| {
        let place = match row.get::<_, String>(2)?.as_str() {
            "file" => KeyPlace::File,
            _ => KeyPlace::Keyring,
        };
        let at = Timestamp(u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0));
        Ok(StoredKey { provider: row.get(0)?, address: row.get(1)?, place, at })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn note(transaction: &Transaction<'_>, provider: &str, address: &str, place: KeyPlace) -> Result<(), Halt> {
    transaction.execute(
        "INSERT OR REPLACE INTO stored_keys (provider, address, place, at) VALUES (?1, ?2, ?3, ?4)",
        params![provider, address, place.as_str(), now()],
    )?;
    Ok(())
}
