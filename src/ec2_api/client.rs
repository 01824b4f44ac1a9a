//! One POST on a connection of its own. No proxy is used: the API is nearby.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::endpoint::{ApiEndpoint, is_nearby};
use super::request::DescribeRequest;
use crate::exit::{ExitStatus, Failure};
use crate::files::io_error_text;
use crate::model::{Timestamp, format_duration};

/// From the look-up of the name to the end of the answer.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// As of a file that is imported.
const MAX_BODY_BYTES: usize = 8 << 20;

/// What an API said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Asks for an instance, within [`TIME_LIMIT`]. Failures are predicates of the endpoint.
pub(crate) async fn describe(
    endpoint: &ApiEndpoint,
    request: &DescribeRequest,
    now: Timestamp,
) -> Result<Answer, Failure> {
    let late = |_| unavailable(format!("did not answer within {}", format_duration(TIME_LIMIT)));
    timeout(TIME_LIMIT, exchange(endpoint, request, now)).await.map_err(late)?
}

async fn exchange(
    endpoint: &ApiEndpoint,
    request: &DescribeRequest,
    now: Timestamp,
) -> Result<Answer, Failure> {
    let address = address_of(endpoint).await?;
    let stream =
        TcpStream::connect(address).await.map_err(|error| unavailable(no_answer(&io_error_text(&error))))?;
    let failed = |error: hyper::Error| unavailable(format!("broke off: {error}"));
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = tokio::spawn(connection);
    let signed = request.signed(&endpoint.authority(), now);
    let mut builder = Request::builder().method(Method::POST).uri("/");
    for (name, value) in &signed.headers {
        builder = builder.header(*name, value);
    }
    let message = builder.header("user-agent", concat!("mock-imds/", env!("CARGO_PKG_VERSION")));
    let message = message.body(Full::new(Bytes::from(signed.body))).map_err(|_| {
        Failure::new(
            ExitStatus::Usage,
            "cannot be asked: a key, a token or the region has characters that no header may have",
        )
    })?;
    let (parts, body) = sender.send_request(message).await.map_err(failed)?.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        let found = if error.is::<LengthLimitError>() {
            "sends more than 8 MiB".to_owned()
        } else {
            format!("broke off: {error}")
        };
        unavailable(found)
    })?;
    connection.abort();
    Ok(Answer { status: parts.status.as_u16(), body: body.to_bytes().to_vec() })
}

/// Resolves the name once: what is checked is what is connected to.
async fn address_of(endpoint: &ApiEndpoint) -> Result<SocketAddr, Failure> {
    let found = lookup_host(endpoint.host_and_port()).await;
    let addresses: Vec<SocketAddr> =
        found.map_err(|error| unavailable(no_answer(&io_error_text(&error))))?.collect();
    match addresses.iter().find(|address| !is_nearby(address.ip())) {
        Some(far) => Err(Failure::new(
            ExitStatus::Usage,
            format!(
                "is at {}: without TLS only loopback and private addresses are asked. Of AWS' own API: aws ec2 \
                 describe-instances --instance-ids ID >instance.json; mock-imds import instance.json",
                far.ip()
            ),
        )),
        // IPv4 first: emulators listen there.
        None => addresses
            .iter()
            .find(|address| address.is_ipv4())
            .or(addresses.first())
            .copied()
            .ok_or_else(|| unavailable("has no address".to_owned())),
    }
}

fn no_answer(why: &str) -> String {
    format!("cannot be reached: {why}")
}

fn unavailable(message: String) -> Failure {
    Failure::new(ExitStatus::Unavailable, message)
}
