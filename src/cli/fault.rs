//! `mock-imds fault`.

use clap::Args;

use super::change::{instant, span, words};
use super::{Control, examples};
use crate::model::fault;

/// `mock-imds fault`.
#[derive(Debug, Args)]
#[command(after_help = examples::FAULT)]
#[command(group = clap::ArgGroup::new("effect").multiple(true).required(true).args([
    "latency", "status", "body", "tokens_lost", "clock_skew", "reset", "hang", "throttle", "clear",
]))]
#[expect(clippy::struct_excessive_bools, reason = "a flag of the command line is a bool")]
pub struct Fault {
    /// Delay the response: a duration, or MIN..MAX for a random one, such as 100ms..2s
    #[arg(long, value_name = "DURATION", value_parser = latency)]
    pub latency: Option<String>,
    /// Respond with this error status, 400 to 599
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(400..=599))]
    pub status: Option<u16>,
    /// Damage the body
    #[arg(long, value_name = "DAMAGE", value_parser = words(fault::Damage::WORDS))]
    pub body: Option<String>,
    /// Reject every session token
    #[arg(long)]
    pub tokens_lost: bool,
    /// Put the service's clock ahead, or with a minus sign behind
    #[arg(long, value_name = "DURATION", value_parser = skew, allow_hyphen_values = true)]
    pub clock_skew: Option<String>,
    /// Reset the connection
    #[arg(long)]
    pub reset: bool,
    /// Never respond
    #[arg(long)]
    pub hang: bool,
    /// Reject more than N requests a second from one client
    #[arg(long, value_name = "N")]
    pub throttle: Option<u32>,
    /// How --throttle rejects a request: a status, or no response [default: 429]
    #[arg(long, value_name = "THEN", value_parser = ["429", "503", "drop"], requires = "throttle")]
    pub then: Option<String>,
    /// Only requests for this path: * matches within a segment, ** any number of segments
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Only requests with this method; repeatable
    #[arg(long, value_name = "METHOD", value_parser = words(fault::Method::WORDS))]
    pub method: Vec<String>,
    /// Only requests from this client: an address, a network, or "host" for processes of this host; repeatable
    #[arg(long, value_name = "ADDR")]
    pub client: Vec<String>,
    /// Only the first N requests that match
    #[arg(long, value_name = "N")]
    pub count: Option<u32>,
    /// Probability that a matching request is affected, from 0 to 1
    #[arg(long, value_name = "P")]
    pub probability: Option<f64>,
    /// Seed of the random choices
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// How long the fault lasts [default: until the next load]
    #[arg(long = "for", value_name = "DURATION", value_parser = span)]
    pub lasts: Option<String>,
    /// Delay, on the scenario's clock [default: now]
    #[arg(long = "in", value_name = "DURATION", value_parser = span, conflicts_with = "at")]
    pub within: Option<String>,
    /// Time at which it starts, in RFC 3339
    #[arg(long, value_name = "TIMESTAMP", value_parser = instant)]
    pub at: Option<String>,
    /// Only requests to the instance of this name
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Remove the faults injected by this command; those of the scenario stay
    #[arg(long, conflicts_with_all = [
        "latency", "status", "body", "tokens_lost", "clock_skew", "reset", "hang", "throttle",
    ])]
    pub clear: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where the control socket is.
    #[command(flatten)]
    pub control: Control,
}

fn latency(text: &str) -> Result<String, String> {
    text.split("..").try_for_each(|end| span(end).map(|_| ()))?;
    let ends = text.split("..").count();
    if ends > 2 { Err("expected a duration, or MIN..MAX".to_owned()) } else { Ok(text.to_owned()) }
}

fn skew(text: &str) -> Result<String, String> {
    span(text.strip_prefix(['+', '-']).unwrap_or(text)).map(|_| text.to_owned())
}
