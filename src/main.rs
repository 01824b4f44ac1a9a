//! The program `mock-imds`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mock_imds::run()
}
