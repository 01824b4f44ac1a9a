//! Requests to the endpoints of containers: the fast path and hyper write the same.

use mock_imds::imds::ContainerChoice;
use mock_imds::model::Service;
use mock_imds::server::Limits;
use proptest::prelude::*;
use support::{
    Connection, ECS_CREDENTIALS, ID, InProcessServer, POD_CREDENTIALS, POD_TOKEN, PureService, get,
};

const RERUN: &str = "rerun: cargo test --test server both_paths";
const TASK: &str = "[ecs]\nlaunch-type = \"EC2\"\ncredential-id = \"01234567-89ab-4cde-8f01-23456789abcd\"\n";

/// Scenarios with a task, by what differs; each has a pod, too.
const SCENARIOS: [(&str, &str); 6] = [
    ("nothing", "[pod-identity]\n"),
    (
        "rates",
        "throttle = { per-second = 1, burst = 2 }\n[pod-identity]\nthrottle = { per-second = 1, burst = 2 }\n",
    ),
    ("late keys", "credentials-ready-after = \"1h\"\n[pod-identity]\nrole = false\n"),
    ("expired keys", "[pod-identity]\n[credentials]\nstate = \"expired\"\n"),
    (
        "damage",
        "[pod-identity]\n[[fault]]\npath = \"/v4/**\"\nbody = \"truncated\"\n[[fault]]\npath = \"/v1/*\"\nbody = \"empty\"\n\
         [[fault]]\npath = \"/v3/**\"\nbody-latency = \"1ms\"\n[[fault]]\npath = \"/v2/credentials/*\"\nlatency = \"1ms\"\n",
    ),
    (
        "errors",
        "[pod-identity]\n[http]\nprofile = \"legacy\"\n[[fault]]\npath = \"/v4/**\"\nstatus = 503\n\
         headers = { Retry-After = \"1\" }\n[[fault]]\npath = \"/v1/*\"\nstatus = 400\n[[fault]]\npath = \"/v2/**\"\nstatus = 204\n",
    ),
];

const HOSTS: [&str; 4] =
    ["Host: 169.254.170.2\r\n", "Host: 169.254.170.23\r\n", "Host: www.evil.example\r\n", ""];
const MORE: [&str; 5] = [
    "",
    "Accept: */*\r\nX-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n",
    "Origin: http://www.evil.example\r\n",
    "Authorization: garbage\r\n",
    "Authorization: eyJhbGciOiJSUzI1NiJ9.e30.\r\nX-Forwarded-For:\r\n",
];

/// Targets, among them some that are found nowhere, or only at another service.
fn targets() -> Vec<String> {
    let service = PureService::new(&format!("{TASK}[pod-identity]\n"));
    let variables = service.ecs_environment(ContainerChoice::default());
    let path = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.expect("the variable is set").1.replace("http://169.254.170.2", "")
    };
    let (v4, v3) = (path("ECS_CONTAINER_METADATA_URI_V4"), path("ECS_CONTAINER_METADATA_URI"));
    let api = path("ECS_AGENT_URI");
    let below = ["", "/task", "/taskWithTags", "/stats", "/task/stats", "/nothing"];
    let mut targets: Vec<String> =
        below.iter().flat_map(|below| [format!("{v4}{below}"), format!("{v3}{below}")]).collect();
    targets.extend([
        format!("{api}/task-protection/v1/state"),
        format!("{api}/fault/v1/network-latency/status"),
        format!("/{v4}"),
        format!("{v4}/../x?a=b"),
        ECS_CREDENTIALS.replace("/v2/credentials/", "/v1/credentials?id="),
    ]);
    // Those with credentials more often.
    let more = [
        ECS_CREDENTIALS,
        ECS_CREDENTIALS,
        POD_CREDENTIALS,
        POD_CREDENTIALS,
        "/v2/credentials/",
        "/v2/credentials/0",
        "/%762/metadata",
        "/v2/stats/",
        "/healthz",
        "/v1/",
        "/",
        ID.0,
    ];
    targets.extend(more.map(str::to_owned));
    targets
}

