//! `mock-imds show PATH`: what the service answers, asked over the control socket.

use support::{Sandbox, eventually};

#[test]
fn it_shows_what_a_client_gets_and_leaves_no_trace() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    for path in ["meta-data/instance-id", "meta-data/placement/", "dynamic/instance-identity/document", ""] {
        let shown = sandbox.control(&["show", path]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{path}: {shown:#?}");
        let expected = server.get(&format!("/latest/{path}")).body;
        assert_eq!(shown.stdout, format!("{expected}\n"), "{path}");
    }
    let shown = sandbox.control(&["show", "/2009-04-04/meta-data/mac", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&shown.stdout).expect("JSON");
    assert_eq!(
        (&json["status"], &json["path"]),
        (&404.into(), &"/2009-04-04/meta-data/mac".into()),
        "{json}"
    );

    let entries = sandbox.control(&["requests"]).stdout;
    assert_eq!(entries.lines().count(), 4, "those of the clients: {entries}");
    let status = sandbox.control(&["status"]).stdout;
    assert!(status.contains("\nrequests    4: "), "{status}");
}

#[test]
fn it_needs_no_token() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[metadata-options]\nhttp-tokens = \"required\"\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    assert_eq!(server.get("/latest/meta-data/mac").status, 401);
    let shown = sandbox.control(&["show", "meta-data/mac"]);
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "0e:49:61:0f:c3:11\n"), "{shown:#?}");
}

#[test]
fn what_is_not_answered_is_1() {
    let sandbox = Sandbox::new();
    sandbox.write("off.toml", "[metadata-options]\nhttp-endpoint = \"disabled\"\n");
    let server = sandbox.serve(&[]);
    let missing = "there is nothing at /latest/meta-data/weather";
    let listed = "`mock-imds show /latest/meta-data/` lists what there is";
    sandbox.control(&["show", "meta-data/weather"]).ended(1, &[missing, listed]);
    sandbox.control(&["show", "meta-data/weather/of/today"]).ended(1, &[listed]);
    sandbox.control(&["show", "/nowhere/at/all"]).ended(1, &["`mock-imds show /` lists"]);
    sandbox
        .control(&["show", "meta-data/instnace-id"])
        .ended(1, &["at /latest/meta-data/instnace-id; did you mean /latest/meta-data/instance-id?"]);
    sandbox.run(&["show"]).ended(64, &["PATH"]);
    drop(server);
    let _server = sandbox.serve(&["--scenario", "off.toml"]);
    let disabled = "the service answers 403 Forbidden at /latest/meta-data/mac";
    sandbox.control(&["show", "meta-data/mac"]).ended(1, &[disabled]);
}

#[test]
fn user_data_come_as_they_are() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[instance]\nuser-data = { base64 = \"gHNlY3JldP8=\" }\n");
    let _server = sandbox.serve(&["--scenario", "s.toml"]);
    let socket = sandbox.path("c.sock").display().to_string();
    let found = sandbox.command(&["show", "user-data", "--control", &socket]).output().expect("it runs");
    assert_eq!(found.stdout, b"\x80secret\xff", "{found:?}");
}

#[test]
fn each_client_is_shown_its_own_instance() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[instances.web]\nclients = [\"10.0.0.0/8\"]\ninstance-id = \"i-0fedcba0987654321\"\n",
    );
    let _server = sandbox.serve(&["--scenario", "s.toml"]);
    let id = |more: &[&str]| sandbox.control(&[&["show", "meta-data/instance-id"], more].concat()).stdout;
    assert_eq!(id(&[]), "i-1234567890abcdef0\n");
    assert_eq!(id(&["--client", "10.1.2.3"]), "i-0fedcba0987654321\n");
}

/// Looking makes nobody one of the first clients, and starts no clock.
#[test]
fn looking_changes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[[event]]\nat = \"0s\"\nfirst-n-clients = 1\nrebalance-recommendation = {}\n\
         [[event]]\nafter-poll = \"meta-data/mac\"\nset = { \"meta-data/x\" = \"polled\" }\n",
    );
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let path = "meta-data/events/recommendations/rebalance";
    assert_eq!(sandbox.control(&["show", path, "--client", "10.0.0.1"]).code, Some(1));
    assert_eq!(server.get(&format!("/latest/{path}")).status, 200, "the first client that asks");
    assert_eq!(sandbox.control(&["show", path]).code, Some(0), "for it, it is there");
    assert_eq!(sandbox.control(&["show", "meta-data/mac"]).code, Some(0));
    assert_eq!(sandbox.control(&["show", "meta-data/x"]).code, Some(1), "nobody has polled");
    server.get("/latest/meta-data/mac");
    eventually("what follows the first poll", || {
        (sandbox.control(&["show", "meta-data/x"]).code? == 0).then_some(())
    });
}

