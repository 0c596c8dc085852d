//! Which of several mistakes of one scalar says most about it.

use std::collections::BTreeMap;

use jsonschema::error::ValidationErrorKind as Kind;

use super::branch::{What, Wrong};

/// Of several mistakes of one scalar, the first in this order is told: its kind, its words, its form.
pub(super) fn first_of_each_value<'w>(wrongs: &'w [Wrong<'_, '_>]) -> BTreeMap<&'w str, usize> {
    let mut first: BTreeMap<&str, (u8, usize)> = BTreeMap::new();
    for (at, wrong) in wrongs.iter().enumerate() {
        if let Some(rank) = rank(wrong) {
            let place = first.entry(wrong.pointer.as_str()).or_insert((rank, at));
            if rank < place.0 {
                *place = (rank, at);
            }
        }
    }
    first.into_iter().map(|(pointer, (_, at))| (pointer, at)).collect()
}

/// How much a mistake says about a scalar; `None` for those that may stand beside others.
pub(super) fn rank(wrong: &Wrong<'_, '_>) -> Option<u8> {
    Some(match &wrong.what {
        What::Types(..) => 0,
        What::Words(..) => 1,
        What::Several(_) => return None,
        What::Error(error) => match error.kind() {
            Kind::FalseSchema | Kind::Type { .. } => 0,
            Kind::Enum { .. } | Kind::Constant { .. } => 1,
            Kind::Minimum { .. }
            | Kind::Maximum { .. }
            | Kind::ExclusiveMinimum { .. }
            | Kind::ExclusiveMaximum { .. }
            | Kind::MultipleOf { .. } => 2,
            Kind::Format { .. } => 3,
            Kind::Pattern { .. } => 4,
            Kind::MinLength { .. } | Kind::MaxLength { .. } => 5,
            Kind::Not { .. } => 6,
            _ => return None,
        },
    })
}
