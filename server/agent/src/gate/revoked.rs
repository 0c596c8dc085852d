//! What is taken back while a run goes on: rules of *Always*, and the trust in files of the workspace.
//!
//! A run keeps the settings that it began with. But who takes something back, in whatever process, means what is
//! happening now, so before each decision and each request the store is asked what still stands. A rule that is gone
//! allows nothing any more. Trust reaches further than rules (models and their addresses, modes, hooks, the sandbox,
//! who may work), so a run that began while a file was trusted ends when it is no longer; the next one begins without.
//! A store that cannot be read has none of it.

use std::collections::BTreeSet;

use copydesk_permission::Policy;
use copydesk_store::TrustedFile;

use crate::error::AgentError;
use crate::run::Turn;

/// Where rules that were stored say that they come from.
pub(crate) const STORED: &str = "remembered";

/// What is stored, as it stood when it was looked at last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    rules: Option<BTreeSet<String>>,
    /// Files that were trusted when the settings were read.
    trusted: BTreeSet<String>,
}

impl Stored {
    /// What a run begins with.
    pub(crate) fn begin(trusted: &[TrustedFile]) -> Self {
        Self { rules: None, trusted: names(trusted) }
    }

    /// Takes out of a policy what was revoked.
    pub(crate) fn without_revoked(&self, mut policy: Policy) -> Policy {
        if let Some(standing) = &self.rules {
            policy.rules.retain(|rule| rule.origin != STORED || standing.contains(&rule.text));
        }
        policy
    }
}

/// Looks at what is stored now; an error where the run stands on trust that was taken back. What is replayed is
/// replayed with the answers of then, which are stored nowhere.
pub(crate) async fn look(turn: &mut Turn) -> Result<(), AgentError> {
    if turn.settings.spoken.is_some() {
        return Ok(());
    }
    let home = turn.outer().root.clone();
    if !turn.stored.trusted.is_empty() {
        let trusted = names(&turn.world.user.trusted(&home).await.unwrap_or_default());
        if let Some(gone) = turn.stored.trusted.difference(&trusted).next() {
            return Err(AgentError::Distrusted(gone.clone()));
        }
    }
    let mut standing = BTreeSet::new();
    // What is allowed for good and names places of a helper's own copy is kept for that.
    for root in BTreeSet::from([home, turn.settings.root.clone()]) {
        let rules = turn.world.user.rules(&root).await.unwrap_or_default();
        standing.extend(rules.into_iter().map(|rule| rule.rule));
    }
    turn.stored.rules = Some(standing);
    Ok(())
}

fn names(trusted: &[TrustedFile]) -> BTreeSet<String> {
    trusted.iter().map(|file| file.path.clone()).collect()
}
