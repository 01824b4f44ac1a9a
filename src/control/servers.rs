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
struct RunningServer {
    socket: PathBuf,
    /// What it says of itself; or why it says nothing, or not to this user.
    status: Result<ServiceStatus, Failure>,
}

impl RunningServer {
    /// All that listen, in order of precedence.
    fn all(sockets: Vec<PathBuf>) -> Vec<Self> {
        let ask = |socket: PathBuf| {
            let status = ControlClient::new(Some(&socket)).brief_status();
            Self { socket, status }
        };
        sockets.into_iter().map(ask).collect()
    }

    /// Its socket is for other users.
    fn is_closed(&self) -> bool {
        self.status.as_ref().is_err_and(|failure| failure.status == ExitStatus::NoPermission)
    }

    fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.status.iter().flat_map(|status| &status.listeners).map(|listener| listener.address)
    }

    /// Whether it is the one that the user calls so: by a port, an address and a port, or the name of its node.
    fn is_called(&self, name: &str) -> bool {
        if let Ok(port) = name.parse::<u16>() {
            let by_port = self.status.is_err() && self.socket == Paths::socket_by_port(&self.socket, port);
            return by_port || self.addresses().any(|address| address.port() == port);
        }
        if let Ok(wanted) = name.parse::<SocketAddr>() {
            let listens =
                |own: SocketAddr| own == wanted || (own.ip().is_unspecified() && own.port() == wanted.port());
            return self.addresses().any(listens);
        }
        self.node() == Some(name)
    }

    fn node(&self) -> Option<&str> {
        self.status.as_ref().ok()?.node.as_deref()
    }

    /// The server in a sentence.
    fn words(&self) -> String {
        let socket = self.socket.display();
        if self.status.is_err() {
            return format!("{socket} (it gives no status)");
        }
        let urls: Vec<String> = self.addresses().map(|address| format!("http://{address}/")).collect();
        let node = self.node().map(|node| format!(" for node {node}")).unwrap_or_default();
        format!("{}{node} ({socket})", urls.join(" "))
    }
}

/// All of them in a sentence, with the reasons of those that say nothing.
fn listed(servers: &[RunningServer]) -> String {
    match servers {
        [] => "no server is running".to_owned(),
        servers => {
            let words = |server: &RunningServer| match &server.status {
                Ok(_) => server.words(),
                Err(failure) => failure.message.clone(),
            };
            format!("running: {}", servers.iter().map(words).collect::<Vec<_>>().join(", "))
        }
    }
}

/// What the servers that run can be called, each with a sentence: a port, the name of a node, or `system`.
pub(crate) fn server_names() -> Vec<(String, String)> {
    let mut names = Vec::new();
    for server in RunningServer::all(listening(&Paths::from_env())) {
        let words = server.words();
        if server.socket == Path::new(SYSTEM_CONTROL) {
            names.push((SYSTEM.to_owned(), words));
            continue;
        }
        names.extend(server.node().map(|node| (node.to_owned(), words.clone())));
        names.extend(server.addresses().next().map(|address| (address.port().to_string(), words)));
    }
    names
}

/// The client of the server that is called so, or whose socket has this path.
pub(crate) fn server_called(name: &str) -> Result<ControlClient, Failure> {
    if name.contains('/') {
        return Ok(ControlClient::new(Some(Path::new(name))));
    }
    // Its place is known, whoever answers there.
    if name == SYSTEM {
        return Ok(ControlClient::new(Some(Path::new(SYSTEM_CONTROL))));
    }
    let servers = RunningServer::all(listening(&Paths::from_env()));
    let mut called = servers.iter().filter(|server| server.is_called(name));
    let problem = match (called.next(), called.next()) {
        (Some(server), None) => return Ok(ControlClient::new(Some(&server.socket))),
        (None, _) if servers.iter().any(|server| server.status.is_err()) => {
            format!("no server that gives its status is {name:?}")
        }
        (None, _) => format!("no running server is {name:?}"),
        (Some(_), Some(_)) => format!("several running servers are {name:?}"),
    };
    // One of those that are closed may be meant.
    let is_closed = servers.iter().any(RunningServer::is_closed);
    let status = if is_closed { ExitStatus::NoPermission } else { ExitStatus::Unavailable };
    let accepted = "accepted: a port, an address with a port, the name of a node, \"system\", or the path of a control socket";
    Err(Failure::new(status, format!("{problem}; {}; {accepted}", listed(&servers))))
}

/// The client of the usual server, and a sentence that says which one it is, if there are several. A server that says
/// nothing now is not passed over: the order is meant for it.
pub(crate) fn usual_server() -> (ControlClient, Option<String>) {
    let sockets = listening(&Paths::from_env());
    if sockets.len() < 2 {
        return (ControlClient::new(sockets.first().map(PathBuf::as_path)), None);
    }
    let servers = RunningServer::all(sockets);
    let open: Vec<&RunningServer> = servers.iter().filter(|server| !server.is_closed()).collect();
    let [first, others @ ..] = open.as_slice() else {
        return (ControlClient::new(Some(&servers[0].socket)), None);
    };
    let sentence = (!others.is_empty()).then(|| {
        let others: Vec<String> = others.iter().map(|server| server.words()).collect();
        format!("this is the server at {}; --server chooses another: {}", first.words(), others.join(", "))
    });
    (ControlClient::new(Some(&first.socket)), sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_denies_permission_is_closed() {
        for (status, expected) in [(ExitStatus::NoPermission, true), (ExitStatus::Unavailable, false)] {
            let status = Err(Failure::new(status, "no"));
            let server = RunningServer { socket: PathBuf::from("/run/x.sock"), status };
            assert_eq!(server.is_closed(), expected);
        }
    }

    #[test]
    fn a_server_is_called_by_its_ports_its_addresses_and_its_node() {
        let status = serde_json::json!({
            "version": "0.1.0", "pid": 7, "started_at": "2026-11-21T03:14:11Z", "node": "web", "requests": 0,
            "scenario": {"loaded_at": "2026-11-21T03:14:11Z", "instance_id": "i-1234567890abcdef0", "warnings": 0},
            "listeners": [
                {"address": "127.0.0.1:1338", "inherited": false}, {"address": "0.0.0.0:1400", "inherited": false}
            ],
        });
        let status = serde_json::from_value(status).expect("a status");
        let server = RunningServer { socket: PathBuf::from("/run/x.sock"), status: Ok(status) };
        for name in ["1338", "1400", "127.0.0.1:1338", "127.0.0.1:1400", "10.0.0.7:1400", "web"] {
            assert!(server.is_called(name), "{name}");
        }
        for name in ["1339", "127.0.0.2:1338", "127.0.0.1:1339", "10.0.0.7:1338", "we", "webs", ""] {
            assert!(!server.is_called(name), "{name}");
        }
    }

    #[test]
    fn a_server_that_says_nothing_is_called_by_the_port_in_its_sockets_name() {
        let status = || Err(Failure::new(ExitStatus::Unavailable, "it hangs"));
        let by_port = Paths::socket_by_port(Path::new("/run/user/1000/mock-imds/control.sock"), 1339);
        let by_port = RunningServer { socket: by_port, status: status() };
        assert!(by_port.is_called("1339"));
        assert!(!by_port.is_called("1338") && !by_port.is_called("127.0.0.1:1339"));
        let usual = PathBuf::from("/run/user/1000/mock-imds/control.sock");
        assert!(!RunningServer { socket: usual, status: status() }.is_called("1339"));
    }
}
