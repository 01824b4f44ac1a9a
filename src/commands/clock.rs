//! `mock-imds clock seek|pause|resume`: moves the clock of a running server's scenario.

use super::{json, say, warn};
use crate::cli::{Clock, ClockCommand};
use crate::control::Client;
use crate::control::api::ClockOrder;
use crate::exit::{Failure, Status};

/// Runs the subcommand.
pub fn exec(clock: &Clock) -> Result<(), Failure> {
    let order = match &clock.movement {
        ClockCommand::Seek { to } => ClockOrder { seek: Some(to.clone()), ..ClockOrder::default() },
        ClockCommand::Pause => ClockOrder { pause: true, ..ClockOrder::default() },
        ClockCommand::Resume => ClockOrder { resume: true, ..ClockOrder::default() },
    };
    match Client::new(clock.control.as_deref()).clock(&order)? {
        Ok(moved) if clock.json => {
            say(&json(&moved));
            Ok(())
        }
        Ok(moved) => {
            say(&moved.message);
            Ok(())
        }
        Err(rejected) => {
            if clock.json {
                say(&json(&rejected));
            } else {
                warn(&rejected.report);
            }
            Err(Failure::new(Status::Config, "rejected; nothing has changed"))
        }
    }
}
