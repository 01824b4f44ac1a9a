//! What every request to the view may need: the client of the server, the token, and the hosts that are allowed.

use std::path::PathBuf;

use super::token::ViewToken;
use crate::control::ControlClient;
use crate::model::AllowedHost;

#[derive(Debug)]
pub(super) struct ViewState {
    pub(super) client: ControlClient,
    pub(super) token: ViewToken,
    /// The options with which a command asks the same server; empty if a command without options does.
    pub(super) command_options: Vec<String>,
    /// Names in the Host header, beside addresses and `localhost`.
    pub(super) allowed_hosts: Vec<AllowedHost>,
    /// Where the guardian publishes its status.
    pub(super) guardian: PathBuf,
}
