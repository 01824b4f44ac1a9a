//! `mock-imds doctor` on a healthy host, and on hosts with one thing wrong each: it must find that thing, and say the
//! command that mends it.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::patient::Patient;
use support::host::{METADATA, SERVICE, serve};
use support::program;

#[test]
fn a_healthy_host_has_no_problem() {
    let Some(patient) = Patient::with("") else { return };
    patient.healthy("as installed");
    // Docker's and firewalld's tables as they are on developers' machines, and a web server.
    patient.host.nft(
        "table ip nat {
            chain PREROUTING { type nat hook prerouting priority -100; fib daddr type local tcp dport 80 dnat to 172.30.0.2:8080; }
        }
        table inet filter {
            chain input { type filter hook input priority 0; policy drop; ct state established,related accept; iif lo accept; iifname \"br-*\" jump bridged; }
            chain bridged { tcp dport { 22, 1690 } accept; }
        }",
    );
    serve("web", "0.0.0.0:80");
    patient.healthy("with a published port, a firewall that lets callers in, and a web server");

    let text = patient.run("", "").stdout;
    for expected in
        ["answers at http://169.254.169.254/", "lets callers in from br-test", "owned", "no problem"]
    {
        assert!(text.contains(expected), "expected {expected:?} in:\n{text}");
    }

    // Any user may ask; what root alone sees is said.
    let nobody = patient.run("setpriv --reuid 65534 --regid 65534 --clear-groups", "");
    assert_eq!(nobody.code, Some(0), "{nobody:?}");
    for expected in [
        "answers at http://169.254.169.254/",
        "unseen   tables        only root may list nftables; the guardian says: inet mock-imds, arp mock-imds owned",
        "unseen   firewall",
        "unseen   server",
        "root sees more, sudo mock-imds doctor",
    ] {
        assert!(nobody.stdout.contains(expected), "expected {expected:?} in:\n{}", nobody.stdout);
    }
}

#[test]
fn the_probe_is_no_request() {
    let Some(patient) = Patient::new() else { return };
    let binary = program().display();
    let requests = || {
        let socket = patient.host.directory.join("control.sock");
        let line = format!("{binary} status --json --control {}", socket.display());
        let status: Value = serde_json::from_str(&patient.host.run(&line)).expect("JSON");
        status["requests"].as_u64().expect("a count")
    };
    let before = requests();
    patient.healthy("the first time");
    patient.healthy("again");
    assert_eq!(requests(), before);
    // A container is told nothing.
    let asked = "-H 'X-Mock-Imds-Probe: n' http://169.254.169.254/latest/meta-data/instance-id";
    let answer = patient.container.asks(&patient.host, asked);
    assert_eq!(answer.as_deref(), Some("i-1234567890abcdef0"));
}

// === the network ===

#[test]
fn doctor_finds_faults_of_the_address() {
    let Some(mut patient) = Patient::new() else { return };
    // Another interface has it too.
    patient.host.run(
        "ip link add other0 type bridge; ip link set other0 up; ip addr add 169.254.169.254/16 dev other0",
    );
    let cure = patient.finds(
        "",
        "address",
        "169.254.169.254/16 is on the interface other0",
        "ip addr del 169.254.169.254/16 dev other0",
    );
    patient.cure(&cure);
    patient.healthy("after its cure");

    // A guardian that died, and its address.
    patient.guardian.end(Signal::SIGKILL);
    patient.finds("", "guardian", "did not clean up", "mock-imds net down");
    patient.finds("", "address", "added by mock-imds", "mock-imds net down");
    patient.host.net("down").ended(0, &[]);
    patient.finds("", "guardian", "is not set up", "systemctl start mock-imds");

    // Somebody added it with the width that ifconfig gives.
    patient.host.run("ip addr add 169.254.169.254/16 dev lo");
    let cure =
        patient.finds("", "width", "169.254.169.254/16 is on lo", "ip addr add 169.254.169.254/32 dev lo");
    patient.guardian = patient.host.hold();
    patient.finds("", "width", "169.254.169.254/16 is on lo", "ip addr del 169.254.169.254/16 dev lo");
    patient.cure(&cure);
    patient.healthy("after its cure");
}

