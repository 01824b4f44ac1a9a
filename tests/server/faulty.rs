//! A server with a fault, and clients that meet it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use mock_imds::journal::RequestFilter;
use mock_imds::server::Limits;
use support::{Connection, DEADLINE, ID, InProcessServer, get};

/// What nothing is wrong with: other requests go here.
pub const TYPE: (&str, &str) = ("/latest/meta-data/instance-type", "m5.xlarge");

/// What a client that waits in vain waits.
pub const PATIENCE: Duration = Duration::from_millis(200);

/// A server with a fault on the instance id.
pub fn faulty(keys: &str, limits: Limits) -> InProcessServer {
    InProcessServer::new(&format!("[[fault]]\npath = \"meta-data/instance-id\"\n{keys}\n"), limits)
}

/// Other requests get their answers.
#[track_caller]
pub fn serves_others(server: &InProcessServer) {
    assert_eq!(server.exchange(get(TYPE.0)).body, TYPE.1, "the answer to another request");
}

/// A connection that has asked, and waits for a while only.
pub fn connect(server: &InProcessServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
    stream.write_all(request.as_bytes()).expect("the server reads");
    stream
}

/// What comes until the connection ends or fails, and how it fails.
pub fn rest(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (String::from_utf8_lossy(&bytes).into_owned(), error)
}

/// What a client gets that waits for a while only.
pub fn raw(server: &InProcessServer, request: &str) -> (String, Option<ErrorKind>) {
    rest(&mut connect(server, request))
}

/// What a client gets for the instance id that waits until the connection ends.
pub fn end(server: &InProcessServer) -> (String, Option<ErrorKind>) {
    let mut stream = connect(server, &get(ID.0));
    stream.set_read_timeout(Some(DEADLINE)).expect("the time-out is not zero");
    rest(&mut stream)
}

/// A client that has asked for the instance id, and has no answer.
pub fn asking(server: &InProcessServer) -> Connection {
    let mut client = Connection::new(server.address);
    client.send(get(ID.0));
    client
}

/// The entries of the journal for the instance id: status and fault.
pub fn journal(server: &InProcessServer) -> Vec<(Option<u16>, Option<u32>)> {
    let filter = RequestFilter {
        path: Some("meta-data/instance-id".parse().expect("a glob")),
        ..RequestFilter::default()
    };
    let seen = server.state.journal.after(0, &filter, usize::MAX);
    seen.entries.iter().map(|entry| (entry.status, entry.fault)).collect()
}
