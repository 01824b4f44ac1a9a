//! Connections as clients make them, good and bad, against a server in this process.

#[path = "../support/mod.rs"]
mod support;

mod faults;
mod ingress;
mod lifecycle;
mod limits;
mod messages;
mod paths;
mod rig;
