//! Whom requests claim to be for: a Host is needed in HTTP/1.1, and web pages get nothing where credentials are real.

use mock_imds::journal::RequestFilter;
use mock_imds::server::Limits;
use support::InProcessServer;

const KEYS: &str = "/latest/meta-data/iam/security-credentials/dev-role";

const STATIC: &str = r#"
[credentials]
source = "static"
access-key-id = "ASIAIOSFODNN7EXAMPLE"
secret-access-key = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
[metadata-options]
http-tokens = "optional"
[http]
allowed-hosts = ["mock_imds", "imds.test"]
"#;

const FILE: &str = "[credentials]\nsource = \"file\"\nfile = \"/nowhere.json\"\n";
const PROCESS: &str = "[credentials]\nsource = \"process\"\ncommand = [\"/nowhere\"]\n";
const OVERRIDE: &str = r#"
[metadata]
"meta-data/iam/security-credentials/dev-role" = '{"AccessKeyId": "AKIAIOSFODNN7REALKEY"}'
"#;
/// A page that is the service's origin, by its name, sends this for `fetch`.
const PAGE: &str =
    "Host: www.evil.example\r\nOrigin: http://www.evil.example\r\nSec-Fetch-Site: same-origin\r\n";

fn server(scenario: &str) -> InProcessServer {
    InProcessServer::new(scenario, Limits::default())
}

fn status(server: &InProcessServer, request: &str) -> u16 {
    server.exchange(request).status
}

#[test]
fn http_1_1_needs_one_host_under_every_profile() {
    for profile in ["modern", "legacy", "aemm"] {
        let scenario = format!("[http]\nprofile = \"{profile}\"\n[metadata]\n\"meta-data/mac\" = \"m\"\n");
        let server = server(&scenario);
        let get = |version: &str, hosts: &str| {
            status(
                &server,
                &format!("GET /latest/meta-data/mac HTTP/{version}\r\n{hosts}Connection: close\r\n\r\n"),
            )
        };
        assert_eq!(get("1.1", "Host: any.example\r\n"), 200, "{profile}");
        assert_eq!(get("1.0", ""), 200, "{profile}");
        assert_eq!(get("1.1", ""), 400, "{profile}: no Host");
        assert_eq!(get("1.1", "Host: a\r\nHost: a\r\n"), 400, "{profile}: two");
        assert_eq!(get("1.1", "Host: a b\r\n"), 400, "{profile}: none that is one");
    }
}

#[test]
fn a_missing_host_is_explained_and_nothing_counts_the_request() {
    let server = server(
        "[[event]]\nafter-poll = \"meta-data/spot/instance-action\"\nspot-interruption = {}\n\
         [[fault]]\nstatus = 503\ncount = 1\n",
    );
    let found = server.exchange("GET /latest/meta-data/spot/instance-action HTTP/1.1\r\n\r\n");
    assert_eq!((found.status, found.body.as_str()), (400, "400 Bad Request: missing required Host header"));
    // The fault is for the first request that counts.
    let faulty = "GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!([status(&server, faulty), status(&server, faulty)], [503, 200]);
}

