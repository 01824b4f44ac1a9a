//! Under a steady stream of requests nothing that an administrator does to the units loses one.

use std::time::Duration;

use support::machine::{Machine, System};

use crate::load::Load;

#[test]
fn restarts_and_reloads_lose_nothing() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    under_load(&machine, "20 x systemctl restart mock-imds", || {
        for _ in 0..20 {
            machine.ok("systemctl restart mock-imds");
        }
    });
    under_load(&machine, "10 x systemctl reload mock-imds-net", || {
        for _ in 0..10 {
            machine.ok("systemctl reload mock-imds-net");
        }
    });
    under_load(&machine, "10 x systemctl reload mock-imds", || {
        for _ in 0..10 {
            machine.ok("systemctl reload mock-imds");
        }
    });
    machine.expect_network_once("after all of it");
}

/// Does this while clients ask without pause; fails unless each of their requests was answered.
pub fn under_load(machine: &Machine, what: &str, action: impl FnOnce()) {
    let load = Load::start(machine);
    // Requests are under way before and after, so that the action's edges count, too.
    let flows = |from: u32| {
        let enough = || if load.ok() > from + 50 { Ok(()) } else { Err(format!("{} answers", load.ok())) };
        machine.within(Duration::from_secs(5), &format!("requests flow around {what}"), enough);
    };
    flows(0);
    action();
    flows(load.ok());
    load.stop().expect_no_loss(machine, what);
}
