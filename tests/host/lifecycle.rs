//! Up, down, hold, end: what is there in between, and that nothing is left.

use mock_imds::host::plan::{Plan, Table};
use mock_imds::host::settings::HostSettings;
use nix::sys::signal::Signal;
use support::host::{Guardian, HEALED, Host, mode};
use support::{DEADLINE, program};

/// Tables as Docker and firewalld make them.
const FOREIGN: &str = r#"
table ip nat {
	chain DOCKER { iifname "docker0" return; }
	chain PREROUTING { type nat hook prerouting priority dstnat; policy accept; fib daddr type local jump DOCKER; }
	chain OUTPUT { type nat hook output priority -100; policy accept; ip daddr != 127.0.0.0/8 fib daddr type local jump DOCKER; }
	chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept; ip saddr 172.17.0.0/16 oifname != "docker0" masquerade; }
}
table inet firewalld {
	chain filter_INPUT { type filter hook input priority filter + 10; policy accept; ct state established,related accept; iifname "lo" accept; }
	chain nat_OUTPUT { type nat hook output priority -90; policy accept; }
}
table inet mine { set addresses { type ipv4_addr; elements = { 169.254.169.254 } }; }
"#;

fn planned() -> String {
    let settings = HostSettings::default();
    let plan = Plan::new(&settings.addresses(), &settings.bridges, &[]);
    plan.tables.iter().map(Table::to_string).collect()
}

#[test]
fn up_up_down_down_leaves_the_host_as_it_was() {
    let Some(host) = Host::new() else { return };
    host.nft(FOREIGN);
    let before = host.network();
    for round in ["first", "second"] {
        host.net("up").ended(0, &[]);
        assert_eq!(host.addresses(), 1, "{round} up:\n{}", host.network());
        assert_eq!(host.our_rules(), planned(), "{round} up: the kernel has what the plan says");
        assert!(host.run("ip -4 addr show dev lo").contains("scope host lo:imds"), "{}", host.network());
    }
    for round in ["first", "second"] {
        host.net("down").ended(0, &[]);
        assert_eq!(host.network(), before, "{round} down");
    }
    assert!(!host.runtime().exists(), "the runtime directory is removed");
}

#[test]
fn down_with_nothing_there_is_quiet() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let done = host.net("down");
    done.ended(0, &[]);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    assert_eq!(host.network(), before);
}

#[test]
fn hold_sets_up_once_and_takes_all_down() {
    let Some(host) = Host::new() else { return };
    host.nft(FOREIGN);
    let before = host.network();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut guardian = host.start(program(), "");
        let ready = guardian.expect("READY=1");
        assert!(
            ready.contains("STATUS=169.254.169.254/32 on lo; inet mock-imds, arp mock-imds owned"),
            "{ready}"
        );
        assert_eq!(host.addresses(), 1);
        assert_eq!(host.our_rules(), planned());
        assert_eq!(host.run("nft list ruleset").matches("flags owner").count(), 2);
        guardian.signal(signal);
        guardian.expect_last("STOPPING=1");
        assert_eq!(guardian.wait(), Some(0), "{}", guardian.log());
        assert_eq!(host.network(), before, "after {signal}");
        assert!(!host.runtime().exists(), "the runtime directory is removed");
    }
}

#[test]
fn hold_takes_over_what_up_set_up() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.net("up").ended(0, &[]);
    let mut guardian = host.hold();
    assert_eq!(host.addresses(), 1);
    assert_eq!(host.tables().matches("mock-imds").count(), 2, "{}", host.tables());
    assert_eq!(host.status()["mode"], "hold");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

/// What it leaves is cleaned by `net down` or by the next `net hold`. `killed` has what that is.
#[test]
fn a_killed_guardian_is_cleaned_up() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let killed = |mut guardian: Guardian| {
        guardian.end(Signal::SIGKILL);
        assert_eq!(host.addresses(), 1, "the address is left");
    };

    killed(host.hold());
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before, "what systemd runs afterwards cleans up");

    killed(host.hold());
    host.net("status").ended(1, &["is gone without taking the network down"]);
    let mut again = host.hold();
    assert_eq!((host.addresses(), host.our_rules()), (1, planned()));
    assert_eq!(again.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before, "the second life removed what the first had added");
}

#[test]
fn a_lost_record_is_made_up_for_by_the_label() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.net("up").ended(0, &[]);
    std::fs::remove_dir_all(host.runtime()).expect("the record is lost");
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before);
}

