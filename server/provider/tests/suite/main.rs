//! This room as its users see it: over real sockets against the bench's model server.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod cancel;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod unread;
