//! The host's network, for real: each test has a network namespace of its own.
//!
//! Root only. Not root: each test says so and passes; with CI=true that is a failure.
//! Programs: nft (nftables), ip (iproute2), iptables-nft (iptables), curl, python3, setpriv, nsenter and unshare (util-linux).

mod bind;
mod connection_faults;
mod containers;
mod doctor;
mod doctor_files;
mod endpoint_refusals;
mod endpoints;
mod examined_host;
mod guard;
mod hops;
mod killed;
mod lifecycle;
mod logging;
mod refusals;
mod reload;
mod restore;
mod sources;
mod uplinks;
