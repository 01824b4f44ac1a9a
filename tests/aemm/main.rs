//! The profile of amazon-ec2-metadata-mock, against what version 1.13 was seen to answer: bytes over a socket, and
//! notices on a service whose clock the tests move.

mod notices;
mod paths;
mod replies;
mod tokens;
mod tree;

use mock_imds::aemm::{AemmConfig, compile};
use mock_imds::server::Limits;
use support::InProcessServer;
use support::http::Response;

/// A scenario for the original's default configuration, changed.
fn scenario(change: impl FnOnce(&mut AemmConfig)) -> String {
    let mut config = AemmConfig::default();
    change(&mut config);
    compile(&config).toml
}

/// A server for it.
fn serve(change: impl FnOnce(&mut AemmConfig)) -> InProcessServer {
    InProcessServer::new(&scenario(change), Limits::default())
}

/// The status line and the headers, sorted.
fn head(response: &Response) -> Vec<&str> {
    let head = response.raw.split("\r\n\r\n").next().unwrap_or_default();
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    lines
}
