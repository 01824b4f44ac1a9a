//! `mock-imds net hold|up|down|status`: host networking.

use std::io::{self, Write as _};

use super::guardian_unit;
use crate::cli::{NetArgs, NetCommand, NetStatusArgs};
use crate::exit::{ExitStatus, Failure};
use crate::host::guardian;
use crate::host::options::NetOptions;
use crate::host::runtime::Runtime;
use crate::host::up_down;

pub(crate) fn exec(net: &NetCommand) -> Result<(), Failure> {
    match net {
        NetCommand::Hold(args) => guardian::hold(&options(&args.net), &args.server_runtime),
        NetCommand::Up(args) => up_down::up(&options(args)),
        NetCommand::Down(args) => up_down::down(&args.runtime),
        NetCommand::Status(args) => status(args),
    }
}

fn options(args: &NetArgs) -> NetOptions {
    NetOptions {
        config: args.config.clone(),
        runtime: args.runtime.clone(),
        dmi: args.dmi.clone(),
        allow_takeover: args.allow_takeover,
        ordinary_tables: args.ordinary_tables,
    }
}

/// Prints what is published; 1 when nothing is set up.
fn status(args: &NetStatusArgs) -> Result<(), Failure> {
    let Some(status) = Runtime::at(&args.runtime).status() else {
        return Err(not_set_up(args));
    };
    if let Some(pid) = status.pid.filter(|_| status.is_abandoned()) {
        return Err(Failure::new(
            ExitStatus::No,
            format!(
                "the guardian (process {pid}) is gone without taking the network down; \
                 start it again: systemctl start mock-imds-net, or clean up: mock-imds net down"
            ),
        ));
    }
    let text = if args.json {
        let mut text = serde_json::to_string_pretty(&status).expect("a status is plain data");
        text.push('\n');
        text
    } else {
        status.to_string()
    };
    // A closed pipe (`mock-imds net status | head -1`) is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(())
}

/// 78 with the guardian's reason, where it refuses this host; else 1.
fn not_set_up(args: &NetStatusArgs) -> Failure {
    if let Some(reason) = guardian_unit::refusal(&args.dmi, &args.config) {
        return Failure::new(ExitStatus::Config, format!("the host's network is not set up: {reason}"));
    }
    let status = args.runtime.join("status.json");
    Failure::new(
        ExitStatus::No,
        format!(
            "the host's network is not set up: there is no {}; start it: systemctl start mock-imds",
            status.display()
        ),
    )
}
