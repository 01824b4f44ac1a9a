//! The machine that a client runs on: a host with the service on it.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::client_run::ClientRun;
use crate::host::{Guardian, Host, SERVICE};
use crate::http;
use crate::server_process::ServerProcess;
use crate::target::{program, skip, sources};

/// A file of tests/clients.
pub fn given(name: &str) -> PathBuf {
    sources().join("tests/clients").join(name)
}

/// What `scripts/clients` made, as `js/instance.mjs`. `None`, after saying why, if it is not there.
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = sources().join("target/clients").join(name);
    if !path.exists() {
        skip(&format!("{} is missing: run scripts/clients", path.display()));
        return None;
    }
    Some(path)
}

/// A program of this machine. `None`, after saying why, if there is none.
pub fn installed_program(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        skip(&format!("no program '{name}': run scripts/clients"));
    }
    found
}

/// What `http-tokens` may say. Each client runs with both.
pub const TOKENS: [&str; 2] = ["optional", "required"];

/// A host with guardian and service.
pub struct ClientHost {
    server: ServerProcess,
    _guardian: Guardian,
    host: Host,
    tokens: &'static str,
}

/// Where the host answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum At {
    Ipv4,
    Ipv6,
}

impl ClientHost {
    /// With this scenario of tests/clients/scenarios. `None`, after saying why, where there can't be such a host.
    pub fn new(scenario: &str, tokens: &'static str) -> Option<Self> {
        Self::at(At::Ipv4, scenario, tokens)
    }

    /// The same at one of the two addresses; at the other one nothing listens.
    pub fn at(at: At, scenario: &str, tokens: &'static str) -> Option<Self> {
        let host = Host::new()?;
        let scenario = given("scenarios").join(scenario);
        let mut content =
            fs::read_to_string(&scenario).unwrap_or_else(|e| panic!("{}: {e}", scenario.display()));
        // The file ends in the table that this key belongs to.
        writeln!(content, "http-tokens = \"{tokens}\"").expect("a string");
        let file = host.sandbox.write("scenario.toml", content);
        Some(Self::started(host, at, file.as_os_str(), tokens))
    }

    /// With this scenario of the library, as it is shipped. Its clock stands still; [`ClientHost::seek`] moves it.
    pub fn playing(scenario: &str) -> Option<Self> {
        let started = Self::started(Host::new()?, At::Ipv4, scenario.as_ref(), "optional");
        started.host.run(&started.order("clock", "pause"));
        Some(started)
    }

    /// The command that moves the service's clock to a time of the scenario, which is to be added; without quotes in it.
    pub fn seek(&self) -> String {
        self.order("clock", "seek")
    }

    fn order(&self, command: &str, word: &str) -> String {
        let control = self.host.sandbox.path("c.sock");
        format!("{} {command} {word} --control {}", program().display(), control.display())
    }

    fn started(host: Host, at: At, scenario: &OsStr, tokens: &'static str) -> Self {
        host.configure(if at == At::Ipv6 { "[host]\nipv6 = true\n" } else { "" });
        let guardian = host.hold();
        fs::create_dir(host.sandbox.path("home")).expect("the test's directory is writable");
        let listen = if at == At::Ipv6 { "[fd00:ec2::254]:1690" } else { SERVICE };
        let own = ["serve", "--log-level", "debug", "--listen", listen];
        let mut command = host.sandbox.command(&own);
        command.arg("--scenario").arg(scenario).arg("--state").arg(host.sandbox.path("state"));
        command.arg("--control").arg(host.sandbox.path("c.sock"));
        let server = ServerProcess::start(command, &host.directory);
        Self { server, _guardian: guardian, host, tokens }
    }

    /// Whether requests need a token.
    pub fn needs_token(&self) -> bool {
        self.tokens == "required"
    }

    /// Runs a shell line on the host.
    pub fn prepare(&self, line: &str) {
        self.host.run(line);
    }

    /// What the service answers to a raw request with a token: 200 and this body.
    #[track_caller]
    pub fn served(&self, path: &str) -> String {
        let token = self.server.token();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
        let response = http::exchange(self.server.address, request);
        assert_eq!(response.status, 200, "{path}: {}", response.raw);
        response.body
    }

    /// The same, which is JSON.
    #[track_caller]
    pub fn served_json(&self, path: &str) -> Value {
        let body = self.served(path);
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path} is no JSON ({error}): {body}"))
    }

    /// Runs a client to its end, in an environment that has nothing but a path and an empty home.
    pub fn run<S: AsRef<OsStr>>(&self, words: &[S]) -> ClientRun {
        self.run_with(words, |_| {})
    }

    /// The same; `adjust` changes the command before it starts.
    pub fn run_with<S: AsRef<OsStr>>(&self, words: &[S], adjust: impl FnOnce(&mut Command)) -> ClientRun {
        let home = self.host.sandbox.path("home");
        let mut command = self.host.sandbox.prepared(Path::new("timeout"), &["-k", "1", "60"]);
        command.args(words).env("HOME", &home).current_dir(&home);
        adjust(&mut command);
        let output = command.output().expect("timeout(1) starts");
        let words: Vec<_> = words.iter().map(|word| word.as_ref().to_string_lossy()).collect();
        ClientRun::new(words.join(" "), self.tokens, output)
    }

    /// Runs a client and judges the run by the credentials that the service has. They change on the hour: a run into
    /// which that fell counts for nothing.
    pub fn with_keys(&self, run: impl Fn() -> ClientRun, judge: impl Fn(&ClientRun, &Keys)) {
        loop {
            let keys = self.keys();
            let run = run();
            if self.keys().id == keys.id {
                return judge(&run, &keys);
            }
        }
    }

    fn keys(&self) -> Keys {
        let role = "build-role";
        assert_eq!(self.served("/latest/meta-data/iam/security-credentials/"), role);
        let served = self.served_json(&format!("/latest/meta-data/iam/security-credentials/{role}"));
        let text = |key: &str| served[key].as_str().unwrap_or_else(|| panic!("{key} in {served}")).to_owned();
        Keys {
            id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
            token: text("Token"),
            expiration: text("Expiration"),
        }
    }
}

/// Credentials as the service has them.
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: String,
    /// As `2030-01-01T00:00:00Z`.
    pub expiration: String,
}
