//! Standard input and output of a server: the ends of two pipes or sockets, read and written where the work is done.
//!
//! tokio's own hand every read and write to a thread of the pool, where it queues behind searches and checks, and comes
//! back by another thread. A keystroke would cross five threads before its answer is out. An editor's ends are nearly
//! always pipes (Node's are sockets), which can be waited for like a connection; for whatever else stands there, a file
//! or a terminal, tokio's own serve.
//!
//! An end that must not block says so to whoever shares it, so it is as it was when we leave.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as Socket;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fcntl_setfl, fstat};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

/// What an editor writes to us, and what it reads.
pub(super) struct Pipes {
    pub(super) input: Box<dyn AsyncRead + Unpin + Send>,
    pub(super) output: Box<dyn AsyncWrite + Unpin + Send>,
    /// Let go when the server has ended.
    pub(super) as_they_were: [AsItWas; 2],
}

/// The ends that this process was started with. Must be called inside a runtime.
pub(super) fn open() -> Pipes {
    let (input, output) = (std::io::stdin(), std::io::stdout());
    let as_they_were = [AsItWas::of(&input), AsItWas::of(&output)];
    Pipes {
        input: reader(&input).unwrap_or_else(|| Box::new(tokio::io::stdin())),
        output: writer(&output).unwrap_or_else(|| Box::new(tokio::io::stdout())),
        as_they_were,
    }
}

/// An end that is waited for; nothing where it is no pipe, or cannot be waited for.
fn reader(end: impl AsFd) -> Option<Box<dyn AsyncRead + Unpin + Send>> {
    let (kind, end) = kind_of(end)?;
    Some(match kind {
        FileType::Fifo => Box::new(pipe::Receiver::from_owned_fd(end).ok()?),
        FileType::Socket => Box::new(socket(end).ok()?),
        _ => return None,
    })
}

/// The same for writing.
fn writer(end: impl AsFd) -> Option<Box<dyn AsyncWrite + Unpin + Send>> {
    let (kind, end) = kind_of(end)?;
    Some(match kind {
        FileType::Fifo => Box::new(pipe::Sender::from_owned_fd(end).ok()?),
        FileType::Socket => Box::new(socket(end).ok()?),
        _ => return None,
    })
}

fn kind_of(end: impl AsFd) -> Option<(FileType, OwnedFd)> {
    let end = end.as_fd();
    Some((FileType::from_raw_mode(fstat(end).ok()?.st_mode), end.try_clone_to_owned().ok()?))
}

fn socket(end: OwnedFd) -> io::Result<UnixStream> {
    let socket = Socket::from(end);
    socket.set_nonblocking(true)?;
    UnixStream::from_std(socket)
}

/// An end with its flags, which come back when this goes.
pub(super) struct AsItWas(Option<(OwnedFd, OFlags)>);

impl AsItWas {
    fn of(end: impl AsFd) -> Self {
        let end = end.as_fd();
        Self(end.try_clone_to_owned().ok().zip(fcntl_getfl(end).ok()))
    }
}

impl Drop for AsItWas {
    fn drop(&mut self) {
        if let Some((end, flags)) = &self.0 {
            // Where that fails, nobody can do more.
            let _ = fcntl_setfl(end, *flags);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn much_goes_through_both_ends_and_both_are_left_as_they_were() {
        let (one, other) = std::io::pipe().unwrap();
        let as_they_were = [AsItWas::of(&one), AsItWas::of(&other)];
        let (mut input, mut output) = (reader(&one).unwrap(), writer(&other).unwrap());
        let text: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut read = vec![0; text.len()];
        let (sent, received) = tokio::join!(output.write_all(&text), input.read_exact(&mut read));
        sent.unwrap();
        received.unwrap();
        assert!(read == text, "what comes out is what went in");
        let is_patient = |end: &dyn AsFd| !fcntl_getfl(end.as_fd()).unwrap().contains(OFlags::NONBLOCK);
        assert!(!is_patient(&one) && !is_patient(&other));
        drop(as_they_were);
        assert!(is_patient(&one) && is_patient(&other));
    }

    #[tokio::test]
    async fn the_end_of_the_other_side_is_seen_and_sockets_are_pipes_too() {
        let (one, other) = std::io::pipe().unwrap();
        let mut input = reader(&one).unwrap();
        drop(other);
        assert_eq!(input.read(&mut [0; 8]).await.unwrap(), 0);
        let (one, other) = std::io::pipe().unwrap();
        let mut output = writer(&other).unwrap();
        drop(one);
        assert_eq!(output.write(b"x").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        let (mut editor, ours) = Socket::pair().unwrap();
        editor.write_all(b"hello").unwrap();
        let (mut input, mut output) = (reader(&ours).unwrap(), writer(&ours).unwrap());
        let mut words = [0; 5];
        input.read_exact(&mut words).await.unwrap();
        output.write_all(b"you").await.unwrap();
        drop((input, output, ours));
        let mut answer = String::new();
        editor.read_to_string(&mut answer).unwrap();
        assert_eq!((&words, answer.as_str()), (b"hello", "you"));
    }

    #[tokio::test]
    async fn files_and_devices_are_left_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("in")).unwrap();
        assert!(reader(&file).is_none() && writer(&file).is_none());
        assert!(reader(std::fs::File::open("/dev/null").unwrap()).is_none());
    }
}
