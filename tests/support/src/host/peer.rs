//! Containers and neighbours of a host.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::Host;
use crate::outcome::Outcome;
use crate::wait::DEADLINE;

/// A container or a neighbour: another network namespace, kept by a sleeping process.
pub struct Peer {
    keeper: Child,
    servers: Vec<Child>,
}

impl Peer {
    /// A namespace with `lo` up, and a veth pair: `outside` on the host, `eth0` inside.
    pub fn new(host: &Host, outside: &str) -> Self {
        let keeper = Command::new("unshare")
            .args(["--net", "sleep", "120"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("unshare runs");
        let peer = Self { keeper, servers: vec![] };
        let ours = fs::read_link("/proc/thread-self/ns/net").expect("a namespace");
        let theirs = PathBuf::from(format!("/proc/{}/ns/net", peer.keeper.id()));
        host.eventually("the peer's namespace", DEADLINE, || {
            fs::read_link(&theirs).is_ok_and(|namespace| namespace != ours)
        });
        let pid = peer.keeper.id();
        host.run(&format!(
            "ip link add {outside} type veth peer name eth0 netns {pid}; ip link set {outside} up"
        ));
        peer.run(host, "ip link set lo up; ip link set eth0 up");
        peer
    }

    /// Starts a Python program in the peer; it ends with the peer.
    pub fn serve(&mut self, host: &Host, program: &str) {
        let script = host.write("server.py", program);
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.keeper.id().to_string(), "python3"]).arg(script);
        // Not our stdout: whoever reads it would wait for this process, too.
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.servers.push(child.expect("nsenter runs"));
    }

    /// The process that keeps it, which names its namespace.
    pub fn pid(&self) -> u32 {
        self.keeper.id()
    }

    pub fn run(&self, host: &Host, line: &str) -> String {
        let done = self.attempt(host, line);
        assert!(done.succeeded(), "`{line}` failed in the peer: {done:?}");
        done.stdout
    }

    pub fn attempt(&self, host: &Host, line: &str) -> Outcome {
        let script = host.write("peer.sh", line);
        host.attempt(&format!("nsenter --net --target {} sh {}", self.keeper.id(), script.display()))
    }

    /// What the service answers this peer; `None` when nothing does in time.
    pub fn asks(&self, host: &Host, url: &str) -> Option<String> {
        let done = self.attempt(host, &format!("curl -gsS --noproxy '*' --max-time 1 {url}"));
        done.succeeded().then_some(done.stdout)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        for child in self.servers.iter_mut().chain([&mut self.keeper]) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
