//! The EKS Pod Identity agent.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_imds::model::Service;

use super::Conversation;

const HOST: (&str, &str) = ("host", "169.254.170.23");

fn agent(scenario: &str) -> Conversation {
    Conversation::at(Service::PodIdentity, scenario)
}

/// A token as others sign it.
fn token(claims: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(claims), part("signature"))
}

const POD: &str =
    "[pod-identity]\nrole = \"app-pod-role\"\n[pod-identity.associations]\n\"default/web\" = \"web-role\"\n";

const REAL: &str =
    "[credentials]\nsource = \"static\"\naccess-key-id = \"AKIAREAL\"\nsecret-access-key = \"s\"\n";

#[test]
fn replies_are_the_golden_ones() {
    let mut eks = agent(POD);
    let valid = token(r#"{"exp":4000000000,"sub":"system:serviceaccount:default:app"}"#);
    eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", &valid)], "");
    let web = token(r#"{"exp":4000000000,"sub":"system:serviceaccount:default:web"}"#);
    eks.ask("POST", "/v1/credentials", &[("host", "[fd00:ec2::23]:80"), ("authorization", &web)], "");
    eks.note("a Host that is none of the agent's");
    eks.ask("GET", "/v1/credentials", &[("host", "localhost:8080"), ("authorization", &valid)], "");
    eks.note("tokens that are none, or not valid now");
    eks.ask("GET", "/v1/credentials", &[HOST], "");
    let expired = token(r#"{"exp":1000000000}"#);
    let early = token(r#"{"nbf":4000000000}"#);
    for wrong in ["Bearer x", "a.b.c", "e30.e30", &expired, &early] {
        eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", wrong)], "");
    }
    eks.note("paths that are not there");
    for path in ["/", "/v1/credentials/", "/healthz", "/latest/meta-data/"] {
        eks.ask("GET", path, &[HOST], "");
    }
    eks.is_golden("pod-identity");
}

#[test]
fn errors_of_eks_auth_pass_with_their_status() {
    let valid = token(r#"{"exp":4000000000}"#);
    let mut all = String::new();
    for (what, scenario) in [
        ("no association", "[pod-identity]\nrole = false\n"),
        ("the role cannot be assumed", "[credentials]\nstate = \"assume-role-unauthorized\"\n"),
        ("the service fails", "[credentials]\nstate = \"failed\"\n"),
        ("expired keys", "[credentials]\nstate = \"expired\"\n"),
        ("429", "[[fault]]\nstatus = 429\n"),
        ("503", "[[fault]]\nstatus = 503\n"),
    ] {
        let mut eks = agent(scenario);
        eks.note(what);
        eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", &valid)], "");
        all += &eks.text;
    }
    let mut eks = agent("");
    eks.text = all;
    eks.is_golden("pod-identity-errors");
}

#[test]
fn tokens_are_judged_as_the_scenario_says() {
    let valid = token(r#"{"exp":4000000000}"#);
    for (rule, given, expected) in [
        ("any-jwt", &*valid, true),
        ("any-jwt", "x", false),
        ("any", "x", true),
        ("issued", &*valid, false),
        ("a-token-of-mine", "a-token-of-mine", true),
        ("a-token-of-mine", &*valid, false),
        ("a-token-of-mine", "a-token-of-min", false),
        ("a-token-of-mine", "a-token-of-mine-", false),
        // As long, with one other character, and with two that differ alike.
        ("a-token-of-mine", "a-token-of-minf", false),
        ("a-token-of-mine", "b-token-of-minf", false),
    ] {
        let mut eks = agent(&format!("[pod-identity]\ntoken = \"{rule}\"\n"));
        let body = eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", given)], "");
        assert_eq!(body.contains("SecretAccessKey"), expected, "{rule} with {given}: {body}");
    }
}

/// Claims can be written without the key that signs them.
#[test]
fn a_token_that_another_one_signed_is_not_issued() {
    let mut eks = agent("[pod-identity]\ntoken = \"issued\"\n");
    let issued = eks.service.pod_token();
    let [header, claims, signature] = *issued.split('.').collect::<Vec<_>>() else { panic!("{issued}") };
    let others = token(r#"{"exp":4000000000,"sub":"system:serviceaccount:kube-system:admin"}"#);
    let other_claims = others.split('.').nth(1).expect("claims");
    let made = |bytes: [u8; 32]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let mut alike = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64");
    alike.iter_mut().take(2).for_each(|byte| *byte ^= 1);
    let alike = BASE64_URL_SAFE_NO_PAD.encode(alike);
    for (what, given, expected) in [
        ("as it was issued", issued.clone(), true),
        ("other claims", format!("{header}.{other_claims}.{signature}"), false),
        ("zeros", format!("{header}.{claims}.{}", made([0; 32])), false),
        ("ones", format!("{header}.{claims}.{}", made([1; 32])), false),
        ("two bytes that differ alike", format!("{header}.{claims}.{alike}"), false),
        ("a part of the signature", format!("{header}.{claims}.{}", &signature[..40]), false),
        ("no signature", format!("{header}.{claims}."), false),
    ] {
        let body = eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", &given)], "");
        assert_eq!(body.contains("SecretAccessKey"), expected, "{what}: {body}");
    }
}

/// Unlike those that are worth nothing, which any token gets that says nothing else.
#[test]
fn real_keys_are_for_tokens_that_were_issued_or_set() {
    let valid = token(r#"{"exp":4000000000}"#);
    for rule in ["", "token = \"issued\"\n", "token = \"a-token-of-mine\"\n"] {
        let mut eks = agent(&format!("[pod-identity]\nrole = \"app-role\"\n{rule}{REAL}"));
        let issued = eks.service.pod_token();
        let accepted = if rule.contains("mine") { "a-token-of-mine" } else { &issued };
        for given in [&*valid, "x", &*issued, "a-token-of-mine"] {
            let body = eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", given)], "");
            assert_eq!(body.contains("SecretAccessKey"), given == accepted, "{rule} with {given}: {body}");
        }
    }
}

/// A page whose name leads here is the service's origin.
#[test]
fn web_pages_do_not_get_real_keys() {
    for (scenario, expected) in [(POD.to_owned(), true), (format!("{POD}{REAL}"), false)] {
        let mut eks = agent(&scenario);
        eks.addressed = None;
        let token = eks.service.pod_token();
        let mut has_keys = |host: &str| {
            let headers = [("host", host), ("authorization", &*token)];
            eks.ask("GET", "/v1/credentials", &headers, "").contains("SecretAccessKey")
        };
        assert_eq!(has_keys("rebound.example"), expected, "{scenario}");
        assert!(has_keys("127.0.0.1:1338"), "an address is allowed");
    }
}

#[test]
fn faults_are_in_the_words_of_eks_auth() {
    let valid = token(r#"{"exp":4000000000}"#);
    for (status, expected, expected_elsewhere) in [
        (400, "(AccessDeniedException)", "Bad Request\n"),
        (404, "(ResourceNotFoundException)", "404 page not found\n"),
        (429, "(ThrottlingException)", "Too Many Requests\n"),
        (500, "(InternalServerException)", "Internal Server Error\n"),
        (503, "(ServiceUnavailableException)", "Service Unavailable\n"),
        (502, "Bad Gateway", "Bad Gateway\n"),
    ] {
        let mut eks = agent(&format!("[[fault]]\nstatus = {status}\n"));
        let body = eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", &valid)], "");
        assert!(body.contains(expected), "{status}: {body}");
        assert_eq!(eks.ask("GET", "/healthz", &[HOST], ""), expected_elsewhere, "{status}");
    }
}

/// Both services have the path; that of Amazon ECS has an id behind it.
#[test]
fn a_path_of_both_services_is_that_of_ecs_with_an_id() {
    let id = "01234567-89ab-4cde-8f01-23456789abcd";
    let mut both = agent(&format!("{POD}[ecs]\nrole = \"task-role\"\ncredential-id = \"{id}\"\n"));
    both.addressed = None;
    let valid = token(r#"{"exp":4000000000}"#);
    let headers = [("host", "localhost:1338"), ("authorization", &*valid)];
    for query in [format!("id={id}"), format!("a=b&id={id}")] {
        let body = both.ask("GET", &format!("/v1/credentials?{query}"), &headers, "");
        assert!(body.contains(":role/task-role"), "{query}: {body}");
    }
    for query in ["", "?a=b", "?idle=x"] {
        let body = both.ask("GET", &format!("/v1/credentials{query}"), &headers, "");
        assert!(body.contains("AccountId"), "{query}: {body}");
    }
}

/// Without an address of its own the table decides, and the Host is not checked.
#[test]
fn on_another_address_the_path_tells_the_service() {
    let valid = token(r#"{"exp":4000000000}"#);
    let mut service = agent(POD);
    service.addressed = None;
    let headers = [("host", "localhost:1338"), ("authorization", &*valid)];
    assert!(service.ask("GET", "/v1/credentials", &headers, "").contains("AccountId"));
    for path in ["/healthz", "/readyz"] {
        assert_eq!(service.ask("GET", path, &headers, ""), "");
    }
    let ask = |service: &Conversation, target| {
        service.service.endpoint(None, service.client, ("GET", target), &headers, "").is_some()
    };
    assert!(!ask(&service, "/v2/credentials/x"), "there is no [ecs]");
    let without = agent("");
    for path in ["/v1/credentials", "/v2/credentials/x", "/v4/x", "/api/x", "/healthz"] {
        assert!(!ask(&without, path), "{path} is the metadata service's without tables");
    }
}

#[test]
fn the_limit_is_that_of_the_scenario() {
    let valid = token(r#"{"exp":4000000000}"#);
    for (throttle, expected) in [("{ per-second = 1, burst = 2 }", 2), ("{ burst = 3 }", 3), ("false", 600)] {
        let mut eks = agent(&format!("[pod-identity]\nthrottle = {throttle}\n"));
        let mut ask = || eks.ask("GET", "/v1/credentials", &[HOST, ("authorization", &valid)], "");
        let answered = (0..600).take_while(|_| !ask().contains("Too Many Requests")).count();
        assert_eq!(answered, expected, "throttle = {throttle}");
    }
}
