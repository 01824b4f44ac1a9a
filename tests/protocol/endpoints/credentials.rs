//! The credentials of Amazon ECS.

use std::time::Duration;

use mock_imds::imds::ContainerChoice;
use mock_imds::model::Service;

use super::Conversation;

const ID: &str = "01234567-89ab-4cde-8f01-23456789abcd";
const TASK: &str =
    "[ecs]\nrole = \"app-task-role\"\ncredential-id = \"01234567-89ab-4cde-8f01-23456789abcd\"\n";

fn at_ecs(scenario: &str) -> Conversation {
    Conversation::at(Service::Ecs, scenario)
}

#[test]
fn replies_are_the_golden_ones() {
    let mut ecs = at_ecs(TASK);
    let path = format!("/v2/credentials/{ID}");
    ecs.get(&path);
    ecs.get(&format!("/v1/credentials?id={ID}"));
    ecs.ask("POST", &path, &[("host", "anything.example"), ("x-forwarded-for", "192.0.2.1")], "");
    ecs.ask("HEAD", &path, &[("host", "x")], "");
    for other in [
        "/v2/credentials/",
        "/v1/credentials",
        "/v2/credentials/unknown",
        "/v2/credentials/a/b",
        "/v1/credentials?id=unknown",
        "/v2/credentials",
        "/",
        "/latest/meta-data/",
        "//v2/credentials/x",
        "/v2/x/../credentials/y?a=b",
    ] {
        ecs.get(other);
    }
    ecs.is_golden("ecs-credentials");
}

#[test]
fn states_of_the_credentials_are_told_in_the_agents_words() {
    let mut ecs = at_ecs(&format!("{TASK}credentials-ready-after = \"1h\"\n"));
    ecs.note("before the agent has them");
    ecs.get(&format!("/v2/credentials/{ID}"));
    for (state, expected) in [
        ("expired", "AccessKeyId"),
        ("failed", "CredentialsUninitialized"),
        ("assume-role-unauthorized", "CredentialsUninitialized"),
        ("no-role", "InvalidIdInRequest"),
    ] {
        let mut of_state = at_ecs(&format!("{TASK}[credentials]\nstate = \"{state}\"\n"));
        let body = of_state.get(&format!("/v2/credentials/{ID}"));
        assert!(body.contains(expected), "{state}: {body}");
    }
    let mut without = at_ecs(&format!("{TASK}[credentials]\nsource = \"none\"\n"));
    let body = without.get(&format!("/v2/credentials/{ID}"));
    assert!(body.contains("AccessKeyId"), "a task has its role where the instance has none: {body}");
    let mut without = at_ecs(&TASK.replace("\"app-task-role\"", "false"));
    assert!(without.get(&format!("/v2/credentials/{ID}")).contains("InvalidIdInRequest"));
    ecs.is_golden("ecs-credentials-states");
}

#[test]
fn a_client_that_asks_too_often_is_told_so_and_another_path_is_not_meant() {
    let mut ecs = at_ecs(&format!("{TASK}throttle = {{ per-second = 1, burst = 2 }}\n"));
    for _ in 0..3 {
        ecs.get("/v2/credentials/x");
    }
    ecs.get("/v2/credentials/y");
    ecs.service.wait(Duration::from_secs(1));
    ecs.get("/v2/credentials/x");
    ecs.is_golden("ecs-throttled");
}

