//! One file per subcommand, each one `exec`.

use crate::cli::{Cli, Command};
use crate::exit::Failure;

pub mod net;

/// Runs the subcommand.
pub fn exec(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Net(net) => net::exec(&net),
    }
}
