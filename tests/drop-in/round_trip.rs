//! `mock-imds import aemm FILE`: the scenario answers as the drop-in does with that file, path by path.
//!
//! Both are crawled from `/` down, as far as listings lead, and then asked for paths that no listing names. What is
//! compared is the whole answer but its `Date`; a time that moves with each request is compared by its form.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use support::http::exchange;
use support::{Sandbox, eventually};

use crate::port::free_port;

/// Configuration files, and paths that they serve and no listing names.
const FILES: &[(&str, &[&str])] = &[
    ("{}", &[]),
    (r#"{ "imdsv2": true, "open-listings": true }"#, &[]),
    (r#"{ "mock-ip-count": 0 }"#, &[]),
    (r#"{ "mock-delay-sec": 3600, "rebalance-delay-sec": 3600, "asg-termination-delay-sec": 3600 }"#, &[]),
    (
        r#"{ "spot": { "action": "hibernate", "time": "2030-01-01T00:00:00+02:00", "rebalance-rec-time": "2030-01-01T00:00:00Z" },
             "events": { "code": "instance-stop", "state": "canceled", "not-before": "2030-01-01T00:00:00Z",
                         "not-after": "2030-01-02T00:00:00Z", "not-before-deadline": "2030-01-03T00:00:00Z" } }"#,
        &[],
    ),
    (
        r#"{ "metadata": { "values": { "mac": "0a:00:00:00:00:01", "public-ipv4": "198.51.100.7", "instance-id": "a \"b\" <c> \\ d",
                                       "iam-security-credentials-role": "other", "iam-info": { "Code": "<&>" } },
                           "paths": { "ami-id": "/own/ami", "hostname": "/latest/meta-data/deep/er/name", "mac": "",
                                      "spot": "/latest/meta-data/moved/spot", "events": "/latest/meta-data/moved/events" } } }"#,
        &["/own/ami", "/own", "/latest/meta-data/ami-id"],
    ),
    (
        r#"{ "dynamic": { "values": { "instance-identity-document": { "accountId": "1", "marketplaceProductCodes": ["a", "b"] } } },
             "userdata": { "values": { "userdata": "AAEC/w==" } } }"#,
        &[],
    ),
    (r#"{ "userdata": { "values": { "userdata": "aGVs\nbG8=\n" } } }"#, &[]),
];

/// Commands, and a file that has something for each: its trigger time is none, which only the first of all refuses.
const MODES: [&str; 3] = ["spot", "events", "asglifecycle"];
const MODES_FILE: &str =
    r#"{ "mock-trigger-time": "soon", "spot": { "action": "stop" }, "events": { "state": "completed" } }"#;

/// What every program is asked, whatever its listings say.
const BESIDES: &[&str] =
    &["/latest/", "/1.0/", "/latest/meta-data/nothing", "//latest", "/latest/api/token", "/latest/user-data"];

/// A server that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_scenario_answers_as_the_file_that_it_was_imported_from() {
    let mut compared = 0;
    let all = FILES.iter().map(|(file, unlisted)| ("all", *file, *unlisted));
    for (mode, file, unlisted) in all.chain(MODES.iter().map(|mode| (*mode, MODES_FILE, &[][..]))) {
        let sandbox = Sandbox::new();
        let config = sandbox.write("c.json", file).display().to_string();
        let scenario = sandbox.path("s.toml").display().to_string();
        let imported =
            sandbox.run(&["import", "aemm", &config, "--exact", "--mode", mode, "--output", &scenario]);
        assert_eq!(imported.code, Some(0), "{file}\n{imported:#?}");
        let server = sandbox.serve(&["--scenario", &scenario]);
        let (_running, address) = drop_in(mode, &config);

        let (ours, theirs) = (Asker::new(server.address), Asker::new(address));
        let paths = theirs.crawl(unlisted);
        assert_eq!(ours.crawl(unlisted), paths, "the paths of {file} with {mode}");
        for path in &paths {
            assert_eq!(
                ours.ask(path),
                theirs.ask(path),
                "left the scenario, right the drop-in: {path} of {file} with {mode}"
            );
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} answers were compared: do the listings still lead on?");
}

fn drop_in(mode: &str, config: &str) -> (Running, SocketAddr) {
    let port = free_port();
    let mut command = Command::new(support::program());
    command.arg0("ec2-metadata-mock").args(["--config-file", config, "--port", &port.to_string()]);
    command.args(Some(mode).filter(|mode| *mode != "all"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().expect("it starts"));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    eventually("a server in the place of the original", || TcpStream::connect(address).ok());
    (running, address)
}

/// Somebody who asks with a token, which is good where one is required and looked at nowhere else.
struct Asker {
    address: SocketAddr,
    token: String,
}

impl Asker {
    fn new(address: SocketAddr) -> Self {
        let request = "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
        Self { address, token: exchange(address, request).body }
    }

    /// Status line, headers and body, with what depends on the second taken out.
    fn ask(&self, path: &str) -> String {
        let token = &self.token;
        let raw = exchange(
            self.address,
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n"),
        )
        .raw;
        let lines = raw.split('\n').filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
        lines.map(without_seconds).collect::<Vec<_>>().join("\n")
    }

    /// Every path that listings lead to, and these.
    fn crawl(&self, unlisted: &[&str]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut ahead: Vec<String> =
            ["/"].iter().chain(BESIDES).chain(unlisted).map(|path| (*path).to_owned()).collect();
        while let Some(path) = ahead.pop() {
            if !found.insert(path.clone()) {
                continue;
            }
            let answer = self.ask(&path);
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
            if !head.starts_with("HTTP/1.1 200") || !head.contains("text/plain") {
                continue;
            }
            // A listing and a value look alike; a line that is no name leads to a 404, which is compared too.
            let names = body.lines().filter(|line| is_name(line)).take(64);
            ahead.extend(
                names.map(|name| format!("{}/{}", path.trim_end_matches('/'), name.trim_end_matches('/'))),
            );
            ahead.retain(|path| path.split('/').count() < 10);
        }
        found
    }
}

fn is_name(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/=".contains(&b))
}

/// Times of this year and the next change between two requests; those that were configured lie elsewhere.
fn without_seconds(line: &str) -> String {
    let now = jiff::Timestamp::now().strftime("%Y").to_string();
    let is_moving = line.contains(&format!("{now}-")) && line.contains('T') && line.contains('Z');
    let is_date = line.contains(&format!(" {now} ")) && line.contains(" GMT");
    let digits = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
    if is_moving || is_date { digits(line) } else { line.to_owned() }
}
