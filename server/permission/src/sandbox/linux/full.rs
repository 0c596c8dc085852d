//! Full: a world of its own for one command.
//!
//! ```text
//! launcher   new user namespace, new namespace of processes for its children; watches the line
//! └ first    process 1 inside: mounts, network, root; gives up all rights; collects orphans
//!   └ shell  the command
//! ```
//! The kernel kills everything inside with process 1, and process 1 with the launcher.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::{Signal, getgid, getuid};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};

use super::bounds::Bounds;
use super::fork::{Forked, fork};
use super::ghost::Ghosts;
use super::plan::Plan;
use super::{
    collect_until, end_all, failed, filter, is_gone, landlock, leash, let_go, limit, loopback, mounts, shell,
    unreadable, watch,
};
use crate::sandbox::Network;
use crate::sandbox::orders::{News, Orders, write_news};

pub(super) fn run(orders: &Orders, line: &UnixStream) -> Result<Option<News>, String> {
    // Dropped at the end, when nobody is inside any more.
    let mut ghosts = Ghosts::make(&orders.confinement.absent, &orders.locks)?;
    let plan = Plan::of(&orders.confinement, &ghosts);
    let bounds = Bounds::of(orders);
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWPID)
        .map_err(|error| failed("make namespaces of users and processes", error))?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("{uid} {uid} 1"))?;
    write("/proc/self/gid_map", &format!("{gid} {gid} 1"))?;
    unreadable()?;
    let (leash, held) = leash()?;
    match fork()? {
        Forked::Parent(first) => {
            drop(leash);
            let told = watch::over(first, line, &bounds);
            drop(held);
            told
        }
        Forked::Child => {
            drop(held);
            ghosts.leave();
            first(orders, &plan, &bounds, leash, line)
        }
    }
}

/// The life of process 1. Does not return: who called is somebody else's copy.
///
/// It tells how it ended by itself, as soon as nobody is left inside: taking the namespaces down is nobody's business.
fn first(orders: &Orders, plan: &Plan, bounds: &Bounds, leash: OwnedFd, line: &UnixStream) -> ! {
    let news = inside(orders, plan, bounds, leash).unwrap_or_else(News::Failed);
    let told = write_news(line, &news);
    std::process::exit(i32::from(told.is_err()))
}

fn inside(orders: &Orders, plan: &Plan, bounds: &Bounds, leash: OwnedFd) -> Result<News, String> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed("die with the launcher", error))?;
    if is_gone(&leash) {
        return Err("the launcher went away".to_owned());
    }
    drop(leash);
    // A session of its own has no terminal.
    rustix::process::setsid().map_err(|error| failed("leave the session", error))?;
    let mut spaces = UnshareFlags::NEWNS | UnshareFlags::NEWIPC;
    if orders.confinement.network == Network::Closed {
        spaces |= UnshareFlags::NEWNET;
    }
    unshare(spaces).map_err(|error| failed("make namespaces", error))?;
    if orders.confinement.network == Network::Closed {
        loopback::up()?;
    }
    // While the disks still have the names that they have outside.
    limit(orders, bounds)?;
    mounts::build(plan, &orders.temporary)?;
    give_up_rights()?;
    if orders.confinement.network == Network::Open {
        // Names of sockets that are no files belong to the network, which is everybody's then.
        landlock::scope();
    }
    // Again: a change of rights may have changed it back.
    unreadable()?;
    let mut shell = shell(orders, Path::new("/tmp"));
    filter::apply(&orders.confinement, filter::Families::Internet)?;
    let shell = shell.spawn().map_err(|error| failed("start the shell", error))?;
    let_go()?;
    let news = collect_until(&shell);
    end_all();
    news
}

/// Nothing that runs from here on has a right that an ordinary user has not, the first user of the machine included.
fn give_up_rights() -> Result<(), String> {
    let bad = |error| failed("give up rights", error);
    for capability in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // A capability that this kernel does not know.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(bad(error)),
        }
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).map_err(bad)?;
    rustix::thread::set_no_new_privs(true).map_err(bad)
}

/// A launcher shares its open files with no other thread: it has none.
fn unshare(spaces: UnshareFlags) -> rustix::io::Result<()> {
    #[expect(deprecated, reason = "what it warns of needs FILES and a second thread; neither is there")]
    rustix::thread::unshare(spaces)
}

fn write(file: &str, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| failed(&format!("write {file}"), error))
}
