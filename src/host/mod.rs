//! Host networking: the link-local address, the nftables tables, and the guardian that keeps both.
//!
//! ```text
//! settings      host.toml → HostSettings
//! cloud         recognises real cloud machines
//! takeover      refuses on one of them, unless allowed
//! connection_faults  which connections the server wants to fail
//! conflicts     refuses an endpoint beside a real agent, or a network that it would break
//! plan          HostSettings → Plan: addresses, tables, chains, rules; a value that prints as nft prints it
//! uplinks       which listed interfaces lead out of this host, and are not trusted
//! added_record  the addresses that were added, so that only they are removed; a decision about each wanted address
//! netlink       sockets and messages, bytes only
//! address       the address on lo                            ┐
//! links         the interfaces                               │
//! tcp_sockets   who listens on what                          │
//! nft           the plan as one transaction; snapshots       ├ the kernel
//! network       converge, compare, restore, take down        ┘
//! metrics       the guardian's metrics
//! runtime       the runtime directory: lock, record.json, status.json
//! up_down       `net up`, `net down`
//! guardian      `net hold`: set up, watch, restore, reload, take down
//! backoff       the pace of restorations
//! reexec        a reload as a new image of the same process
//! ```
//!
//! Decisions are pure functions of values; `network` and `guardian` act on them.

pub(crate) mod added_record;
pub(crate) mod address;
mod backoff;
pub(crate) mod cloud;
pub(crate) mod conflicts;
pub(crate) mod connection_faults;
mod error;
pub(crate) mod guardian;
pub(crate) mod links;
pub(crate) mod metrics;
pub(crate) mod netlink;
pub(crate) mod network;
pub(crate) mod nft;
pub(crate) mod options;
pub mod plan;
mod privilege;
mod reexec;
pub(crate) mod runtime;
pub mod settings;
pub(crate) mod status;
pub(crate) mod takeover;
pub(crate) mod tcp_sockets;
pub(crate) mod up_down;
pub mod uplinks;

pub(crate) use error::HostError;
