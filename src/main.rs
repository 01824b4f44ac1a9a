//! Parse, dispatch, map the error to an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use mock_imds::cli::Cli;
use mock_imds::{commands, exit};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if commands::aemm::is_called(&arguments) {
        return commands::aemm::exec(&arguments[1..]);
    }
    match Cli::try_parse_from(arguments) {
        Ok(cli) => commands::exec(cli),
        Err(error) => exit::usage(&error),
    }
}
