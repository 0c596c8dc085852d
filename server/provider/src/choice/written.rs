//! What stands in the files of a config and leads to no model, or to one by a line of its own.

use std::collections::BTreeMap;

use copydesk_base::config::Provider;

use crate::Endpoint;

/// How the settings that choose a model stand in their files, for whoever has to correct them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// By the key of a setting: file and line.
    pub places: BTreeMap<String, String>,
    /// Providers that stand in a config and do not count, by name: where, and why.
    pub misread: BTreeMap<String, String>,
    /// The same of all providers of a config at once.
    pub unread: Option<String>,
    /// That nothing stands where a config would name its providers: it hides nobody, and tells whoever misses one.
    pub emptied: Option<String>,
}

impl Written {
    /// Whether all that configs say of providers counts.
    pub(super) fn is_read(&self) -> bool {
        self.misread.is_empty() && self.unread.is_none()
    }

    /// Why a provider of that name, which stands in a config, does not count. Nobody else has its name then: who wrote
    /// it did not mean a built-in one, or a server that happens to be found.
    pub fn refusal(&self, name: &str) -> Option<&str> {
        let (_, because) = self.misread.iter().find(|(refused, _)| refused.trim() == name)?;
        Some(because)
    }

    /// The built-in providers of which no config says anything.
    pub fn built_in<'a>(
        &'a self,
        providers: &'a BTreeMap<String, Provider>,
    ) -> impl Iterator<Item = &'static str> + 'a {
        let is_free = |name: &&str| !providers.contains_key(*name) && self.refusal(name).is_none();
        Endpoint::built_in_names().filter(is_free)
    }

    /// Why the provider does not count that a model is asked of.
    pub(super) fn misread(&self, wanted: &str) -> Option<&str> {
        let is_asked = |name: &str| {
            let rest = wanted.strip_prefix(name.trim()).map(str::trim_start);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':']))
        };
        let asked = self.misread.iter().filter(|(name, _)| is_asked(name)).max_by_key(|(name, _)| name.len());
        asked.map(|(_, because)| because.as_str())
    }
}
