//! Files that others may have written: each is opened without waiting for anybody, has to be a regular file, and is
//! read up to a limit. No link of another user leads out of its directory. Our own are written whole or not at all.
//!
//! What still waits is a file system that does not answer. A server reads on a thread of its own and goes on without
//! the answer; a command reads [`within`] a time.

mod error;
mod held_file;
mod lock;
mod put_aside;
mod read;
mod rename;
mod secret;
mod walk;
mod write;

pub(crate) use error::{FileError, io_error_text};
pub(crate) use held_file::{HeldFile, is_held};
pub(crate) use lock::open_lock;
pub(crate) use put_aside::{DAMAGED, put_aside};
pub(crate) use read::{TIME_LIMIT, read, read_stream, within};
pub(crate) use rename::rename_unless_taken;
pub(crate) use secret::{read_closed_secret, read_secret};
pub(crate) use walk::is_trusted;
pub(crate) use write::{StagedFile, remove_staged, replace};