#[test]
fn a_page_gets_nothing_where_credentials_are_real() {
    for (name, scenario) in [("static", STATIC), ("file", FILE), ("process", PROCESS), ("override", OVERRIDE)]
    {
        let server = server(scenario);
        let ttl = "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n";
        for request in [
            format!("PUT /latest/api/token HTTP/1.1\r\n{PAGE}{ttl}\r\n"),
            format!("GET {KEYS} HTTP/1.1\r\n{PAGE}\r\n"),
            // A GET of the page's own origin has no Origin, and over http no Sec-Fetch either.
            format!("GET {KEYS} HTTP/1.1\r\nHost: www.evil.example\r\n\r\n"),
            format!("GET http://www.evil.example{KEYS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
            // From another origin: a preflight.
            "OPTIONS /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://a.example\r\n\r\n"
                .into(),
            format!("GET {KEYS} HTTP/1.0\r\nHost: www.evil.example\r\n\r\n"),
            "GET /latest/meta-data/mac HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n"
                .into(),
        ] {
            let found = server.exchange(&request);
            assert_eq!(found.status, 403, "{name}: {request}\n{}", found.raw);
            assert!(found.body.starts_with("403 Forbidden: "), "{name}: {request}\n{}", found.raw);
            assert!(!found.raw.to_lowercase().contains("access-control"), "{}", found.raw);
        }
    }
}

#[test]
fn programs_get_real_credentials_by_address_and_by_allowed_names() {
    let server = server(STATIC);
    for host in
        ["169.254.169.254", "127.0.0.1:1338", "[fd00:ec2::254]", "localhost:1338", "instance-data.:8773"]
    {
        let request = format!("GET {KEYS} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&server, &request), 200, "{host}");
    }
    for host in ["mock_imds", "MOCK_IMDS:1338", "imds.test."] {
        let request = format!("GET {KEYS} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(status(&server, &request), 200, "{host}");
    }
    let node =
        format!("GET {KEYS} HTTP/1.1\r\nHost: 127.0.0.1\r\nsec-fetch-mode: cors\r\nuser-agent: node\r\n\r\n");
    assert_eq!(status(&server, &node), 200, "Node's fetch");
    assert_eq!(status(&server, &format!("GET {KEYS} HTTP/1.0\r\n\r\n")), 200, "HTTP/1.0 without a Host");
}

#[test]
fn each_instance_is_protected_for_itself() {
    let real = STATIC.lines().filter(|line| line.contains('=') && !line.starts_with("allowed"));
    let real: Vec<&str> = real.take(3).collect();
    for (clients, expected) in [("\"host\"", 403), ("\"192.0.2.1\"", 200)] {
        let server = server(&format!(
            "[instances.other]\nclients = [{clients}]\ninstance-id = \"i-0fedcba0987654321\"\n\
             [instances.other.credentials]\n{}\n",
            real.join("\n")
        ));
        let request = "GET /latest/meta-data/instance-id HTTP/1.1\r\nHost: www.evil.example\r\n\r\n";
        assert_eq!(status(&server, request), expected, "real credentials for {clients}");
    }
}

#[test]
fn a_page_may_have_what_is_worthless() {
    let server = server("");
    assert_eq!(status(&server, &format!("GET {KEYS} HTTP/1.1\r\n{PAGE}\r\n")), 200);
}

#[test]
fn the_doctors_probe_is_for_no_page() {
    let server = server("");
    let probe = |host: &str| {
        let head =
            format!("GET / HTTP/1.1\r\nHost: {host}\r\nx-mock-imds-probe: 1\r\nConnection: close\r\n\r\n");
        server.exchange(head).body.contains("\"pid\"")
    };
    assert!(probe("169.254.169.254"));
    assert!(!probe("www.evil.example"), "a page that was rebound learns what runs here");
}

#[test]
fn the_journal_says_why() {
    let server = server(STATIC);
    for request in [
        format!("GET {KEYS} HTTP/1.1\r\n\r\n"),
        format!("GET {KEYS} HTTP/1.1\r\nHost: www.evil.example\r\n\r\n"),
        format!("GET {KEYS} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: null\r\n\r\n"),
    ] {
        server.exchange(&request);
    }
    let page = server.state.journal.after(0, &RequestFilter::default(), 10);
    let lines: Vec<String> = page.entries.iter().map(ToString::to_string).collect();
    for (line, expected) in lines.iter().zip([
        " refused: missing required Host header",
        " refused: the name in the Host header is not allowed while real credentials are served; \
         use the address, or add the name to allowed-hosts in [http]",
        " refused: web pages are refused while real credentials are served: the request has an Origin",
    ]) {
        assert!(line.ends_with(expected), "expected {expected:?} at the end of\n{line}");
    }
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn a_redirect_leads_to_the_address_that_was_asked() {
    let server = server("[http]\ndirectory-without-slash = \"redirect\"\n");
    for (head, host) in [
        ("/latest/meta-data HTTP/1.1\r\nHost: 127.0.0.1:1338", "127.0.0.1:1338"),
        ("/latest/meta-data HTTP/1.1\r\nHost: 169.254.169.254", "169.254.169.254"),
        ("/latest/meta-data HTTP/1.1\r\nHost: [fd00:ec2::254]", "[fd00:ec2::254]"),
        ("/latest/meta-data HTTP/1.1\r\nHost: imds.test.svc:1338", "imds.test.svc:1338"),
        ("http://imds.test/latest/meta-data HTTP/1.1\r\nHost: imds.test", "imds.test"),
        // A client that does not know it, as HTTP/1.0 has it.
        ("/latest/meta-data HTTP/1.0", "169.254.169.254"),
        ("/latest/meta-data HTTP/1.0\r\nHost:", "169.254.169.254"),
    ] {
        let found = server.exchange(format!("GET {head}\r\nConnection: close\r\n\r\n"));
        let location = format!("\r\nLocation: http://{host}/latest/meta-data/\r\n");
        assert_eq!(found.status, 301, "{head}: {found:?}");
        assert!(found.raw.contains(&location), "expected {location:?} for {head}, found {found:?}");
    }
}

#[test]
fn a_token_may_be_the_same_for_all() {
    for profile in ["modern", "legacy", "aemm"] {
        let required =
            "[metadata-options]\nhttp-tokens = \"required\"\n[metadata]\n\"meta-data/x\" = \"y\"\n";
        let server = server(&format!("[http]\nprofile = \"{profile}\"\ntoken = \"my-token\"\n{required}"));
        let granted = server.exchange(
            "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\nConnection: close\r\n\r\n",
        );
        assert_eq!((granted.status, granted.body.as_str()), (200, "my-token"), "{profile}");
        for (token, expected) in [("my-token", 200), ("my-toke", 401), ("", 401)] {
            let request = format!(
                "GET /latest/meta-data/x HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\nConnection: close\r\n\r\n"
            );
            assert_eq!(status(&server, &request), expected, "{profile}: {token:?}");
        }
    }
    // An event pastes keys that are worth something: nothing but a token of ours opens them.
    let keys = OVERRIDE.replace("[metadata]", "[[event]]\n[event.set]");
    let real = server(&format!(
        "[http]\ntoken = \"my-token\"\n[metadata-options]\nhttp-tokens = \"required\"\n{keys}"
    ));
    let request = format!(
        "GET {KEYS} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-aws-ec2-metadata-token: my-token\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(status(&real, &request), 401);
}
