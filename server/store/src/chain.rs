//! The chain of keyed hashes that makes a changed record visible.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::home::{key_file, make_folder_of, make_private};

/// A keyed hash.
pub(crate) type Link = [u8; 32];

/// The user's key: 32 random bytes in a private file.
#[derive(Clone)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// The key of `home`, if there is one.
    pub(crate) fn find(home: &Path) -> Result<Option<Self>, StoreError> {
        let path = key_file(home);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let cause = format!("it has {} bytes and not 32; move it away", bytes.len());
                let key = bytes.try_into().map_err(|_| StoreError::Key { path, cause })?;
                Ok(Some(Self(key)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::Key { path, cause: error.to_string() }),
        }
    }

    /// The key of `home`, made if it is missing; of two processes that make it at once one wins and both use its key.
    pub(crate) fn make(home: &Path) -> Result<Self, StoreError> {
        if let Some(key) = Self::find(home)? {
            return Ok(key);
        }
        let path = key_file(home);
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| StoreError::Key { path: path.clone(), cause: error.to_string() })?;
        make_folder_of(&path)?;
        make_private(&path, &bytes)?;
        Self::find(home)?.ok_or_else(|| StoreError::Key { path, cause: "it went away again".to_owned() })
    }

    /// HMAC-SHA-256 (RFC 2104) over the parts, each preceded by its length, so that no two lists of parts are alike.
    pub(crate) fn link(&self, parts: &[&[u8]]) -> Link {
        let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_le_bytes());
            message.extend_from_slice(part);
        }
        hmac(&self.0, &message)
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> Link {
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_standard_one() {
        // Computed with another implementation: key 00 01 … 1f, message "copydesk".
        let key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
        let hash = u128::from_be_bytes(hmac(&key, b"copydesk")[..16].try_into().unwrap());
        assert_eq!(format!("{hash:032x}"), "5a0ec1538d857c97cf1160f9cb17fe14");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = Key([7; 32]);
        assert_ne!(key.link(&[b"ab", b"c"]), key.link(&[b"a", b"bc"]));
    }
}
