//! What all processes of a command may use up together.
//!
//! The system bounds one process, or one account; control groups would bound a command, and are nobody's to use on most
//! desktops. So the launcher looks five times a second: at the memory that its processes have, alone and shared among
//! themselves, and at what is left on the disks that they write to. In between, the limits of each process hold; and
//! where the machine runs out of memory all the same, the kernel ends these processes before any other.

use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::process::Pid;

use crate::sandbox::orders::Orders;

/// The bounds of one command.
#[derive(Debug)]
pub(super) struct Bounds {
    memory: Option<u64>,
    /// Folders on disks, with the bytes that must stay free there.
    disks: Vec<(PathBuf, u64)>,
}

impl Bounds {
    /// Looked at before the command starts: what may be used is told from what is free then.
    pub(super) fn of(orders: &Orders) -> Self {
        let places = orders.confinement.write.iter().chain([&orders.temporary]);
        let disks = orders.limits.disk.into_iter().flat_map(|limit| {
            places.clone().filter_map(move |place| Some((place.clone(), least(free(place)?, limit))))
        });
        Self { memory: orders.limits.memory, disks: disks.collect() }
    }

    /// How large one file may become, so that none takes all of the disk in one step.
    pub(super) fn largest(&self) -> Option<u64> {
        self.disks.iter().filter_map(|(place, least)| Some(free(place)?.saturating_sub(*least))).max()
    }

    /// What was passed, if anything was.
    pub(super) fn passed(&self, child: Pid) -> Option<String> {
        if let Some((place, _)) =
            self.disks.iter().find(|(place, least)| free(place).is_some_and(|free| free < *least))
        {
            return Some(format!("the disk of {} is nearly full", place.display()));
        }
        let memory = self.memory.filter(|most| memory_below(child, *most) > *most)?;
        Some(format!("its processes had more than {} MB of memory together", memory >> 20))
    }
}

/// What must stay free: never more than half of what there is.
fn least(free: u64, limit: u64) -> u64 {
    limit.min(free / 2)
}

fn free(place: &Path) -> Option<u64> {
    let disk = statvfs(place).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// The memory that a process and its descendants have, but for what files lend them. What they share among themselves
/// counts for each; only where that would be too much is it looked at who has which part.
fn memory_below(first: Pid, most: u64) -> u64 {
    let processes = below(first);
    let quickly = |process: &PathBuf| kilobytes(process, "status", &["RssAnon:", "RssShmem:"]);
    // None of a process that may not be looked into.
    let exactly = |process: &PathBuf| match kilobytes(process, "smaps_rollup", &["Pss_Anon:", "Pss_Shmem:"]) {
        0 => quickly(process),
        known => known,
    };
    let bytes = processes.iter().map(quickly).sum::<u64>() << 10;
    if bytes <= most { bytes } else { processes.iter().map(exactly).sum::<u64>() << 10 }
}

/// The sum of those lines of a process.
fn kilobytes(process: &Path, file: &str, names: &[&str]) -> u64 {
    let text = std::fs::read_to_string(process.join(file)).unwrap_or_default();
    let wanted = text.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
    wanted.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

/// The folders in `/proc` of a process and its descendants.
fn below(first: Pid) -> Vec<PathBuf> {
    let mut pending = vec![first.as_raw_nonzero().get()];
    let mut found = Vec::new();
    while let Some(process) = pending.pop() {
        let folder = PathBuf::from(format!("/proc/{process}"));
        for thread in std::fs::read_dir(folder.join("task")).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            pending.extend(children.split_whitespace().filter_map(|number| number.parse::<i32>().ok()));
        }
        found.push(folder);
    }
    found
}
