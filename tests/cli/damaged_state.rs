//! Whatever the service's directories hold, it comes up, keeps what is whole, and removes nothing.

use std::fs::{self, File, FileType};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{NOBODY, Sandbox, ServerProcess, eventually, finish, is_root};

use crate::damages::{CONTENTS, Damage, KINDS, PERMISSIONS, remove};

const ID: &str = "/latest/meta-data/instance-id";
const SIGNED: &str = "/latest/dynamic/instance-identity/rsa2048";
const KEYS: [&str; 6] =
    ["signature.key", "signature.pem", "pkcs7.key", "pkcs7.pem", "rsa2048.key", "rsa2048.pem"];

/// By its descriptor: the path may lead through a home directory that is closed to others.
static PROGRAM: LazyLock<File> =
    LazyLock::new(|| File::open(support::program()).expect("cargo has built it"));

/// The directories of a service that has run once; each case gets a copy.
struct Template {
    sandbox: Sandbox,
    cases: usize,
}

impl Template {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        // With keys that were made once for all tests.
        sandbox.serve(&[]).stop();
        fs::create_dir(sandbox.path("run")).expect("writable");
        let whole = Service { directory: sandbox.path(""), unprivileged: false };
        whole.start(&sandbox).stop();
        // As a server leaves it that was killed.
        sandbox.write("run/control.sock.lock", "7\n");
        Self { sandbox, cases: 0 }
    }

    fn copy(&mut self) -> Service {
        self.cases += 1;
        let directory = self.sandbox.path(&format!("{}", self.cases));
        fs::create_dir(&directory).expect("writable");
        let mut copy = Command::new("cp");
        copy.arg("-a").args([self.sandbox.path("state"), self.sandbox.path("run")]).arg(&directory);
        finish(&mut copy).ended(0, &[]);
        Service { directory, unprivileged: false }
    }

    /// Damages a file of a copy, which then has to come up, twice.
    fn survives(&mut self, file: &str, (name, damage): Damage) {
        let service = self.copy();
        let path = service.directory.join(file);
        damage(&path);
        let (before, case) = (Content::of(&path), format!("{file}: {name}"));
        let said = service.works(&self.sandbox, &case);
        let aside = [
            path.clone(),
            path.with_file_name(format!("{}.damaged", path.file_name().unwrap_or_default().display())),
        ];
        let kept = aside.iter().any(|path| Content::of(path) == before);
        assert!(kept || before == Content::Nothing, "{case}: expected {before:?} to be in {aside:?}\n{said}");
        let again = service.works(&self.sandbox, &format!("{case}, the next start"));
        assert!(!again.contains("WARN"), "{case}: expected no warning at the next start, found {again}");
        fs::remove_dir_all(&service.directory).expect("ours");
    }
}

/// A service as systemd starts it, with a state directory and a runtime directory.
struct Service {
    directory: PathBuf,
    unprivileged: bool,
}

impl Service {
    fn command(&self, sandbox: &Sandbox) -> Command {
        let path = format!("/proc/self/fd/{}", PROGRAM.as_raw_fd());
        let program = if self.unprivileged { Path::new(&path) } else { support::program() };
        self.prepared(sandbox, program, &["serve", "--listen", "127.0.0.1:0"])
    }

