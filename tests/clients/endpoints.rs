//! SDKs and detectors in the places of containers, at the true addresses, by the variables of `mock-imds env` alone: the
//! relative URI, 169.254.170.23 and `fd00:ec2::23`.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use support::host::{Guardian, Host, Peer};
use support::{Outcome, ServerProcess, finish, given, http, installed, installed_program};

/// Keys that SDKs renew with each call, since they last for less than five minutes, and tokens of five seconds.
const SCENARIO: &str = "\
    [credentials]\nlifetime = \"4m\"\nrefresh = \"1m\"\n\
    [ecs]\nlaunch-type = \"EC2\"\ncluster = \"prod\"\nfamily = \"shop\"\nrevision = 7\nrole = \"app-task-role\"\n\
    [[ecs.container]]\nname = \"web\"\nimage = \"registry.example/web:1.2\"\nlog = { driver = \"awslogs\", group = \"/ecs/shop\" }\n\
    [pod-identity]\nrole = \"app-pod-role\"\ntoken = \"issued\"\ntoken-lifetime = \"5s\"\n";

type Variables = Map<String, Value>;

/// A host with guardian and service, at the addresses of containers too.
struct ContainerHost {
    _server: ServerProcess,
    _guardian: Guardian,
    host: Host,
}

/// How a program finds its credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    RelativeUri,
    PodIpv4,
    PodIpv6,
}

const POD_IPV4: &str = "http://169.254.170.23/v1/credentials";
const POD_IPV6: &str = "http://[fd00:ec2::23]/v1/credentials";

impl ContainerHost {
    fn new() -> Option<Self> {
        let host = Host::new()?;
        host.configure("[host]\nipv6 = true\nendpoints = [\"imds\", \"ecs\", \"pod-identity\"]\n");
        let guardian = host.hold();
        let scenario = host.write("s.toml", SCENARIO);
        let listen = ["169.254.170.2:1690", "169.254.170.23:1690", "[fd00:ec2::23]:1690"];
        let mut more: Vec<&str> = listen.iter().flat_map(|address| ["--listen", *address]).collect();
        more.extend(["--scenario", scenario.to_str().expect("UTF-8")]);
        let server = host.sandbox.serve(&more);
        Some(Self { _server: server, _guardian: guardian, host })
    }

