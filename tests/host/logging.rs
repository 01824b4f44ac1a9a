//! A log that nobody reads does not keep the guardian from its work.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;
use support::host::{HEALED, Host};
use support::{UnreadPipe, program};

#[test]
fn a_pipe_that_nobody_reads_stops_no_repair() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let pipe = UnreadPipe::new(&host.directory.join("unread"));
    let script = format!("#!/bin/sh\nexec {} \"$@\" 2<>{}\n", program().display(), pipe.path().display());
    let script = host.write("guardian", &script);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let mut guardian = host.hold_by(&script, "");
    for _ in 0..3 {
        host.run("ip address del 169.254.169.254/32 dev lo; nft flush ruleset");
        host.eventually("the address is back", 5 * HEALED, || host.addresses() == 1);
        guardian.reload();
    }
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}
