//! What the task is to look at. Whoever orders never waits, and the same order twice is one: so what waits is no more
//! than the files there are, however often an editor speaks of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Everything that is to be done next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// The editor is ready: the tree may be walked.
    pub(super) start: bool,
    /// Documents that were opened, closed or saved.
    pub(super) touched: BTreeSet<PathBuf>,
    /// What the editor saw change on disk.
    pub(super) changed: BTreeSet<PathBuf>,
    /// Somebody without a watcher wants to know what is new.
    pub(super) refresh: bool,
}

/// What is ordered and not yet begun.
#[derive(Default)]
pub(super) struct Inbox {
    orders: Mutex<Orders>,
    bell: Notify,
}

/// So many files may wait; whoever names more has everything that is known looked at instead.
const MOST: usize = 50_000;

impl Inbox {
    pub(super) fn start(&self) {
        self.order(|orders| orders.start = true);
    }

    pub(super) fn refresh(&self) {
        self.order(|orders| orders.refresh = true);
    }

    pub(super) fn touched(&self, path: PathBuf) {
        self.order(|orders| add(&mut orders.touched, &mut orders.refresh, [path]));
    }

    pub(super) fn changed(&self, paths: Vec<PathBuf>) {
        self.order(|orders| add(&mut orders.changed, &mut orders.refresh, paths));
    }

    /// Everything that was ordered since the last time; waits until there is something.
    pub(super) async fn next(&self) -> Orders {
        loop {
            let orders = std::mem::take(&mut *self.orders());
            if orders != Orders::default() {
                return orders;
            }
            self.bell.notified().await;
        }
    }

    fn order(&self, note: impl FnOnce(&mut Orders)) {
        note(&mut self.orders());
        self.bell.notify_one();
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(known: &mut BTreeSet<PathBuf>, refresh: &mut bool, paths: impl IntoIterator<Item = PathBuf>) {
    for path in paths {
        if known.len() < MOST || known.contains(&path) {
            known.insert(path);
        } else {
            *refresh = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_order_twice_is_one_and_no_order_is_lost() {
        let inbox = Inbox::default();
        for _ in 0..1_000 {
            inbox.touched("a".into());
            inbox.changed(vec!["b".into(), "c".into()]);
        }
        inbox.start();
        let expect = Orders {
            start: true,
            touched: ["a".into()].into(),
            changed: ["b".into(), "c".into()].into(),
            refresh: false,
        };
        assert_eq!(inbox.next().await, expect);
        let (next, ()) = tokio::join!(inbox.next(), async { inbox.refresh() });
        assert_eq!(next, Orders { refresh: true, ..Orders::default() });
    }

    #[test]
    fn what_waits_has_an_end() {
        let inbox = Inbox::default();
        inbox.changed((0..=MOST).map(|number| number.to_string().into()).collect());
        let orders = inbox.orders();
        assert_eq!((orders.changed.len(), orders.refresh), (MOST, true));
    }
}