#[test]
fn doctor_finds_faults_of_the_server() {
    let Some(mut patient) = Patient::new() else { return };
    patient.server = None;
    patient.finds("", "answer", "nothing answers", "systemctl restart mock-imds");
    patient.finds("", "server", "no mock-imds server listens", "systemctl start mock-imds");
    // Another program on the service's port.
    serve("other", "0.0.0.0:1690");
    patient.finds("", "port-1690", "listens on 0.0.0.0:1690", "ss -ltnp 'sport = :1690'");
    patient.finds("", "answer", "another server answers", "ss -ltnp 'sport = :1690'");
}

#[test]
fn doctor_finds_a_metadata_server_without_a_redirect() {
    let Some(mut patient) = Patient::new() else { return };
    serve("other", METADATA);
    patient.finds("", "port-80", "listens on 169.254.169.254:80", "ss -ltnp 'src 169.254.169.254'");
    // The redirect is gone, with the guardian; a published port would take the requests now.
    patient.guardian.end(Signal::SIGKILL);
    patient.finds("", "answer", "another server answers", "systemctl restart mock-imds-net");
}

#[test]
fn doctor_finds_what_diverts_requests() {
    let Some(patient) = Patient::new() else { return };
    let diverting = |priority: &str| {
        patient.host.nft(&format!(
            "table ip other {{
                chain out {{ type nat hook output priority {priority}; tcp dport 80 dnat to 172.30.0.2:8080; }}
                chain pre {{ type nat hook prerouting priority {priority}; fib daddr type local tcp dport 80 dnat to 172.30.0.2:8080; }}
            }}"
        ));
    };
    diverting("-100");
    patient.healthy("a published port comes after ours");
    patient.host.run("nft delete table ip other");
    diverting("-150");
    patient.finds(
        "",
        "port-80",
        "in the table ip other changes the destination",
        "nft -a list chain ip other out",
    );
    patient.finds("", "answer", "nothing answers", "systemctl restart");
}

#[test]
fn doctor_finds_tables_that_were_changed_or_removed() {
    let Some(mut patient) = Patient::new() else { return };
    patient.guardian.end(Signal::SIGTERM);
    // Nobody watches over what `net up` made.
    patient.host.net("up").ended(0, &[]);
    patient.healthy("by net up");
    patient.host.run("nft add rule inet mock-imds guard counter");
    patient.finds("", "tables", "inet mock-imds has", "systemctl restart mock-imds-net");
    patient.host.run("nft delete table inet mock-imds");
    patient.finds("", "tables", "there is no table inet mock-imds", "systemctl restart mock-imds-net");
}

#[test]
fn doctor_opens_firewalls_to_callers() {
    let Some(patient) = Patient::new() else {
        return;
    };
    let id = || patient.container.asks(&patient.host, "http://169.254.169.254/latest/meta-data/instance-id");
    let drops = "chain input { type filter hook input priority 0; policy drop; ct state vmap { established : accept, related : accept, invalid : drop }; iif lo accept; tcp dport 22 accept; ip protocol icmp accept; }";
    let rejects = "chain input { type filter hook input priority 10; policy accept; ct state established,related accept; iifname \"lo\" accept; iifname \"br-*\" jump zone; jump zone; }
        chain zone { tcp dport { 22, 80, 443 } accept; reject with icmpx admin-prohibited; }";
    for (name, chains) in [("by its policy", drops), ("by its last rule", rejects)] {
        patient.host.nft(&format!("table inet filter {{\n{chains}\n}}"));
        assert_eq!(id(), None, "the firewall keeps the container out {name}");
        let cure = patient.finds("", "firewall", "the chain input of the table inet filter stops callers on br-test", "nft 'insert rule inet filter input iifname \"br-test\" ip daddr 169.254.169.254 tcp dport 1690 accept'");
        patient.cure(&cure);
        assert_eq!(id().as_deref(), Some("i-1234567890abcdef0"), "the rule lets the container in {name}");
        patient.healthy("after its cure");
        patient.host.run("nft delete table inet filter");
    }
}

#[test]
fn doctor_finds_policy_routes() {
    let Some(patient) = Patient::new() else { return };
    patient.host.run(
        "ip link add vpn0 type bridge; ip link set vpn0 up; ip addr add 10.9.0.1/24 dev vpn0
         ip route add 169.254.0.0/16 dev vpn0 table 51; ip route add 172.30.0.0/16 dev vpn0 table 52",
    );
    // Some VPN clients move the rule "lookup local" behind their own.
    patient.host.run("ip rule add pref 90 lookup local; ip rule del pref 0; ip rule add pref 10 to 169.254.0.0/16 lookup 51");
    let cure = patient.finds(
        "",
        "routes",
        "packets of this host to 169.254.169.254 go to the interface vpn0, by the routing table 51",
        "ip rule add pref 0 lookup local",
    );
    patient.host.run(cure.last().expect("a command"));
    patient.healthy("after its cure");
    // Answers to a container that leave by the VPN.
    patient.host.run("ip rule add pref 10 to 172.30.0.0/16 lookup 52");
    patient.finds(
        "",
        "routes",
        "answers to callers on br-test go to the interface vpn0",
        "ip route get 172.30.0.2",
    );
}

