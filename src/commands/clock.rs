//! `mock-imds clock seek|pause|resume`: moves the clock of a running server's scenario.

use super::{nothing_changed, tell};
use crate::cli::{ClockArgs, ClockCommand};
use crate::control::ControlClient;
use crate::control::api::ClockOrder;
use crate::exit::Failure;

pub(crate) fn exec(clock: &ClockArgs) -> Result<(), Failure> {
    let order = match &clock.movement {
        ClockCommand::Seek { to } => ClockOrder { seek: Some(to.clone()), ..ClockOrder::default() },
        ClockCommand::Pause => ClockOrder { pause: true, ..ClockOrder::default() },
        ClockCommand::Resume => ClockOrder { resume: true, ..ClockOrder::default() },
    };
    let outcome = ControlClient::new(clock.control.as_deref()).move_clock(&order);
    tell(outcome, clock.json, |moved| ("", moved.message.clone()), nothing_changed)
}
