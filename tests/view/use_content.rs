//! A scenario that is sent through the view, as the page sends one of the reader's.

use serde_json::{Value, json};

use crate::viewed;

const KIND: &str = "/latest/meta-data/instance-type";

fn content(text: &str, files: &Value) -> String {
    json!({ "content": { "path": "mine.toml", "text": text, "files": files } }).to_string()
}

#[test]
fn a_scenario_that_is_sent_is_served_with_its_files() {
    let (_sandbox, server, view) = viewed("");
    let text = "[instance]\ninstance-type = \"c7g.large\"\nuser-data = { file = \"more/user-data\" }\n";
    let body = content(text, &json!({ "more/user-data": { "base64": "IyEvYmluL3NoCg==" } }));
    let found = view.api("POST", "/v1/use", &body);
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(server.get(KIND).body, "c7g.large");
    assert_eq!(server.get("/latest/user-data").body, "#!/bin/sh\n");
    let status: Value = serde_json::from_str(&view.api("GET", "/v1/status", "").body).expect("a status");
    let scenario = &status["scenario"];
    assert_eq!((&scenario["file"], &scenario["sent"]), (&"mine.toml".into(), &true.into()), "{scenario:#}");
}

#[test]
fn one_that_is_refused_has_a_report_and_changes_nothing() {
    let (_sandbox, server, view) = viewed("");
    for (text, expected) in [
        (
            "[instance]\ninstance-type = 3\n".to_owned(),
            "mine.toml:2:17: error: instance.instance-type is an integer",
        ),
        ("[instance]\nuser-data = { file = \"ud\" }\n".to_owned(), "ud was not sent with the scenario"),
        ("#".repeat((1 << 20) + 1), "accepted: at most 1 MiB"),
    ] {
        let found = view.api("POST", "/v1/use", &content(&text, &json!({})));
        assert_eq!(found.status, 422, "{found:?}");
        let answer: Value = serde_json::from_str(&found.body).expect("an answer");
        let report = answer["report"].as_str().expect("a report");
        assert!(report.contains(expected), "expected {expected:?}, found {report}");
    }
    assert_eq!(server.get(KIND).body, "m5.xlarge");
}
