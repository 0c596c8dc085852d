//! The deny rules that ship: few, and each one a command that no session needs and no backup forgives.

use crate::rule::{Rule, RuleVerdict, parse_rule};

/// Where the rules that ship say that they come from.
pub(crate) const ORIGIN: &str = "default";

/// Rule and reason. Deleting by other spellings is caught by what the arguments name (`rm` of the root, the home or the
/// workspace always asks); these are refused before anyone is asked.
const DENIES: &[(&str, &str)] = &[
    ("Bash(rm -rf /:*)", "the whole disk"),
    ("Bash(rm -fr /:*)", "the whole disk"),
    ("Bash(rm -r -f /:*)", "the whole disk"),
    ("Bash(rm -rf /\\*)", "the whole disk"),
    ("Bash(rm -rf ~:*)", "the whole home"),
    ("Bash(rm -rf ~/:*)", "the whole home"),
    ("Bash(mkfs:*)", "a file system"),
    ("Bash(mkfs.*)", "a file system"),
    ("Bash(shutdown:*)", "the machine"),
    ("Bash(reboot:*)", "the machine"),
    ("Bash(halt:*)", "the machine"),
    ("Bash(poweroff:*)", "the machine"),
    ("Bash(chmod -R 777 /:*)", "the whole disk"),
    ("Edit(//etc/sudoers)", "who is root"),
    ("Edit(//etc/sudoers.d/**)", "who is root"),
    ("Edit(//dev/sd*)", "a device"),
    ("Edit(//dev/nvme*)", "a device"),
];

/// The deny list that every policy starts from; its rules say [`ORIGIN`] as theirs.
pub fn default_denies() -> Vec<Rule> {
    DENIES.iter().filter_map(|(rule, _)| parse_rule(RuleVerdict::Deny, *rule, ORIGIN).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_understood_and_has_its_reason() {
        assert_eq!(default_denies().len(), DENIES.len());
        assert!(DENIES.iter().all(|(_, reason)| !reason.is_empty()));
    }
}
