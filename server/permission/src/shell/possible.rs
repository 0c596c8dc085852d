//! What a program that is not known might write: every file that it is given.
//!
//! `sponge build.rs` and `rustfmt src/kept.rs` write where `wc` reads, and no list of programs is whole. So a word that
//! names a file of which policy says that its changes are refused or asked about is taken for a write. Files about
//! which it says nothing are left to the mode and to rules for the program.

use copydesk_base::path;

use super::arguments::{Findings, is_device};
use super::screen::parts;
use super::{Need, Simple, among, checkers, scope, tools};
use crate::path as paths;
use crate::policy::Policy;

/// Looks at the words of a command that `tools` does not know.
pub(super) fn look(name: &str, simple: &Simple, policy: &Policy, findings: &mut Findings) {
    if checkers::only_looks(&simple.words) {
        return;
    }
    // What is behind belongs to the command that this one runs.
    let end = if simple.inner.is_empty() { simple.words.len() } else { simple.before };
    let is_operand = |text: &str| !text.starts_with('-');
    // An interpreter reads its program.
    let program = if tools::INTERPRETERS.contains(&name) {
        simple.words.iter().skip(1).position(|word| is_operand(&word.text)).map(|at| at + 1)
    } else {
        None
    };
    let has_own_words = among::OWN_WORDS.contains(&name) || scope::has_goals(name);
    for (at, word) in simple.words.iter().enumerate().take(end).skip(1) {
        let whole = word.path(policy).unwrap_or_default();
        for part in parts(&whole).filter(|part| !part.contains('\0') && !is_device(part)) {
            let is_own_word = has_own_words && !part.contains(['/', '.']);
            if Some(at) == program || is_own_word || part.contains("://") {
                continue;
            }
            for place in simple.cwds.places_of(part).unwrap_or_default() {
                let real = path::resolve(&policy.root, &place);
                if let Some(because) = paths::guarding(&real, policy) {
                    let shown = path::shown(&policy.root, &real);
                    findings.care(Need::Literal, format!("{name} may change {shown}: {}", because.reason));
                }
            }
        }
    }
}
