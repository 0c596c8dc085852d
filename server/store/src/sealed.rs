//! Keys of model providers in an encrypted file, for machines without a keyring.
//!
//! `COPYDESK_HOME/keys.sealed` holds a JSON map of names to secrets, sealed with ChaCha20-Poly1305. Its key is made
//! from a passphrase where there is one; otherwise it lies beside, in `keys.key`. That keeps secrets out of sight, out
//! of searches and out of a copy of one of the two files. It protects from nobody who can read both: see the decision
//! record 0013.
//!
//! Invariants
//! - Both files are 0600, and one that others may read or write is refused, with the command that mends it.
//! - A file is replaced as a whole; who reads sees the old one or the new one. Who changes it holds `keys.lock`.
//!
//! # Format
//! `copydesk.keys/1`, a line feed, then the word `passphrase` or `file`, a line feed, then salt (16 bytes), nonce (12
//! bytes) and the sealed map. The two lines are authenticated. An older program refuses another first line.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::pbkdf2;

use crate::StoreError;
use crate::home::{make_folder_of, make_private};

/// The encrypted file of one `COPYDESK_HOME`.
#[derive(Clone, Debug)]
pub struct SealedKeys {
    file: PathBuf,
    key_file: PathBuf,
    passphrase: Option<Passphrase>,
}

/// What the file's key is made from.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(pub String);

/// How a file is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Passphrase,
    /// By the file beside it.
    KeyFile,
}

/// A file, taken apart.
struct Parts<'b> {
    lock: Lock,
    /// What is authenticated and not encrypted.
    head: &'b [u8],
    salt: &'b [u8],
    nonce: [u8; NONCE_LEN],
    sealed: &'b [u8],
}

const FORMAT: &str = "copydesk.keys/1\n";
const SALT: usize = 16;
const LARGEST: u64 = 1 << 20;

/// Some tenths of a second for a guess.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

impl Lock {
    const fn line(self) -> &'static str {
        match self {
            Self::Passphrase => "passphrase\n",
            Self::KeyFile => "file\n",
        }
    }
}

impl SealedKeys {
    /// Opens nothing yet. With a passphrase, what is written is locked with it.
    pub fn at(home: &Path, passphrase: Option<Passphrase>) -> Self {
        Self { file: home.join("keys.sealed"), key_file: home.join("keys.key"), passphrase }
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// How the file is locked; `None` where there is none.
    pub fn lock(&self) -> Result<Option<Lock>, StoreError> {
        let Some(bytes) = read_private(&self.file)? else { return Ok(None) };
        Ok(Some(self.parts(&bytes)?.lock))
    }

    /// The secret of that name.
    pub fn get(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.read()?.remove(name))
    }

    /// Keeps a secret under a name.
    pub fn set(&self, name: &str, secret: &str) -> Result<(), StoreError> {
        let _alone = self.alone()?;
        let mut secrets = self.read()?;
        secrets.insert(name.to_owned(), secret.to_owned());
        self.write(&secrets)
    }

    /// Forgets a secret, and answers whether it was there.
    pub fn delete(&self, name: &str) -> Result<bool, StoreError> {
        if read_private(&self.file)?.is_none() {
            return Ok(false);
        }
        let _alone = self.alone()?;
        let mut secrets = self.read()?;
        let was_there = secrets.remove(name).is_some();
        if was_there {
            self.write(&secrets)?;
        }
        Ok(was_there)
    }

    /// Held from reading to writing: of two processes that change the file, the second one sees what the first one
    /// kept. Ends with the value, and with the process.
    fn alone(&self) -> Result<File, StoreError> {
        let path = self.file.with_extension("lock");
        make_folder_of(&path)?;
        make_private(&path, &[])?;
        let failed =
            |error: std::io::Error| StoreError::Create { path: path.clone(), cause: error.to_string() };
        let file = File::open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    fn read(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let Some(bytes) = read_private(&self.file)? else { return Ok(BTreeMap::new()) };
        let Parts { lock, head, salt, nonce, sealed } = self.parts(&bytes)?;
        let key = match lock {
            Lock::KeyFile => read_private(&self.key_file)?
                .ok_or_else(|| self.lost(&format!("{} is not there", self.key_file.display())))?,
            Lock::Passphrase => match &self.passphrase {
                Some(passphrase) => passphrase.0.clone().into_bytes(),
                None => return Err(self.unreadable("it is locked; set COPYDESK_PASSPHRASE".to_owned())),
            },
        };
        let mut sealed = sealed.to_vec();
        let opened = self
            .cipher(lock, &key, salt)?
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(head), &mut sealed)
            .map_err(|_| match lock {
                Lock::Passphrase => self.unreadable("COPYDESK_PASSPHRASE does not fit it".to_owned()),
                Lock::KeyFile => self.lost("it was changed, or its key was"),
            })?;
        serde_json::from_slice(opened).map_err(|error| self.lost(&error.to_string()))
    }

