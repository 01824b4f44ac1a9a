//! The journal of requests as people and scripts read it: `requests`, `wait`, and the route beneath them.

use support::{Connection, Sandbox, exchange, is_root};

use crate::journal::{ID, ask, entries, paths, with_token};

#[test]
fn every_kind_of_request_has_its_entry() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get(ID);
    let token = server.token();
    with_token(&server, "GET", ID, &token);
    with_token(&server, "GET", ID, "forged");
    server.get("//latest/nothing%41/?x=y");
    exchange(server.address, "HEAD /latest/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    exchange(server.address, "BREW /latest/\u{202e}\u{7f} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");

    let found = entries(&sandbox, &[]);
    let rows: Vec<_> = found
        .iter()
        .map(|e| {
            let text = |key: &str| e[key].as_str().unwrap_or("?").to_owned();
            (text("method"), text("path"), text("version"), e["status"].as_u64().unwrap_or(0))
        })
        .collect();
    let expected = [
        ("GET", ID, "v1", 200),
        ("PUT", "/latest/api/token", "token", 200),
        ("GET", ID, "v2", 200),
        ("GET", ID, "v2", 401),
        ("GET", "//latest/nothing%41/", "v1", 404),
        ("HEAD", "/latest/", "v1", 200),
    ]
    .map(|(method, path, version, status)| (method.to_owned(), path.to_owned(), version.to_owned(), status));
    assert_eq!(rows[..6], expected, "{found:#?}");
    for (number, entry) in (1..).zip(&found) {
        assert_eq!(entry["number"], number, "{entry}");
        assert_eq!((&entry["client"], &entry["ingress"]), (&"127.0.0.1".into(), &"host".into()), "{entry}");
        assert!(entry["latency_us"].as_u64().is_some_and(|micros| micros < 10_000_000), "{entry}");
        assert!(entry["at"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')), "{entry}");
        assert!(entry["path"].as_str().is_some_and(str::is_ascii), "{entry}");
    }

    let lines = sandbox.control(&["requests"]).stdout;
    let second = lines.lines().nth(1).unwrap_or_default();
    let words: Vec<&str> = second.split_whitespace().skip(1).take(5).collect();
    assert_eq!(words, ["host", "PUT", "/latest/api/token", "token", "200"], "{lines}");
    assert_eq!(lines.lines().count(), found.len(), "{lines}");
}

#[test]
fn a_client_that_leaves_has_an_entry_without_a_status() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let mut client = Connection::new(server.address);
    client.send("PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n12345");
    drop(client);
    let found = sandbox.control(&["wait", "/latest/api/token", "--status", "none", "--since", "start"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert!(found.stdout.contains(" token   - "), "{found:#?}");
}

#[test]
fn filters_choose() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get("/latest/meta-data/mac");
    server.get("/2021-07-15/meta-data/mac/");
    server.get("/latest/meta-data/nothing");
    let token = server.token();
    with_token(&server, "HEAD", "/latest/dynamic/", &token);
    let mac = ["/latest/meta-data/mac", "/2021-07-15/meta-data/mac/"];
    let cases: [(&[&str], &[&str]); 10] = [
        (&["--path", "meta-data/mac"], &mac),
        (&["--path", "/latest/meta-data/*"], &[mac[0], "/latest/meta-data/nothing"]),
        (&["--status", "4xx"], &["/latest/meta-data/nothing"]),
        (&["--method", "put,head"], &["/latest/api/token", "/latest/dynamic/"]),
        (&["--v2"], &["/latest/api/token", "/latest/dynamic/"]),
        (&["--v1", "--status", "200"], &mac),
        (&["--client", "127.0.0.0/8", "--limit", "1"], &["/latest/dynamic/"]),
        (&["--client", "host", "--limit", "0"], &[]),
        (&["--client", "10.0.0.0/8,::/0"], &[]),
        (&["--limit", "2"], &["/latest/api/token", "/latest/dynamic/"]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(paths(&sandbox, arguments), expected, "{arguments:?}");
    }
    sandbox.control(&["requests", "--status", "9xx"]).ended(64, &["expected a status such as 404"]);
    sandbox.control(&["requests", "--client", "web"]).ended(64, &["expected an address, a network"]);
    sandbox.control(&["wait", "**", "--within", "soon"]).ended(64, &["expected a duration"]);
    let refused = ask(&sandbox, "/v1/requests?stat=4xx");
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("accepted: client, path"), "{refused}");
}

#[test]
fn what_is_secret_is_in_no_entry() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[credentials]\nrole = \"r\"\nsource = \"static\"\naccess-key-id = \"AKIDSECRETEXAMPLE\"\n\
         secret-access-key = \"wJalrSECRET\"\nsession-token = \"sessionSECRET\"\n",
    );
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let token = server.token();
    let role = "/latest/meta-data/iam/security-credentials/r";
    let body = with_token(&server, "GET", role, &token);
    assert!(body.contains("wJalrSECRET") && token.len() == 56, "{body}");
    with_token(&server, "GET", &format!("{role}?querySECRET=1#fragmentSECRET"), "forgedSECRET");
    with_token(&server, "GET", &format!("http://user:passwordSECRET@host{role}"), &token);
    exchange(
        server.address,
        "PUT /latest/api/token HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: headerSECRET\r\n\
         X-aws-ec2-metadata-token-ttl-seconds: 60\r\nContent-Length: 10\r\n\r\nbodySECRET",
    );
    let outputs = [
        sandbox.control(&["requests"]).stdout,
        sandbox.control(&["requests", "--json"]).stdout,
        sandbox.control(&["wait", "**", "--since", "start"]).stdout,
        ask(&sandbox, "/v1/requests"),
        sandbox.control(&["status", "--json"]).stdout,
    ];
    for output in &outputs {
        assert!(!output.contains("SECRET") && !output.contains(&token), "{output}");
    }
    assert_eq!(
        paths(&sandbox, &["--path", "meta-data/iam/**"]).len(),
        3,
        "all of them are there: {outputs:#?}"
    );
}

#[test]
fn without_a_server_or_a_permission_it_is_said() {
    let sandbox = Sandbox::new();
    let commands: [&[&str]; 4] =
        [&["requests"], &["wait", "/x"], &["show", "meta-data/mac"], &["status", "-f"]];
    for command in commands {
        sandbox.control(command).ended(69, &["no mock-imds server listens at", "mock-imds serve"]);
    }
    if !is_root() {
        return;
    }
    let _server = sandbox.serve(&[]);
    let socket = sandbox.path("c.sock").display().to_string();
    std::fs::set_permissions(sandbox.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("the directory is ours");
    for command in commands {
        let found = sandbox.run_as_nobody(&[command, &["--control", &socket]].concat());
        found.ended(77, &["sudo usermod -aG mock-imds"]);
    }
}

#[test]
fn an_entry_has_the_name_of_its_fault() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    sandbox.control(&["fault", "--name", "slow-keys", "--status", "503", "--path", ID]).ended(0, &[]);
    server.get(ID);
    server.get("/latest/");
    sandbox.control(&["fault", "remove", "--all"]).ended(0, &[]);
    let names: Vec<_> = entries(&sandbox, &[]).iter().map(|entry| entry["fault_name"].clone()).collect();
    assert_eq!(names, ["slow-keys".into(), serde_json::Value::Null]);
    let found = sandbox.control(&["requests", "--format", "{fault} {status}"]);
    assert_eq!(found.stdout, "slow-keys 503\n- 200\n", "{found:#?}");
    let found = sandbox.control(&["requests"]);
    assert!(found.stdout.contains("fault slow-keys"), "{found:#?}");
}
