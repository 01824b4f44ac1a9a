//! A real Prometheus scrapes the view, and answers every query of the dashboard.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use mock_imds::host::settings::HostSettings;
use serde_json::{Value, json};
use support::{Sandbox, ViewProcess, exchange, poll, skip, sources};

const DASHBOARD: &str = "packaging/grafana/mock-imds.json";
const SCENARIO: &str = "[[fault]]\nname = \"no-mac\"\npath = \"meta-data/mac\"\nstatus = 503\n";
/// Prometheus takes its time to start.
const LIMIT: Duration = Duration::from_mins(1);

/// The program in PATH, or where `scripts/prometheus` puts it.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let made = sources().join("target/prometheus/usr/bin");
    let found =
        env::split_paths(&paths).chain([made]).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        skip(&format!("no program '{name}': run scripts/prometheus"));
    }
    found
}

struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(sandbox: &Sandbox, view: &ViewProcess) -> Option<Self> {
        let program = installed("prometheus")?;
        let target = view.process.address;
        let config = format!(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: mock-imds\n    static_configs:\n      - targets: [\"{target}\"]\n"
        );
        let config = sandbox.write("prometheus.yml", config);
        // Free now, and nobody else asks for this one.
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let log = fs::File::create(sandbox.path("prometheus.log")).expect("the sandbox is writable");
        let mut command = sandbox.prepared(&program, &[]);
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", sandbox.path("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stderr(log);
        Some(Self { child: command.spawn().expect("prometheus starts"), address })
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        std::net::TcpStream::connect(self.address).map_err(|error| error.to_string())?;
        let found = exchange(self.address, request);
        let start = found.body.find('{').ok_or_else(|| format!("{found:?}"))?;
        let end = found.body.rfind('}').ok_or_else(|| format!("{found:?}"))?;
        serde_json::from_str(&found.body[start..=end]).map_err(|error| format!("{error} in {found:?}"))
    }

    fn query(&self, expression: &str) -> Result<Value, String> {
        let encoded = expression.bytes().fold(String::new(), |text, byte| match byte {
            byte if byte.is_ascii_alphanumeric() => text + char::from(byte).encode_utf8(&mut [0; 4]),
            byte => text + &format!("%{byte:02X}"),
        });
        let found = self.get(&format!("/api/v1/query?query={encoded}"))?;
        match found["status"].as_str() {
            Some("success") => Ok(found["data"]["result"].clone()),
            _ => Err(found.to_string()),
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server with requests of all kinds behind it, and a view that sees a guardian.
fn used(sandbox: &Sandbox) -> (support::ServerProcess, ViewProcess) {
    sandbox.write("s.toml", SCENARIO);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let get = |path: &str, header: &str| {
        exchange(server.address, format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n"));
    };
    let token = format!("X-aws-ec2-metadata-token: {}\r\n", server.token());
    get("/latest/meta-data/instance-id", "");
    get("/latest/meta-data/iam/info", &token);
    get("/latest/meta-data/mac", "");
    get("/latest/meta-data/mac", "X-aws-ec2-metadata-token: wrong\r\n");
    let status = json!({
        "version": "0", "mode": "up", "pid": null, "since": "2026-11-21T03:14:11Z", "applied": "2026-11-21T03:14:11Z",
        "rejected": null, "addresses": [], "unavailable": [], "tables": [], "settings": HostSettings::default(),
        "warnings": [], "restorations": {"count": 3, "last": []},
    });
    fs::create_dir(sandbox.path("guardian")).expect("the sandbox is writable");
    sandbox.write("guardian/status.json", status.to_string());
    let view = ViewProcess::start(sandbox, &[]);
    (server, view)
}

/// Each expression of the dashboard, as Grafana would send it.
fn expressions() -> Vec<String> {
    fn collect(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                into.extend(object.get("expr").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| collect(value, into));
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            _ => {}
        }
    }
    let text = fs::read_to_string(sources().join(DASHBOARD)).expect("it is a file of the sources");
    let mut found = Vec::new();
    collect(&serde_json::from_str(&text).expect("the dashboard is JSON"), &mut found);
    found.iter().map(|it| it.replace("$__rate_interval", "1m").replace("$job", "mock-imds")).collect()
}

fn metrics_of(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("mock_imds_"))
}

#[test]
fn prometheus_scrapes_the_view_and_answers_the_dashboard() {
    let sandbox = Sandbox::new();
    let (_server, view) = used(&sandbox);
    let Some(prometheus) = Prometheus::start(&sandbox, &view) else { return };
    let found = poll(LIMIT, || match prometheus.query("mock_imds_up")? {
        found if found[0]["value"][1] == "1" => Ok(()),
        found => Err(found.to_string()),
    });
    found.unwrap_or_else(|error| panic!("expected a scrape with mock_imds_up 1, found {error}"));
    let names = prometheus.get("/api/v1/label/__name__/values").expect("an answer");
    let names: BTreeSet<&str> =
        names["data"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let expressions = expressions();
    assert!(expressions.len() > 8, "the dashboard was misread: {expressions:?}");
    let mut used = BTreeSet::new();
    for expression in &expressions {
        prometheus.query(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        used.extend(metrics_of(expression));
    }
    let unknown: Vec<_> = used.iter().filter(|name| !names.contains(*name)).collect();
    assert!(unknown.is_empty(), "{DASHBOARD} asks for {unknown:?}, and there is only {names:#?}");
    let restored = prometheus.query("mock_imds_guardian_restorations_total").expect("an answer");
    assert_eq!(restored[0]["value"][1], "3", "{restored}");
}

#[test]
fn promtool_finds_nothing_to_mend() {
    let sandbox = Sandbox::new();
    let (_server, view) = used(&sandbox);
    let Some(program) = installed("promtool") else { return };
    let metrics = view.ask("GET /metrics", &[], "").body;
    let mut promtool = Command::new(program);
    promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().expect("promtool starts");
    let mut input = promtool.stdin.take().expect("it is piped");
    input.write_all(metrics.as_bytes()).expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(
        output.status.success() && said.is_empty(),
        "expected no findings, found:\n{said}\nof:\n{metrics}"
    );
}