#[derive(Debug, Clone)]
struct Asked {
    scenario: &'static str,
    /// The service that the listener is for.
    only: Option<Service>,
    requests: Vec<String>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let methods = prop::sample::select(vec!["GET", "GET", "GET", "GET", "GET", "HEAD", "PUT"]);
    let (hosts, more) = (prop::sample::select(HOSTS.to_vec()), prop::sample::select(MORE.to_vec()));
    let request = (methods, prop::sample::select(targets()), hosts, more, any::<bool>());
    let request = request.prop_map(|(method, target, host, more, has_token)| {
        let token = if has_token && !more.contains("Authorization") {
            format!("Authorization: {POD_TOKEN}\r\n")
        } else {
            String::new()
        };
        format!("{method} {target} HTTP/1.1\r\n{host}{token}{more}")
    });
    let only = prop::sample::select(vec![None, Some(Service::Ecs), Some(Service::PodIdentity)]);
    let scenario = prop::sample::select(SCENARIOS.map(|(_, scenario)| scenario).to_vec());
    (scenario, only, prop::collection::vec(request, 1..8)).prop_map(|(scenario, only, requests)| Asked {
        scenario,
        only,
        requests,
    })
}

impl Asked {
    /// What a server of the scenario sends, all requests being sent at once; `before` is sent before them.
    fn replies(&self, before: &str) -> String {
        let scenario = format!("{TASK}{}", self.scenario);
        let server = match self.only {
            Some(only) => InProcessServer::of(only, &scenario, Limits::default()),
            None => InProcessServer::new(&scenario, Limits::default()),
        };
        let (last, others) = self.requests.split_last().expect("there is one");
        let others = others.iter().fold(String::new(), |all, request| all + request + "\r\n");
        let all = format!("{before}{others}{last}Connection: close\r\n\r\n");
        let replies = Connection::new(server.address).try_send(all).try_read_until("\0");
        canonical(&replies.expect_err("no reply has a NUL"))
    }
}

/// Replies without what differs: the client's port, and the place of the length of an empty body, which hyper puts last.
fn canonical(replies: &str) -> String {
    let head = |head: &str| {
        let (mut lines, mut last) = (Vec::new(), None);
        for line in head.split("\r\n") {
            match line.strip_prefix("X-Rate-Limit-Request-Remote-Addr: 127.0.0.1:") {
                Some(_) => lines.push("the client's address"),
                None if line == "Content-Length: 0" => last = Some(line),
                None => lines.push(line),
            }
        }
        lines.extend(last);
        lines.join("\r\n")
    };
    replies.split("\r\n\r\n").map(head).collect::<Vec<_>>().join("\r\n\r\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// An empty line before the first request is legal, and not usual: with it hyper answers, all of them.
    #[test]
    fn both_paths_write_the_same_of_endpoints(asked in asked()) {
        let (fast, hyper) = (asked.replies(""), asked.replies("\r\n"));
        prop_assert_eq!(fast, hyper, "by the fast path, and by hyper\n{}", RERUN);
    }
}

/// Of a body that comes in chunks each byte, once; a short one has a length instead. At once, and later.
#[test]
fn the_fast_path_sends_chunks() {
    let target = targets().into_iter().find(|target| target.ends_with("/taskWithTags")).expect("it is there");
    for late in ["", "[[fault]]\npath = \"/**\"\nlatency = \"1ms\"\n"] {
        let server = InProcessServer::of(Service::Ecs, &format!("{TASK}{late}"), Limits::default());
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        let found = Connection::new(server.address).send(&request).read_until("\r\n0\r\n\r\n");
        let (head, body) = found.raw.split_once("\r\n\r\n").expect("a head");
        assert!(head.ends_with("\r\nTransfer-Encoding: chunked"), "{head}\n{RERUN}");
        let (length, rest) = body.split_once("\r\n").expect("the length of a chunk");
        let json = rest.strip_suffix("\r\n0\r\n\r\n").expect("one chunk and the end");
        assert_eq!(usize::from_str_radix(length, 16), Ok(json.len()), "{found:?}\n{RERUN}");
        serde_json::from_str::<serde_json::Value>(json).unwrap_or_else(|error| panic!("{error}: {json}"));
        let short = server.exchange(get(ECS_CREDENTIALS));
        let length = format!("\r\nContent-Length: {}\r\n", short.body.len());
        assert!(short.raw.contains(&length), "{short:?}\n{RERUN}");
        let keys = serde_json::from_str::<serde_json::Value>(&short.body);
        keys.unwrap_or_else(|error| panic!("{error}: {short:?}\n{RERUN}"));
    }
}
