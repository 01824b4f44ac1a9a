//! What a host shows, its containers and neighbours, servers and clients in it.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub use crate::support::host::{BINARY, Done, Guardian, Host, PATIENCE, SERVICE, skip};

pub const METADATA: &str = "169.254.169.254:80";

/// What healing may take, as promised.
pub const HEALED: Duration = Duration::from_secs(1);

// === Host ===

impl Host {
    /// Loads a ruleset.
    pub fn nft(&self, rules: &str) {
        let file = self.write("rules.nft", rules);
        self.run(&format!("nft -f {}", file.display()));
    }

    /// Runs `mock-imds net up` or the like.
    pub fn net(&self, command: &str) -> Done {
        let arguments = match command.split(' ').next() {
            Some("up" | "hold") => self.arguments(),
            _ => format!("--runtime {}", self.runtime().display()),
        };
        self.attempt(&format!("{BINARY} net {command} {arguments}"))
    }

    /// The rules of our tables as nft prints them, without handles, counters and owner.
    pub fn our_rules(&self) -> String {
        let listed = self.run("nft -sy list table inet mock-imds; nft -sy list table arp mock-imds");
        let kept = listed.lines().filter(|line| line.trim() != "flags owner");
        let mut text = String::new();
        for line in kept {
            let line = line.split(" # progname").next().unwrap_or(line);
            // nft sets the flags apart by an empty line.
            if !(line.is_empty() && text.ends_with("{\n")) {
                writeln!(text, "{line}").expect("a string");
            }
        }
        text
    }

    /// The tables that there are.
    pub fn tables(&self) -> String {
        self.run("nft list tables")
    }

    /// How often our address is on `lo` as /32.
    pub fn addresses(&self) -> usize {
        self.run("ip -4 addr show dev lo").matches("inet 169.254.169.254/32 ").count()
    }

    pub fn status(&self) -> serde_json::Value {
        let text = fs::read_to_string(self.runtime().join("status.json")).expect("status.json");
        serde_json::from_str(&text).expect("status.json is JSON")
    }
}

// === Peer: a container or a neighbour ===

/// Another network namespace, kept by a sleeping process.
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
        host.eventually("the peer's namespace", PATIENCE, || {
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
        assert_eq!(done.code, 0, "`{line}` failed in the peer: {done:?}");
        done.stdout
    }

    pub fn attempt(&self, host: &Host, line: &str) -> Done {
        let script = host.write("peer.sh", line);
        host.attempt(&format!("nsenter --net --target {} sh {}", self.keeper.id(), script.display()))
    }

    /// What the service answers this peer; `None` when nothing does in time.
    pub fn asks(&self, host: &Host, url: &str) -> Option<String> {
        let done = self.attempt(host, &format!("curl -gsS --noproxy '*' --max-time 1 {url}"));
        (done.code == 0).then_some(done.stdout)
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

// === Server: ours ===

/// A running `mock-imds serve`. Killed when the test ends.
pub struct Server(Child);

impl Server {
    /// Starts it and waits until it answers.
    pub fn start(host: &Host, address: &str) -> Self {
        Self::with(host, address, "--control control.sock")
    }

    /// With these arguments; files are in the host's directory.
    pub fn with(host: &Host, address: &str, more: &str) -> Self {
        let log = fs::File::create(host.directory.join("server.log")).expect("a log");
        let mut command = Command::new(BINARY);
        command.args(["serve", "--listen", address, "--state", "state"]).args(more.split(' '));
        // Nothing of the user who runs the tests.
        command.current_dir(&host.directory).env("XDG_CONFIG_HOME", &host.directory);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let server = Self(child.expect("mock-imds serve starts"));
        host.eventually("the server answers", PATIENCE, || ask(address).is_ok());
        server
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// === servers and clients in the host ===

/// A server that answers every connection with its name and the address that it sees.
pub fn serve(name: &'static str, address: &str) {
    let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("{name} binds {address}: {e}"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let Ok(peer) = stream.peer_addr() else { continue };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head);
            let body = format!("{name} sees {}", peer.ip());
            let length = body.len();
            let _ = write!(stream, "HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        }
    });
}

/// What answers at this address, from the host itself.
pub fn ask(address: &str) -> std::io::Result<String> {
    let address: SocketAddr = address.to_socket_addrs()?.next().expect("an address");
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned())
}

/// The permission bits of a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).expect("a file").permissions().mode() & 0o7777
}
