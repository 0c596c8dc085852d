//! The root that a command sees: an empty one, in which only what the plan names appears.

use std::io::Read as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, open};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind,
    mount_bind_recursive, mount_change, mount_remount, move_mount, open_tree, unmount,
};

use super::plan::{Access, Kind, Plan};
use super::{failed, mountinfo};
use crate::sandbox::Overlay;

/// Where the machine's own root stands while the new one is made.
const OLD: &str = "/.old";
const TEMPORARY: &str = "/tmp";
/// As large as a table of mounts usually is.
const TABLE: usize = 32 * 1024;
/// What stands over a hidden file, and over a hidden folder.
const NO_FILE: &str = "/.no-file";
const NO_FOLDER: &str = "/.no-folder";

/// What stands over a name that must stay free.
const WALL: &str = "/.wall";

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom"];
/// Switches of the kernel that an administrator could turn through `/proc`.
const SWITCHES: &[&str] = &["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"];

/// Makes what every root has, and moves into it. This process must have a mount namespace of its own and all rights in
/// it.
pub(super) fn found() -> Result<(), String> {
    enter()?;
    private()?;
    devices()?;
    processes()
}

/// Shows what the plan says in the root that was founded, and closes it.
pub(super) fn build(plan: &Plan, temporary: &Path) -> Result<(), String> {
    mount_bind(outside(temporary), TEMPORARY).map_err(|error| failed("make temporary folders", error))?;
    if let Some(home) = &plan.home {
        folder(home)?;
        scratch(home, "mode=0700,size=10%")?;
    }
    for (place, target) in &plan.links {
        if let Some(parent) = place.parent() {
            folder(parent)?;
        }
        match symlink(target, place) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(failed(&format!("link {}", place.display()), error));
            }
            _ => {}
        }
    }
    for (place, bind) in plan.binds.iter().filter(|(place, _)| !is_founded(place)) {
        match &plan.overlay {
            Some(overlay) if overlay.folder == *place => lay_over(overlay)?,
            _ => same(place, bind.kind)?,
        }
    }
    for (place, kind) in &plan.hidden {
        hide(place, *kind)?;
    }
    wall(&plan.walled)?;
    plan.held.iter().try_for_each(|place| hold(place))?;
    unmount(OLD, UnmountFlags::DETACH).map_err(|error| failed("leave the old root", error))?;
    std::fs::remove_dir(OLD).map_err(|error| failed("leave the old root", error))?;
    lock(plan)?;
    // The whole file system of the new root, what it lends to hidden places included.
    mount_remount("/", MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV, c"")
        .map_err(|error| failed("make the root read-only", error))
}

/// An empty root, with the old one below it.
fn enter() -> Result<(), String> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| failed("part from the mounts of the machine", error))?;
    scratch(Path::new(TEMPORARY), "mode=0755,size=1m")?;
    let old = format!("{TEMPORARY}{OLD}");
    std::fs::create_dir(&old).map_err(|error| failed("make a root", error))?;
    rustix::process::pivot_root(TEMPORARY, &old).map_err(|error| failed("enter the new root", error))?;
    rustix::process::chdir("/").map_err(|error| failed("enter the new root", error))
}

/// Whether a place is one of those that every root has for itself, and none of the machine's.
fn is_founded(place: &Path) -> bool {
    place == Path::new("/dev") || place.starts_with("/proc") || place.starts_with("/dev/pts")
}

/// Temporary and runtime folders that are nobody else's.
fn private() -> Result<(), String> {
    for name in [TEMPORARY, "/run", "/var", "/dev/shm", "/dev/pts", "/proc"] {
        folder(Path::new(name))?;
    }
    scratch(Path::new("/dev/shm"), "mode=1777,size=10%")?;
    for (link, target) in [("/var/tmp", TEMPORARY), ("/var/run", "/run"), ("/var/lock", "/run")] {
        symlink(target, link).map_err(|error| failed("make temporary folders", error))?;
    }
    Ok(())
}

fn devices() -> Result<(), String> {
    for name in DEVICES {
        same(&Path::new("/dev").join(name), Kind::File)?;
    }
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("devpts", "/dev/pts", "devpts", flags, c"newinstance,ptmxmode=0666,mode=0620")
        .map_err(|error| failed("make terminals", error))?;
    for (link, target) in [
        ("/dev/ptmx", "pts/ptmx"),
        ("/dev/fd", "/proc/self/fd"),
        ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"),
    ] {
        symlink(target, link).map_err(|error| failed("make devices", error))?;
    }
    Ok(())
}

/// The processes of this namespace and no others.
fn processes() -> Result<(), String> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", flags, c"").map_err(|error| failed("mount a fresh /proc", error))?;
    // Only the administrator has rights there.
    let switches = if rustix::process::getuid().is_root() { SWITCHES } else { &[] };
    for place in switches.iter().filter(|place| Path::new(place).exists()) {
        let bad = |error| failed(&format!("guard {place}"), error);
        mount_bind(*place, *place).map_err(bad)?;
        mount_remount(*place, MountFlags::BIND | MountFlags::RDONLY | flags, c"").map_err(bad)?;
    }
    Ok(())
}

