//! System calls that no build, test or tool needs, and that lead out of a sandbox: they answer *not permitted*.
//!
//! A deny-list on purpose: namespaces and Landlock are the walls, this keeps tools away from them. `clone3` answers *no
//! such call*, for its arguments lie where a filter cannot look; every C library then takes `clone`.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, BpfProgramRef, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Op,
    SeccompCondition as Condition, SeccompFilter, SeccompRule as Rule, TargetArch, apply_filter, sock_filter,
};

use super::failed;
use crate::sandbox::{Confinement, Network};

const DENIED: &[c_long] = &[
    // mounts and namespaces
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_quotactl,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    // other processes
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // keys, and files by their number
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_open_by_handle_at,
    // the kernel itself
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
];

/// What changes a file without writing to it; Landlock does not see it.
const METADATA: &[c_long] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    // fchmodat2, which the crate does not name yet.
    452,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
];

/// Ways to put words into a terminal, as if somebody typed them.
const TYPING: [u64; 2] = [0x5412, 0x541c];

const NEW_SPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// What no call is there for: `clone3`, and on this processor the second numbers that every call has, for programs with
/// short pointers. Loads the number, compares it, and answers *no such call*; what is not met goes on behind.
#[cfg(target_arch = "x86_64")]
const ABSENT: &[sock_filter] = &[
    sock_filter { code: LOAD, jt: 0, jf: 0, k: 0 },
    sock_filter { code: IF_SAME, jt: 1, jf: 0, k: CLONE3 },
    sock_filter { code: IF_LEAST, jt: 0, jf: 1, k: 0x4000_0000 },
    sock_filter { code: ANSWER, jt: 0, jf: 0, k: NO_SUCH_CALL },
];
#[cfg(not(target_arch = "x86_64"))]
const ABSENT: &[sock_filter] = &[
    sock_filter { code: LOAD, jt: 0, jf: 0, k: 0 },
    sock_filter { code: IF_SAME, jt: 0, jf: 1, k: CLONE3 },
    sock_filter { code: ANSWER, jt: 0, jf: 0, k: NO_SUCH_CALL },
];

/// The four words of the filter's language that stand above: load a word, compare, answer.
const LOAD: u16 = 0x20;
const IF_SAME: u16 = 0x15;
#[cfg(target_arch = "x86_64")]
const IF_LEAST: u16 = 0x35;
const ANSWER: u16 = 0x06;
#[expect(clippy::cast_possible_truncation, reason = "numbers of calls are small")]
const CLONE3: u32 = libc::SYS_clone3.unsigned_abs() as u32;
const NO_SUCH_CALL: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();

/// The filter in *full*, where there is a network namespace and a root around all sockets.
pub(super) fn within() -> Result<BpfProgram, String> {
    made(&[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6], &[])
}

/// The filter where it stands alone beside Landlock.
pub(super) fn around(confinement: &Confinement) -> Result<BpfProgram, String> {
    let families: &[i32] = match confinement.network {
        Network::Open => &[libc::AF_INET, libc::AF_INET6],
        Network::Closed => &[],
    };
    made(families, if confinement.is_read_only() { METADATA } else { &[] })
}

/// Lays a filter on this process and all that it starts. It cannot be taken off.
pub(super) fn apply(filter: BpfProgramRef<'_>) -> Result<(), String> {
    apply_filter(filter).map_err(|error| failed("filter system calls", error))
}

/// A filter that lets those families of sockets be made, besides those that list devices and addresses, and refuses
/// these calls as well.
fn made(families: &[i32], refused: &[c_long]) -> Result<BpfProgram, String> {
    let bad = |error: seccompiler::Error| failed("filter system calls", error);
    let never = |call: &c_long| (*call, Vec::new());
    let mut rules: BTreeMap<i64, Vec<Rule>> = DENIED.iter().chain(refused).map(never).collect();
    rules.extend(conditions(families).map_err(|error| failed("filter system calls", error))?);
    let target = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| bad(error.into()))?;
    let (allow, deny) = (SeccompAction::Allow, SeccompAction::Errno(libc::EPERM.unsigned_abs()));
    let denied: BpfProgram = SeccompFilter::new(rules, allow, deny, target)
        .and_then(TryInto::try_into)
        .map_err(|error| failed("filter system calls", error))?;
    Ok([ABSENT, &denied].concat())
}

fn conditions(families: &[i32]) -> Result<Vec<(i64, Vec<Rule>)>, seccompiler::BackendError> {
    let typing = TYPING
        .iter()
        .map(|request| Rule::new(vec![Condition::new(1, Length::Dword, Op::Eq, *request)?]))
        .collect::<Result<_, _>>()?;
    let spaces = || {
        NEW_SPACES
            .iter()
            .map(|space| {
                let space = u64::from(space.unsigned_abs());
                Rule::new(vec![Condition::new(0, Length::Dword, Op::MaskedEq(space), space)?])
            })
            .collect::<Result<Vec<_>, _>>()
    };
    let other = families
        .iter()
        .chain(&[libc::AF_NETLINK])
        .map(|family| Condition::new(0, Length::Dword, Op::Ne, u64::from(family.unsigned_abs())))
        .collect::<Result<_, _>>()?;
    Ok(vec![
        (libc::SYS_ioctl, typing),
        (libc::SYS_clone, spaces()?),
        (libc::SYS_unshare, spaces()?),
        (libc::SYS_socket, vec![Rule::new(other)?]),
    ])
}
