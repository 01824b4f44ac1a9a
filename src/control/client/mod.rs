//! The control socket's client.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net as blocking;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use nix::sys::socket::{getsockopt, sockopt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::runtime;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::api::{
    AcceptedOrder, CLEAR, CLOCK, ClearOrder, Cleared, ClockMoved, ClockOrder, EVENTS, EnvironmentListing,
    FAULTS, FaultStatus, LibraryListing, LiveOrder, METRICS, POSITION, RELOAD, REMOVE_FAULTS, Refusal,
    Rejected, ReloadOrder, Reloaded, RemoveFaultsOrder, RequestLine, SCENARIOS, SET_FAULT, SHOW, STATUS,
    ServiceStatus, ShownReply, USE, UseOrder,
};
use super::connect::{connect, listening};
use super::environment_query::EnvironmentQuery;
use super::query::Query;
use super::request_query::RequestQuery;
use super::socket::owner_path;
use crate::exit::{ExitStatus, Failure};
use crate::paths::Paths;

/// A server may take so long for an answer: a reload reads files.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The owner's socket is never crowded: a server that has stopped has so long to take somebody from its queue.
const OWNER_TIMEOUT: Duration = Duration::from_secs(1);
/// Somebody who serves others waits no longer for a place in the queue of a server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest answer that is read.
const ANSWER_BYTES: usize = 64 << 20;

#[derive(Debug)]
pub(crate) struct ControlClient {
    path: PathBuf,
}

/// An order that changed nothing.
#[derive(Debug)]
pub(crate) enum OrderError {
    Rejected(Rejected),
    /// The server could not be asked.
    Failed(Failure),
}

impl From<Failure> for OrderError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// A page of the journal of requests.
#[derive(Debug)]
pub(crate) struct RequestPage {
    /// Entries, and how many were missed.
    pub lines: Vec<RequestLine>,
    /// The number to go on after.
    pub next: u64,
}

impl ControlClient {
    /// The server whose socket is at `path`, else at the first of the usual places where one listens.
    pub(crate) fn new(path: Option<&Path>) -> Self {
        let places = || {
            let paths = Paths::from_env();
            let found = listening(&paths).into_iter().next().or(paths.client_control_sockets().pop());
            found.expect("the system's place is always there")
        };
        Self { path: path.map_or_else(places, Path::to_owned) }
    }

    pub(crate) fn status(&self) -> Result<ServiceStatus, Failure> {
        self.ask(Method::GET, STATUS)
    }

    /// The status, if the server gives it at once.
    pub(super) fn brief_status(&self) -> Result<ServiceStatus, Failure> {
        self.accepted(&self.fetch(Method::GET, STATUS, OWNER_TIMEOUT)?)
    }

    /// The metrics of the server, as Prometheus reads them.
    pub(crate) fn metrics(&self) -> Result<String, Failure> {
        let (parts, body) = self.fetch(Method::GET, METRICS, TIMEOUT)?.into_parts();
        match String::from_utf8(body.into()) {
            Ok(text) if parts.status == StatusCode::OK => Ok(text),
            Ok(text) => Err(self.refused(text.as_bytes())),
            Err(error) => Err(self.refused(error.as_bytes())),
        }
    }

    /// The library of the server.
    pub(crate) fn scenarios(&self) -> Result<LibraryListing, Failure> {
        self.ask(Method::GET, SCENARIOS)
    }

    pub(crate) fn reload(&self, order: &ReloadOrder) -> Result<Reloaded, OrderError> {
        self.order(RELOAD, order)
    }

    /// Has another scenario served until the next reload.
    pub(crate) fn use_scenario(&self, order: &UseOrder) -> Result<Reloaded, OrderError> {
        self.order(USE, order)
    }

    /// Adds an event or a fault.
    pub(crate) fn add(&self, order: &LiveOrder) -> Result<AcceptedOrder, OrderError> {
        match order {
            LiveOrder::Event(words) => self.order(EVENTS, words),
            LiveOrder::Fault(words) => self.order(FAULTS, words),
        }
    }

    /// All faults.
    pub(crate) fn faults(&self) -> Result<Vec<FaultStatus>, Failure> {
        self.ask(Method::GET, FAULTS)
    }

