//! What others remove comes back, and what can't be removed stays.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use support::host::{HEALED, Host, METADATA, SERVICE, ask, serve};
use support::{DEADLINE, program};

#[test]
fn owned_tables_survive_a_flush_and_a_deletion() {
    let Some(host) = Host::new() else { return };
    let guardian = host.hold();
    let before = host.run("nft -a list ruleset");
    host.nft("flush ruleset\n");
    assert_eq!(host.run("nft -a list ruleset"), before, "a flush by somebody else leaves them");
    for line in ["nft delete table inet mock-imds", "nft flush chain inet mock-imds guard"] {
        let done = host.attempt(line);
        assert!(!done.succeeded() && done.stderr.contains("not permitted"), "`{line}`: {done:?}");
    }
    assert_eq!(host.run("nft -a list ruleset"), before);
    assert_eq!(host.status()["restorations"]["count"], 0, "{}", guardian.log());
}

#[test]
fn a_removed_address_is_back_within_a_second() {
    let Some(host) = Host::new() else { return };
    let guardian = host.hold();
    serve("imds", SERVICE);
    host.run("ip addr del 169.254.169.254/32 dev lo");
    host.eventually("the address is back", HEALED, || host.addresses() == 1);
    assert_eq!(ask(METADATA).expect("an answer"), "imds sees 169.254.169.254");
    host.run("ip addr flush dev lo scope host");
    host.eventually("the address is back again", HEALED, || host.addresses() == 1);
    // `ip addr flush` looks again after its work, and removes once more what is already back.
    let counted = || host.status()["restorations"]["count"].as_u64() >= Some(2);
    host.eventually("both are published", DEADLINE, counted);
    let told = || guardian.log().matches("169.254.169.254 was removed from lo; restored").count() >= 2;
    host.eventually("both are told", DEADLINE, told);
}

/// As on a kernel without owned tables.
#[test]
fn ordinary_tables_are_watched_and_restored() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold_by(program(), "--ordinary-tables");
    let rules = host.our_rules();
    assert_eq!(host.status()["tables"][0]["protection"], "watched");
    let restored =
        |count: u64| move |host: &Host| host.status()["restorations"]["count"].as_u64() >= Some(count);
    for (count, line, told) in [
        (2, "nft flush ruleset", "the table inet mock-imds was removed"),
        (3, "nft delete table arp mock-imds", "the table arp mock-imds was removed"),
        (4, "nft flush table inet mock-imds", "the table inet mock-imds was changed"),
        (5, "nft insert rule inet mock-imds callers accept", "the table inet mock-imds was changed"),
    ] {
        host.run(line);
        let healed = host.eventually(line, HEALED, || {
            restored(count)(&host) && host.attempt("nft list table arp mock-imds").succeeded()
        });
        assert_eq!(host.our_rules(), rules, "after `{line}`, {healed:?}");
        guardian.says(told);
    }
    // Somebody else's rules are none of our business.
    let told = guardian.log();
    host.nft("table inet theirs { chain c { tcp dport 22 accept; }; }\n");
    host.run("nft delete table inet theirs");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(guardian.log().replace(&told, "").matches("somebody").count(), 0, "{}", guardian.log());
    assert_eq!(host.tables(), "");
}

#[test]
fn a_killed_guardian_of_ordinary_tables_is_cleaned_up() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let mut guardian = host.hold_by(program(), "--ordinary-tables");
    guardian.end(Signal::SIGKILL);
    assert_eq!(host.tables().matches("mock-imds").count(), 2, "nobody removes them");
    host.net("down").ended(0, &[]);
    assert_eq!(host.network(), before);
}

/// Whoever removes the address again and again gets no busy loop, and is told about.
#[test]
fn a_fight_is_slow_and_told() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    let mut longest = Duration::ZERO;
    for _ in 0..7 {
        host.run("ip addr del 169.254.169.254/32 dev lo");
        let healed = host.eventually("the address is back", 3 * HEALED, || host.addresses() == 1);
        longest = longest.max(healed);
    }
    assert!(longest > Duration::from_millis(300), "the last of seven took {longest:?}");
    host.eventually("the fight is told", HEALED, || guardian.log().contains("find out what removes it"));
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
}

