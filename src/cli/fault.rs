//! `mock-imds fault`.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use super::control::ControlArgs;
use super::examples;
use super::parsers::{duration_text, instant, signed_duration, variant_of};
use crate::config::parse_duration;
use crate::model::fault::{self, Latency, Probability, Throttle};
use crate::model::{ClientMatcher, PathGlob};

/// `mock-imds fault`.
#[derive(Debug, Args)]
#[command(after_help = examples::FAULT)]
#[command(group = clap::ArgGroup::new("effect").multiple(true).required(true).args([
    "latency", "status", "body", "tokens_lost", "clock_skew", "reset", "hang", "throttle", "clear",
]))]
#[expect(clippy::struct_excessive_bools, reason = "a flag of the command line is a bool")]
pub(crate) struct FaultArgs {
    /// Delay the response: a duration, or MIN..MAX for a random one, such as 100ms..2s
    #[arg(long, value_name = "DURATION", value_parser = duration_range)]
    pub latency: Option<String>,
    /// Respond with this error status, 400 to 599
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(400..=599), conflicts_with = "tokens_lost")]
    pub status: Option<u16>,
    /// Damage the body
    #[arg(long, value_name = "DAMAGE", value_parser = variant_of::<fault::BodyDamage>())]
    pub body: Option<String>,
    /// Reject every session token
    #[arg(long)]
    pub tokens_lost: bool,
    /// Put the service's clock ahead, or with a minus sign behind
    #[arg(long, value_name = "DURATION", value_parser = signed_duration, allow_hyphen_values = true)]
    pub clock_skew: Option<String>,
    /// Reset the connection
    #[arg(long, conflicts_with_all = ["status", "body", "tokens_lost", "clock_skew", "throttle"])]
    pub reset: bool,
    /// Never respond
    #[arg(long, conflicts_with_all = [
        "latency", "status", "body", "tokens_lost", "clock_skew", "reset", "throttle",
    ])]
    pub hang: bool,
    /// Reject more than N requests a second from one client
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=Throttle::FASTEST), conflicts_with_all = [
        "latency", "status", "body", "tokens_lost", "clock_skew", "count", "probability", "seed",
    ])]
    pub throttle: Option<u32>,
    /// How --throttle rejects a request: a status, or no response [default: 429]
    #[arg(long, value_name = "THEN", value_parser = ["429", "503", "drop"], requires = "throttle")]
    pub then: Option<String>,
    /// Only requests for this path: * matches within a segment, ** any number of segments
    #[arg(long, value_name = "GLOB", value_parser = parsed::<PathGlob>)]
    pub path: Option<String>,
    /// Only requests with this method; repeatable
    #[arg(long, value_name = "METHOD", value_parser = variant_of::<fault::Method>())]
    pub method: Vec<String>,
    /// Only requests from this client: an address, a network, or "host" for processes of this host; repeatable
    #[arg(long, value_name = "ADDR", value_parser = parsed::<ClientMatcher>)]
    pub client: Vec<String>,
    /// Only the first N requests that match
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub count: Option<u32>,
    /// Probability that a matching request is affected, from 0 to 1
    #[arg(long, value_name = "P", value_parser = probability)]
    pub probability: Option<f64>,
    /// Seed of the random choices
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// How long the fault lasts [default: until the next load]
    #[arg(long = "for", value_name = "DURATION", value_parser = positive_duration)]
    pub lasts: Option<String>,
    /// Delay, on the scenario's clock [default: now]
    #[arg(long = "in", value_name = "DURATION", value_parser = duration_text, conflicts_with = "at")]
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
    pub control: ControlArgs,
}

fn duration_range(text: &str) -> Result<String, String> {
    text.split("..").try_for_each(|end| duration_text(end).map(|_| ()))?;
    let ends: Option<Vec<Duration>> = text.split("..").map(parse_duration).collect();
    let (min, max) = match ends.as_deref() {
        Some(&[fixed]) => (fixed, fixed),
        Some(&[min, max]) => (min, max),
        _ => return Err("expected a duration, or MIN..MAX".to_owned()),
    };
    let minutes = Latency::LONGEST.as_secs() / 60;
    Latency::new(min, max)
        .map(|_| text.to_owned())
        .ok_or_else(|| format!("expected at most {minutes}m, or MIN..MAX with MIN not above MAX"))
}

fn positive_duration(text: &str) -> Result<String, String> {
    duration_text(text).and_then(|duration| match parse_duration(&duration) {
        Some(Duration::ZERO) => Err("expected a duration above 0".to_owned()),
        _ => Ok(duration),
    })
}

fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| Probability::new(*number).is_some());
    number.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A text that the server can parse too.
fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<String, String> {
    text.parse::<T>().map(|_| text.to_owned()).map_err(|expected| format!("expected {expected}"))
}
