//! What is fed with inputs: one function for each kind of bytes that others write.
//!
//! | target | bytes |
//! |---|---|
//! | `request` | what a client sends on a connection, to services of both profiles |
//! | `path` | method, path and version of a request |
//! | `token` | the values of a token's headers |
//! | `scenario` | a scenario file |
//! | `host` | host.toml |
//! | `aemm` | a configuration file of amazon-ec2-metadata-mock: JSON, YAML or TOML by the first byte |
//! | `dump` | a dump: files, or cloud-init's JSON |
//! | `record` | what a service answers to `record` |
//! | `conform` | what a service answers to `conform` |
//! | `control` | the body of an order at the control socket |
//! | `netlink` | a datagram of the kernel |
//!
//! A target panics on what must not be. An input that is refused is as good as one that is taken.

mod control;
mod files;
mod path;
mod record;
mod request;
mod service;
mod token;

/// A function to be fed.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// It has lines, or lists, that can be long.
    pub is_text: bool,
}

pub const TARGETS: &[Target] = &[
    Target { name: "request", run: request::run, is_text: false },
    Target { name: "path", run: path::run, is_text: false },
    Target { name: "token", run: token::run, is_text: false },
    Target { name: "scenario", run: files::scenario, is_text: true },
    Target { name: "host", run: files::host, is_text: true },
    Target { name: "aemm", run: files::aemm, is_text: true },
    Target { name: "dump", run: files::dump, is_text: true },
    Target { name: "record", run: record::run, is_text: true },
    Target { name: "conform", run: mock_imds::fuzzing::conformance_answer, is_text: true },
    Target { name: "control", run: control::run, is_text: true },
    Target { name: "netlink", run: mock_imds::fuzzing::netlink_datagram, is_text: false },
];
