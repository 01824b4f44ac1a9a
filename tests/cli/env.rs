//! `mock-imds env`: the variables, and what they lead to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use support::{Sandbox, exchange};

const SCENARIO: &str = "[ecs]\nrole = \"app\"\n[[ecs.container]]\nname = \"web\"\n[[ecs.container]]\nname = \"log\"\n\
                        [pod-identity]\ntoken = \"issued\"\n[instances.other]\nclients = [\"10.0.0.1\"]\n\
                        instance-id = \"i-0fedcba0987654321\"\n";

fn value<'t>(text: &'t str, name: &str) -> &'t str {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("expected {name}, found:\n{text}"))
}

#[test]
fn the_variables_of_a_task_lead_to_its_credentials_and_metadata() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SCENARIO);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let found = sandbox.control(&["env", "ecs", "--container", "log"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    let get = |url: &str| server.get(&url[url.match_indices('/').nth(2).expect("a path").0..]);
    let credentials = get(value(&found.stdout, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    assert!(credentials.body.contains(":role/app"), "{credentials:#?}");
    let container = get(value(&found.stdout, "ECS_CONTAINER_METADATA_URI_V4"));
    assert!(container.body.contains(r#""Name":"log""#), "{container:#?}");
    let task = get(&format!("{}/task", value(&found.stdout, "ECS_CONTAINER_METADATA_URI_V4")));
    assert!(task.raw.contains("Transfer-Encoding: chunked"), "{task:#?}");
    let other = sandbox.control(&["env", "ecs", "--instance", "other"]);
    assert_ne!(value(&other.stdout, "ECS_AGENT_URI"), value(&found.stdout, "ECS_AGENT_URI"));
    // Six characters of the id are recorded.
    let listed = sandbox.control(&["requests"]).stdout;
    let id = value(&found.stdout, "AWS_CONTAINER_CREDENTIALS_FULL_URI").rsplit('/').next().expect("an id");
    assert!(listed.contains(&id[..6]) && !listed.contains(id), "{listed}");
}

#[test]
fn the_token_of_a_pod_is_in_a_file_until_the_server_stops() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SCENARIO);
    // systemd's umask for the unit.
    let umask = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    nix::sys::stat::umask(umask);
    let found = sandbox.control(&["env", "pod-identity"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    let file = Path::new(value(&found.stdout, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    let token = fs::read_to_string(file).expect("the token is there");
    assert!(!token.ends_with('\n') && token.split('.').count() == 3, "{token:?}");
    let mode = fs::metadata(file).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o644, "others read it too");
    for directory in file.ancestors().skip(1).take(2) {
        let mode = fs::metadata(directory).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "others look into {}", directory.display());
    }
    let ask = |token: &str| {
        let request = format!(
            "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
        );
        exchange(server.address, &request)
    };
    assert!(ask(&token).body.contains("AccountId"));
    assert_eq!(ask(&format!("{token}x")).status, 400, "only what the server issued");
    server.stop();
    assert!(!file.exists(), "{} outlives its server", file.display());
}

#[test]
fn what_is_not_served_or_unknown_has_a_sentence_and_a_code() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    for (arguments, code, expected) in [
        (
            &["env", "ecs"][..],
            69,
            "add \"ecs\" to endpoints in [host] of host.toml. For this server at its present address, add the table [ecs]",
        ),
        (&["env", "pod-identity"], 69, "--listen pod-identity=ADDR:PORT"),
        (&["env", "imds", "--instance", "x"], 64, "there is no instance \"x\""),
        (&["env", "imds", "--container", "x"], 64, "only ecs has containers"),
    ] {
        let found = sandbox.control(arguments);
        assert_eq!((found.code, &*found.stdout), (Some(code), ""), "{arguments:?}: {found:#?}");
        assert!(found.stderr.contains(expected), "expected {expected}, found {found:#?}");
    }
    let imds = sandbox.control(&["env", "imds"]);
    assert!(
        value(&imds.stdout, "AWS_EC2_METADATA_SERVICE_ENDPOINT").starts_with("http://127.0.0.1:"),
        "{imds:#?}"
    );
}

/// systemd keeps the runtime directory over a restart.
#[test]
fn the_token_of_a_unit_is_renewed_by_the_next_process() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SCENARIO);
    let runtime = sandbox.directory().to_owned();
    let start = || {
        sandbox.serve_with(&["--scenario", "s.toml"], |command| {
            command.env("RUNTIME_DIRECTORY", &runtime);
        })
    };
    let server = start();
    let found = sandbox.control(&["env", "pod-identity"]);
    let file = Path::new(value(&found.stdout, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    server.stop();
    assert!(file.exists(), "{} is gone while its service starts again", file.display());
    fs::write(file, "of before").expect("it is ours");
    let _server = start();
    // The control socket answers after that.
    assert_eq!(sandbox.control(&["status"]).code, Some(0));
    let token = fs::read_to_string(file).expect("the token is there");
    assert_eq!(token.split('.').count(), 3, "expected a new token, found {token:?}");
}

#[test]
fn a_listener_may_serve_one_endpoint_alone() {
    let sandbox = Sandbox::new();
    // No table is needed: what the listener serves is said.
    let listen = ["--listen", "ecs=127.0.0.1:0", "--listen", "pod-identity=127.0.0.1:0"];
    let running = sandbox.serve(&listen);
    let status = sandbox.control(&["status", "--json"]).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("it is JSON");
    let listeners = status["listeners"].as_array().expect("a list");
    let served: Vec<_> = listeners.iter().map(|listener| listener["endpoint"].as_str()).collect();
    assert_eq!(served, [None, Some("ecs"), Some("pod-identity")], "{status}");
    let addresses: Vec<std::net::SocketAddr> = listeners
        .iter()
        .map(|listener| listener["address"].as_str().and_then(|it| it.parse().ok()).expect("an address"))
        .collect();
    let get = |address, path: &str| {
        exchange(address, format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"))
    };
    for (address, path, status, what) in [
        (addresses[0], "/latest/meta-data/mac", 200, "the metadata service"),
        (addresses[0], "/v2/metadata", 404, "without a table the path does not lead to the task"),
        (addresses[1], "/v2/metadata", 200, "the task"),
        (addresses[1], "/latest/meta-data/mac", 404, "Amazon ECS has no such path"),
        (addresses[1], "/v1/credentials", 400, "its own, which lacks an id"),
        (addresses[2], "/v1/credentials", 400, "its own, which lacks a token"),
        (addresses[2], "/v2/metadata", 404, "the agent has no such path"),
    ] {
        let found = get(address, path);
        assert_eq!(found.status, status, "{path}: {what}; found {found:#?}");
    }
    let found = sandbox.control(&["env", "ecs"]);
    let credentials = value(&found.stdout, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    assert!(credentials.starts_with(&format!("http://{}/v2/credentials/", addresses[1])), "{found:#?}");
    let found = sandbox.control(&["env", "pod-identity"]);
    let url = value(&found.stdout, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    assert_eq!(url, format!("http://{}/v1/credentials", addresses[2]));
    let token = value(&found.stdout, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let token = fs::read_to_string(token).expect("it is there");
    let request = format!(
        "GET /v1/credentials HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n",
        addresses[2]
    );
    let found = exchange(addresses[2], request);
    assert!(found.body.contains("AccountId"), "the Host is that of the listener: {found:#?}");
    let shown = sandbox.control(&["status"]).stdout;
    assert!(shown.contains(" (Amazon ECS) for this host"), "{shown}");
    let refused = sandbox.run(&["serve", "--listen", "ec2=127.0.0.1:0"]);
    assert_eq!(refused.code, Some(64), "{refused:#?}");
    assert!(refused.stderr.contains("accepted before \"=\": imds, ecs or pod-identity"), "{refused:#?}");
    let ready = running.stop().stdout;
    let expected =
        format!("http://{}/ (Amazon ECS) http://{}/ (EKS Pod Identity): i-", addresses[1], addresses[2]);
    assert!(ready.contains(&expected), "expected {expected}, found {ready}");
}

/// An event is told as it changes answers of its endpoint, in the words of the file and in `status`.
#[test]
fn an_event_of_a_container_is_ordered_and_told() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SCENARIO);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let found = sandbox.control(&["ecs", "container", "web", "--health", "UNHEALTHY"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(found.stdout.contains("the endpoint ecs answers so from now"), "{found:#?}");
    let url = sandbox.control(&["env", "ecs", "--container", "web"]).stdout;
    let url = value(&url, "ECS_CONTAINER_METADATA_URI_V4");
    let container = server.get(&url[url.match_indices('/').nth(2).expect("a path").0..]);
    assert!(container.body.contains(r#""Health":{"status":"UNHEALTHY""#), "{container:#?}");
    for (arguments, expected) in [
        (&["ecs", "stop", "--timeout", "1m"][..], "to stop, containers end 1m later with exit code 137"),
        (&["ecs", "container", "log", "--stopped", "--exit-code", "3"], "log STOPPED with exit code 3"),
        (&["ecs", "container", "log", "--restart"], "log restarted"),
        (&["ecs", "protection", "blocked"], "blocked"),
        (&["ecs", "protection", "on", "--for", "1h"], "on for 1h"),
        (&["ecs", "restart-agent", "--down", "2s"], "ecs down for 2s"),
        (&["pod-identity", "remove"], "association of service accounts without one of their own: none"),
        (
            &["pod-identity", "associate", "other-role", "--service-account", "shop/web"],
            "shop/web: with other-role",
        ),
        (&["pod-identity", "restart-agent"], "pod-identity down for 5s"),
    ] {
        let found = sandbox.control(arguments);
        assert_eq!(found.code, Some(0), "{arguments:?}: {found:#?}");
        assert!(found.stdout.contains(expected), "{arguments:?}: expected {expected}, found {found:#?}");
    }
    let url = sandbox.control(&["env", "ecs", "--container", "log"]).stdout;
    let path = |url: &str| url[url.match_indices('/').nth(2).expect("a path").0..].to_owned();
    // It answers again at once.
    assert_eq!(sandbox.control(&["ecs", "restart-agent", "--down", "0s"]).code, Some(0));
    let container = server.get(&path(value(&url, "ECS_CONTAINER_METADATA_URI_V4")));
    assert!(container.body.contains(r#""RestartCount":1"#), "{container:#?}");
    assert!(!container.body.contains("ExitCode"), "it runs again: {container:#?}");
    let shown = sandbox.control(&["status"]).stdout;
    for expected in [
        "app:1 on FARGATE with web, log, RUNNING; role app",
        "is to stop since",
        "web UNHEALTHY since",
        "association of shop/web: with other-role",
    ] {
        assert!(shown.contains(expected), "expected {expected}, found:\n{shown}");
    }
    let unknown = sandbox.control(&["ecs", "container", "wbe", "--restart"]);
    assert_ne!(unknown.code, Some(0), "{unknown:#?}");
    assert!(unknown.stderr.contains("the task has no container \"wbe\""), "{unknown:#?}");
    for endpoint in ["ecs", "pod-identity"] {
        let cleared = sandbox.control(&["clear", endpoint]);
        let expected = format!("the endpoint {endpoint} answers so from now");
        assert!(cleared.stdout.contains(&expected), "expected {expected}, found {cleared:#?}");
    }
    let shown = sandbox.control(&["status"]).stdout;
    assert!(!shown.contains("web UNHEALTHY since"), "{shown}");
}

#[test]
fn an_association_is_ordered_and_the_endpoint_answers_so() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SCENARIO);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let found = sandbox.control(&["env", "pod-identity"]);
    let token = fs::read_to_string(value(&found.stdout, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    let token = token.expect("the token is there");
    let ask = || {
        let request = format!(
            "GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
        );
        exchange(server.address, &request)
    };
    let key = || {
        let found = ask();
        let json: serde_json::Value = serde_json::from_str(&found.body).unwrap_or_default();
        json["AccessKeyId"].as_str().unwrap_or_else(|| panic!("expected keys, found {found:#?}")).to_owned()
    };
    let order = |arguments: &[&str]| {
        let found = sandbox.control(arguments);
        assert_eq!(found.code, Some(0), "{arguments:?}: {found:#?}");
    };
    let first = key();
    order(&["pod-identity", "associate", "other-role"]);
    assert_ne!(key(), first, "the keys are those of another role");
    order(&["pod-identity", "remove"]);
    assert_eq!(ask().status, 404, "there is no association");
    order(&["pod-identity", "restore"]);
    assert_eq!(key(), first, "the association is that of the scenario");
    order(&["pod-identity", "restart-agent", "--down", "0s"]);
    assert_ne!(key(), first, "the agent asked for new ones");
}

#[test]
fn status_says_how_credentials_are_answered() {
    for (scenario, expected, absent) in [
        (
            "[ecs]\nrole = \"app\"\ncredentials-ready-after = \"1h\"\n",
            "role app, answered as uninitialized",
            None,
        ),
        ("[ecs]\nrole = \"app\"\n", "role app", Some("answered as")),
        (
            "[ecs]\nrole = false\n[credentials]\nstate = \"expired\"\n",
            "RUNNING; no role",
            Some("no role, answered"),
        ),
        ("[credentials]\nstate = \"expired\"\n[ecs]\n", "answered as expired", None),
        (
            "[pod-identity]\nrole = false\n[credentials]\nstate = \"expired\"\n",
            "no association",
            Some("association, answered"),
        ),
        ("[pod-identity]\n[credentials]\nstate = \"expired\"\n", "answered as expired", None),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", scenario);
        let _server = sandbox.serve(&["--scenario", "s.toml"]);
        let shown = sandbox.control(&["status"]).stdout;
        assert!(shown.contains(expected), "{scenario}: expected {expected}, found:\n{shown}");
        assert!(absent.is_none_or(|absent| !shown.contains(absent)), "{scenario}: found:\n{shown}");
    }
}
