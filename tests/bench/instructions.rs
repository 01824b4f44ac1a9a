//! Instructions that the program takes for one request, counted by callgrind, row by row, against ceilings.
//!
//! The count is that of the fast path from the read to the write, without the kernel and the scheduler, on a clock that
//! stands still: it is the same in each run on one machine, whatever else runs. A row that takes more than 3 % above its
//! ceiling fails. `--write` makes the present counts the ceilings.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the result")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode};
use std::{env, fs};

use mock_imds::server::Limits;
use support::{Connection, InProcessServer};
use tokio::runtime::Builder;

const CEILINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/instructions.toml");
const COUNTED: &str = "*FastPath*poll_round*";
/// Requests of the two runs whose difference counts: what happens once is in both, or is small beside so many.
const REQUESTS: [usize; 2] = [500, 5_500];
/// Of several runs the least counts: in some, about 400,000 instructions come once in addition. Why is not known.
const RUNS: usize = 2;
const TOLERANCE: f64 = 1.03;

struct Row {
    name: &'static str,
    scenario: fn() -> String,
    method: &'static str,
    path: &'static str,
    with_token: bool,
    /// The value of the Authorization header.
    authorization: Option<&'static str>,
}

const LEAF: &str = "/latest/meta-data/instance-id";

const INTERFACE: &str = "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/";
const ADDRESSES: &str = "/latest/meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/local-ipv4s";

const fn get(name: &'static str, path: &'static str) -> Row {
    Row { name, scenario: keep_alive, method: "GET", path, with_token: false, authorization: None }
}

const ROWS: &[Row] = &[
    get("leaf", LEAF),
    Row { with_token: true, ..get("leaf-with-token", LEAF) },
    Row { method: "PUT", ..get("token", "/latest/api/token") },
    get("listing", "/latest/meta-data/"),
    get("identity-document", "/latest/dynamic/instance-identity/document"),
    get("credentials", "/latest/meta-data/iam/security-credentials/dev-role"),
    Row { scenario: support::containers, ..get("credentials-of-ecs", support::ECS_CREDENTIALS) },
    Row {
        scenario: support::containers,
        authorization: Some(support::POD_TOKEN),
        ..get("credentials-of-pod-identity", support::POD_CREDENTIALS)
    },
    Row { scenario: limited_containers, ..get("task-metadata-of-ecs", "/v2/metadata") },
    get("not-found", "/latest/meta-data/nothing"),
    Row { scenario: timeline, ..get("leaf-under-timeline", LEAF) },
    Row { scenario: derived, ..get("leaf-of-derived-instance", LEAF) },
    Row { scenario: clients, ..get("leaf-of-one-of-100000-clients", LEAF) },
    Row { scenario: faults, ..get("leaf-under-60-faults", LEAF) },
    get("leaf-of-one-interface", ADDRESSES),
    Row { scenario: sixty, ..get("leaf-of-60-interfaces", ADDRESSES) },
    get("listing-of-one-interface", INTERFACE),
    Row { scenario: sixty, ..get("listing-of-60-interfaces", INTERFACE) },
];

fn keep_alive() -> String {
    "[http]\nkeep-alive = true\n".into()
}

/// With a limit of requests that is never reached.
fn limited_containers() -> String {
    "[ecs]\nthrottle = { per-second = 1000000, burst = 1000000 }\n".into()
}

fn timeline() -> String {
    let event = |n| format!("[[event]]\nat = \"{n}s\"\nrebalance-recommendation = {{}}\n");
    keep_alive() + &(0..20).map(event).collect::<String>()
}

fn derived() -> String {
    keep_alive() + "[instances.fleet]\nclients = [\"127.0.0.0/8\"]\nderive = true\n"
}

fn clients() -> String {
    keep_alive() + &support::hundred_thousand_clients()
}

fn faults() -> String {
    let fault = |n| format!("[[fault]]\npath = \"/latest/meta-data/tags/**/{n}*\"\nstatus = 503\n");
    keep_alive() + &(0..60).map(fault).collect::<String>()
}

