//! `mock-imds requests`, `mock-imds audit` and `mock-imds wait`.

use std::time::Duration;

use clap::Args;

use super::control::ControlArgs;
use super::examples;
use super::parsers::{accepted, duration, number};
use crate::journal::{
    CommaSeparated, EndpointFilter, MethodFilter, OutcomeFilter, RequestFormat, SinceFilter,
};
use crate::model::{ClientMatcher, PathGlob};

/// `mock-imds requests`.
#[derive(Debug, Args)]
#[command(after_help = examples::REQUESTS)]
pub(crate) struct RequestsArgs {
    /// Keep running, and print requests as they arrive
    #[arg(long, short)]
    pub follow: bool,
    /// Only requests for this path: * matches within a segment, ** any number of segments
    #[arg(long, value_name = "GLOB", value_parser = accepted::<PathGlob>)]
    pub path: Option<PathGlob>,
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Only the newest N [default: all that are kept; with --follow, 10]
    #[arg(long, short = 'n', value_name = "N", value_parser = number::<usize>(0..))]
    pub limit: Option<usize>,
    /// Print JSON, one line for each request
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Print each request in this form: text with {time}, {timestamp}, {client}, {address}, {method}, {path}, {endpoint},
    /// {version}, {status}, {latency}, {fault}, {instance} and {number} in it; {{ and }} are braces, \t is a tab, \n a new line
    #[arg(long, value_name = "FORMAT", value_parser = str::parse::<RequestFormat>)]
    pub format: Option<RequestFormat>,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds audit`.
#[derive(Debug, Args)]
#[command(after_help = examples::AUDIT)]
pub(crate) struct AuditArgs {
    /// Only these clients: addresses, networks, or "host" for processes of this host
    #[arg(long, value_name = "ADDR", value_parser = accepted::<CommaSeparated<ClientMatcher>>)]
    pub client: Option<CommaSeparated<ClientMatcher>>,
    /// Exit with 1 if a client would not work with http-tokens = "required", or none has sent a request
    #[arg(long)]
    pub require_v2: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// `mock-imds wait`.
#[derive(Debug, Args)]
#[command(after_help = examples::WAIT)]
pub(crate) struct WaitArgs {
    /// Path, with or without its version: * matches within a segment, ** any number of segments
    #[arg(value_parser = accepted::<PathGlob>)]
    pub path: PathGlob,
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Exit with 1 if such a request arrives, with 0 if none does
    #[arg(long)]
    pub never: bool,
    /// Consider requests from here on: start (all that are kept), now, or after the request of this number
    #[arg(long, value_name = "WHEN", default_value = "now", value_parser = accepted::<SinceFilter>)]
    pub since: SinceFilter,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub within: Duration,
    /// Print the request as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub control: ControlArgs,
}

/// Which requests.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only requests from these clients: addresses, networks, or "host" for processes of this host
    #[arg(long, value_name = "ADDR", value_parser = accepted::<CommaSeparated<ClientMatcher>>)]
    pub client: Option<CommaSeparated<ClientMatcher>>,
    /// Only requests with these statuses: 404, 4xx, or "none" for no response
    #[arg(long, value_name = "STATUS", value_parser = accepted::<CommaSeparated<OutcomeFilter>>)]
    pub status: Option<CommaSeparated<OutcomeFilter>>,
    /// Only requests with these methods: GET, PUT, ...
    #[arg(long, value_name = "METHOD", value_parser = accepted::<CommaSeparated<MethodFilter>>)]
    pub method: Option<CommaSeparated<MethodFilter>>,
    /// Only requests to these endpoints: imds, ecs, pod-identity
    #[arg(long, value_name = "ENDPOINT", value_parser = accepted::<CommaSeparated<EndpointFilter>>)]
    pub endpoint: Option<CommaSeparated<EndpointFilter>>,
    /// Only IMDSv1: requests without a token
    #[arg(long)]
    pub v1: bool,
    /// Only IMDSv2: requests with a token, or for one
    #[arg(long)]
    pub v2: bool,
}