    /// Changes some keys of a fault.
    pub(crate) fn set_fault(&self, words: &Value) -> Result<AcceptedOrder, OrderError> {
        self.order(SET_FAULT, words)
    }

    pub(crate) fn remove_faults(&self, order: &RemoveFaultsOrder) -> Result<Cleared, OrderError> {
        self.order(REMOVE_FAULTS, order)
    }

    /// Drops the faults that were ordered.
    pub(crate) fn clear_faults(&self) -> Result<Cleared, Failure> {
        self.ask(Method::DELETE, FAULTS)
    }

    /// Takes back what was ordered.
    pub(crate) fn clear(&self, order: &ClearOrder) -> Result<Cleared, OrderError> {
        self.order(CLEAR, order)
    }

    pub(crate) fn move_clock(&self, order: &ClockOrder) -> Result<ClockMoved, OrderError> {
        self.order(CLOCK, order)
    }

    pub(crate) fn requests(&self, query: &RequestQuery) -> Result<RequestPage, Failure> {
        let answer = self.fetch(Method::GET, &query.route(), TIMEOUT + query.wait)?;
        let (parts, body) = answer.into_parts();
        let position = parts.headers.get(POSITION).and_then(|position| position.to_str().ok()?.parse().ok());
        match position {
            Some(next) if parts.status == StatusCode::OK => {
                Ok(RequestPage { lines: self.read(&body)?, next })
            }
            _ => Err(self.refused(&body)),
        }
    }

    /// The service's reply for a path, to a client or else to a process of this host.
    pub(crate) fn show(&self, path: &str, client: Option<IpAddr>) -> Result<ShownReply, Failure> {
        let client = client.map(|client| ("client", client.to_string()));
        let query = [("path", path.to_owned())].into_iter().chain(client);
        self.ask(Method::GET, &Query::write(SHOW, query))
    }

    /// The environment by which programs find an endpoint; 64 for a name that is unknown.
    pub(crate) fn environment(&self, query: &EnvironmentQuery) -> Result<EnvironmentListing, Failure> {
        let answer = self.fetch(Method::GET, &query.route(), TIMEOUT)?;
        match answer.status() {
            StatusCode::NOT_FOUND => {
                Err(Failure { status: ExitStatus::Usage, ..self.refused(answer.body()) })
            }
            _ => self.accepted(&answer),
        }
    }

    fn order<T: DeserializeOwned>(&self, route: &str, order: &impl Serialize) -> Result<T, OrderError> {
        let body = serde_json::to_vec(order).expect("orders have string keys only");
        let (parts, body) = self.send(Method::POST, route, body.into(), TIMEOUT)?.into_parts();
        match parts.status {
            StatusCode::OK => Ok(self.read(&body)?),
            StatusCode::UNPROCESSABLE_ENTITY => Err(OrderError::Rejected(self.read(&body)?)),
            _ => Err(self.refused(&body).into()),
        }
    }

    /// What the server says to a request without a body.
    fn ask<T: DeserializeOwned>(&self, method: Method, route: &str) -> Result<T, Failure> {
        self.accepted(&self.fetch(method, route, TIMEOUT)?)
    }

    /// What an answer says, unless it is a refusal.
    fn accepted<T: DeserializeOwned>(&self, answer: &Response<Bytes>) -> Result<T, Failure> {
        if answer.status() == StatusCode::OK {
            self.read(answer.body())
        } else {
            Err(self.refused(answer.body()))
        }
    }

    fn fetch(&self, method: Method, route: &str, limit: Duration) -> Result<Response<Bytes>, Failure> {
        self.send(method, route, Bytes::new(), limit)
    }

