//! The line that a server prints when it serves.

use serde::{Deserialize, Serialize};

/// What `serve --ready-json` prints, in one line, and `--ready-fd` writes. Later versions may add keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ReadyNotice {
    /// The first address that it listens at, as a client on this host reaches it: `http://127.0.0.1:1338`.
    pub url: String,
    /// All of them.
    pub urls: Vec<String>,
    /// The absolute path of its control socket; null if it has none.
    pub control_socket: Option<String>,
    /// The process id.
    pub pid: u32,
    /// The id of the instance that clients meet unless they have another one.
    pub instance_id: String,
    /// The version of the program.
    pub version: String,
}
