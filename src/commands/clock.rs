//! `mock-imds clock seek|pause|resume`: moves the clock of a running server's scenario.

use super::print::{nothing_changed, print_reply};
use crate::cli::{ClockArgs, ClockCommand};
use crate::control::ControlClient;
use crate::control::api::ClockOrder;
use crate::exit::Failure;

/// Runs the subcommand.
pub(crate) fn exec(clock: &ClockArgs) -> Result<(), Failure> {
    let order = match &clock.movement {
        ClockCommand::Seek { to } => ClockOrder { seek: Some(to.clone()), ..ClockOrder::default() },
        ClockCommand::Pause => ClockOrder { pause: true, ..ClockOrder::default() },
        ClockCommand::Resume => ClockOrder { resume: true, ..ClockOrder::default() },
    };
    let outcome = ControlClient::new(clock.control.as_deref()).clock(&order)?;
    print_reply(outcome, clock.json, |moved| (String::new(), moved.message.clone())).map_err(nothing_changed)
}
