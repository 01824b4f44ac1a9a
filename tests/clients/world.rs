//! The machine that a client runs on: a host with the service on it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::host::{Guardian, Host, SERVICE, skip};
use crate::support::{Serving, http};

/// A file of tests/clients.
pub fn given(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// What `scripts/clients` made, as `js/instance.mjs`. `None`, after saying why, if it is not there.
pub fn installed(test: &str, name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients").join(name);
    if !path.exists() {
        skip(test, &format!("{} is missing: run scripts/clients", path.display()));
        return None;
    }
    Some(path)
}

/// A program of this machine. `None`, after saying why, if there is none.
pub fn program(test: &str, name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        skip(test, &format!("no program '{name}': run scripts/clients"));
    }
    found
}

/// What `http-tokens` may say. Each client runs with both.
pub const TOKENS: [&str; 2] = ["optional", "required"];

/// A host with guardian and service.
pub struct World {
    server: Serving,
    _guardian: Guardian,
    host: Host,
    tokens: &'static str,
}

/// Where the world answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum At {
    Ipv4,
    Ipv6,
}

impl World {
    /// With this scenario of tests/clients/scenarios. `None`, after saying why, where there can't be such a host.
    pub fn new(test: &'static str, scenario: &str, tokens: &'static str) -> Option<Self> {
        Self::at(At::Ipv4, test, scenario, tokens)
    }

    /// The same at one of the two addresses; at the other one nothing listens.
    pub fn at(at: At, test: &'static str, scenario: &str, tokens: &'static str) -> Option<Self> {
        let host = Host::new(test)?;
        host.configure(if at == At::Ipv6 { "[host]\nipv6 = true\n" } else { "" });
        let guardian = host.hold();
        let scenario = given("scenarios").join(scenario);
        let mut content =
            fs::read_to_string(&scenario).unwrap_or_else(|e| panic!("{}: {e}", scenario.display()));
        // The file ends in the table that this key belongs to.
        writeln!(content, "http-tokens = \"{tokens}\"").expect("a string");
        let file = host.bench.write("scenario.toml", content);
        fs::create_dir(host.bench.path("home")).expect("the test's directory is writable");
        let listen = if at == At::Ipv6 { "[fd00:ec2::254]:1690" } else { SERVICE };
        let own = ["serve", "--log-level", "debug", "--listen", listen];
        let mut command = host.bench.command(&own);
        command.arg("--scenario").arg(file).arg("--state").arg(host.bench.path("state"));
        command.arg("--control").arg(host.bench.path("c.sock"));
        let server = Serving::start(command, &host.directory);
        Some(Self { server, _guardian: guardian, host, tokens })
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
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
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
    pub fn run<S: AsRef<OsStr>>(&self, words: &[S]) -> Run {
        self.run_with(words, |_| {})
    }

    /// The same, with a last word on the command.
    pub fn run_with<S: AsRef<OsStr>>(&self, words: &[S], adjust: impl FnOnce(&mut Command)) -> Run {
        let home = self.host.bench.path("home");
        let mut command = self.host.bench.prepared(Path::new("timeout"), &["-k", "1", "60"]);
        command.args(words).env("HOME", &home).current_dir(&home);
        adjust(&mut command);
        let output = command.output().expect("timeout(1) starts");
        let words: Vec<_> = words.iter().map(|word| word.as_ref().to_string_lossy()).collect();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            line: words.join(" "),
            tokens: self.tokens,
            code: output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0)),
            stdout: output.stdout,
            stderr: text(&output.stderr),
        }
    }

    /// Runs a client and judges the run by the credentials that the service has. They change on the hour: a run into
    /// which that fell counts for nothing.
    pub fn with_keys(&self, run: impl Fn() -> Run, judge: impl Fn(&Run, &Keys)) {
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

/// What a client did.
pub struct Run {
    line: String,
    tokens: &'static str,
    code: i32,
    stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// Its output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its output as JSON, if it ended well.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.ended(0);
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| self.differs(&"a JSON value", &error))
    }

    /// Checks its exit code.
    #[track_caller]
    pub fn ended(&self, code: i32) -> &Self {
        if self.code != code {
            self.differs(&format!("exit code {code}"), &format!("exit code {}", self.code));
        }
        self
    }

    /// Checks its output to the byte.
    #[track_caller]
    pub fn says(&self, expected: impl AsRef<[u8]>) {
        self.ended(0);
        let expected = expected.as_ref();
        if self.stdout != expected {
            self.differs(&expected.escape_ascii(), &self.stdout.escape_ascii());
        }
    }

    /// Checks its output, a JSON object, key by key.
    #[track_caller]
    pub fn prints(&self, expected: &Value) {
        self.same(&self.json(), expected);
    }

    /// Compares two JSON values and names the places where they differ.
    #[track_caller]
    pub fn same(&self, found: &Value, expected: &Value) {
        let mut wrong = vec![];
        differences("", found, expected, &mut wrong);
        if !wrong.is_empty() {
            let (expected, found): (Vec<_>, Vec<_>) = wrong.into_iter().unzip();
            self.differs(&expected.join("\n    "), &found.join("\n    "));
        }
    }

    /// Fails the test.
    #[track_caller]
    pub fn differs(&self, expected: &dyn std::fmt::Display, found: &dyn std::fmt::Display) -> ! {
        panic!(
            "`{}` with http-tokens = \"{}\"\n  expected\n    {expected}\n  found\n    {found}\n\
             --- its stdout\n{}\n--- its stderr\n{}",
            self.line,
            self.tokens,
            self.text(),
            self.stderr,
        )
    }
}

/// Where two JSON values differ: place and value of what was expected, and of what was found.
fn differences(place: &str, found: &Value, expected: &Value, wrong: &mut Vec<(String, String)>) {
    let (Value::Object(found), Value::Object(expected)) = (found, expected) else {
        if found != expected {
            wrong.push((format!("{place}: {expected}"), format!("{place}: {found}")));
        }
        return;
    };
    let keys: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    for key in keys {
        let place = format!("{place}.{key}");
        match (found.get(key), expected.get(key)) {
            (Some(found), Some(expected)) => differences(&place, found, expected, wrong),
            (Some(found), None) => wrong.push((format!("{place}: nothing"), format!("{place}: {found}"))),
            (None, expected) => {
                let expected = expected.expect("the key is of one of the two");
                wrong.push((format!("{place}: {expected}"), format!("{place}: nothing")));
            }
        }
    }
}
