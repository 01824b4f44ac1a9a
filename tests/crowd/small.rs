//! A server with little memory: with 16 MB and no swap it serves a thousand instances beside a thousand clients of any kind.
//! There is room for all that wait for their request or for the rest of it. A part of a body, or a reply that is not read, takes
//! more: some of those are ended for others.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use support::crowd::{self, Clients};
use support::{Sandbox, ServerProcess, is_root, skip};

/// A build without optimization takes half as much again.
const BYTES: u64 = if cfg!(debug_assertions) { 24 << 20 } else { 16 << 20 };
const CONNECTIONS: usize = 1_024;
const RERUN: &str = "rerun as root: cargo test --test crowd small, and with --release for 16 MB";

/// A memory cgroup of this test's, removed at the end.
struct Cgroup(PathBuf);

impl Cgroup {
    /// cgroups(7): of the unified hierarchy if it has the memory controller, else of the older one.
    fn with_memory(bytes: u64) -> Option<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_to_string(root.join("cgroup.subtree_control")).unwrap_or_default();
        let unified = controllers.split_whitespace().any(|controller| controller == "memory");
        let parent = if unified { root.to_owned() } else { root.join("memory") };
        let cgroup = Self(parent.join(format!("mock-imds-crowd-{}", std::process::id())));
        fs::create_dir(&cgroup.0).ok()?;
        let limits: [(&str, u64); 2] = if unified {
            [("memory.max", bytes), ("memory.swap.max", 0)]
        } else {
            [("memory.limit_in_bytes", bytes), ("memory.swappiness", 0)]
        };
        let set = |(name, value): (&str, u64)| fs::write(cgroup.0.join(name), value.to_string());
        set(limits[0]).ok()?;
        // A kernel without swap has no such file.
        let _ = set(limits[1]);
        Some(cgroup)
    }

    /// The processes that the kernel has killed in it for want of memory.
    fn kills(&self) -> u64 {
        let counts =
            ["memory.events", "memory.oom_control"].map(|name| fs::read_to_string(self.0.join(name)));
        let text: String = counts.into_iter().flatten().collect();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// With a reply that no socket takes at once, for those who do not read.
fn thousand_instances() -> String {
    let long = "x".repeat(100_000);
    let mut text = format!("{}[metadata]\n\"meta-data/long\" = \"{long}\"\n", crowd::SCENARIO);
    for index in 0..1_000_u32 {
        let [_, _, second, third] = index.to_be_bytes();
        writeln!(
            text,
            "[instances.i{index}]\nclients = [\"10.{second}.{third}.0/24\"]\ninstance-id = \"i-{index:017x}\""
        )
        .expect("a string takes all");
    }
    text
}

fn start(sandbox: &Sandbox, cgroup: &Cgroup) -> ServerProcess {
    let scenario = sandbox.write("instances.toml", thousand_instances());
    sandbox.serve_with(&["--scenario", scenario.to_str().expect("the path is UTF-8")], |command| {
        let enter = format!("echo $$ > {}/cgroup.procs; exec \"$0\" \"$@\"", cgroup.0.display());
        let shell = sandbox.prepared(Path::new("sh"), &["-c", &enter]);
        let server = std::mem::replace(command, shell);
        command.arg(server.get_program()).args(server.get_args());
    })
}

#[test]
fn a_small_cgroup_is_enough_for_a_thousand_connections_and_instances() {
    if !is_root() {
        return skip("needs root, to make a memory cgroup");
    }
    if !crowd::open_many_files(4_096) {
        return skip("needs 4,096 open files");
    }
    let Some(cgroup) = Cgroup::with_memory(BYTES) else {
        return skip("needs a memory cgroup below /sys/fs/cgroup");
    };
    for clients in Clients::ALL {
        let waits = !matches!(clients, Clients::SlowBodies | Clients::NonReaders);
        let sandbox = Sandbox::new();
        let server = start(&sandbox, &cgroup);
        let runtime = crate::runtime();
        let crowd = runtime.block_on(clients.start(server.address, CONNECTIONS));
        let answers = runtime.block_on(crowd::ask(
            server.address,
            1,
            Duration::from_millis(50),
            Duration::from_secs(1),
        ));
        assert!(
            !answers.times.is_empty(),
            "expected answers beside {clients:?}\n{}\n{RERUN}",
            server.stderr()
        );
        let reloaded = sandbox.control(&["reload"]);
        assert_eq!(
            reloaded.code,
            Some(0),
            "expected a reload beside {clients:?}, found {reloaded:?}\n{RERUN}"
        );
        let stderr = server.stderr();
        assert!(
            !(waits && stderr.contains("more connections than there is room for")),
            "expected none of {CONNECTIONS} {clients:?} to be ended for others\n{stderr}\n{RERUN}"
        );
        drop(crowd);
        runtime.shutdown_background();
        assert_eq!(server.get(support::ID.0).body, support::ID.1, "after {clients:?}\n{RERUN}");
        assert_eq!(server.stop().code, Some(0), "beside {clients:?}\n{RERUN}");
        assert_eq!(cgroup.kills(), 0, "expected no kill for want of memory beside {clients:?}\n{RERUN}");
    }
}
