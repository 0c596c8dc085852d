//! Reading `/proc/self/mountinfo`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::mount::MountFlags;

/// One mount: where, and what it must not lose.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) at: PathBuf,
    pub(super) flags: MountFlags,
}

/// The mounts of a table; lines that are none are passed over.
pub(super) fn parse(table: &[u8]) -> Vec<Mount> {
    table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let mut words = line.split(|byte| *byte == b' ').skip(4);
            let (at, options) = (words.next()?, words.next()?);
            Some(Mount { at: PathBuf::from(OsString::from_vec(unescaped(at))), flags: flags(options) })
        })
        .collect()
}

fn flags(options: &[u8]) -> MountFlags {
    options.split(|byte| *byte == b',').fold(MountFlags::empty(), |flags, option| {
        flags
            | match option {
                b"ro" => MountFlags::RDONLY,
                b"nosuid" => MountFlags::NOSUID,
                b"nodev" => MountFlags::NODEV,
                b"noexec" => MountFlags::NOEXEC,
                b"noatime" => MountFlags::NOATIME,
                b"nodiratime" => MountFlags::NODIRATIME,
                b"relatime" => MountFlags::RELATIME,
                _ => MountFlags::empty(),
            }
    })
}

/// Blanks, tabs, line ends and backslashes stand there as a backslash and three octal digits.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind
            .get(..3)
            .filter(|digits| *byte == b'\\' && digits.iter().all(|d| (b'0'..b'8').contains(d)));
        if let Some(digits) = digits {
            out.push(
                digits.iter().fold(0u8, |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0')),
            );
            rest = &behind[3..];
        } else {
            out.push(*byte);
            rest = behind;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_with_its_escapes() {
        let table = b"36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 - ext3 /dev/root rw\n\
            40 36 0:4 / /proc ro,nosuid,nodev,noexec,relatime - proc proc rw\nodd\n";
        let mounts = parse(table);
        assert_eq!(
            mounts,
            [
                Mount { at: "/mnt 2".into(), flags: MountFlags::NOATIME },
                Mount {
                    at: "/proc".into(),
                    flags: MountFlags::RDONLY
                        | MountFlags::NOSUID
                        | MountFlags::NODEV
                        | MountFlags::NOEXEC
                        | MountFlags::RELATIME
                },
            ]
        );
    }
}
