//! `mock-imds view`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::control::ControlArgs;
use super::examples;
use super::parsers::{accepted, listen_address};
use crate::host::runtime;
use crate::model::AllowedHost;

/// `mock-imds view`.
#[derive(Debug, Args)]
#[command(after_help = examples::VIEW)]
pub(crate) struct ViewArgs {
    /// Listen address [default: 127.0.0.1:1339]; a port alone is one of 127.0.0.1. Whoever has the token can do what you can
    #[arg(long, value_name = "ADDR:PORT", value_parser = listen_address)]
    pub listen: Option<SocketAddr>,
    /// File of the token; it is made if it is not there [default: in your runtime directory, else in ~/.local/state/mock-imds]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Name by which browsers and programs may reach the view, beside addresses and localhost; repeatable
    #[arg(long, value_name = "NAME", value_parser = accepted::<AllowedHost>)]
    pub allowed_host: Vec<AllowedHost>,
    /// Print the address of the view that runs, with its token: of your own, or with --server system of the service
    #[arg(long)]
    pub url: bool,
    /// Runtime directory of the guardian
    #[arg(long, value_name = "DIR", default_value = runtime::DEFAULT_DIRECTORY, hide = true)]
    pub runtime: PathBuf,
    #[command(flatten)]
    pub control: ControlArgs,
}