#[test]
fn doctor_finds_ipv6_that_is_wanted_and_disabled() {
    let Some(mut patient) = Patient::new() else { return };
    patient.host.run("for i in all lo; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done");
    patient.host.configure("[host]\nipv6 = true\n");
    patient.guardian.reload();
    patient.finds("", "ipv6", "IPv6 is disabled on lo", "sysctl net.ipv6.conf.all.disable_ipv6=0");
}

// === settings, versions, files, variables ===

#[test]
fn doctor_finds_settings_and_versions_that_do_not_agree() {
    let Some(mut patient) = Patient::new() else {
        return;
    };
    patient.host.configure("[host]\nipv6 = \"yes\"\n");
    patient.finds("", "settings", "host.ipv6 is a string", "editor /etc/mock-imds/host.toml");
    patient.host.configure("[host]\nbridges = [\"br-*\"]\n");
    patient.finds("", "settings", "was changed since", "systemctl reload mock-imds-net");
    patient.guardian.reload();
    patient.healthy("after its cure");

    let status = patient.host.runtime().join("status.json");
    let text = std::fs::read_to_string(&status).expect("status.json");
    let older = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1);
    std::fs::write(&status, older).expect("status.json");
    patient.finds("", "version", "the guardian is mock-imds 0.0.1", "systemctl reload mock-imds-net");
    patient.guardian.reload();
    patient.healthy("after its cure");

    // A real cloud machine.
    patient.host.write("dmi/sys_vendor", "Amazon EC2\n");
    patient.finds("", "cloud", "real Amazon EC2 machine", "systemctl disable --now mock-imds");
}

