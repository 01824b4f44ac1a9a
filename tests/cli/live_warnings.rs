//! Orders that name paths which nothing serves: they are accepted, and probably not meant.

use serde_json::Value;
use support::{Outcome, Sandbox};

use crate::orders::served;

#[track_caller]
fn warned(found: &Outcome, parts: &[&str]) {
    assert_eq!(found.code, Some(0), "{found:#?}");
    for part in parts {
        assert!(found.stderr.contains(part), "expected {part:?} in {found:#?}");
    }
    assert_eq!(found.stderr.is_empty(), parts.is_empty(), "{found:#?}");
}

#[test]
fn a_misspelt_path_of_an_order_is_a_warning() {
    let (sandbox, _server) = served("");
    let run = |words: &[&str]| sandbox.control(words);
    let near = "did you mean \"meta-data/instance-id\"?";
    warned(
        &run(&["set", "meta-data/instnace-id", "x"]),
        &["warning: EC2 serves no meta-data/instnace-id", near],
    );
    let fault = &[
        "matches no path that is served: the fault never hits",
        "did you mean \"meta-data/placement/region\"?",
    ];
    warned(&run(&["fault", "--status", "503", "--path", "meta-data/placement/regoin"]), fault);
    warned(&run(&["set", "meta-data/plcement", "--unset"]), &["nothing serves meta-data/plcement"]);
    // What is meant.
    warned(&run(&["set", "meta-data/of-my-own/x", "1"]), &[]);
    warned(&run(&["set", "meta-data/public-ipv4", "192.0.2.7"]), &[]);
    warned(&run(&["fault", "--status", "503", "--path", "meta-data/iam/**"]), &[]);
}

/// What an order has set is there.
#[test]
fn a_path_of_an_earlier_order_is_served() {
    let (sandbox, _server) = served("");
    warned(&sandbox.control(&["set", "meta-data/of-my-own/x", "1"]), &[]);
    warned(&sandbox.control(&["fault", "--hang", "--path", "meta-data/of-my-own/*"]), &[]);
    warned(&sandbox.control(&["set", "meta-data/of-my-own/x", "--unset"]), &[]);
}

#[test]
fn the_status_has_the_text_of_the_warnings() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[metadata]\n\"meta-data/instnace-id\" = \"x\"\n");
    let _server = sandbox.serve(&["--scenario", "s.toml"]);
    let status: Value = serde_json::from_str(&sandbox.control(&["status", "--json"]).stdout).expect("JSON");
    let scenario = &status["scenario"];
    assert_eq!(scenario["warnings"], 1, "{scenario:#}");
    assert_eq!(scenario["problems"][0]["line"], 2, "{scenario:#}");
    assert_eq!(scenario["problems"][0]["found"], "EC2 serves no meta-data/instnace-id", "{scenario:#}");
    assert!(status["clock"]["elapsed_ms"].is_u64(), "{status:#}");
}
