//! What happens to the service meanwhile: orders, reloads, kills, flushes, clocks that jump.

use std::time::Duration;

use nix::sys::signal::Signal;
use support::host::Host;

use crate::disturbances::Disturbances;
use crate::processes::Processes;
use crate::tally::Tally;

/// The scenario: a timeline that repeats, and faults on some paths.
pub const SCENARIO: &str = r#"
[instance]
life-cycle = "spot"

[http]
keep-alive = true

[credentials]
role = "dev-role"
lifetime = "15m"

[[event]]
at = "2s"
repeat = "9s"
rebalance-recommendation = {}

[[event]]
at = "4s"
repeat = "9s"
spot-interruption = { action = "terminate", notice = "2m" }

[[event]]
at = "8s"
repeat = "9s"
clear = "spot-interruption"

[[fault]]
path = "meta-data/iam/**"
status = 503
probability = 0.2
seed = 1

[[fault]]
path = "meta-data/iam/**"
latency = { min = "5ms", max = "200ms" }

[[fault]]
path = "meta-data/soak"
reset = true
probability = 0.2
seed = 2
"#;

/// How long the guardian may take to restore what was removed.
const HEALED: Duration = Duration::from_secs(5);

type Deed = fn(&mut Doer<'_>);

/// In this order, again and again.
const DEEDS: &[(&str, Deed)] = &[
    ("reload", |doer| doer.order("reload")),
    ("set", |doer| doer.order("set meta-data/soak value")),
    ("spot", |doer| doer.order("spot --in 1s")),
    ("seek", |doer| doer.order("clock seek +1m")),
    ("flush of the rules", |doer| doer.flush_rules()),
    ("SIGHUP", |doer| doer.processes.server().signal(Signal::SIGHUP)),
    ("broken scenario", |doer| doer.reload_broken()),
    ("pause", |doer| doer.order("clock pause")),
    ("fault", |doer| doer.order("fault --path meta-data/soak --status 503 --for 1s")),
    ("resume", |doer| doer.order("clock resume")),
    ("clock a day ahead", |doer| doer.jump("+86400")),
    ("flush of the addresses", |doer| doer.flush_addresses()),
    ("use", |doer| doer.use_shipped("spot-interruption")),
    ("clock a day behind", |doer| doer.jump("-86400")),
    ("lifecycle", |doer| doer.order("lifecycle Terminated")),
    ("use with tokens", |doer| doer.use_shipped("tokens-required")),
    ("clock right", |doer| doer.jump("+0")),
    ("clear of faults", |doer| doer.order("fault --clear")),
    ("reload of the guardian", |doer| doer.reload_guardian()),
    ("reload kept", |doer| doer.order("reload --keep")),
];

/// Deeds that end a process, so that its memory can't be followed: in the first half only.
const KILLS: &[(&str, Deed)] = &[
    ("SIGKILL of the server", |doer| doer.end_server("SIGKILL of the server", Signal::SIGKILL)),
    ("SIGKILL of the guardian", |doer| doer.end_guardian(Signal::SIGKILL)),
    ("SIGTERM of the server", |doer| doer.end_server("SIGTERM of the server", Signal::SIGTERM)),
    ("SIGTERM of the guardian", |doer| doer.end_guardian(Signal::SIGTERM)),
];

pub struct Doer<'d> {
    pub host: &'d Host,
    pub processes: Processes<'d>,
    pub disturbances: &'d Disturbances,
    pub tally: &'d Tally,
    done: Vec<(&'static str, u32)>,
    next: usize,
}

impl<'d> Doer<'d> {
    pub fn new(
        host: &'d Host,
        processes: Processes<'d>,
        disturbances: &'d Disturbances,
        tally: &'d Tally,
    ) -> Self {
        Self { host, processes, disturbances, tally, done: Vec::new(), next: 0 }
    }

    /// Does the next deed; of three one is a kill, if kills are allowed.
    pub fn act(&mut self, kills: bool) {
        let number = self.next;
        self.next += 1;
        let (name, deed) = if kills && number % 3 == 2 {
            KILLS[(number / 3) % KILLS.len()]
        } else {
            DEEDS[number % DEEDS.len()]
        };
        deed(self);
        match self.done.iter_mut().find(|(done, _)| *done == name) {
            Some((_, count)) => *count += 1,
            None => self.done.push((name, 1)),
        }
    }

    /// What was done, and how often.
    pub fn done(&self) -> String {
        let done: Vec<String> = self.done.iter().map(|(name, count)| format!("{count} {name}")).collect();
        done.join(", ")
    }

    /// A command of the program's that must succeed.
    fn order(&mut self, words: &str) {
        let outcome = self.command(words);
        if !outcome.succeeded() {
            self.tally.unexpected(format!("`mock-imds {words}`: {outcome}"));
        }
    }

    fn command(&self, words: &str) -> support::Outcome {
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend(["--control", "control.sock"]);
        support::finish(&mut self.host.sandbox.prepared(self.processes.program(), &words))
    }

    /// By its path: the library of this machine may be another one, or none.
    fn use_shipped(&mut self, name: &str) {
        let file = support::sources().join(format!("packaging/scenarios/{name}.toml"));
        self.order(&format!("use {}", file.display()));
    }

    /// A file that is no scenario changes nothing.
    fn reload_broken(&mut self) {
        self.host.write("scenario.toml", "[instance]\ninstance-type = 7\n");
        let outcome = self.command("reload");
        self.host.write("scenario.toml", SCENARIO);
        if outcome.code != Some(78) {
            self.tally.unexpected(format!("a reload of a broken scenario: {outcome}"));
        }
    }

    fn jump(&mut self, offset: &str) {
        self.processes.move_wall_clock(offset);
    }

    fn end_server(&mut self, what: &'static str, signal: Signal) {
        let Self { processes, disturbances, tally, .. } = self;
        let code = disturbances.during(what, || processes.restart_server(signal));
        if signal == Signal::SIGTERM && code != Some(0) {
            tally.unexpected(format!("the server ends with {code:?} after SIGTERM"));
        }
    }

    fn end_guardian(&mut self, signal: Signal) {
        let Self { processes, disturbances, tally, .. } = self;
        let code = disturbances.during("an end of the guardian", || processes.restart_guardian(signal));
        if signal == Signal::SIGTERM && code != Some(0) {
            tally.unexpected(format!("the guardian ends with {code:?} after SIGTERM"));
        }
    }

    /// An owned table stays; one of an old kernel is restored.
    fn flush_rules(&mut self) {
        let host = self.host;
        self.disturbances.during("a flush of the rules", || {
            host.run("nft flush ruleset");
            host.eventually("the table is there", HEALED, || host.tables().contains("table inet mock-imds"));
        });
    }

    fn flush_addresses(&mut self) {
        let host = self.host;
        self.disturbances.during("a flush of the addresses", || {
            host.run("ip -4 addr flush dev lo");
            host.eventually("the address is there", HEALED, || host.addresses() == 1);
            host.run("ip addr add 127.0.0.1/8 dev lo");
        });
    }

    /// No gap: no disturbance.
    fn reload_guardian(&mut self) {
        self.processes.guardian().drain();
        self.processes.guardian().reload();
    }
}
