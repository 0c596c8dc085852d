//! Switching on the loopback device of a new network namespace: test suites talk to themselves.

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

use super::failed;

/// `RTM_NEWLINK`, asked for with an answer, about device 1: up.
const MESSAGE: [u32; 8] = {
    const LENGTH: u32 = 32;
    const NEW_LINK: u32 = 16;
    const REQUEST_ACK: u32 = 0x5;
    // Length; type and flags; sequence; port; family, padding and device type; device; flags; which flags.
    [LENGTH, pair(NEW_LINK, REQUEST_ACK), 1, 0, 0, 1, 1, 1]
};

/// Two halves of a word, as they lie in memory.
const fn pair(first: u32, second: u32) -> u32 {
    if cfg!(target_endian = "little") { first | second << 16 } else { first << 16 | second }
}

pub(super) fn up() -> Result<(), String> {
    let bad = |error| failed("switch loopback on", error);
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None).map_err(bad)?;
    let message: Vec<u8> = MESSAGE.iter().flat_map(|word| word.to_ne_bytes()).collect();
    sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).map_err(bad)?;
    let mut answer = [0u8; 256];
    let (length, _) = recv(&socket, &mut answer[..], RecvFlags::empty()).map_err(bad)?;
    // A header of 16 bytes, and the error, 0 for none.
    match answer.get(16..20).filter(|_| length >= 20) {
        Some([0, 0, 0, 0]) => Ok(()),
        _ => Err("failed to switch loopback on: the kernel refused".to_owned()),
    }
}