#[test]
fn faults_are_in_the_words_of_the_endpoint() {
    for (status, expected) in [
        (429, "You have reached maximum request limit."),
        (503, "CredentialsUninitialized"),
        (400, "InvalidIdInRequest"),
        (500, r#"{"code":"InternalServerError","message":"Internal server error","HTTPErrorCode":500}"#),
        (404, "404 page not found"),
    ] {
        let fault = format!("[[fault]]\npath = \"/v2/credentials/**\"\nstatus = {status}\n");
        let body = at_ecs(&format!("{TASK}{fault}")).get(&format!("/v2/credentials/{ID}"));
        assert!(body.contains(expected), "{status}: {body}");
    }
    let fault = "[[fault]]\npath = \"/v1/credentials\"\nstatus = 400\n";
    let body = at_ecs(&format!("{TASK}{fault}")).get(&format!("/v1/credentials?id={ID}"));
    assert!(body.contains("CredentialsV1Request: Credentials not found"), "{body}");
    // Of the agent's API, and of paths that are not there.
    for (status, expected) in [
        (500, "Internal Server Error\n"),
        (404, "404 page not found\n"),
        (429, "You have reached maximum request limit."),
    ] {
        let mut ecs = at_ecs(&format!("{TASK}[[fault]]\nendpoint = \"ecs\"\nstatus = {status}\n"));
        for path in ["/api/x/task-protection/v1/state", "/nothing"] {
            assert_eq!(ecs.get(path), expected, "{status} at {path}");
        }
    }
}

/// Generated ids follow from the instance, and those of real keys from the server's key too.
#[test]
fn keys_of_another_instance_are_for_whoever_has_its_id() {
    const OTHER: &str = "[instances.other]\nclients = [\"10.0.0.1\"]\ninstance-id = \"i-0fedcba0987654321\"\n\
                         ecs = { role = \"other\", credential-id = \"11111111-1111-4111-8111-111111111111\" }\n";
    let mut ecs = at_ecs(&format!("{TASK}{OTHER}"));
    let body = ecs.get("/v2/credentials/11111111-1111-4111-8111-111111111111");
    assert!(body.contains(":role/other"), "{body}");
    let body = ecs.get(&format!("/v2/credentials/{ID}"));
    assert!(body.contains(":role/app-task-role"), "{body}");
    let third =
        OTHER.replace("other", "third").replace("10.0.0.1", "10.0.0.2").replace("1111-1111-", "2222-2222-");
    let third = third.replace("i-0fedcba0987654321", "i-0fedcba0987654322");
    let mut ecs = at_ecs(&format!("{TASK}{OTHER}{third}"));
    for (id, role) in [("1111-1111", ":role/other"), ("2222-2222", ":role/third")] {
        let body = ecs.get(&format!("/v2/credentials/1111{id}-4111-8111-111111111111"));
        assert!(body.contains(role), "{id}: {body}");
    }
    // The last one differs from the first one's in two characters, alike.
    for unknown in [
        "33333333-3333-4333-8333-333333333333",
        &ID[..35],
        &format!("{ID}0"),
        &ID.replacen("0123", "1133", 1),
    ] {
        let body = ecs.get(&format!("/v2/credentials/{unknown}"));
        assert!(body.contains("InvalidIdInRequest"), "{unknown}: {body}");
    }
}

/// They name no client, and each has an identity of its own.
#[test]
fn the_variables_of_an_instance_are_for_all_of_its_clients() {
    const EACH: &str =
        "[instances.each]\nclients = [\"172.18.0.0/16\"]\nderive = true\necs = { role = \"each\" }\n";
    let mut ecs = at_ecs(&format!("{TASK}{EACH}"));
    let choice = ContainerChoice { instance: Some("each"), container: None };
    let variables = ecs.service.ecs_environment(choice);
    let path_of = |variable: &str| {
        let found = variables.iter().find(|(name, _)| *name == variable);
        let (_, value) = found.unwrap_or_else(|| panic!("expected {variable} in {variables:?}"));
        value.strip_prefix("http://169.254.170.2").unwrap_or(value).to_owned()
    };
    let body = ecs.get(&path_of("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"));
    assert!(body.contains(":role/each"), "{body}");
    let body = ecs.get(&path_of("ECS_CONTAINER_METADATA_URI_V4"));
    assert!(body.contains("\"DockerId\":"), "{body}");
}

#[test]
fn web_pages_do_not_get_real_keys() {
    const REAL: &str =
        "[credentials]\nsource = \"static\"\naccess-key-id = \"AKIAREAL\"\nsecret-access-key = \"s\"\n";
    let path = format!("/v2/credentials/{ID}");
    for (scenario, expected) in [(TASK.to_owned(), true), (format!("{TASK}{REAL}"), false)] {
        let mut ecs = at_ecs(&scenario);
        let body = ecs.ask("GET", &path, &[("host", "rebound.example")], "");
        assert_eq!(body.contains("SecretAccessKey"), expected, "{body}");
        let (client, target) = (ecs.client, ("GET", &*path));
        let reply = ecs.service.endpoint(ecs.addressed, client, target, &[("host", "rebound.example")], "");
        assert_eq!(reply.expect("it answers").refusal.is_none(), expected, "as the journal tells it");
        assert!(ecs.get(&path).contains("SecretAccessKey"), "an address is allowed");
    }
}

/// The id alone gives them, at each instance.
#[test]
fn web_pages_do_not_get_real_keys_of_another_instance() {
    const OTHER: &str = "[instances.other]\nclients = [\"10.0.0.1\"]\ninstance-id = \"i-0fedcba0987654321\"\n\
                         ecs = { role = \"other\", credential-id = \"11111111-1111-4111-8111-111111111111\" }\n";
    const REAL: &str =
        "credentials = { source = \"static\", access-key-id = \"AKIAREAL\", secret-access-key = \"s\" }\n";
    let path = "/v2/credentials/11111111-1111-4111-8111-111111111111";
    for (scenario, expected) in [(format!("{TASK}{OTHER}"), true), (format!("{TASK}{OTHER}{REAL}"), false)] {
        let mut ecs = at_ecs(&scenario);
        let body = ecs.ask("GET", path, &[("host", "rebound.example")], "");
        assert_eq!(body.contains("SecretAccessKey"), expected, "{body}");
        assert!(ecs.get(path).contains("SecretAccessKey"), "an address is allowed");
    }
}
