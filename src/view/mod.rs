//! `mock-imds view`: a page in the browser, metrics, and the control API over TCP, as a process of its own.
//!
//! It is a client of a server's control socket, with no more rights than its user has there. It serves
//!
//! | path | what | who gets it |
//! |---|---|---|
//! | `/`, and the files of `page/` | the page, without anything of the server's in it | whoever asks |
//! | `/plain` | status, timeline and tree as HTML, for reading without scripts | with the token |
//! | `/api/…` | the control API: `/api/v1/status` is `/v1/status` | with the token as bearer |
//! | `/api/live` | the status and the requests as they come, as server-sent events | with the token as bearer |
//! | `/metrics` | the metrics of server and guardian | this host; others with the token |
//!
//! and all of it only to requests that come from no web page but its own ([`access`]).

mod access;
mod assets;
mod html;
mod listener;
mod live;
mod plain;
mod reply;
mod routes;
mod state;
mod token;
mod upstream;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio::runtime;
use tokio_stream::StreamExt as _;

use crate::control::ControlClient;
use crate::exit::{ExitStatus, Failure};
use crate::model::AllowedHost;
use state::ViewState;

pub(crate) use token::ViewToken;

/// The port of the view.
pub(crate) const PORT: u16 = 1339;

/// The view as the command line wants it.
#[derive(Debug)]
pub(crate) struct ViewOptions {
    pub listen: SocketAddr,
    pub client: ControlClient,
    /// The options with which a command asks the same server; empty if a command without options does.
    pub command_options: Vec<String>,
    pub token: ViewToken,
    /// Names in the Host header, beside addresses and `localhost`.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Where the guardian publishes its status.
    pub guardian: PathBuf,
}

/// Serves until a signal ends it. `ready` gets the address.
pub(crate) fn run(options: ViewOptions, ready: impl FnOnce(SocketAddr, &ViewToken)) -> Result<(), Failure> {
    let os_error = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(ExitStatus::OsError, format!("cannot {what}: {error}"))
    };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| os_error("start the event loop", &error))?;
    let served = runtime.block_on(async {
        let mut signals =
            Signals::new([SIGTERM, SIGINT]).map_err(|error| os_error("handle signals", &error))?;
        let ViewOptions { listen, client, command_options, token, allowed_hosts, guardian } = options;
        let listener = listener::bind(listen).await?;
        let address = listener.local_addr().map_err(|error| os_error("find the port", &error))?;
        ready(address, &token);
        let state = Arc::new(ViewState { client, token, command_options, allowed_hosts, guardian });
        tokio::select! {
            () = listener::serve(listener, state) => {}
            _ = signals.next() => {}
        }
        Ok(())
    });
    // A thread may still wait for a server that does not answer.
    runtime.shutdown_background();
    served
}
