//! The server that a command asks.

use std::path::Path;

use super::print::warn;
use crate::cli::ControlArgs;
use crate::control::{ControlClient, server_called, usual_server};
use crate::exit::Failure;

/// The client of the chosen server. If nobody chose, and several run, it says which one it is.
pub(super) fn client(args: &ControlArgs) -> Result<ControlClient, Failure> {
    choose(args.path.as_deref(), args.server.as_deref())
}

pub(super) fn choose(control: Option<&Path>, server: Option<&str>) -> Result<ControlClient, Failure> {
    match (control, server) {
        (Some(path), _) => Ok(ControlClient::new(Some(path))),
        (None, Some(server)) => server_called(server),
        (None, None) => {
            let (client, sentence) = usual_server();
            if let Some(sentence) = sentence {
                warn(&format!("mock-imds: {sentence}"));
            }
            Ok(client)
        }
    }
}
