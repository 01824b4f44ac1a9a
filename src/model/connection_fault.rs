//! The faults of connections that are in force, as the server tells the guardian of the host's network, which carries
//! them out: it alone may.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client_matcher::ClientMatcher;
use super::fault::{ConnectionFailure, Fault, FaultEndpoint};
use super::service::Service;
use super::string_enum::StringEnum as _;

/// Connections that fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionFault {
    /// How.
    pub failure: ConnectionFailure,
    /// The service that they are for; all unless set.
    pub service: Option<Service>,
    /// Whose they are; everybody's if empty.
    pub clients: Vec<ClientMatcher>,
}

impl ConnectionFault {
    /// The name of the file, in the server's runtime directory, that lists those in force.
    pub(crate) const FILE: &str = "connection-faults.json";

    /// The part of a fault that is about connections; `None` if nothing is.
    pub(crate) fn of(fault: &Fault) -> Option<Self> {
        let service = fault.endpoint.map(FaultEndpoint::service);
        let failure = fault.effect.connection()?;
        Some(Self { failure, service, clients: fault.clients.clone() })
    }

    /// The content of the file for these faults; of several for one connection the first is carried out.
    pub(crate) fn write_all(faults: &[Self]) -> Vec<u8> {
        let entry = |fault: &Self| Entry {
            connection: fault.failure.as_str().to_owned(),
            endpoint: fault.service.map(|service| service.name().to_owned()),
            clients: fault.clients.iter().map(ToString::to_string).collect(),
        };
        let list = List { faults: faults.iter().map(entry).collect() };
        serde_json::to_vec(&list).expect("it is plain data")
    }

    /// The faults of the file, or what is wrong with it.
    pub(crate) fn read_all(content: &[u8]) -> Result<Vec<Self>, String> {
        let list: List = serde_json::from_slice(content).map_err(|error| error.to_string())?;
        list.faults.into_iter().map(Entry::read).collect()
    }
}

/// "refused to host, 10.0.0.7 by imds".
impl fmt::Display for ConnectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.failure.as_str())?;
        for (index, client) in self.clients.iter().enumerate() {
            write!(f, "{}{client}", if index == 0 { " to " } else { ", " })?;
        }
        self.service.map_or(Ok(()), |service| write!(f, " by {}", service.name()))
    }
}

#[derive(Serialize, Deserialize)]
struct List {
    faults: Vec<Entry>,
}

/// In the words of the scenario file.
#[derive(Serialize, Deserialize)]
struct Entry {
    connection: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    clients: Vec<String>,
}

impl Entry {
    fn read(self) -> Result<ConnectionFault, String> {
        let failure = self.connection.parse::<ConnectionFailure>();
        let failure = failure.map_err(|_| format!("connection is {:?}", self.connection))?;
        let service = self.endpoint.map(|name| {
            let found = Service::ALL.into_iter().find(|service| service.name() == name);
            found.ok_or_else(|| format!("endpoint is {name:?}"))
        });
        let client = |text: &String| text.parse().map_err(|_| format!("a client is {text:?}"));
        let clients = self.clients.iter().map(client).collect::<Result<_, _>>()?;
        Ok(ConnectionFault { failure, service: service.transpose()?, clients })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let clients = ["host", "10.0.0.7", "fd00::/8"].map(|text| text.parse().expect("a client")).to_vec();
        let faults = [
            ConnectionFault {
                failure: ConnectionFailure::Refused,
                service: Some(Service::PodIdentity),
                clients,
            },
            ConnectionFault { failure: ConnectionFailure::Lost, service: None, clients: vec![] },
        ];
        let written = ConnectionFault::write_all(&faults);
        assert_eq!(
            String::from_utf8_lossy(&written),
            r#"{"faults":[{"connection":"refused","endpoint":"pod-identity","clients":["host","10.0.0.7","fd00::/8"]},{"connection":"lost"}]}"#
        );
        assert_eq!(ConnectionFault::read_all(&written), Ok(faults.to_vec()));
        let words = faults.map(|fault| fault.to_string());
        assert_eq!(words, ["refused to host, 10.0.0.7, fd00::/8 by pod-identity", "lost"]);
    }

    #[test]
    fn what_the_server_does_not_write_is_an_error() {
        for (text, wrong) in [
            (r#"{"faults":[{"connection":"cut"}]}"#, "connection is \"cut\""),
            (r#"{"faults":[{"connection":"lost","endpoint":"sts"}]}"#, "endpoint is \"sts\""),
            (r#"{"faults":[{"connection":"lost","clients":["all"]}]}"#, "a client is \"all\""),
            ("{", "EOF while parsing an object at line 1 column 1"),
        ] {
            assert_eq!(ConnectionFault::read_all(text.as_bytes()), Err(wrong.to_owned()), "{text}");
        }
    }
}
