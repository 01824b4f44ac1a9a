//! `mock-imds fault`.

use clap::Args;

use super::ControlArgs;
use super::change::{instant, span, variant_of};
use crate::model::fault;

/// `mock-imds fault`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("effect").multiple(true).required(true).args([
    "latency", "status", "body", "tokens_lost", "clock_skew", "reset", "hang", "throttle", "clear",
]))]
#[expect(clippy::struct_excessive_bools, reason = "a flag of the command line is a bool")]
pub struct FaultArgs {
    /// How late the answer is, or MIN..MAX for any time between, as 100ms..2s
    #[arg(long, value_name = "TIME", value_parser = latency)]
    pub latency: Option<String>,
    /// The answer is this error, 400 to 599
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(400..=599))]
    pub status: Option<u16>,
    /// What is wrong with the body: empty, or truncated
    #[arg(long, value_name = "DAMAGE", value_parser = variant_of::<fault::BodyDamage>())]
    pub body: Option<String>,
    /// Session tokens are no longer known
    #[arg(long)]
    pub tokens_lost: bool,
    /// How far the service's clock is ahead, or behind with a minus sign
    #[arg(long, value_name = "TIME", value_parser = skew, allow_hyphen_values = true)]
    pub clock_skew: Option<String>,
    /// The connection is reset
    #[arg(long)]
    pub reset: bool,
    /// Nothing is answered at all
    #[arg(long)]
    pub hang: bool,
    /// A client that asks more often in a second is refused
    #[arg(long, value_name = "N")]
    pub throttle: Option<u32>,
    /// What it gets: 429, 503 or drop
    #[arg(long, value_name = "THEN", value_parser = ["429", "503", "drop"], requires = "throttle")]
    pub then: Option<String>,
    /// Only for a path: * is anything within a segment, ** any segments
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,
    /// Only for this method; may be given several times
    #[arg(long, value_name = "METHOD", value_parser = variant_of::<fault::Method>())]
    pub method: Vec<String>,
    /// Only to this address, network, or "host" for processes of this host; may be given several times
    #[arg(long, value_name = "WHO")]
    pub client: Vec<String>,
    /// Only so many times
    #[arg(long, value_name = "N")]
    pub count: Option<u32>,
    /// How likely it is, from 0 to 1
    #[arg(long, value_name = "P")]
    pub probability: Option<f64>,
    /// What chance follows from
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// How long it lasts [default: until the next load]
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    pub lasts: Option<String>,
    /// That much later, on the scenario's clock [default: now]
    #[arg(long = "in", value_name = "TIME", value_parser = span, conflicts_with = "at")]
    pub within: Option<String>,
    /// At an instant, in RFC 3339
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub at: Option<String>,
    /// Only of the instance of this name
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Drop the faults that were ordered; those of the scenario stay
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

fn latency(text: &str) -> Result<String, String> {
    text.split("..").try_for_each(|end| span(end).map(|_| ()))?;
    let ends = text.split("..").count();
    if ends > 2 { Err("accepted: a length of time, or MIN..MAX".to_owned()) } else { Ok(text.to_owned()) }
}

fn skew(text: &str) -> Result<String, String> {
    span(text.strip_prefix(['+', '-']).unwrap_or(text)).map(|_| text.to_owned())
}
