//! `mock-imds env`: the variables by which programs find an endpoint. Only they go to stdout.

mod format;
mod warnings;

use super::print::{print_bytes, warn};
use super::server_choice;
use crate::cli::{EndpointArg, EnvArgs};
use crate::control::EnvironmentQuery;
use crate::exit::Failure;
use crate::model::Service;

pub(crate) fn exec(args: &EnvArgs) -> Result<(), Failure> {
    let endpoint = match args.endpoint {
        EndpointArg::Imds => Service::Imds,
        EndpointArg::Ecs => Service::Ecs,
        EndpointArg::PodIdentity => Service::PodIdentity,
    };
    let query =
        EnvironmentQuery { endpoint, instance: args.instance.clone(), container: args.container.clone() };
    let listing = server_choice::client(&args.control)?.environment(&query)?;
    for warning in warnings::of(&listing, |name| std::env::var(name).ok()) {
        warn(&format!("mock-imds: {warning}"));
    }
    print_bytes(format::written(&listing, args.format).as_bytes())
}
