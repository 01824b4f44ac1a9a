//! A host that `mock-imds doctor` looks at: what a test does to it, the doctor must find.

use serde_json::Value;
use support::host::{Guardian, Host, Peer, SERVICE};
use support::{Outcome, ServerProcess, program};

/// A host with guardian, server and one container.
pub struct ExaminedHost {
    pub server: Option<ServerProcess>,
    pub guardian: Guardian,
    pub container: Peer,
    pub host: Host,
}

impl ExaminedHost {
    pub fn new() -> Option<Self> {
        Self::with("")
    }

    pub fn with(settings: &str) -> Option<Self> {
        let host = Host::new()?;
        host.configure(settings);
        host.write("root/etc/hostname", "examined\n");
        host.run(
            "ip link add br-test type bridge; ip addr add 172.30.0.1/24 dev br-test; ip link set br-test up",
        );
        let container = Peer::new(&host, "veth1");
        host.run("ip link set veth1 master br-test");
        container.run(&host, "ip addr add 172.30.0.2/24 dev eth0; ip route add default via 172.30.0.1");
        let guardian = host.hold();
        let server = host.serve(SERVICE);
        Some(Self { server: Some(server), guardian, container, host })
    }

    /// Runs the doctor with these words before its name: `env X=Y`.
    pub fn run(&self, before: &str, more: &str) -> Outcome {
        let binary = program().display();
        let directory = self.host.directory.display();
        let arguments = self.host.arguments();
        self.host.attempt(&format!(
            "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin {before} {binary} doctor --control {directory}/control.sock \
             --root {directory}/root {arguments} {more}"
        ))
    }

    pub fn report(&self, before: &str) -> (Option<i32>, Value) {
        let done = self.run(before, "--json");
        let report = serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"));
        (done.code, report)
    }

    /// Nothing is wrong.
    pub fn healthy(&self, when: &str) {
        let (code, report) = self.report("");
        assert_eq!((code, &report["healthy"]), (Some(0), &Value::Bool(true)), "{when}: {report:#}");
    }

    /// This check finds this, and names this cure; gives the cure's commands.
    pub fn finds(&self, before: &str, check: &str, found: &str, cure: &str) -> Vec<String> {
        let (code, report) = self.report(before);
        assert_eq!(code, Some(1), "expected a problem with {check}, found none: {report:#}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let findings = report["findings"].as_array().expect("a list");
        let problems = findings.iter().filter(|finding| finding["level"] == "problem");
        let matching =
            problems.filter(|finding| finding["check"] == check && text(&finding["found"]).contains(found));
        let mends: Vec<Vec<String>> = matching
            .map(|finding| finding["commands"].as_array().into_iter().flatten().map(text).collect())
            .collect();
        let right = mends.iter().find(|mend| mend.iter().any(|command| command.contains(cure)));
        right
            .cloned()
            .unwrap_or_else(|| panic!("expected {check}: {found:?}, mended by {cure:?}, in {report:#}"))
    }

    /// The first command of a cure, run.
    pub fn cure(&self, commands: &[String]) {
        self.host.run(commands.first().expect("a command"));
    }
}
