//! A web server of the host keeps port 80, whoever came first; a reboot brings everything back.

use std::time::Duration;

use support::machine::BUILT_IN_ID;
use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(5);
const WEB_SERVER: &str = "
mkdir /srv/web && echo another program >/srv/web/index.html
cat >/etc/systemd/system/web.service <<'END'
[Service]
ExecStart=/usr/bin/python3 -m http.server --directory /srv/web --bind 0.0.0.0 80
[Install]
WantedBy=multi-user.target
END
systemctl enable --now web.service";

#[test]
fn a_web_server_keeps_port_80_and_a_reboot_brings_all_back() {
    let Some(mut machine) = Machine::boot(System::Debian12) else {
        return;
    };
    machine.ok(WEB_SERVER);
    expect_web(&machine, "before the installation");
    machine.install();
    expect_both(&machine, "with the web server there first");
    machine.ok("systemctl restart web.service");
    expect_both(&machine, "with the web server started after");
    machine.ok("systemctl restart mock-imds-net.service mock-imds.service");
    expect_both(&machine, "after our own restart");

    machine.reboot();
    expect_both(&machine, "after a reboot");
    machine.expect_network_once("after a reboot");
    let entered = |unit| {
        let since = machine.property(unit, "ActiveEnterTimestampMonotonic");
        since.parse::<u64>().unwrap_or_else(|_| machine.fail(&format!("{unit} was not started: '{since}'")))
    };
    if entered("mock-imds-net.service") > entered("mock-imds.service") {
        machine.fail("the server was ready before the guardian");
    }
}

fn expect_web(machine: &Machine, when: &str) {
    let (page, _) = machine.within(SOON, &format!("the web server {when}"), || {
        let said = machine.run("curl --silent --show-error --max-time 2 http://127.0.0.1/");
        if said.code == Some(0) { Ok(said.stdout) } else { Err(said.to_string()) }
    });
    machine.expect(&format!("the web server {when}"), page.trim(), "another program");
}

fn expect_both(machine: &Machine, when: &str) {
    expect_web(machine, when);
    let (id, _) = machine.within(SOON, &format!("the metadata service {when}"), || machine.instance_id());
    machine.expect(&format!("the metadata service {when}"), &id, BUILT_IN_ID);
}