#[test]
fn doctor_finds_faults_in_files() {
    let Some(patient) = Patient::new() else { return };
    let ruleset = patient.host.run("nft list ruleset");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/mock-imds.service");
    let unit = std::fs::read_to_string(shipped).expect("the unit");
    let enabled = [
        ("lib/systemd/system/mock-imds.service", unit.as_str()),
        ("etc/systemd/system/multi-user.target.wants/mock-imds.service", ""),
    ];
    let long = "datasource_list: [ NoCloud, ConfigDrive, Ec2, None ]\n";
    let good: [(&str, Files<'_>); 4] = [
        (
            "cloud-init with the distribution's list",
            &[("etc/cloud/cloud.cfg", ""), ("etc/cloud/cloud.cfg.d/90_dpkg.cfg", long)],
        ),
        (
            "cloud-init disabled",
            &[("etc/cloud/cloud.cfg", "datasource_list: [ Ec2 ]\n"), ("etc/cloud/cloud-init.disabled", "")],
        ),
        ("a firewall's own file", &[("etc/nftables.conf", "table inet filter {\n}\n")]),
        ("an enabled unit", &enabled),
    ];
    for (name, files) in good {
        with_files(&patient, files, || patient.healthy(name));
    }
    let bad: [(Files<'_>, &str, &str, &str); 8] = [
        (
            &[("etc/nftables.conf", &ruleset)],
            "saved",
            "etc/nftables.conf holds our tables",
            "nft list ruleset > ",
        ),
        (
            &[("etc/sysconfig/nftables.conf", &ruleset)],
            "saved",
            "etc/sysconfig/nftables.conf holds",
            "systemctl stop mock-imds",
        ),
        (
            &[("etc/cloud/cloud.cfg", "datasource_list: [ Ec2, None ]\n")],
            "cloud-init",
            "cloud.cfg names the data source Ec2",
            "touch /etc/cloud/cloud-init.disabled",
        ),
        (
            &[
                ("etc/cloud/cloud.cfg", long),
                ("etc/cloud/cloud.cfg.d/99-ec2.cfg", "datasource:\n  Ec2:\n    strict_id: false\n"),
            ],
            "cloud-init",
            "Ec2",
            "99-no-ec2.cfg",
        ),
        (
            &[("etc/environment", "AWS_EC2_METADATA_DISABLED=\"true\"\n")],
            "disabled",
            "AWS_EC2_METADATA_DISABLED is true in",
            "sed -i /AWS_EC2_METADATA_DISABLED/d",
        ),
        (
            &[("etc/systemd/system/mock-imds-net.service", "[Unit]\n")],
            "leftover",
            "mock-imds-net.service is there",
            "systemctl daemon-reload",
        ),
        (
            &[("usr/bin/mock-imds", ""), ("usr/local/bin/mock-imds", "")],
            "leftover",
            "usr/local/bin/mock-imds is there",
            "rm ",
        ),
        (
            &[("lib/systemd/system/mock-imds.service", &unit)],
            "units",
            "mock-imds.service is disabled",
            "systemctl enable --now mock-imds",
        ),
    ];
    for (files, check, found, cure) in bad {
        with_files(&patient, files, || drop(patient.finds("", check, found, cure)));
    }
    with_files(&patient, &[("lib/systemd/system/mock-imds.service", &unit)], || {
        patient.host.run(
            "mkdir -p root/etc/systemd/system; ln -s /dev/null root/etc/systemd/system/mock-imds.service",
        );
        patient.finds("", "units", "mock-imds.service is masked", "systemctl unmask mock-imds.service");
    });
    patient.healthy("without any of that");
}

/// Paths below the root, and what the files say.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Does something while these files are below the root, and nothing else is.
fn with_files(patient: &Patient, files: Files<'_>, what: impl FnOnce()) {
    for (path, text) in files {
        patient.host.write(&format!("root/{path}"), text);
    }
    what();
    patient.host.run("rm -r root; mkdir root");
}

#[test]
fn doctor_finds_variables_that_keep_clients_away() {
    let Some(patient) = Patient::new() else { return };
    for (variables, check, cure) in [
        ("http_proxy=http://proxy:3128", "proxy", "export NO_PROXY=\"169.254.169.254"),
        ("ALL_PROXY=socks5://proxy NO_PROXY=localhost,10.0.0.0/8", "proxy", "no_proxy=\"169.254.169.254"),
        ("AWS_EC2_METADATA_DISABLED=true", "disabled", "unset AWS_EC2_METADATA_DISABLED"),
    ] {
        patient.finds(variables, check, variables.split('=').next().expect("a name"), cure);
    }
    for harmless in [
        "http_proxy=http://proxy no_proxy=localhost,169.254.0.0/16",
        "http_proxy= AWS_EC2_METADATA_DISABLED=false",
    ] {
        let (code, report) = patient.report(harmless);
        assert_eq!(code, Some(0), "{harmless}: {report:#}");
    }
}

#[test]
fn doctor_finds_two_servers() {
    let Some(mut patient) = Patient::new() else { return };
    patient.server = None;
    // One by hand on the real address, and another with the usual control socket.
    let by_hand = patient.host.serve_with(SERVICE, "--control other.sock");
    patient.server = Some(patient.host.serve("127.0.0.1:1338"));
    patient.finds("", "server", "has the control socket, and process", &format!("kill {}", by_hand.pid()));
    drop(by_hand);
    patient.server = None;
    patient.server = Some(patient.host.serve(SERVICE));
    patient.healthy("after its cure");
}

#[test]
fn doctor_finds_a_bind_mode_of_which_one_half_is_missing() {
    let Some(mut patient) = Patient::new() else {
        return;
    };
    patient.host.configure("[host]\nredirect = \"none\"\n");
    patient.guardian.reload();
    let cure = "cp /usr/share/mock-imds/dropins/bind.conf /etc/systemd/system/mock-imds.socket.d/";
    patient.finds("", "bind", "no socket is on 169.254.169.254:80", cure);
    patient.server = None;
    patient.server = Some(patient.host.serve(METADATA));
    patient.healthy("with both halves");
    // The other half alone: the socket is on port 80, and host.toml wants the redirect.
    patient.host.configure("");
    patient.guardian.reload();
    patient.finds(
        "",
        "bind",
        "listens on 169.254.169.254:80",
        "rm /etc/systemd/system/mock-imds.socket.d/bind.conf",
    );
    // And a web server on every address.
    patient.host.configure("[host]\nredirect = \"none\"\n");
    patient.guardian.reload();
    patient.server = None;
    serve("web", "0.0.0.0:80");
    patient.finds("", "port-80", "listens on 0.0.0.0:80", "bind it to other addresses only");
}