#[test]
fn an_adopted_address_that_goes_is_replaced_by_ours() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.run("ip addr add 169.254.169.254/16 dev lo");
    let mut guardian = host.hold();
    host.run("ip addr del 169.254.169.254/16 dev lo");
    host.eventually("ours is there", HEALED, || host.addresses() == 1);
    host.eventually("it is ours", HEALED, || host.status()["addresses"][0]["origin"] == "added");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn the_address_on_another_interface_is_told_once() {
    let Some(host) = Host::new() else { return };
    let guardian = host.hold();
    host.run("ip link add eth7 type veth peer name eth8; ip addr add 169.254.169.254/16 dev eth7");
    let told = || guardian.log().matches("169.254.169.254 appeared on the interface eth7").count();
    host.eventually("it is told", HEALED, || told() == 1);
    host.run("ip addr add 10.9.9.9/24 dev eth7");
    host.run("ip addr del 169.254.169.254/32 dev lo");
    host.eventually("the guardian works on", HEALED, || host.addresses() == 1);
    assert_eq!(told(), 1, "{}", guardian.log());
}

/// It waits for the kernel's notifications and looks for nothing by itself.
#[test]
fn a_guardian_sleeps_while_nothing_happens() {
    let Some(host) = Host::new() else { return };
    for more in ["", "--ordinary-tables"] {
        let mut guardian = host.hold_by(program(), more);
        // Nanoseconds on a processor, and how often it got one.
        let file = format!("/proc/{}/schedstat", guardian.pid());
        let ran = || std::fs::read_to_string(&file).expect("the kernel counts");
        // What was to be looked at after the start is over at some time.
        host.eventually("it sleeps", DEADLINE, || {
            let before = ran();
            host.run("for i in $(seq 50); do ip link show lo >/dev/null; done");
            ran() == before
        });
        assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    }
}

/// A program that owns our tables, until it ends: no attempt can succeed before.
struct Owner(Child);

impl Owner {
    fn begin() -> Self {
        let silent = || Stdio::null();
        let nft =
            Command::new("nft").arg("-i").stdin(Stdio::piped()).stdout(silent()).stderr(silent()).spawn();
        let mut owner = Self(nft.expect("nft runs"));
        let lines = "delete table inet mock-imds; add table inet mock-imds { flags owner; }\n";
        owner.0.stdin.as_mut().expect("it is piped").write_all(lines.as_bytes()).expect("it reads");
        owner
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_fails_is_tried_again_after_a_second() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold_by(program(), "--ordinary-tables");
    let rules = host.our_rules();
    let failures = || guardian.log().matches("what was removed could not be restored").count();
    let mut owner = None;
    let took = host.eventually("three attempts", DEADLINE, || {
        owner.get_or_insert_with(Owner::begin);
        failures() >= 3
    });
    assert!(took >= Duration::from_secs(2), "three attempts within {took:?}: {}", guardian.log());
    drop(owner);
    host.eventually("the tables are back", DEADLINE, || {
        host.attempt("nft list table inet mock-imds").succeeded() && host.our_rules() == rules
    });
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0), "{}", guardian.log());
}

#[test]
fn a_restoration_that_fails_is_told_and_ends_nothing() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    host.run("rm run/record.json; mkdir run/record.json; ip addr del 169.254.169.254/32 dev lo");
    guardian.says("what was removed could not be restored");
    host.run("rmdir run/record.json");
    host.run("ip addr add 10.9.9.9/32 dev lo; ip addr del 10.9.9.9/32 dev lo");
    host.eventually("the address is back", 3 * HEALED, || host.addresses() == 1);
    host.run("ip addr del 169.254.169.254/32 dev lo");
    host.eventually("it goes on", 3 * HEALED, || host.addresses() == 1);
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0), "{}", guardian.log());
}
