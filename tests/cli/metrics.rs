//! The metrics: what they count. `tests/view` has them in a real Prometheus.

use support::{Sandbox, exchange};

use crate::orders::done;

const SCENARIO: &str = "[[fault]]\nname = \"no-mac\"\npath = \"meta-data/mac\"\nstatus = 503\n";
const ID: &str = "/latest/meta-data/instance-id";

/// The value of each sample.
#[track_caller]
fn sample(metrics: &str, name: &str) -> f64 {
    let found = metrics.lines().find_map(|line| line.strip_prefix("mock_imds_")?.strip_prefix(name));
    let value = found.unwrap_or_else(|| panic!("expected {name}, found:\n{metrics}"));
    value.trim().parse().unwrap_or_else(|error| panic!("{name}: {error} in {value:?}"))
}

#[track_caller]
fn samples(metrics: &str, expected: &[(&str, f64)]) {
    let found: Vec<(&str, f64)> = expected.iter().map(|(name, _)| (*name, sample(metrics, name))).collect();
    assert_eq!(found, expected, "of:\n{metrics}");
}

#[test]
fn requests_loads_and_hits_of_faults_are_counted() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", SCENARIO);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let get = |path: &str, header: &str| {
        exchange(server.address, format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n")).status
    };
    let token = format!("X-aws-ec2-metadata-token: {}\r\n", server.token());
    assert_eq!(get(ID, ""), 200);
    assert_eq!(get("/latest/meta-data/nothing", &token), 404);
    assert_eq!(get("/latest/meta-data/mac", ""), 503);
    assert_eq!(get(ID, "X-aws-ec2-metadata-token: wrong\r\n"), 401);
    let without_ttl = "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(exchange(server.address, without_ttl).status, 400);

    done(&sandbox, &["fault", "--name", "mine", "--status", "500", "--path", "meta-data/instance-id"]);
    assert_eq!(get(ID, &token), 500);
    done(&sandbox, &["fault", "remove", "mine"]);
    let before = done(&sandbox, &["metrics"]);
    samples(
        &before,
        &[
            ("build_info{version=\"0.1.0\"}", 1.0),
            ("requests_total{protocol=\"v1\",outcome=\"ok\",category=\"meta-data\"}", 1.0),
            ("requests_total{protocol=\"v1\",outcome=\"server_error\",category=\"meta-data\"}", 1.0),
            ("requests_total{protocol=\"v2\",outcome=\"not_found\",category=\"meta-data\"}", 1.0),
            ("requests_total{protocol=\"v2\",outcome=\"unauthorized\",category=\"meta-data\"}", 1.0),
            ("requests_total{protocol=\"token\",outcome=\"client_error\",category=\"token\"}", 1.0),
            ("requests_without_token_total", 1.0),
            ("requests_without_token_rejected_total", 0.0),
            ("token_errors_total{reason=\"invalid\"}", 1.0),
            ("token_errors_total{reason=\"malformed\"}", 1.0),
            ("token_errors_total{reason=\"missing\"}", 0.0),
            ("fault_hits_total{fault=\"no-mac\"}", 1.0),
            ("fault_hits_total{fault=\"(ordered)\"}", 1.0),
            ("scenario_loads_total{cause=\"reload\",result=\"accepted\"}", 0.0),
            ("last_reload_successful", 1.0),
            ("scenario_fallback", 0.0),
            ("instances", 1.0),
            ("clock_paused", 0.0),
        ],
    );

    // What is rejected is counted, and what was counted before a load stays.
    std::fs::write(&file, "[metadata-options]\nhttp-tokens = \"perhaps\"\n").expect("writable");
    assert_eq!(sandbox.control(&["reload"]).code, Some(78));
    samples(&done(&sandbox, &["metrics"]), &[("last_reload_successful", 0.0)]);
    std::fs::write(&file, "[metadata-options]\nhttp-tokens = \"required\"\n").expect("writable");
    done(&sandbox, &["reload"]);
    done(&sandbox, &["use", "tokens-required"]);
    done(&sandbox, &["clock", "pause"]);
    assert_eq!(get(ID, ""), 401);
    let after = done(&sandbox, &["metrics"]);
    samples(
        &after,
        &[
            ("scenario_loads_total{cause=\"reload\",result=\"accepted\"}", 1.0),
            ("scenario_loads_total{cause=\"reload\",result=\"rejected\"}", 1.0),
            ("scenario_loads_total{cause=\"use\",result=\"accepted\"}", 1.0),
            ("last_reload_successful", 1.0),
            ("requests_without_token_total", 1.0),
            ("requests_without_token_rejected_total", 1.0),
            ("token_errors_total{reason=\"missing\"}", 1.0),
            ("fault_hits_total{fault=\"(ordered)\"}", 1.0),
            ("clock_paused", 1.0),
        ],
    );
    assert!(!after.contains("no-mac"), "a fault that is gone has no series:\n{after}");
}
