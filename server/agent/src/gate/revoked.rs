//! Rules of *Always* that are taken back while a run goes on: from then on they allow nothing in it either.
//!
//! A run keeps the settings that it began with. But who revokes a rule, in whatever process, means what is happening now, so
//! before each decision the store is asked what still stands. A store that cannot be read has none.

use std::collections::BTreeSet;

use copydesk_permission::Policy;

use crate::run::Turn;

/// Where rules that were stored say that they come from.
const STORED: &str = "remembered";

/// The stored rules, as they stood when they were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Stored(Option<BTreeSet<String>>);

impl Stored {
    /// Takes out of a policy what was revoked.
    pub(crate) fn without_revoked(&self, mut policy: Policy) -> Policy {
        if let Some(standing) = &self.0 {
            policy.rules.retain(|rule| rule.origin != STORED || standing.contains(&rule.text));
        }
        policy
    }
}

/// Looks at what is stored now. What is replayed is replayed with the answers of then, which are stored nowhere.
pub(super) async fn look(turn: &mut Turn) {
    if turn.settings.spoken.is_some() {
        return;
    }
    let mut standing = BTreeSet::new();
    // What is allowed for good in a helper's own copy is kept for that.
    for root in BTreeSet::from([turn.outer().root.clone(), turn.settings.root.clone()]) {
        let rules = turn.world.user.rules(&root).await.unwrap_or_default();
        standing.extend(rules.into_iter().map(|rule| rule.rule));
    }
    turn.stored = Stored(Some(standing));
}