#[test]
fn a_certificate_is_printed_as_it_is_or_in_json() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let state = sandbox.path("state").display().to_string();
    let show =
        |more: &[&str]| sandbox.run(&[&["show", "identity-certificate", "--state", &state], more].concat());
    let pem = show(&["pkcs7"]);
    assert_eq!(pem.code, Some(0), "{pem:#?}");
    let json = show(&["pkcs7", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&found["leaf"], &found["certificate"]), (&"pkcs7".into(), &pem.stdout.into()), "{found:#}");
}

const TASK: &str = "[ecs]\nrole = \"app\"\nservice-name = \"shop\"\n[[ecs.container]]\nname = \"web\"\n\
                    [pod-identity]\ntoken = \"issued\"\nrole = \"pod\"\n\
                    [pod-identity.associations]\n\"shop/worker\" = \"worker\"\n\
                    [instances.other]\nclients = [\"10.0.0.1\"]\ninstance-id = \"i-0fedcba0987654321\"\n";

/// Names stand for ids, and what is shown is what a client gets who has the ids.
#[test]
fn it_shows_what_the_endpoints_of_containers_answer() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", TASK);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let show = |path: &str| {
        let shown = sandbox.control(&["show", path]);
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{path}: {shown:#?}");
        shown.stdout
    };
    let variables = sandbox.control(&["env", "ecs"]).stdout;
    let path = |name: &str| {
        let line = variables.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("=http://"));
        let url = line.unwrap_or_else(|| panic!("expected {name}, found:\n{variables}"));
        url[url.find('/').expect("a path")..].to_owned()
    };
    for (shown, asked) in [
        ("ecs/v4/web", path("ECS_CONTAINER_METADATA_URI_V4")),
        ("ecs/v2/credentials/app", path("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
        (
            "ecs/api/web/task-protection/v1/state",
            format!("{}/task-protection/v1/state", path("ECS_AGENT_URI")),
        ),
    ] {
        assert_eq!(show(shown), format!("{}\n", server.get(&asked).body), "{shown}");
        assert_eq!(show(&format!("ecs{asked}")), show(shown), "by the id");
    }
    assert!(show("ecs/v4/web/task").contains("\"ServiceName\":\"shop\""), "{}", show("ecs/v4/web/task"));
    assert_eq!(show("ecs/"), "api/\nv2/\nv3/\nv4/\n");
    assert_eq!(show("ecs/v4/web/"), "stats\ntask\ntask/\ntaskWithTags\n");
    assert_eq!(show("ecs/v2/credentials/"), "app\n", "no id");
    let other = sandbox.control(&["show", "ecs/v4/app", "--client", "10.0.0.1"]);
    other.ended(
        1,
        &["there is nothing at ecs/v4/app; `mock-imds show ecs/v4/ --client 10.0.0.1` lists what there is"],
    );
    let other = sandbox.control(&["show", "ecs/v4/web", "--client", "10.0.0.1"]).stdout;
    assert_ne!(other, show("ecs/v4/web"), "another instance's");

    assert_eq!(show("pod-identity/"), "associations/\nv1/\n");
    assert_eq!(show("pod-identity/associations/shop/"), "worker\n");
    assert_eq!(show("pod-identity/associations/shop/worker"), "arn:aws:iam::123456789012:role/worker\n");
    assert_eq!(show("pod-identity/associations/default/default"), "arn:aws:iam::123456789012:role/pod\n");
    let keys = show("pod-identity/v1/credentials");
    assert!(keys.contains("\"AccountId\""), "{keys}");
    assert_eq!(show("pod-identity/v1/credentials/default/default"), keys, "the pod's own");
    assert_ne!(show("pod-identity/v1/credentials/shop/worker"), keys, "another role's keys");
    sandbox
        .control(&["show", "ecs/v4/wbe"])
        .ended(1, &["there is nothing at ecs/v4/wbe; did you mean ecs/v4/web?"]);

    let json: serde_json::Value =
        serde_json::from_str(&sandbox.control(&["show", "ecs/v4/web", "--json"]).stdout).expect("JSON");
    assert_eq!(
        (&json["status"], &json["path"], &json["content_type"]),
        (&200.into(), &"ecs/v4/web".into(), &"application/json".into()),
        "{json}"
    );
    sandbox.control(&["ecs", "restart-agent", "--down", "1h"]);
    sandbox.control(&["show", "ecs/v4/web"]).ended(1, &["the service answers 503"]);
    sandbox.control(&["pod-identity", "remove"]);
    sandbox.control(&["show", "pod-identity/associations/default/default"]).ended(1, &["there is nothing"]);
    let entries = sandbox.control(&["requests"]).stdout;
    assert_eq!(entries.lines().count(), 3, "those of the clients: {entries}");
}