/// Puts something over a place that nobody can open.
fn hide(place: &Path, kind: Kind) -> Result<(), String> {
    let bad = |error: std::io::Error| failed(&format!("hide {}", place.display()), error);
    if place.symlink_metadata().is_err() {
        return Ok(());
    }
    let cover = Path::new(match kind {
        Kind::File => NO_FILE,
        Kind::Folder => NO_FOLDER,
    });
    if !cover.exists() {
        match kind {
            Kind::File => std::fs::write(cover, "").map_err(bad)?,
            Kind::Folder => std::fs::create_dir(cover).map_err(bad)?,
        }
        std::fs::set_permissions(cover, std::fs::Permissions::from_mode(0o0)).map_err(bad)?;
    }
    mount_bind(cover, place).map_err(|error| bad(error.into()))
}

/// Puts an empty folder that nobody can write over each of these.
fn wall(places: &[PathBuf]) -> Result<(), String> {
    if !places.is_empty() {
        folder(Path::new(WALL))?;
    }
    for place in places {
        mount_bind(WALL, place).map_err(|error| failed(&format!("guard {}", place.display()), error))?;
    }
    Ok(())
}

/// Puts a symbolic link over itself: it leads where it led, and nobody can take away what something is mounted on.
fn hold(link: &Path) -> Result<(), String> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    let path = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let held = open_tree(CWD, link, flags).and_then(|tree| {
        let target = open(link, path, Mode::empty())?;
        move_mount(
            tree,
            "",
            target,
            "",
            MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH,
        )
    });
    held.map_err(|error| failed(&format!("hold {}", link.display()), error))
}

/// Makes read-only what the plan says, with everything that is mounted below it.
fn lock(plan: &Plan) -> Result<(), String> {
    // The table is made anew for each piece that is read.
    let mut table = Vec::with_capacity(TABLE);
    std::fs::File::open("/proc/self/mountinfo")
        .and_then(|mut file| file.read_to_end(&mut table))
        .map_err(|error| failed("list mounts", error))?;
    for mount in mountinfo::parse(&table) {
        let reads = plan.around(&mount.at).is_some_and(|bind| bind.access == Access::Read);
        if reads && !mount.flags.contains(MountFlags::RDONLY) {
            let flags = MountFlags::BIND | MountFlags::RDONLY | mount.flags;
            mount_remount(&mount.at, flags, c"")
                .map_err(|error| failed(&format!("make {} read-only", mount.at.display()), error))?;
        }
    }
    Ok(())
}

/// Shows a place of the machine at the same path.
fn same(place: &Path, kind: Kind) -> Result<(), String> {
    match kind {
        Kind::Folder => folder(place)?,
        Kind::File => {
            if let Some(parent) = place.parent() {
                folder(parent)?;
            }
            if place.symlink_metadata().is_err() {
                std::fs::write(place, "")
                    .map_err(|error| failed(&format!("make {}", place.display()), error))?;
            }
        }
    }
    mount_bind_recursive(outside(place), place)
        .map_err(|error| failed(&format!("show {}", place.display()), error))
}

/// Shows a folder of the machine with another one laid over it.
fn lay_over(overlay: &Overlay) -> Result<(), String> {
    let bad = |error: String| failed(&format!("lay a copy over {}", overlay.folder.display()), error);
    folder(&overlay.folder)?;
    // Without rights outside, the kernel notes what is gone in attributes that every user may set.
    let mut options = b"userxattr".to_vec();
    for (name, place) in
        [("lowerdir", &overlay.folder), ("upperdir", &overlay.upper), ("workdir", &overlay.work)]
    {
        options.extend(format!(",{name}=").as_bytes());
        for byte in outside(place).as_os_str().as_bytes() {
            if matches!(byte, b',' | b':' | b'\\') {
                options.push(b'\\');
            }
            options.push(*byte);
        }
    }
    let options = std::ffi::CString::new(options).map_err(|error| bad(error.to_string()))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("overlay", &overlay.folder, "overlay", flags, options.as_c_str())
        .map_err(|error| bad(error.to_string()))
}

/// A place as it is called from the new root.
fn outside(place: &Path) -> PathBuf {
    Path::new(OLD).join(place.strip_prefix("/").unwrap_or(place))
}

fn folder(place: &Path) -> Result<(), String> {
    std::fs::create_dir_all(place).map_err(|error| failed(&format!("make {}", place.display()), error))
}

/// A file system in memory.
fn scratch(place: &Path, options: &str) -> Result<(), String> {
    let bad = |error: String| failed(&format!("make {}", place.display()), error);
    let options = std::ffi::CString::new(options).map_err(|error| bad(error.to_string()))?;
    mount("tmpfs", place, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
        .map_err(|error| bad(error.to_string()))
}
