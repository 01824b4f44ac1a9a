//! The tables of ours in the kernel: applied as one transaction, removed, and read again.
//!
//! An applied table has the *owner* flag (Linux 5.12) if its [`NftClient`] asked for it: nobody else can change or
//! flush it. With the *persist* flag (Linux 6.9) it stays as an ordinary one when the client's socket closes; without,
//! the kernel removes it then, however the process ends.

mod batch;
mod client;
mod expressions;
mod foreign_redirects;
mod kernel_support;
mod message;
mod snapshot;
mod step;
mod sys;
mod watch;

pub(crate) use client::NftClient;
pub(crate) use foreign_redirects::ForeignRedirect;
pub(super) use kernel_support::{KernelSupport, Ownership};
pub(crate) use snapshot::{InstalledTable, TablesSnapshot};
pub(super) use sys::inherited;
pub(super) use watch::NftWatch;
