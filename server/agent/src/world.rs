//! What a run reaches outside itself, injected.

use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::{Clock, Files, Host, Ids, Redactor};
use copydesk_store::{Journal, UserStore};

use crate::library::Shelf;
use crate::settings::SettingsSource;

/// The person, the files, the journal, time and chance.
#[derive(Clone)]
pub struct World {
    pub host: Arc<dyn Host>,
    pub files: Arc<dyn Files>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub journal: Journal,
    pub user: UserStore,
    pub settings: SettingsSource,
    /// Where people keep what they wrote for agents, in the order in which names count.
    pub shelves: Vec<Shelf>,
    /// The folder with the person's own guidance for every agent.
    pub guidance: Option<PathBuf>,
}

impl World {
    /// What keeps the keys of the settings in force out of the journal.
    pub(crate) fn redactor(&self) -> Redactor {
        (self.settings)().map(|settings| settings.redactor).unwrap_or_default()
    }
}
