//! Server and guardian as systemd keeps them: the socket outlives the server, and what is killed is started again.

use std::fs;
use std::net::TcpListener;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::sys::signal::Signal;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, listen, setsockopt, socket, sockopt,
};
use support::ServerProcess;
use support::host::{Guardian, Host};

/// The C library's clock, moved by what a file says.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

pub struct Processes<'h> {
    host: &'h Host,
    program: PathBuf,
    socket: OwnedFd,
    faketime: Option<PathBuf>,
    server: Option<ServerProcess>,
    guardian: Option<Guardian>,
    pub server_starts: u32,
    pub guardian_starts: u32,
}

impl<'h> Processes<'h> {
    pub fn start(host: &'h Host, program: &Path) -> Self {
        let mut processes = Self {
            host,
            program: program.to_owned(),
            socket: held_socket(),
            faketime: faketime(),
            server: None,
            guardian: None,
            server_starts: 0,
            guardian_starts: 0,
        };
        processes.move_wall_clock("+0");
        processes.start_guardian();
        processes.start_server();
        processes
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn can_move_wall_clock(&self) -> bool {
        self.faketime.is_some()
    }

    /// Moves the server's wall clock, and no other clock: `+86400` is a day ahead of this machine's.
    pub fn move_wall_clock(&self, offset: &str) {
        // In one piece: the server may read it now.
        let new = self.host.write("wall-clock.new", offset);
        fs::rename(new, self.host.directory.join("wall-clock")).expect("a file in the same directory");
    }

    fn start_server(&mut self) {
        let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec env \"$@\"";
        let mut arguments = vec!["-c".to_owned(), script.to_owned(), "sh".to_owned()];
        if let Some(library) = &self.faketime {
            let clock = self.host.directory.join("wall-clock");
            arguments.extend([
                format!("LD_PRELOAD={}", library.display()),
                format!("FAKETIME_TIMESTAMP_FILE={}", clock.display()),
                "FAKETIME_CACHE_DURATION=1".to_owned(),
                "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            ]);
        }
        arguments.push(self.program.display().to_string());
        let words = "serve --scenario scenario.toml --state state --control control.sock";
        arguments.extend(words.split(' ').map(str::to_owned));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = self.host.sandbox.prepared(Path::new("/bin/sh"), &arguments);
        command.stdin(Stdio::from(self.socket.try_clone().expect("descriptors are left")));
        self.server = Some(ServerProcess::start(command, &self.host.directory));
        self.server_starts += 1;
    }

    fn start_guardian(&mut self) {
        self.guardian = Some(self.host.hold_by(&self.program, ""));
        self.guardian_starts += 1;
    }

    pub fn server(&self) -> &ServerProcess {
        self.server.as_ref().expect("it is started again at once")
    }

    pub fn guardian(&mut self) -> &mut Guardian {
        self.guardian.as_mut().expect("it is started again at once")
    }

    /// Ends the server by a signal, and starts it again.
    pub fn restart_server(&mut self, signal: Signal) -> Option<i32> {
        let server = self.server.take().expect("it is started again at once");
        server.signal(signal);
        let code = server.wait().code;
        self.start_server();
        code
    }

    /// Ends the guardian by a signal, takes down what it left, as its unit does, and starts it again.
    pub fn restart_guardian(&mut self, signal: Signal) -> Option<i32> {
        let code = self.guardian().end(signal);
        self.take_down();
        self.start_guardian();
        code
    }

    fn take_down(&self) {
        let runtime = self.host.runtime();
        let done = self.host.attempt(&format!(
            "{} net down --runtime {}",
            self.program.display(),
            runtime.display()
        ));
        assert!(done.succeeded(), "net down: {done}");
    }

    /// Ends both for good; the exit codes of server and guardian.
    pub fn stop(mut self) -> [Option<i32>; 2] {
        let server = self.server.take().expect("it is started again at once").stop().code;
        let guardian = self.guardian().end(Signal::SIGTERM);
        self.take_down();
        [server, guardian]
    }
}

/// The listening socket, on an address that may come later.
fn held_socket() -> OwnedFd {
    let fd = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
    setsockopt(&fd, sockopt::IpFreebind, &true).expect("a free bind");
    setsockopt(&fd, sockopt::ReuseAddr, &true).expect("a socket option");
    bind(fd.as_raw_fd(), &SockaddrIn::new(169, 254, 169, 254, 1690)).expect("nobody has the port here");
    listen(&fd, Backlog::new(1024).expect("a short queue")).expect("a bound socket");
    TcpListener::from(fd).into()
}

fn faketime() -> Option<PathBuf> {
    let directories = fs::read_dir("/usr/lib").ok()?.flatten();
    directories.map(|directory| directory.path().join(FAKETIME)).find(|library| library.exists())
}
