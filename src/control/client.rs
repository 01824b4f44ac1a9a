//! The control socket's client.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::runtime;
use tokio::time::timeout;

use super::api::{RELOAD, Refusal, Rejected, Reloaded, STATUS, Status};
use crate::exit::{self, Failure};
use crate::places::Places;

/// How long a server may take for an answer: a reload reads files.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const ANSWER_BYTES: usize = 16 << 20;

/// A server to ask.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
}

impl Client {
    /// The server whose socket is at `path`, else at the first of the usual places that has one.
    pub fn new(path: Option<&Path>) -> Self {
        let places = || {
            let places = Places::from_env().control_of_client();
            let found = places.iter().find(|place| place.exists()).or(places.first());
            found.cloned().expect("the system's place is always there")
        };
        Self { path: path.map_or_else(places, Path::to_owned) }
    }

    /// What the server does.
    pub fn status(&self) -> Result<Status, Failure> {
        let (status, body) = self.ask(Method::GET, STATUS)?;
        if status == StatusCode::OK { self.read(&body) } else { Err(self.refused(&body)) }
    }

    /// Makes it load its scenario anew.
    pub fn reload(&self) -> Result<Result<Reloaded, Rejected>, Failure> {
        let (status, body) = self.ask(Method::POST, RELOAD)?;
        match status {
            StatusCode::OK => self.read(&body).map(Ok),
            StatusCode::UNPROCESSABLE_ENTITY => self.read(&body).map(Err),
            _ => Err(self.refused(&body)),
        }
    }

    fn ask(&self, method: Method, route: &str) -> Result<(StatusCode, Bytes), Failure> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            Failure::new(exit::Status::OsError, format!("no event loop can be had: {error}"))
        })?;
        let answer = runtime.block_on(async { timeout(PATIENCE, exchange(&self.path, method, route)).await });
        answer.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())).map_err(|error| self.failure(&error))
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(body).map_err(|error| {
            let place = self.path.display();
            let sentence =
                format!("the server at {place} speaks another language: {error}; is it another version?");
            Failure::new(exit::Status::Unavailable, sentence)
        })
    }

    fn refused(&self, body: &[u8]) -> Failure {
        match self.read::<Refusal>(body) {
            Ok(refusal) => {
                let sentence = format!("the server at {} refuses: {}", self.path.display(), refusal.error);
                Failure::new(exit::Status::Unavailable, sentence)
            }
            Err(failure) => failure,
        }
    }

    fn failure(&self, error: &io::Error) -> Failure {
        let place = self.path.display();
        let (status, sentence) = match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => (
                exit::Status::Unavailable,
                format!(
                    "no mock-imds server listens at {place}; start one with `systemctl start mock-imds` \
                     or `mock-imds serve`, or name its socket with --control PATH"
                ),
            ),
            ErrorKind::PermissionDenied => (
                exit::Status::NoPermission,
                format!(
                    "{place} is for its owner and its group; to join the group of the packaged service: \
                     `sudo usermod -aG mock-imds \"$USER\"`, then log in again; or use sudo now"
                ),
            ),
            ErrorKind::TimedOut => {
                let seconds = PATIENCE.as_secs();
                (
                    exit::Status::Unavailable,
                    format!("the server at {place} gave no answer within {seconds} s"),
                )
            }
            _ => (exit::Status::Unavailable, format!("the server at {place} cannot be asked: {error}")),
        };
        Failure::new(status, sentence)
    }
}

async fn exchange(path: &Path, method: Method, route: &str) -> io::Result<(StatusCode, Bytes)> {
    let stream = UnixStream::connect(path).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let request = Request::builder().method(method).uri(route).header(HOST, "mock-imds");
    let request = request.body(Empty::<Bytes>::new()).map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES).collect().await.map_err(io::Error::other)?;
    connection.abort();
    Ok((status, body.to_bytes()))
}
