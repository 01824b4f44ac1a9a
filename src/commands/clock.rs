//! `mock-imds clock seek|pause|resume`: moves the clock of a running server's scenario.

use super::print::print_reply;
use super::server_choice;
use crate::cli::{ClockArgs, ClockCommand};
use crate::control::api::{ClockMoved, ClockOrder};
use crate::exit::{ExitStatus, Failure};

pub(crate) fn exec(clock: &ClockArgs) -> Result<(), Failure> {
    let order = match &clock.movement {
        ClockCommand::Seek { to } => ClockOrder { seek: Some(to.clone()), ..ClockOrder::default() },
        ClockCommand::Pause => ClockOrder { pause: true, ..ClockOrder::default() },
        ClockCommand::Resume => ClockOrder { resume: true, ..ClockOrder::default() },
    };
    let outcome =
        server_choice::choose(clock.control.as_deref(), clock.server.as_deref())?.move_clock(&order);
    let words = |moved: &ClockMoved| (String::new(), moved.message.clone());
    print_reply(outcome, clock.json, words, |_| {
        Failure::new(ExitStatus::Config, "rejected; nothing has changed")
    })
}