    fn prepared(&self, sandbox: &Sandbox, program: &Path, arguments: &[&str]) -> Command {
        let mut command = sandbox.prepared(program, arguments);
        command.env("STATE_DIRECTORY", self.directory.join("state"));
        command.env("RUNTIME_DIRECTORY", self.directory.join("run"));
        if self.unprivileged {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn start(&self, sandbox: &Sandbox) -> ServerProcess {
        ServerProcess::start(self.command(sandbox), &self.directory)
    }

    /// Starts, answers, and stops; gives what it said.
    fn works(&self, sandbox: &Sandbox, case: &str) -> String {
        let server = self.start(sandbox);
        let token = format!("X-aws-ec2-metadata-token: {}\r\n", server.token());
        let get = |path: &str| {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}\r\n");
            support::exchange(server.address, request).status
        };
        assert_eq!((get(ID), get(SIGNED)), (200, 200), "{case}: {}", server.stderr());
        let control = self.directory.join("run/control.sock");
        let status = sandbox.run(&["status", "--control", control.to_str().expect("UTF-8")]);
        assert_eq!(status.code, Some(0), "{case}: {status:#?}");
        let ended = server.stop();
        assert_eq!(ended.code, Some(0), "{case}: {ended:#?}");
        ended.stderr
    }
}

/// What is at a path.
#[derive(Debug, PartialEq)]
enum Content {
    Nothing,
    Bytes(usize, Vec<u8>),
    Other(FileType),
}

impl Content {
    fn of(path: &Path) -> Self {
        match path.symlink_metadata().map(|found| found.file_type()) {
            Err(_) => Self::Nothing,
            Ok(kind) if kind.is_file() => {
                let mut bytes = fs::read(path).expect("ours");
                let length = bytes.len();
                bytes.truncate(4096);
                Self::Bytes(length, bytes)
            }
            Ok(kind) => Self::Other(kind),
        }
    }
}

fn all() -> impl Iterator<Item = Damage> {
    CONTENTS.into_iter().chain(KINDS).chain(PERMISSIONS)
}

#[test]
fn a_damaged_token_key_or_saved_state() {
    let mut template = Template::new();
    for damage in all() {
        template.survives("state/token.key", damage);
    }
    for damage in all() {
        template.survives("run/state.json", damage);
    }
}

#[test]
fn a_damaged_identity_key_or_certificate() {
    let mut template = Template::new();
    for (number, damage) in all().enumerate() {
        // Each kind for a key and for a certificate; src/identity has the table of what becomes of each.
        for file in [KEYS[number * 2 % 6], KEYS[(number * 2 + 3) % 6]] {
            template.survives(&format!("state/identity/{file}"), damage);
        }
    }
}

#[test]
fn damaged_directories_locks_and_sockets() {
    let mut template = Template::new();
    for file in ["state/identity", "state/identity/.lock", "run/control.sock", "run/control.sock.lock"] {
        // A socket that nobody listens on is what a server leaves that is killed.
        for damage in KINDS.into_iter().filter(|(name, _)| file != "run/control.sock" || *name != "socket") {
            template.survives(file, damage);
        }
    }
    for damage in PERMISSIONS {
        template.survives("state/identity", damage);
    }
    template.survives("state/identity/.lock", PERMISSIONS[2]);
    template.survives("run/control.sock.lock", PERMISSIONS[2]);
    template.survives(
        "state",
        ("without anything", |path| {
            remove(path);
            fs::create_dir(path).expect("writable");
        }),
    );
}

/// As the packaged service meets what root left: it owns its directories, and may not read root's files.
#[test]
fn files_of_root_for_a_service_without_privileges() {
    if !is_root() {
        return;
    }
    let mut template = Template::new();
    for (file, mode) in [
        ("state/token.key", 0o600),
        ("state/identity", 0o700),
        ("state/identity/.lock", 0o600),
        ("state/identity/rsa2048.key", 0o600),
        ("state/identity/pkcs7.pem", 0o600),
        ("run/state.json", 0o600),
        ("run/control.sock.lock", 0o600),
    ] {
        let mut service = template.copy();
        service.unprivileged = true;
        if file.ends_with("identity/.lock") {
            // So that the lock is needed.
            remove(&service.directory.join("state/identity/rsa2048.key"));
        }
        let owner = format!("chown -R {NOBODY}:{NOBODY} . && chown 0:0 {file} && chmod {mode:o} {file}");
        let mut change = service.prepared(&template.sandbox, Path::new("sh"), &["-c", &owner]);
        finish(change.uid(0).gid(0).current_dir(&service.directory)).ended(0, &[]);
        let said = service.works(&template.sandbox, file);
        assert!(said.contains("WARN"), "{file}: {said}");
        let aside = service.directory.join(format!("{file}.damaged"));
        assert!(aside.exists(), "{file}: expected {}, found {said}", aside.display());
        let again = service.works(&template.sandbox, file);
        assert!(!again.contains("WARN"), "{file}: {again}");
    }
}

/// What is whole is used where nothing can be written, and what is missing is made in memory.
#[test]
fn a_file_system_without_space_or_without_writing() {
    if !is_root() {
        return;
    }
    let mut template = Template::new();
    for (options, damaged) in [
        ("size=4k,nr_inodes=2", None),
        ("size=4k", None),
        ("ro", None),
        ("keep,ro", None),
        ("keep,ro", Some("token.key")),
        ("keep,ro", Some("identity/rsa2048.key")),
        ("keep,ro", Some("identity/pkcs7.pem")),
    ] {
        let service = template.copy();
        if let Some(file) = damaged {
            fs::write(service.directory.join("state").join(file), "").expect("ours");
        }
        let state = service.directory.join("state");
        let mount = match options.strip_prefix("keep,") {
            Some(options) => format!("mount --bind \"$0\" \"$0\" && mount -o remount,bind,{options} \"$0\""),
            None => format!("mount -t tmpfs -o {options} none \"$0\""),
        };
        let script = format!("{mount} && exec \"$@\"");
        let program = support::program().to_str().expect("UTF-8");
        let words = ["-m", "sh", "-c", &script, state.to_str().expect("UTF-8"), program];
        let words = [&words[..], &["serve", "--listen", "127.0.0.1:0"]].concat();
        let server = ServerProcess::start(
            service.prepared(&template.sandbox, Path::new("unshare"), &words),
            &service.directory,
        );
        let case = format!("{options} {damaged:?}");
        assert_eq!(server.get(SIGNED).status, 200, "{case}: {}", server.stderr());
        assert_eq!(server.token().len(), 56, "{case}");
        if options != "keep,ro" || damaged.is_some() {
            server.says("will not survive a restart");
        }
        let certificate = || fs::read_to_string(state.join("identity/rsa2048.pem")).expect("there");
        if options == "keep,ro" && damaged != Some("identity/rsa2048.key") {
            let signed = server.get(SIGNED).body;
            assert!(is_signed_by(&template.sandbox, &signed, &certificate()), "{case}: {}", server.stderr());
        }
        assert_eq!(server.stop().code, Some(0), "{case}");
    }
}

/// Whether openssl verifies a `SignedData` with this certificate.
fn is_signed_by(sandbox: &Sandbox, signed: &str, certificate: &str) -> bool {
    sandbox.write("signed", format!("-----BEGIN PKCS7-----\n{signed}\n-----END PKCS7-----\n"));
    sandbox.write("certificate", certificate);
    let words =
        ["smime", "-verify", "-in", "signed", "-inform", "PEM", "-certfile", "certificate", "-noverify"];
    let found = finish(&mut sandbox.prepared(Path::new("openssl"), &words));
    found.succeeded()
}

/// A pair of the user's own is never replaced; that it cannot be used is said instead.
#[test]
fn a_pair_of_the_users_own_is_refused() {
    let mut template = Template::new();
    let service = template.copy();
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa2048.key -out rsa2048.pem -subj /CN=mine -days 3";
    let mut make = service.prepared(&template.sandbox, Path::new("sh"), &["-c", script]);
    make.current_dir(service.directory.join("state/identity"));
    finish(&mut make).ended(0, &[]);
    service.works(&template.sandbox, "a whole pair of the user's own");
    let key = service.directory.join("state/identity/rsa2048.key");
    for (_, damage) in CONTENTS.into_iter().filter(|(name, _)| *name != "tripled").chain(KINDS) {
        let whole = fs::read(&key).expect("it is whole");
        damage(&key);
        finish(&mut service.command(&template.sandbox))
            .ended(78, &["rsa2048.key ", "or remove both files and a new pair is made at the next start"]);
        remove(&key);
        fs::write(&key, whole).expect("ours");
    }
}

#[test]
fn a_start_that_waits_ends_at_a_signal() {
    let mut template = Template::new();
    let service = template.copy();
    let identity = service.directory.join("state/identity");
    for file in KEYS {
        fs::remove_file(identity.join(file)).expect("there");
    }
    // As another server that makes its keys, and is stopped.
    let lock =
        File::options().read(true).write(true).create(true).truncate(false).open(identity.join(".lock"));
    let _lock = Flock::lock(lock.expect("ours"), FlockArg::LockExclusive).expect("nobody has it");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut child = service.command(&template.sandbox).stdout(Stdio::null()).spawn().expect("it starts");
        let descriptors = format!("/proc/{}/fd", child.id());
        eventually("a server that waits for the lock", || {
            let entries = fs::read_dir(&descriptors).ok()?.flatten();
            let mut targets = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
            targets.any(|target| target == identity.join(".lock")).then_some(())
        });
        kill(Pid::from_raw(child.id().cast_signed()), signal).expect("it is there");
        let status = eventually("the end of the start", || child.try_wait().expect("ours"));
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}
