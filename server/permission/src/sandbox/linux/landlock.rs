//! Landlock: rules about files that a process lays on itself and cannot take off again.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    Scope, path_beneath_rules,
};

use super::failed;
use crate::sandbox::Confinement;

/// The first version that also refuses to cut files short; with less, what is promised would not hold.
const LEAST: ABI = ABI::V3;
/// The last version whose rights these rules were written for.
const KNOWN: ABI = ABI::V6;

/// Devices that are harmless.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
/// What is read besides files: processes, of which others' memory stays closed, and names of terminals.
const READ: &[&str] = &["/proc"];

/// Allows reading and writing as the confinement says, nothing else, for this process and all that it starts.
pub(super) fn restrict(confinement: &Confinement, temporary: &Path) -> Result<(), String> {
    let writable: Vec<PathBuf> = confinement
        .write
        .iter()
        .cloned()
        .chain([temporary.to_owned()])
        .chain(DEVICES.iter().map(PathBuf::from))
        .collect();
    let readable = confinement.read.iter().cloned().chain(READ.iter().map(PathBuf::from));
    let bad = |error: landlock::RulesetError| failed("use Landlock", error);
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(LEAST))
        .map_err(bad)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(KNOWN))
        .map_err(bad)?
        .scope(Scope::from_all(KNOWN))
        .map_err(bad)?
        .create()
        .map_err(bad)?
        .add_rules(path_beneath_rules(readable, AccessFs::from_read(KNOWN)))
        .map_err(bad)?
        .add_rules(path_beneath_rules(writable, AccessFs::from_all(KNOWN)))
        .map_err(bad)?
        .restrict_self()
        .map_err(bad)?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("failed to use Landlock: this kernel does not have it".to_owned()),
        _ => Ok(()),
    }
}

/// Keeps this process from sockets without a file that others made, where the kernel can (Linux 6.12).
pub(super) fn scope() {
    let scoped = Ruleset::default().scope(Scope::from_all(KNOWN)).and_then(Ruleset::create);
    if let Ok(ruleset) = scoped {
        let _ = ruleset.restrict_self();
    }
}
