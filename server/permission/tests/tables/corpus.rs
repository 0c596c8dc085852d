//! A corpus of commands as agents and CI jobs write them: nearly all of them must be read.
//!
//! What cannot be read is refused, and a model that is refused tries something stranger. The commands stand in
//! `corpus/commands.txt`; `cargo test -p copydesk-permission --test tables corpus -- --nocapture` prints what is not
//! read.

use std::collections::BTreeMap;

use crate::common::{ROOT, policy};
use crate::corpus_file::commands;
use copydesk_base::config::Mode;
use copydesk_permission::effects_of;

#[test]
fn ninety_seven_of_a_hundred_are_read() {
    let policy = policy(Mode::Default, &[]);
    let commands = commands();
    let mut unread: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for command in &commands {
        if let Some(reason) = effects_of(command, ROOT.as_ref(), &policy).unreadable {
            unread.entry(reason).or_default().push(command);
        }
    }
    let count: usize = unread.values().map(Vec::len).sum();
    println!("{} of {} commands are read; not read:", commands.len() - count, commands.len());
    for (reason, commands) in &unread {
        println!("  {reason}");
        for command in commands {
            println!("    {command:?}");
        }
    }
    assert!(commands.len() >= 500, "{} commands", commands.len());
    assert!(count * 100 <= commands.len() * 3, "{count} of {} are not read", commands.len());
}
