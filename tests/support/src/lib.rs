//! What several test targets share: ways to have a service, and to look at it.
//!
//! | to have | there is |
//! |---|---|
//! | answers, without a socket and with a clock of the test's | [`PureService`] |
//! | connections, to a server in the test's process | [`InProcessServer`] |
//! | the program, in a directory and an environment of its own | [`Sandbox`] |
//! | ten thousand clients of one | [`crowd`] |
//! | the program as a server that runs beside the test | [`ServerProcess`], of [`Sandbox::serve`] |
//! | its page, and the control API over TCP | [`ViewProcess`] |
//! | host networking, in a network namespace | [`host::Host`], its [`host::Guardian`] and [`host::Peer`]s |
//! | the address itself, for clients that nobody here wrote | [`ClientHost`] |
//! | the program on a terminal, and its screen | [`PtyProcess`] |
//! | a log that nobody reads | [`UnreadPipe`] |
//! | systemd, packages, container engines | [`machine::Machine`] |
//!
//! ```ignore
//! let sandbox = Sandbox::new();
//! let file = sandbox.write("scenario.toml", "[instance]\ninstance-type = \"t3.micro\"\n");
//! let server = sandbox.serve(&["--scenario", file.to_str().unwrap()]);
//! assert_eq!(server.get("/latest/meta-data/instance-type").body, "t3.micro");
//! let outcome = server.stop();
//! assert_eq!(outcome.code, Some(0));
//! ```
//!
//! A test that fails prints what its servers wrote, and the command that runs it again.

mod client_host;
mod client_run;
pub mod crowd;
pub mod host;
pub mod http;
mod in_process_server;
pub mod machine;
mod outcome;
pub mod page;
mod pty;
mod pure_service;
mod sandbox;
mod scenario;
mod server_process;
pub mod target;
mod unread_pipe;
mod view_process;
mod wait;

pub use client_host::{At, ClientHost, Keys, TOKENS, given, installed, installed_program};
pub use client_run::ClientRun;
pub use http::{Connection, Response, exchange};
pub use in_process_server::{ID, InProcessServer, get, limits, put};
pub use outcome::{Outcome, finish};
pub use pty::PtyProcess;
pub use pure_service::{Answer, Client, LOADED, PureService, TOKEN, TTL};
pub use sandbox::{NOBODY, Sandbox};
pub use scenario::{
    ECS_CREDENTIALS, POD_CREDENTIALS, POD_TOKEN, containers, hundred_thousand_clients, library, shipped,
    sixty_interfaces,
};
pub use server_process::ServerProcess;
pub use target::{is_root, program, skip, sources};
pub use unread_pipe::UnreadPipe;
pub use view_process::ViewProcess;
pub use wait::{DEADLINE, eventually, poll};
