//! `mock-imds net hold|up|down|status`: host networking.

use crate::cli::Net;
use crate::exit::{Failure, Status};

/// Runs the subcommand.
pub fn exec(_net: &Net) -> Result<(), Failure> {
    Err(Failure::new(Status::Software, "not built yet"))
}
