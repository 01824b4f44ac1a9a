//! Parse, dispatch, map the error to an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use mock_imds::cli::Cli;
use mock_imds::{commands, exit};

fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => exit::code(commands::exec(cli)),
        Err(error) => exit::usage(&error),
    }
}
