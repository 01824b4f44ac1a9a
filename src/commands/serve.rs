//! `mock-imds serve`: the server, in the foreground.

use std::sync::Arc;

use super::guardian_unit;
use crate::cli::{FallbackArg, ServeArgs};
use crate::daemon::{self, DaemonOptions};
use crate::exit::Failure;
use crate::model::ClusterNode;
use crate::observe;

pub(crate) fn exec(serve: ServeArgs) -> Result<(), Failure> {
    let ServeArgs {
        scenario,
        file,
        listen,
        control,
        state,
        quiet,
        watch,
        fallback,
        require_network,
        library,
        node,
        node_address,
        ready_json,
        ready_fd,
        until_stdin_closes,
    } = serve;
    if !quiet {
        observe::show_requests();
    }
    if require_network {
        guardian_unit::require_network()?;
    }
    daemon::run(DaemonOptions {
        scenario: scenario.or(file),
        listen,
        control,
        state,
        watch,
        fallback: fallback == Some(FallbackArg::LastGood),
        library,
        node: node.map(|name| Arc::new(ClusterNode { name, addresses: node_address })),
        ready_json,
        ready_fd,
        until_stdin_closes,
        drop_in: None,
    })?;
    Ok(())
}
