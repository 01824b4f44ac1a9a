//! `mock-imds audit`: what the requests of clients tell about them.

use serde_json::Value;
use support::Sandbox;

use crate::journal::with_token;

const ID: &str = "/latest/meta-data/instance-id";

#[test]
fn a_client_that_speaks_v2_passes_and_one_request_without_a_token_fails() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let none = sandbox.control(&["audit", "--require-v2"]);
    none.ended(1, &["no client has sent a request that tells whether it works"]);
    assert_eq!(none.stdout, "no requests have been recorded\n");
    assert_eq!(sandbox.control(&["audit"]).code, Some(0), "without --require-v2 it only tells");

    let token = server.token();
    for path in [ID, ID, "/latest/meta-data/nothing"] {
        with_token(&server, "GET", path, &token);
    }
    let good = sandbox.control(&["audit", "--require-v2"]);
    assert_eq!(good.code, Some(0), "{good:#?}");
    for part in [
        "client      host\n",
        "requests    4 requests, ",
        "protocol    IMDSv2 3, IMDSv1 0\n",
        "tokens      1 fetched for 60 s, used 3 times each on average\n",
        "in vain         1 × /latest/meta-data/nothing\n",
        "verdict     works with IMDSv2 only: it always has a token\n",
        "\n1 client: it works with http-tokens = \"required\"\n",
    ] {
        let ascii = part.replace('×', "x");
        assert!(good.stdout.contains(&ascii), "expected {ascii:?} in\n{}", good.stdout);
    }

    server.get(ID);
    let bad = sandbox.control(&["audit", "--require-v2"]);
    bad.ended(1, &["1 client would not work with http-tokens = \"required\""]);
    assert!(bad.stdout.contains("BREAKS with IMDSv2 only: 1 of its 5 requests has no token"), "{bad:#?}");
    assert_eq!(sandbox.control(&["audit"]).code, Some(0), "without --require-v2 it only tells");

    let json: Value = serde_json::from_str(&sandbox.control(&["audit", "--json"]).stdout).expect("JSON");
    let client = &json["clients"][0];
    assert_eq!((&json["would_break"], &client["verdict"]), (&1.into(), &"mixed".into()), "{json:#}");
    assert_eq!(client["tokens"]["ttls"], serde_json::json!([60]));
    assert_eq!(client["v1_paths"], serde_json::json!([{"path": ID, "count": 1}]));
    let others = sandbox.control(&["audit", "--client", "10.0.0.0/8", "--require-v2"]);
    others.ended(1, &["no client has sent a request"]);
}

/// The scenario lets any token pass: what the client would do without that, only the token tells.
#[test]
fn a_token_that_was_never_valid_does_not_pass_for_a_good_one() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[http]\ninvalid-token = \"ignore\"\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    with_token(&server, "GET", ID, "garbage");
    let found = sandbox.control(&["audit", "--require-v2"]);
    found.ended(1, &["1 client would not work with http-tokens"]);
    let reason = "BREAKS with IMDSv2 only: 1 of its 1 request has a token that is not valid";
    assert!(found.stdout.contains(reason), "{}", found.stdout);
    let json: Value = serde_json::from_str(&sandbox.control(&["audit", "--json"]).stdout).expect("JSON");
    assert_eq!(json["clients"][0]["tokens"]["ignored"], 1, "{json:#}");
}