    fn send(
        &self,
        method: Method,
        route: &str,
        body: Bytes,
        limit: Duration,
    ) -> Result<Response<Bytes>, Failure> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            Failure::new(ExitStatus::OsError, format!("cannot start the event loop: {error}"))
        })?;
        let stream = connect_as_user(&self.path, limit).map_err(|error| self.failure(&error, limit))?;
        let exchange = async { timeout(limit, exchange(stream, method, route, body)).await };
        let answer = runtime.block_on(exchange);
        answer
            .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
            .map_err(|error| self.failure(&error, limit))
    }

    /// Passes a request on, and gives whatever the answer is. Who drops it takes the request back as far as it waits.
    pub(crate) async fn forward(
        &self,
        method: Method,
        route: &str,
        body: Bytes,
        limit: Duration,
    ) -> Result<Response<Bytes>, Failure> {
        let path = self.path.clone();
        let stream = spawn_blocking(move || connect_as_user(&path, CONNECT_TIMEOUT)).await;
        let stream = stream.unwrap_or_else(|_| Err(ErrorKind::Interrupted.into()));
        let stream = stream.map_err(|error| self.failure(&error, CONNECT_TIMEOUT))?;
        let answer = timeout(limit, exchange(stream, method, route, body)).await;
        answer
            .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
            .map_err(|error| self.failure(&error, limit))
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(body).map_err(|error| {
            let place = self.path.display();
            let sentence =
                format!("cannot understand the server at {place}: {error}; is it another version?");
            Failure::new(ExitStatus::Unavailable, sentence).at(place)
        })
    }

    fn refused(&self, body: &[u8]) -> Failure {
        match self.read::<Refusal>(body) {
            Ok(refusal) => {
                let sentence = format!("the server at {} refuses: {}", self.path.display(), refusal.error);
                Failure::new(ExitStatus::Unavailable, sentence).at(self.path.display())
            }
            Err(failure) => failure,
        }
    }

    fn failure(&self, error: &io::Error, limit: Duration) -> Failure {
        let place = self.path.display();
        let (status, sentence) = match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => (
                ExitStatus::Unavailable,
                format!(
                    "no mock-imds server listens at {place}; start one with `systemctl start mock-imds` \
                     or `mock-imds serve`, or choose one with --server"
                ),
            ),
            ErrorKind::PermissionDenied => (
                ExitStatus::NoPermission,
                format!(
                    "{place} is accessible to its owner and its group only; to join the group of the packaged service: \
                     `sudo usermod -aG mock-imds \"$USER\"`, then log in again; or use sudo now"
                ),
            ),
            ErrorKind::TimedOut => {
                let seconds = limit.as_secs();
                (ExitStatus::Unavailable, format!("the server at {place} gave no answer within {seconds} s"))
            }
            _ if ended(error) => {
                (ExitStatus::Unavailable, format!("the server at {place} ended before it answered"))
            }
            _ => (ExitStatus::Unavailable, format!("cannot reach the server at {place}: {error}")),
        };
        Failure::new(status, sentence).at(place)
    }
}

/// The server closed the connection before the answer. There are several moments at which it can.
fn ended(error: &io::Error) -> bool {
    let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<hyper::Error>()) else {
        return false;
    };
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    error.is_incomplete_message()
        || error.is_canceled()
        || cause
            .is_some_and(|cause| matches!(cause.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe))
}

/// Root and the server's user have a socket of their own, which is never crowded.
fn connect_as_user(path: &Path, limit: Duration) -> io::Result<blocking::UnixStream> {
    connect_as_owner(path).map_or_else(|| connect(path, limit), Ok)
}

/// A connection to the owner's socket, if the same user listens there: in a directory of others anybody could.
fn connect_as_owner(path: &Path) -> Option<blocking::UnixStream> {
    let stream = connect(&owner_path(path), OWNER_TIMEOUT).ok()?;
    let listener = getsockopt(&stream, sockopt::PeerCredentials).ok()?;
    (fs::metadata(path).ok()?.uid() == listener.uid()).then_some(stream)
}

async fn exchange(
    stream: blocking::UnixStream,
    method: Method,
    route: &str,
    body: Bytes,
) -> io::Result<Response<Bytes>> {
    stream.set_nonblocking(true)?;
    let stream = UnixStream::from_std(stream)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = AbortOnDrop(tokio::spawn(connection));
    let request = Request::builder().method(method).uri(route).header(HOST, "mock-imds");
    let request = request.body(Full::new(body)).map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, ANSWER_BYTES).collect().await.map_err(io::Error::other)?;
    drop(connection);
    Ok(Response::from_parts(parts, body.to_bytes()))
}

/// A connection ends with the request that it is for, be it answered or given up.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
