//! The line that a server prints when it serves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What `serve --ready-json` prints, in one line, and `--ready-fd` writes. Later versions may add keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReadyNotice {
    /// The first address at which it serves the metadata service, or if none does the first of all, as a client on this host
    /// reaches it: `http://127.0.0.1:1338`.
    pub url: String,
    /// All addresses that it listens at.
    pub urls: Vec<String>,
    /// The addresses of the endpoints of containers that it serves, by their names: `ecs` and `pod-identity`.
    pub endpoints: BTreeMap<String, String>,
    /// The absolute path of its control socket; null if it has none.
    pub control_socket: Option<String>,
    /// The process id.
    pub pid: u32,
    /// The id of the instance that clients meet unless they have another one.
    pub instance_id: String,
    /// The version of the program.
    pub version: String,
}
