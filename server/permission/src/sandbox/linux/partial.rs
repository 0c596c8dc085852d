//! Partial: Landlock and the filter on the command, and a launcher beside it that leaves nothing behind.
//!
//! The launcher takes in whatever loses its parent, so that a program which leaves its process group, its session and
//! its parent is still found when the command has ended. *Unsupported* and *off* are the same without the walls.

use std::os::unix::net::UnixStream;

use rustix::process::{
    PidfdFlags, Signal, getpid, pidfd_open, set_child_subreaper, set_parent_process_death_signal,
};

use super::bounds::Bounds;
use super::fork::{Forked, fork};
use super::{
    collect_until, end_all, failed, filter, is_gone, landlock, let_go, limit, pipe, shell, unreadable, watch,
};
use crate::sandbox::State;
use crate::sandbox::orders::{News, Orders, read_news, send};

pub(super) fn run(orders: &Orders, line: &UnixStream) -> Result<Option<News>, String> {
    set_child_subreaper(Some(getpid())).map_err(|error| failed("adopt orphans", error))?;
    unreadable()?;
    let bounds = Bounds::of(orders);
    let (leash, held) = pipe()?;
    let (said, say) = pipe()?;
    match fork()? {
        Forked::Parent(keeper) => {
            drop((leash, say));
            let process = pidfd_open(keeper, PidfdFlags::empty())
                .map_err(|error| failed("watch the command", error))?;
            let_go()?;
            let watched = watch::until_either(&process, line, keeper, &bounds);
            end_all();
            drop(held);
            if let Some(passed) = watched? {
                return Ok(Some(News::Stopped(passed)));
            }
            Ok(Some(read_news(std::fs::File::from(said)).unwrap_or(News::Signal(Signal::KILL.as_raw()))))
        }
        Forked::Child => {
            drop((held, said));
            let news = walled(orders, &bounds, &leash).unwrap_or_else(News::Failed);
            let told = send(std::fs::File::from(say), &news);
            std::process::exit(i32::from(told.is_err()))
        }
    }
}

/// The process that waits for the shell, inside the same walls.
fn walled(orders: &Orders, bounds: &Bounds, leash: &std::os::fd::OwnedFd) -> Result<News, String> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed("die with the launcher", error))?;
    if is_gone(leash) {
        return Err("the launcher went away".to_owned());
    }
    rustix::process::setsid().map_err(|error| failed("leave the session", error))?;
    limit(orders, bounds.largest())?;
    if orders.confinement.state == State::Partial {
        rustix::thread::set_no_new_privs(true).map_err(|error| failed("give up new rights", error))?;
        landlock::restrict(&orders.confinement, &orders.temporary)?;
        filter::apply(&filter::around(&orders.confinement)?)?;
    }
    let shell = shell(orders, &orders.temporary).spawn().map_err(|error| failed("start the shell", error))?;
    let_go()?;
    collect_until(&shell)
}
