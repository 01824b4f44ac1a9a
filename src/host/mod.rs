//! Host networking: the link-local address, the tables of ours, and the guardian that keeps both.
//!
//! ```text
//! settings   host.toml → Settings
//! cloud      made-up hosts only: refuses on a real cloud machine
//! plan       Settings → Plan: addresses, tables, chains, rules; a value that prints as nft prints it
//! record     what we added, so that only that is removed; what to do with an address that is there
//! netlink    sockets and messages, bytes only
//! address    the address on lo                        ┐
//! nft        the plan as one transaction; re-reading   ├ the kernel
//! network    settle, inspect, restore, take down       ┘
//! runtime    the runtime directory: lock, record.json, status.json
//! once       `net up`, `net down`
//! guardian   `net hold`: settle, watch, restore, reload, take down
//! doctor     `mock-imds doctor`: what is wrong, and what mends it; changes nothing
//! ```
//!
//! Whatever decides is pure and takes values; `network` and `guardian` act on the decisions.

pub(crate) mod added_record;
pub(crate) mod address;
mod backoff;
pub(crate) mod cloud;
mod error;
pub(crate) mod guardian;
pub(crate) mod netlink;
pub(crate) mod network;
pub(crate) mod nft;
pub mod plan;
mod privilege;
mod reexec;
pub(crate) mod runtime;
pub mod settings;
pub(crate) mod status;
pub(crate) mod up_down;

pub(crate) use error::HostError;