fn sixty() -> String {
    keep_alive() + &support::sixty_interfaces()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [command, name, count] = &arguments[..]
        && command == "ask"
    {
        let row = ROWS.iter().find(|row| row.name == name).expect("a row of the table");
        ask(row, count.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    let counts = ROWS.iter().map(|row| (row.name, instructions(row))).collect::<BTreeMap<_, _>>();
    if arguments == ["--write"] {
        write_ceilings(&counts);
        return ExitCode::SUCCESS;
    }
    judge(&counts)
}

/// Compares the counts with the ceilings and prints both.
fn judge(counts: &BTreeMap<&str, u64>) -> ExitCode {
    let text = fs::read_to_string(CEILINGS).unwrap_or_default();
    let ceilings: BTreeMap<String, u64> = toml::from_str(&text).expect("the ceilings are numbers by row");
    let mut exceeded = false;
    for row in ROWS {
        let (count, ceiling) = (counts[row.name], ceilings.get(row.name).copied());
        let ratio = ceiling.map_or(f64::INFINITY, |ceiling| ratio(count, ceiling));
        println!("{:<28}{count:>8} instructions, ceiling {:>8}", row.name, ceiling.unwrap_or(0));
        if ratio > TOLERANCE {
            exceeded = true;
            eprintln!(
                "{}: expected at most {:.0} % of the ceiling in {CEILINGS}, found {:.1} %. Mend what takes them, or, if they \
                 are worth it: cargo bench --bench instructions -- --write",
                row.name,
                TOLERANCE * 100.0,
                ratio * 100.0
            );
        }
    }
    if exceeded { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn write_ceilings(counts: &BTreeMap<&str, u64>) {
    let mut text =
        "# Instructions for one request, by `cargo bench --bench instructions -- --write`.\n".to_owned();
    for row in ROWS {
        writeln!(text, "{} = {}", row.name, counts[row.name]).expect("a string takes all");
    }
    fs::write(CEILINGS, text).expect("the tree is writable");
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(count: u64, ceiling: u64) -> f64 {
    count as f64 / ceiling as f64
}

fn instructions(row: &Row) -> u64 {
    let least = |count| (0..RUNS).map(|_| collected(row, count)).min().expect("there are runs");
    let [few, many] = REQUESTS.map(least);
    let count = (many - few) / (REQUESTS[1] - REQUESTS[0]) as u64;
    assert!(count > 0, "{}: its requests go to hyper, where nothing is counted", row.name);
    count
}

/// The instructions of a run, as callgrind counts them.
fn collected(row: &Row, count: usize) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(env::current_exe().expect("a program knows itself"))
        .args(["ask", row.name, &count.to_string()])
        .output()
        .unwrap_or_else(|error| panic!("cannot run valgrind: {error}; install it, or run scripts/bench"));
    let report = String::from_utf8_lossy(&output.stderr);
    let line = report.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = line.unwrap_or_else(|| panic!("valgrind counted nothing: {report}"));
    let count = count.trim().parse().unwrap_or_else(|_| panic!("valgrind counted '{count}'"));
    assert!(count > 0, "no function is called {COUNTED}");
    count
}

/// Asks a server in this process, over one connection, one request after the other.
fn ask(row: &Row, count: usize) {
    // One thread: each has buffers of its own, so that the count does not depend on which thread serves the connection.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = InProcessServer::on(runtime, address, &(row.scenario)(), Limits::default());
    let mut connection = Connection::new(server.address);
    let head = |method: &str, path: &str, more: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: 169.254.169.254\r\nUser-Agent: bench\r\nAccept: */*\r\n{more}\r\n"
        )
    };
    let lifetime = "X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n";
    let mut more = String::new();
    if row.with_token {
        connection.send(head("PUT", "/latest/api/token", lifetime));
        let reply = connection.read_until("==").raw;
        let token = reply.rsplit("\r\n").next().expect("a split has a part");
        more = format!("X-aws-ec2-metadata-token: {token}\r\n");
    } else if row.method == "PUT" {
        lifetime.clone_into(&mut more);
    } else if let Some(value) = row.authorization {
        more = format!("Authorization: {value}\r\n");
    }
    let request = head(row.method, row.path, &more);
    for _ in 0..count {
        connection.send(&request);
        // A reply is written at once, so that all of it has come.
        connection.read_until("\r\n\r\n");
    }
}
