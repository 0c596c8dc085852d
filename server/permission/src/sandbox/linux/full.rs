//! Full: a world of its own for one command.
//!
//! ```text
//! launcher   new user namespace, new namespace of processes for its children; watches the line
//! └ first    process 1 inside: mounts, network, root; gives up all rights; collects orphans
//!   └ shell  the command
//! ```
//! The two halves of making it are apart in time: a [`World`] is the same for every command, and may be made while it
//! is still judged whether there will be one; the [`Task`] says what is shown in it, and what runs.
//!
//! The kernel kills everything inside with process 1, and process 1 with the launcher.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::process::{Pid, Signal, getgid, getuid};
use rustix::thread::{CapabilitySet, CapabilitySets, UnshareFlags};
use seccompiler::{BpfProgram, BpfProgramRef};
use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use super::fork::{Forked, fork};
use super::ghost::Ghosts;
use super::plan::Plan;
use super::{
    collect_until, end_all, failed, filter, landlock, let_go, limit, loopback, mounts, pipe, shell,
    unreadable, watch,
};
use crate::sandbox::Network;
use crate::sandbox::orders::{News, Orders, receive, send};

/// The most names of forgotten files that are told, and the most entries that are looked at for them.
const MOST_NAMES: usize = 5;
const MOST_LOOKED_AT: usize = 1000;

/// Namespaces with what every command finds in them, and their process 1, which waits for its task.
pub(super) struct World {
    network: Network,
    first: Pid,
    /// Brings the task. Process 1 ends where it is closed without any.
    hand: OwnedFd,
}

/// What process 1 is told.
#[derive(Serialize, Deserialize)]
struct Task<O> {
    orders: O,
    plan: Plan,
    /// How large one file may become.
    largest: Option<u64>,
}

/// Makes a world. It depends on no command, so it may be made before there is one.
pub(super) fn make(network: Network, line: &UnixStream) -> Result<World, String> {
    let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWPID)
        .map_err(|error| failed("make namespaces of users and processes", error))?;
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("{uid} {uid} 1"))?;
    write("/proc/self/gid_map", &format!("{gid} {gid} 1"))?;
    unreadable()?;
    let (task, hand) = pipe()?;
    match fork()? {
        Forked::Parent(first) => Ok(World { network, first, hand }),
        Forked::Child => {
            drop(hand);
            first(network, task, line)
        }
    }
}

pub(super) fn run(orders: &Orders, line: &UnixStream, world: World) -> Result<Option<News>, String> {
    if world.network != orders.confinement.network {
        return Err("the launcher was made ready for another network".to_owned());
    }
    // Dropped at the end, when nobody is inside any more.
    let ghosts = Ghosts::make(&orders.confinement.absent)?;
    let plan = Plan::of(&orders.confinement, &ghosts);
    let bounds = Bounds::of(orders);
    match send(File::from(world.hand), &Task { orders, plan, largest: bounds.largest() }) {
        // Whoever is not there to read it did not end well, which is told below.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(failed("hand the command over", error)),
        _ => watch::over(world.first, line, &bounds),
    }
}

/// The life of process 1. Does not return: who called is somebody else's copy.
///
/// It tells how it ended by itself, as soon as nobody is left inside: taking the namespaces down is nobody's business.
fn first(network: Network, task: OwnedFd, line: &UnixStream) -> ! {
    let made = found(network);
    // Without a task nobody waits for an answer: the command was refused, or the launcher is gone.
    let Ok(task) = receive::<Task<Orders>>(File::from(task)) else { std::process::exit(1) };
    let news = made.and_then(|filter| inside(&task, network, &filter)).unwrap_or_else(News::Failed);
    let told = send(line, &news);
    std::process::exit(i32::from(told.is_err()))
}

/// What is the same for every command. Comes with the filter that will lie on it.
fn found(network: Network) -> Result<BpfProgram, String> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed("die with the launcher", error))?;
    // A session of its own has no terminal.
    rustix::process::setsid().map_err(|error| failed("leave the session", error))?;
    let mut spaces = UnshareFlags::NEWNS | UnshareFlags::NEWIPC;
    if network == Network::Closed {
        spaces |= UnshareFlags::NEWNET;
    }
    unshare(spaces).map_err(|error| failed("make namespaces", error))?;
    if network == Network::Closed {
        loopback::up()?;
    }
    mounts::found()?;
    gain_no_rights()?;
    filter::within()
}

fn inside(task: &Task<Orders>, network: Network, filter: BpfProgramRef<'_>) -> Result<News, String> {
    limit(&task.orders, task.largest)?;
    mounts::build(&task.plan, &task.orders.temporary)?;
    give_up_rights()?;
    if network == Network::Open {
        // Names of sockets that are no files belong to the network, which is everybody's then.
        landlock::scope();
    }
    // Again: a change of rights may have changed it back.
    unreadable()?;
    let mut shell = shell(&task.orders, Path::new("/tmp"));
    filter::apply(filter)?;
    let home = task.plan.home.as_deref();
    let before = home.map(names).unwrap_or_default();
    let shell = shell.spawn().map_err(|error| failed("start the shell", error))?;
    let_go()?;
    let news = collect_until(&shell);
    end_all();
    let forgotten: Vec<String> = match home {
        Some(home) => names(home).difference(&before).take(MOST_NAMES).cloned().collect(),
        None => vec![],
    };
    Ok(match news? {
        News::Exit(code) if !forgotten.is_empty() => News::ExitForgetting(code, forgotten),
        other => other,
    })
}

/// What lies at the top of a home, but for caches.
fn names(home: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(home).into_iter().flatten().flatten();
    let names = entries.take(MOST_LOOKED_AT).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != ".cache").collect()
}

/// Nothing that is started from here on has a right that an ordinary user has not, the first user of the machine
/// included.
fn gain_no_rights() -> Result<(), String> {
    let bad = |error| failed("give up rights", error);
    for capability in CapabilitySet::all().iter() {
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // A capability that this kernel does not know.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(bad(error)),
        }
    }
    rustix::thread::set_no_new_privs(true).map_err(bad)
}

/// Gives up the rights of this process itself, which it needed for mounts.
fn give_up_rights() -> Result<(), String> {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    rustix::thread::set_capabilities(None, none).map_err(|error| failed("give up rights", error))
}

/// A launcher shares its open files with no other thread: it has none.
fn unshare(spaces: UnshareFlags) -> rustix::io::Result<()> {
    #[expect(deprecated, reason = "what it warns of needs FILES and a second thread; neither is there")]
    rustix::thread::unshare(spaces)
}

fn write(file: &str, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| failed(&format!("write {file}"), error))
}
