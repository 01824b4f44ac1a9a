//! SDKs in containers: by the variables of `mock-imds env` alone, on loopback, where no host has to add an address.

use std::path::Path;

use serde_json::{Map, Value, json};
use support::{Outcome, Sandbox, ServerProcess, finish, given, http, installed};

const SCENARIO: &str =
    "[ecs]\nrole = \"app-task-role\"\n[pod-identity]\nrole = \"app-pod-role\"\ntoken = \"issued\"\n";

/// The variables of an endpoint.
fn variables(sandbox: &Sandbox, endpoint: &str) -> Map<String, Value> {
    let found = sandbox.control(&["env", endpoint, "--format", "json"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    serde_json::from_str(&found.stdout).expect("it is JSON")
}

/// Runs a client with these variables, and nothing else but a path and an empty home.
fn run(sandbox: &Sandbox, words: &[&Path], variables: &Map<String, Value>) -> Outcome {
    let arguments: Vec<&str> = words[1..].iter().map(|word| word.to_str().expect("UTF-8")).collect();
    let mut command = sandbox.prepared(words[0], &arguments);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", sandbox.directory());
    command.envs(variables.iter().map(|(name, value)| (name, value.as_str().expect("text"))));
    finish(&mut command)
}

/// The keys that the server has at a URL.
fn served(server: &ServerProcess, variables: &Map<String, Value>) -> Value {
    let url = variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].as_str().expect("text");
    let path = &url[url.match_indices('/').nth(2).expect("a path").0..];
    let token = variables.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").and_then(Value::as_str);
    let token = token.map(|file| std::fs::read_to_string(file).expect("the token is there"));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {}\r\nConnection: close\r\n\r\n",
        token.unwrap_or_default()
    );
    let response = http::exchange(server.address, request);
    assert_eq!(response.status, 200, "{}", response.raw);
    serde_json::from_str(&response.body).expect("it is JSON")
}

#[test]
fn botocore_gets_the_keys_of_a_task_and_of_a_pod() {
    let Some(python) = installed("python/bin/python") else { return };
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", SCENARIO);
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    for endpoint in ["ecs", "pod-identity"] {
        let variables = variables(&sandbox, endpoint);
        let found = run(&sandbox, &[&python, &given("python/container.py")], &variables);
        let printed: Value =
            serde_json::from_str(&found.stdout).unwrap_or_else(|_| panic!("{endpoint}: {found:#?}"));
        let keys = served(&server, &variables);
        let keys = json!({
            "access-key-id": keys["AccessKeyId"],
            "secret-access-key": keys["SecretAccessKey"],
            "session-token": keys["Token"],
        });
        let expected = json!({ "method": "container-role", "keys": [keys] });
        assert_eq!(printed, expected, "{endpoint}: {found:#?}");
    }
}