    fn write(&self, secrets: &BTreeMap<String, String>) -> Result<(), StoreError> {
        make_folder_of(&self.file)?;
        let (lock, key) = match &self.passphrase {
            Some(passphrase) => (Lock::Passphrase, passphrase.0.clone().into_bytes()),
            None => (Lock::KeyFile, self.key()?),
        };
        let (mut salt, mut nonce) = ([0; SALT], [0; NONCE_LEN]);
        let random = |bytes: &mut [u8]| {
            getrandom::fill(bytes).map_err(|error| self.unreadable(format!("no random numbers: {error}")))
        };
        random(&mut salt)?;
        random(&mut nonce)?;
        let head = format!("{FORMAT}{}", lock.line());
        let mut sealed = serde_json::to_vec(secrets).map_err(|error| self.unreadable(error.to_string()))?;
        self.cipher(lock, &key, &salt)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(head.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| self.unreadable("it could not be encrypted".to_owned()))?;
        let whole = [head.as_bytes(), &salt, &nonce, &sealed].concat();
        replace_private(&self.file, &whole)
            .map_err(|error| StoreError::Create { path: self.file.clone(), cause: error.to_string() })
    }

    /// The key beside the file, made where it is missing.
    fn key(&self) -> Result<Vec<u8>, StoreError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh)
            .map_err(|error| self.unreadable(format!("no random numbers: {error}")))?;
        make_private(&self.key_file, &fresh)?;
        read_private(&self.key_file)?.ok_or_else(|| self.unreadable("its key went away again".to_owned()))
    }

    fn cipher(&self, lock: Lock, key: &[u8], salt: &[u8]) -> Result<LessSafeKey, StoreError> {
        let mut made = [0; 32];
        // The key of a file is random already: one round binds it to the salt.
        let rounds = if lock == Lock::Passphrase { ROUNDS } else { NonZeroU32::MIN };
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, key, &mut made);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &made)
            .map_err(|_| self.unreadable("its key has the wrong length".to_owned()))?;
        Ok(LessSafeKey::new(key))
    }

    fn parts<'b>(&self, bytes: &'b [u8]) -> Result<Parts<'b>, StoreError> {
        let unknown = || self.lost("it is no file of this version");
        let rest = bytes.strip_prefix(FORMAT.as_bytes()).ok_or_else(unknown)?;
        let locks = [Lock::Passphrase, Lock::KeyFile];
        let found =
            locks.into_iter().find_map(|lock| Some((lock, rest.strip_prefix(lock.line().as_bytes())?)));
        let (lock, rest) = found.ok_or_else(unknown)?;
        let head = &bytes[..bytes.len() - rest.len()];
        let (salt, rest) = rest.split_at_checked(SALT).ok_or_else(unknown)?;
        let (nonce, sealed) = rest.split_first_chunk().ok_or_else(unknown)?;
        Ok(Parts { lock, head, salt, nonce: *nonce, sealed })
    }

    /// What only a copy brings back: no key is written over what might still be one.
    fn lost(&self, cause: &str) -> StoreError {
        self.unreadable(format!(
            "{cause}; bring it back from a copy, or move it away and run 'copydesk auth set' for each provider"
        ))
    }

    fn unreadable(&self, cause: String) -> StoreError {
        StoreError::Sealed { path: self.file.clone(), cause }
    }
}

/// The bytes of a file that only its owner may read or write; `None` where there is none.
fn read_private(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let refused = |cause: String| StoreError::Sealed { path: path.to_owned(), cause };
    let file = match OpenOptions::new().read(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error.to_string())),
    };
    let metadata = file.metadata().map_err(|error| refused(error.to_string()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = metadata.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(refused(format!(
                "others may open it (mode {mode:04o}), so it is not used; run: chmod 600 {}",
                path.display()
            )));
        }
    }
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(refused("it is no file of ours".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| refused(error.to_string()))?;
    Ok(Some(bytes))
}

fn replace_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let _ = std::fs::remove_file(&draft);
    let mut open = OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut file = open.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase")
    }
}
