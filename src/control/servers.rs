//! The servers that run, and the one that a command means.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::api::ServiceStatus;
use super::client::ControlClient;
use super::connect::listening;
use crate::exit::{ExitStatus, Failure};
use crate::paths::{Paths, SYSTEM_CONTROL};

/// The name of the packaged service.
const SYSTEM: &str = "system";

/// A server whose control socket is at one of the usual places, or beside it.
#[derive(Debug)]
pub(crate) struct RunningServer {
    socket: PathBuf,
    /// What it says of itself; `None` if it does not, or not to this user.
    status: Option<ServiceStatus>,
}

impl RunningServer {
    /// All that this user may ask, in order of precedence.
    fn all() -> Vec<Self> {
        let sockets = listening(&Paths::from_env()).into_iter();
        let ask = |socket: PathBuf| {
            let status = ControlClient::new(Some(&socket)).brief_status();
            Self { socket, status }
        };
        sockets.map(ask).filter(|server| server.status.is_some()).collect()
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.status.iter().flat_map(|status| &status.listeners).map(|listener| listener.address)
    }

    /// Whether it is the one that the user calls so: by a port, an address and a port, the name of its node, or `system`.
    fn is_called(&self, name: &str) -> bool {
        if let Ok(port) = name.parse::<u16>() {
            return self.addresses().any(|address| address.port() == port);
        }
        if let Ok(wanted) = name.parse::<SocketAddr>() {
            let listens =
                |own: SocketAddr| own == wanted || (own.ip().is_unspecified() && own.port() == wanted.port());
            return self.addresses().any(listens);
        }
        let node = self.status.as_ref().and_then(|status| status.node.as_deref());
        node == Some(name) || (name == SYSTEM && self.socket == Path::new(SYSTEM_CONTROL))
    }

    /// The server in a sentence.
    fn words(&self) -> String {
        let urls: Vec<String> = self.addresses().map(|address| format!("http://{address}/")).collect();
        let node = self.status.as_ref().and_then(|status| status.node.as_ref());
        let node = node.map(|node| format!(" for node {node}")).unwrap_or_default();
        format!("{}{node} ({})", urls.join(" "), self.socket.display())
    }
}

/// All of them in a sentence.
fn listed(servers: &[RunningServer]) -> String {
    match servers {
        [] => "no server is running".to_owned(),
        servers => {
            let words: Vec<String> = servers.iter().map(RunningServer::words).collect();
            format!("running: {}", words.join(", "))
        }
    }
}

/// The client of the server that is called so, or whose socket has this path.
pub(crate) fn server_called(name: &str) -> Result<ControlClient, Failure> {
    if name.contains('/') {
        return Ok(ControlClient::new(Some(Path::new(name))));
    }
    let servers = RunningServer::all();
    let mut called = servers.iter().filter(|server| server.is_called(name));
    let problem = match (called.next(), called.next()) {
        (Some(server), None) => return Ok(ControlClient::new(Some(&server.socket))),
        (None, _) => format!("no running server is {name:?}"),
        (Some(_), Some(_)) => format!("several running servers are {name:?}"),
    };
    let accepted = "accepted: a port, an address with a port, the name of a node, \"system\", or the path of a control socket";
    Err(Failure::new(ExitStatus::Unavailable, format!("{problem}; {}; {accepted}", listed(&servers))))
}

/// The client of the usual server, and a sentence that says which one it is, if there are several.
pub(crate) fn usual_server() -> (ControlClient, Option<String>) {
    if listening(&Paths::from_env()).len() < 2 {
        return (ControlClient::new(None), None);
    }
    let servers = RunningServer::all();
    let [first, others @ ..] = servers.as_slice() else { return (ControlClient::new(None), None) };
    let sentence = (!others.is_empty()).then(|| {
        let others: Vec<String> = others.iter().map(RunningServer::words).collect();
        format!("this is the server at {}; --server chooses another: {}", first.words(), others.join(", "))
    });
    (ControlClient::new(Some(&first.socket)), sentence)
}
