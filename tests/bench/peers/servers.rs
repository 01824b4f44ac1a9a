//! The servers that are compared.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::epoll;
use crate::rows::{Row, Setup};

/// Longer than any start.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Servers {
    ours: Vec<(Setup, SocketAddr, Child)>,
    nginx: Child,
    /// Where nginx keeps connections, and where it closes them.
    nginx_at: [SocketAddr; 2],
    pub(crate) epoll: SocketAddr,
    directory: PathBuf,
}

impl Servers {
    pub(crate) fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("mock-imds-bench-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("the temporary directory is writable");
        let ours = Setup::ALL.map(|setup| {
            let address = free_address();
            (setup, address, ours(&directory, setup, address))
        });
        let nginx_at = [free_address(), free_address()];
        let nginx = nginx(&directory, nginx_at);
        let servers = Self { ours: ours.into(), nginx, nginx_at, epoll: epoll::start(), directory };
        let addresses = servers.ours.iter().map(|(_, address, _)| *address).chain(nginx_at);
        for address in addresses {
            wait_for(address);
        }
        servers
    }

    pub(crate) fn ours(&self, row: &Row) -> SocketAddr {
        self.server(row.setup).1
    }

    pub(crate) fn our_process(&self, row: &Row) -> u32 {
        self.server(row.setup).2.id()
    }

    pub(crate) fn nginx_process(&self) -> u32 {
        self.nginx.id()
    }

    pub(crate) fn nginx(&self, row: &Row) -> SocketAddr {
        self.nginx_at[usize::from(row.closes)]
    }

    /// A token of the server of a row that needs one.
    pub(crate) fn token(&self, row: &Row) -> Option<String> {
        let request = "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
                       X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n";
        row.with_token.then(|| {
            let mut stream = TcpStream::connect(self.ours(row)).expect("the server listens");
            stream.write_all(request.as_bytes()).expect("the server reads");
            let mut reply = String::new();
            stream.read_to_string(&mut reply).expect("the server closes");
            reply.rsplit("\r\n").next().expect("a split has a part").to_owned()
        })
    }

    /// The resident memory of the server that most rows ask.
    pub(crate) fn memory(&self) -> String {
        let status = format!("/proc/{}/status", self.server(Setup::KeepAlive).2.id());
        let status = fs::read_to_string(status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.unwrap_or("unknown").trim().to_owned()
    }

    fn server(&self, setup: Setup) -> &(Setup, SocketAddr, Child) {
        self.ours.iter().find(|(other, ..)| *other == setup).expect("each is started")
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // Not SIGKILL: nginx ends its workers itself.
        for child in self.ours.iter_mut().map(|(.., child)| child).chain([&mut self.nginx]) {
            let pid = i32::try_from(child.id()).expect("process ids are positive");
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn ours(directory: &Path, setup: Setup, address: SocketAddr) -> Child {
    let scenario = directory.join(format!("{setup:?}.toml"));
    fs::write(&scenario, setup.scenario()).expect("the directory is writable");
    let place = |name: &str| directory.join(format!("{setup:?}.{name}"));
    Command::new(env!("CARGO_BIN_EXE_mock-imds"))
        .args(["serve", "--listen", &address.to_string(), "--scenario"])
        .arg(&scenario)
        .arg("--state")
        .arg(place("state"))
        .arg("--control")
        .arg(place("sock"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built")
}

/// nginx in the foreground, with two workers and nothing that it need not do.
fn nginx(directory: &Path, [kept, closed]: [SocketAddr; 2]) -> Child {
    let configuration = format!(
        "worker_processes 2;\nworker_rlimit_nofile 20000;\ndaemon off;\npid {0}/nginx.pid;\nerror_log stderr crit;\n\
         events {{ worker_connections 10000; }}\n\
         http {{\n  access_log off;\n  default_type text/plain;\n  keepalive_requests 1000000000;\n  \
         client_body_temp_path {0}/body;\n  proxy_temp_path {0}/proxy;\n  fastcgi_temp_path {0}/fastcgi;\n  \
         uwsgi_temp_path {0}/uwsgi;\n  scgi_temp_path {0}/scgi;\n  \
         server {{ listen {kept} reuseport; location / {{ return 200 'i-1234567890abcdef0'; }} }}\n  \
         server {{ listen {closed} reuseport; keepalive_timeout 0; location / {{ return 200 'i-1234567890abcdef0'; }} }}\n}}\n",
        directory.display()
    );
    let file = directory.join("nginx.conf");
    fs::write(&file, configuration).expect("the directory is writable");
    Command::new("nginx")
        .arg("-c")
        .arg(&file)
        .env("PATH", format!("/usr/sbin:{}", std::env::var("PATH").unwrap_or_default()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run nginx: {error}; install it, or run scripts/bench"))
}

/// An address that nothing listens on.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("an ephemeral port");
    listener.local_addr().expect("it is bound")
}

fn wait_for(address: SocketAddr) {
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(start.elapsed() < PATIENCE, "nothing listens at {address} after {PATIENCE:?}");
        std::thread::yield_now();
    }
}
