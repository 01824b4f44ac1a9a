//! Servers of several users with one runtime directory: nobody takes the control socket of a server that runs.

use std::fs::{self, File, Permissions};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use serde_json::Value;
use support::{NOBODY, Sandbox, ServerProcess, is_root, skip};

const SOMEBODY: u32 = NOBODY - 1;

struct Shared {
    sandbox: Sandbox,
    /// By its descriptor: the path may lead through a home directory that is closed to others.
    program: File,
}

impl Shared {
    fn new() -> Self {
        let (sandbox, program) =
            (Sandbox::new(), File::open(support::program()).expect("cargo has built it"));
        fs::create_dir_all(sandbox.path("run/mock-imds")).expect("writable");
        fs::set_permissions(sandbox.path("run/mock-imds"), Permissions::from_mode(0o777)).expect("ours");
        Self { sandbox, program }
    }

    fn socket(&self) -> PathBuf {
        self.sandbox.path("run/mock-imds/control.sock")
    }

    /// A server at the usual paths of a user.
    fn serve(&self, user: u32) -> ServerProcess {
        let home = self.sandbox.path(&format!("home-{user}"));
        let _ = fs::create_dir(&home);
        chown(&home, Some(user), Some(user)).expect("root may");
        let program = format!("/proc/self/fd/{}", self.program.as_raw_fd());
        let mut command = self.sandbox.prepared(Path::new(&program), &["serve", "--listen", "127.0.0.1:0"]);
        command.env("HOME", home).env("XDG_RUNTIME_DIR", self.sandbox.path("run")).uid(user).gid(user);
        ServerProcess::start(command, self.sandbox.directory())
    }

    /// Root asks who listens at a socket.
    fn listener(&self, socket: &Path) -> u64 {
        let found = self.sandbox.run(&["status", "--json", "--control", socket.to_str().expect("UTF-8")]);
        let status: Value =
            serde_json::from_str(&found.stdout).unwrap_or_else(|error| panic!("{error}: {found}"));
        status["pid"].as_u64().unwrap_or_else(|| panic!("expected a process id, found {status}"))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.sandbox.path("run/mock-imds")).expect("it is there").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn pid(server: &ServerProcess) -> u64 {
    u64::try_from(server.pid().as_raw()).expect("process ids are positive")
}

#[test]
fn the_socket_of_another_users_server_is_left_alone() {
    if !is_root() {
        skip("several users need root: sudo scripts/test unit");
        return;
    }
    let shared = Shared::new();
    let first = shared.serve(NOBODY);
    let names = ["control.sock", "control.sock.lock", "control.sock.owner"];
    assert_eq!(
        (shared.listener(&shared.socket()), shared.names()),
        (pid(&first), names.map(str::to_owned).to_vec())
    );

    // Another user has it at the next place; root, who could have it, is told.
    let second = shared.serve(SOMEBODY);
    assert_eq!(
        (shared.listener(&shared.socket()), shared.names()),
        (pid(&first), names.map(str::to_owned).to_vec())
    );
    let own = shared.sandbox.path(&format!("home-{SOMEBODY}/.local/state/mock-imds/control.sock"));
    assert_eq!(shared.listener(&own), pid(&second));
    let mut root = shared.sandbox.command(&["serve", "--listen", "127.0.0.1:0"]);
    root.env("XDG_RUNTIME_DIR", shared.sandbox.path("run"));
    support::finish(&mut root).ended(69, &["belongs to process", "end that server"]);
    assert_eq!(
        (shared.listener(&shared.socket()), shared.names()),
        (pid(&first), names.map(str::to_owned).to_vec())
    );

    // Named on the command line, it is refused.
    let socket = shared.socket();
    let program = format!("/proc/self/fd/{}", shared.program.as_raw_fd());
    let words = ["serve", "--listen", "127.0.0.1:0", "--control", socket.to_str().expect("UTF-8")];
    let mut by_name = shared.sandbox.prepared(Path::new(&program), &words);
    by_name.env("HOME", shared.sandbox.path(&format!("home-{SOMEBODY}"))).uid(SOMEBODY).gid(SOMEBODY);
    support::finish(&mut by_name)
        .ended(77, &["control.sock", "permission denied", "choose another path with --control"]);

    // What its owner left, its owner replaces.
    first.signal(Signal::SIGKILL);
    first.wait();
    let again = shared.serve(NOBODY);
    assert_eq!(shared.listener(&shared.socket()), pid(&again));
    assert_eq!(fs::metadata(&socket).expect("it is there").uid(), NOBODY);
}

#[test]
fn a_lock_that_another_user_left_makes_room() {
    if !is_root() {
        skip("several users need root: sudo scripts/test unit");
        return;
    }
    let shared = Shared::new();
    let lock = shared.sandbox.write("run/mock-imds/control.sock.lock", "1\n");
    fs::set_permissions(&lock, Permissions::from_mode(0o600)).expect("ours");
    let server = shared.serve(NOBODY);
    assert_eq!(shared.listener(&shared.socket()), pid(&server));
    let names = ["control.sock", "control.sock.lock", "control.sock.lock.damaged", "control.sock.owner"];
    assert_eq!(shared.names(), names);
    server.says("control.sock.lock.damaged now");
}
