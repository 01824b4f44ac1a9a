//! A host-level EC2 Instance Metadata Service for developer machines.
//!
//! A reply is a pure function of a compiled scenario, a token authority, the client, the request
//! head and the time ([`imds::answer`]); everything else is plumbing. `docs/architecture.md` draws the ways of the
//! data. Imports point downwards only, and `tests/architecture` fails on an upward edge:
//!
//! ```text
//! main → lib → commands ─┬─→ daemon ──→ server, control, observe      L3 → L2
//!                        ├─→ record ──→ transcribe                    L2 → L1: a real service → its scenario
//!                        ├─→ conform ─→ record                        L2: judges any service
//!                        ├─→ view ──→ control, host, imds               L3 → L2: a page over the control socket
//!                        ├─→ doctor → host                            L1: address, table, guardian; checks of them
//!                        ├─→ aemm                                     L1: amazon-ec2-metadata-mock → scenario
//!                        └─→ scenario                                 L1: TOML → model
//!        transcribe ──→ scenario, imds, identity                     L1: written, compiled, asked
//!        server, control, daemon ──→ journal ──→ imds ──→ identity    L1: requests, protocol, documents
//!        completion ──→ cli, control, scenario                       L3: what a shell completes
//!        fuzzing ──→ whatever reads bytes of others                  L3: doors for tests/fuzz
//!        everything ──→ model, clock, config, exit, files, memory, metrics, observe, paths, terminal, watch   L0
//! ```
//!
//! `server` never meets `host` or `doctor`: code that can change the host cannot be reached from a request.

#![warn(unreachable_pub)]

use std::ffi::OsString;

pub mod aemm;
pub(crate) mod cli;
pub(crate) mod clock;
pub(crate) mod commands;
pub(crate) mod completion;
pub mod config;
pub(crate) mod conform;
pub(crate) mod control;
pub(crate) mod daemon;
pub(crate) mod doctor;
pub(crate) mod ec2_api;
pub mod exit;
pub(crate) mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod host;
pub mod identity;
pub mod imds;
pub mod journal;
pub(crate) mod memory;
pub(crate) mod metrics;
pub mod model;
pub(crate) mod observe;
pub(crate) mod paths;
pub mod record;
pub mod scenario;
pub(crate) mod schema;
pub mod server;
pub(crate) mod terminal;
pub mod transcribe;
pub(crate) mod view;
pub(crate) mod watch;

/// The program: parses the command line, runs the subcommand and gives the exit status. Each error has one.
pub fn run() -> u8 {
    // Keys and tokens are in memory, and a core dump is a file. Where the kernel refuses, LimitCORE= of the unit stays.
    let _ = nix::sys::prctl::set_dumpable(false);
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let form = exit::FailureForm::of(&arguments);
    match commands::aemm::is_called(&arguments) {
        Ok(true) => return commands::aemm::exec(arguments.get(1..).unwrap_or_default()),
        Ok(false) => {}
        Err(failure) => return exit::code(Err(failure), form),
    }
    let hint = commands::aemm::hint(&arguments);
    completion::answer_shell();
    match cli::parse(arguments) {
        Ok(cli) => commands::exec(cli, form),
        Err(error) => exit::usage(&error, hint.as_deref(), form),
    }
}

/// The subcommands and options, for the test that compares the manual with them.
pub fn command_line() -> clap::Command {
    cli::program()
}

/// The title of the group in the list of all commands that begins with this one, for the same test.
pub fn command_group(first: &str) -> Option<&'static str> {
    cli::group_title(first)
}
