//! One file per subcommand, each one `exec`.

use std::io::{self, Write as _};

use crate::cli::{Cli, Command};
use crate::exit::Failure;
use crate::observe;

pub mod check;
pub mod net;
pub mod reload;
pub mod serve;
pub mod show;
pub mod status;

/// Runs the subcommand.
pub fn exec(cli: Cli) -> Result<(), Failure> {
    observe::start(cli.log_level);
    match cli.command {
        Command::Serve(serve) => serve::exec(serve),
        Command::Check(check) => check::exec(&check),
        Command::Reload(reload) => reload::exec(&reload),
        Command::Status(status) => status::exec(&status),
        Command::Show(show) => show::exec(&show),
        Command::Net(net) => net::exec(&net),
    }
}

/// Prints the answer to stdout. A reader that has gone (`| head`) is no failure.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints a report to stderr.
fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
