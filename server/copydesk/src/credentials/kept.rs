//! A key that was fetched before, and for how long it will do.

use copydesk_base::Timestamp;
use copydesk_base::config::KeySettings;
use copydesk_provider::Key;
use copydesk_store::KeyPlace;

/// A fetched key.
pub(super) struct Kept {
    pub(super) key: Key,
    pub(super) stamp: Stamp,
    pub(super) until: Timestamp,
}

/// What it was fetched by. Another command, or a key that was stored anew, makes it old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Command(KeySettings),
    Stored(KeyPlace, Timestamp),
}

/// As long as this process lives.
pub(super) const FOREVER: Timestamp = Timestamp(u64::MAX);

impl Kept {
    pub(super) fn is_good(&self, stamp: &Stamp, now: Timestamp) -> bool {
        self.stamp == *stamp && now < self.until
    }
}