#[test]
fn an_address_that_was_there_before_survives() {
    let Some(host) = Host::new() else { return };
    for width in [32, 16] {
        host.run(&format!("ip addr add 169.254.169.254/{width} dev lo"));
        let before = host.network();
        let mut guardian = host.hold();
        let adopted = &host.status()["addresses"][0];
        assert_eq!((&adopted["origin"], &adopted["prefix"]), (&"adopted".into(), &width.into()));
        assert_eq!(
            host.run("ip -4 addr show dev lo").matches("169.254.169.254/").count(),
            1,
            "none is added"
        );
        guardian.end(Signal::SIGTERM);
        assert_eq!(host.network(), before, "hold leaves the /{width}");
        host.net("up").ended(0, &[]);
        host.net("down").ended(0, &[]);
        assert_eq!(host.network(), before, "up and down leave the /{width}");
        let guardian = host.hold();
        drop(guardian);
        host.net("down").ended(0, &[]);
        assert_eq!(host.network(), before, "a crash leaves the /{width}");
        host.run(&format!("ip addr del 169.254.169.254/{width} dev lo"));
    }
}

#[test]
fn the_status_warns_of_what_is_wrong_and_of_nothing_else() {
    let Some(host) = Host::new() else { return };
    let warnings = || {
        host.net("up").ended(0, &[]);
        let status = host.status();
        let warnings = status["warnings"].as_array().expect("a list").clone();
        // What this kernel lacks is another matter.
        let texts = warnings.iter().map(|text| text.as_str().expect("text").to_owned());
        texts.filter(|text| !text.starts_with("this kernel has no ")).collect::<Vec<_>>()
    };
    assert_eq!(warnings(), [""; 0]);
    host.net("down").ended(0, &[]);
    host.run("ip addr add 169.254.169.254/16 dev lo");
    host.run("ip link set lo down");
    assert_eq!(
        warnings(),
        [
            "the interface lo is down, so nothing reaches the address; ip link set lo up",
            "169.254.169.254/16 was on lo before, and makes its whole network local; 169.254.169.254/32 would be enough",
        ]
    );
    host.net("down").ended(0, &[]);
}

#[test]
fn the_status_is_true_and_for_everybody() {
    let Some(host) = Host::new() else { return };
    host.net("status").ended(1, &["is not set up"]);
    // systemd's umask for the unit.
    let old = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let mut guardian = host.hold();
    nix::sys::stat::umask(old);
    assert_eq!(mode(&host.runtime().join("status.json")), 0o644);
    assert_eq!(mode(&host.runtime()), 0o755);

    let status = host.status();
    assert_eq!(status["pid"], guardian.pid());
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["addresses"][0]["origin"], "added");
    for (index, family) in ["inet", "arp"].into_iter().enumerate() {
        let listed = host.run(&format!("nft -a list table {family} mock-imds"));
        let chains = listed.matches("\tchain ").count();
        let rules = listed.matches("# handle").count() - chains - 1;
        assert_eq!(status["tables"][index]["rules"], rules, "{listed}");
        assert_eq!(status["tables"][index]["protection"], "owned", "{listed}");
        let json = host.run(&format!("nft -j list table {family} mock-imds"));
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(status["tables"][index]["handle"], json["nftables"][1]["table"]["handle"], "{json}");
    }

    host.run(&format!("chmod 755 {}", host.directory.display()));
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    let binary = host.directory.join("mock-imds");
    host.run(&format!("install -m 755 {} {}", program().display(), binary.display()));
    let line = format!("{nobody} {} net status --runtime {}", binary.display(), host.runtime().display());
    let text = host.run(&line);
    for expected in [
        "held by process",
        "169.254.169.254/32 on lo (added by mock-imds)",
        "inet mock-imds, 23 rules (owned",
        "callers   this host, docker* br-*",
    ] {
        assert!(text.contains(expected), "expected {expected:?} in:\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&host.run(&format!("{line} --json"))).expect("JSON");
    assert_eq!(json, status);
    guardian.end(Signal::SIGTERM);
    host.eventually("status says so", HEALED, || host.net("status").code == Some(1));
}

#[test]
fn two_at_a_time_are_refused() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    let held = host.network();
    let pid = format!("a guardian (process {})", guardian.pid());
    host.net("up").ended(69, &[&pid, "systemctl stop mock-imds-net"]);
    host.net("down").ended(69, &[&pid]);
    host.net("hold").ended(69, &[&pid]);
    // Another runtime directory does not get around the kernel's owner.
    let elsewhere = format!("--config {0}/host.toml --runtime {0}/other", host.directory.display());
    for command in ["up", "hold"] {
        host.attempt(&format!("{} net {command} {elsewhere}", program().display()))
            .ended(69, &["is owned by another process"]);
    }
    // What is removed now, it does not restore.
    guardian.signal(Signal::SIGSTOP);
    host.attempt(&format!("{} net down --runtime {}/other", program().display(), host.directory.display()))
        .ended(69, &["is owned by another process"]);
    assert_eq!(host.network(), held, "none of them changed anything");
    guardian.signal(Signal::SIGCONT);
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    host.eventually("all is taken down", DEADLINE, || host.addresses() == 0 && host.tables().is_empty());
}