    fn variables(&self, way: Way) -> Variables {
        let endpoint = if way == Way::RelativeUri { "ecs" } else { "pod-identity" };
        let found = self.host.sandbox.control(&["env", endpoint, "--format", "json"]);
        assert_eq!(found.code, Some(0), "{found:#?}");
        let mut variables: Variables = serde_json::from_str(&found.stdout).expect("it is JSON");
        match way {
            Way::RelativeUri => {
                assert!(variables.contains_key("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), "{variables:#?}");
            }
            Way::PodIpv4 => assert_eq!(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], POD_IPV4),
            // As the pods of an IPv6 cluster have it.
            Way::PodIpv6 => {
                variables.insert("AWS_CONTAINER_CREDENTIALS_FULL_URI".into(), POD_IPV6.into());
            }
        }
        variables
    }

    /// Runs a client with these variables, and nothing else but a path and an empty home.
    fn run(&self, words: &[&Path], variables: &Variables, waits: bool) -> Outcome {
        let arguments: Vec<&str> = words.iter().map(|word| word.to_str().expect("UTF-8")).collect();
        let arguments: Vec<&str> = ["-k", "1", "60"].into_iter().chain(arguments).collect();
        let mut command = self.host.sandbox.prepared(Path::new("timeout"), &arguments);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.host.sandbox.directory());
        command.envs(variables.iter().map(|(name, value)| (name, value.as_str().expect("text"))));
        if waits {
            command.env("CLIENT_WAITS", "1");
        }
        finish(&mut command)
    }

    /// Runs a client that prints its keys, and compares them with those of before and after it: the service has new ones
    /// each minute. A client that is to see a token replaced prints them twice.
    #[track_caller]
    fn gets_keys(&self, name: &str, words: &[&Path], ways: &[Way]) {
        for way in ways {
            let variables = self.variables(*way);
            let before = served_keys(*way, &variables);
            let waits = *way != Way::RelativeUri;
            let found = self.run(words, &variables, waits);
            let after = served_keys(*way, &variables);
            let printed: Value = serde_json::from_str(&found.stdout)
                .unwrap_or_else(|_| panic!("{name}, {way:?}: expected JSON, found {found:#?}"));
            let keys = printed["keys"].as_array().expect("a list of keys");
            assert_eq!(keys.len(), 1 + usize::from(waits), "{name}, {way:?}: {found:#?}");
            for keys in keys {
                assert!(
                    [&before, &after].contains(&keys),
                    "{name}, {way:?}: expected {before} or {after}, found {found:#?}"
                );
            }
        }
    }
}

/// A container on a bridge of this host, as one of Docker's.
fn bridged(host: &ContainerHost) -> Peer {
    host.host.run(
        "ip link add br-test type bridge; ip link set br-test up; ip addr add 172.30.0.1/24 dev br-test; \
         ip addr add fd00:30::1/64 dev br-test nodad",
    );
    let peer = Peer::new(&host.host, "veth1");
    host.host.run("ip link set veth1 master br-test");
    peer.run(
        &host.host,
        "ip addr add 172.30.0.2/24 dev eth0; ip addr add fd00:30::2/64 dev eth0 nodad; \
         ip route add default via 172.30.0.1; ip -6 route add default via fd00:30::1",
    );
    peer
}

#[test]
fn botocore_in_a_container_on_a_bridge() {
    let Some(python) = installed("python/bin/python") else { return };
    let Some(host) = ContainerHost::new() else { return };
    let container = bridged(&host);
    for way in ALL {
        let variables = host.variables(way);
        let set = variables.iter().map(|(name, value)| format!("{name}='{}'", value.as_str().expect("text")));
        let set = set.collect::<Vec<_>>().join(" ");
        let (python, script) = (python.display(), given("python/container.py"));
        let home = host.host.sandbox.directory().display();
        let before = served_keys(way, &variables);
        let line = format!("env -i HOME={home} {set} {python} {}", script.display());
        let printed = container.run(&host.host, &line);
        let printed: Value = serde_json::from_str(&printed).expect("it is JSON");
        let after = served_keys(way, &variables);
        let is_right = [&before, &after].contains(&&printed["keys"][0]);
        assert!(is_right, "{way:?}: expected {before} or {after}, found {printed}");
    }
}

/// The keys that the service hands out now.
fn served_keys(way: Way, variables: &Variables) -> Value {
    let (address, path, token) = match way {
        Way::RelativeUri => {
            let path = variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"].as_str().expect("text");
            ("169.254.170.2:80", path, String::new())
        }
        Way::PodIpv4 | Way::PodIpv6 => {
            let file = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"].as_str().expect("text");
            let token = std::fs::read_to_string(file).expect("the token is there");
            ("169.254.170.23:80", "/v1/credentials", token)
        }
    };
    let host = address.trim_end_matches(":80");
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n");
    let response = http::exchange(address.parse().expect("an address"), request);
    let keys: Value = serde_json::from_str(&response.body)
        .unwrap_or_else(|error| panic!("{path} at {address}: {error}: {}", response.raw));
    json!({
        "access-key-id": keys["AccessKeyId"],
        "secret-access-key": keys["SecretAccessKey"],
        "session-token": keys["Token"],
    })
}

const ALL: [Way; 3] = [Way::RelativeUri, Way::PodIpv4, Way::PodIpv6];

#[test]
fn botocore() {
    let Some(python) = installed("python/bin/python") else { return };
    let Some(host) = ContainerHost::new() else { return };
    host.gets_keys("botocore", &[&python, &given("python/container.py")], &ALL);
}

/// It signs a URL without asking anybody else.
#[test]
fn aws_cli() {
    let Some(aws) = installed("python/bin/aws") else { return };
    let Some(host) = ContainerHost::new() else { return };
    for way in ALL {
        let variables = host.variables(way);
        let before = served_keys(way, &variables);
        let words = ["s3", "presign", "s3://a-bucket/a-key"].map(Path::new);
        let words: Vec<&Path> = [&*aws].into_iter().chain(words).collect();
        let found = host.run(&words, &variables, false);
        let after = served_keys(way, &variables);
        let is_signed_by = |keys: &Value| {
            let [id, token] = ["access-key-id", "session-token"].map(|key| keys[key].as_str().expect("text"));
            let token = utf8_percent_encode(token, NON_ALPHANUMERIC).to_string();
            found.stdout.contains(id) && found.stdout.contains(&token)
        };
        let is_signed = [&before, &after].into_iter().any(is_signed_by);
        assert!(is_signed, "{way:?}: expected a URL signed by {before} or {after}, found {found:#?}");
    }
}

#[test]
fn javascript() {
    let (Some(node), Some(script)) = (installed_program("node"), installed("js/container.mjs")) else {
        return;
    };
    let Some(host) = ContainerHost::new() else { return };
    host.gets_keys("JavaScript", &[&node, &script], &ALL);
}

/// Debian's versions are older than EKS Pod Identity: they take plain http from loopback alone.
#[test]
fn go() {
    for program in ["go/container-v1", "go/container-v2"] {
        let Some(client) = installed(program) else { return };
        let Some(host) = ContainerHost::new() else { return };
        host.gets_keys(program, &[&client], &[Way::RelativeUri]);
        let refused = host.run(&[&client], &host.variables(Way::PodIpv4), false);
        assert!(!refused.succeeded(), "{program} takes 169.254.170.23 by now: {refused:#?}");
    }
}

/// Debian's version, too.
#[test]
fn ruby() {
    let (Some(ruby), Some(script)) = (installed_program("ruby"), installed("ruby/container.rb")) else {
        return;
    };
    let Some(host) = ContainerHost::new() else { return };
    host.gets_keys("Ruby", &[&ruby, &script], &[Way::RelativeUri]);
}

/// Debian has another SDK than that of AWS; its version knows the relative URI alone.
#[test]
fn php() {
    let (Some(php), Some(script)) = (installed_program("php"), installed("php/container.php")) else {
        return;
    };
    let Some(host) = ContainerHost::new() else { return };
    host.gets_keys("PHP", &[&php, &script], &[Way::RelativeUri]);
}

#[test]
fn rust() {
    let Some(client) = installed("rust/debug/container") else { return };
    let Some(host) = ContainerHost::new() else { return };
    host.gets_keys("Rust", &[&client], &ALL);
}

/// The attributes of the task that a detector of OpenTelemetry finds.
#[track_caller]
fn detects(host: &ContainerHost, words: &[&Path], region: bool) {
    let variables = host.variables(Way::RelativeUri);
    let found = host.run(words, &variables, false);
    let attributes: Value =
        serde_json::from_str(&found.stdout).unwrap_or_else(|_| panic!("expected JSON, found {found:#?}"));
    let v4 = variables["ECS_CONTAINER_METADATA_URI_V4"].as_str().expect("text");
    let get = |below: &str| -> Value {
        let path = v4.strip_prefix("http://169.254.170.2").expect("the address of ECS");
        let request =
            format!("GET {path}{below} HTTP/1.1\r\nHost: 169.254.170.2\r\nConnection: close\r\n\r\n");
        let response = http::exchange("169.254.170.2:80".parse().expect("an address"), request);
        serde_json::from_str(&response.body).unwrap_or_else(|error| panic!("{error}: {}", response.raw))
    };
    let container = get("");
    for (attribute, expected) in [
        ("cloud.provider", json!("aws")),
        ("cloud.platform", json!("aws_ecs")),
        ("aws.ecs.container.arn", container["ContainerARN"].clone()),
        ("aws.ecs.launchtype", json!("ec2")),
        ("aws.ecs.task.family", json!("shop")),
        ("aws.ecs.task.revision", json!("7")),
    ] {
        assert_eq!(attributes[attribute], expected, "{attribute}: {found:#?}");
    }
    let task = attributes["aws.ecs.task.arn"].as_str().unwrap_or_default();
    assert!(task.starts_with("arn:aws:ecs:us-east-1:123456789012:task/prod/"), "{found:#?}");
    let cluster = attributes["aws.ecs.cluster.arn"].as_str().unwrap_or_default();
    assert_eq!(cluster, "arn:aws:ecs:us-east-1:123456789012:cluster/prod", "{found:#?}");
    assert_eq!(attributes["aws.log.group.names"], json!(["/ecs/shop"]), "{found:#?}");
    if region {
        assert_eq!(attributes["cloud.region"], "us-east-1", "{found:#?}");
    }
}

#[test]
fn opentelemetry_for_python() {
    let Some(python) = installed("python/bin/python") else { return };
    let Some(host) = ContainerHost::new() else { return };
    detects(&host, &[&python, &given("python/detect.py")], false);
}

#[test]
fn opentelemetry_for_javascript() {
    let (Some(node), Some(script)) = (installed_program("node"), installed("js/detect.mjs")) else { return };
    let Some(host) = ContainerHost::new() else { return };
    detects(&host, &[&node, &script], true);
}
