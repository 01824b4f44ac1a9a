use std::time::Duration;

use super::{SourceText, parse, parse_duration};

#[derive(Clone, Copy, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
enum Mode {
    On,
    Off,
}

fn report(text: &str) -> String {
    let source = SourceText::new("test.toml", text);
    let outcome = parse(&source, |root| {
        let Some(section) = root.get("host").and_then(|item| item.section()) else { return };
        section.get("ipv6").map(|item| item.boolean());
        section.get("port").map(|item| item.integer(1..=10));
        section.get("mode").map(|item| item.choice::<Mode>());
        section.get("addresses").map(|item| item.list::<std::net::Ipv4Addr>());
        section.get("within").map(|item| item.duration());
        section.finish();
    });
    outcome.err().map(|report| report.to_string()).unwrap_or_default()
}

#[test]
fn every_problem_is_reported_at_once_in_the_files_order() {
    let text = "[host]\nipv6 = 1\nport = 11\nmode = \"onn\"\naddresses = [\"10.0.0.1\", \"x\"]\nmood = 2\n";
    let expected = "\
test.toml:2:8: error: host.ipv6 is an integer
  2 | ipv6 = 1
    |        ^
  accepted: true or false
test.toml:3:8: error: host.port is 11, out of range
  3 | port = 11
    |        ^^
  accepted: a whole number from 1 to 10
test.toml:4:8: error: host.mode is \"onn\"
  4 | mode = \"onn\"
    |        ^^^^^
  accepted: \"on\", \"off\"
test.toml:5:26: error: host.addresses[1] is \"x\"
  5 | addresses = [\"10.0.0.1\", \"x\"]
    |                          ^^^
  accepted: invalid IPv4 address syntax
test.toml:6:1: error: unknown key \"mood\" in [host]
  6 | mood = 2
    | ^^^^
  did you mean \"mode\"?";
    assert_eq!(report(text), expected);
}

#[test]
fn a_syntax_error_points_at_its_place() {
    let found = report("[host]\nipv6 = \n");
    assert!(found.starts_with("test.toml:2:"), "{found}");
    assert!(found.contains("2 | ipv6 = "), "{found}");
}

#[test]
fn control_characters_and_wide_lines_do_not_reach_the_terminal() {
    let long = format!("[host]\nmode = \"{}\u{7f}\"\n", "x".repeat(300));
    let found = report(&long);
    assert!(found.chars().all(|c| c == '\n' || !c.is_control()), "{found:?}");
    assert!(found.lines().nth(1).is_some_and(|line| line.chars().count() < 120), "{found}");
}

#[test]
fn durations_are_counted() {
    let cases = [
        ("30s", Some(30)),
        ("1m30s", Some(90)),
        ("6h", Some(21_600)),
        ("2d", Some(172_800)),
        ("1d12h", Some(129_600)),
        ("0s", Some(0)),
        ("", None),
        ("30", None),
        ("-1s", None),
        ("d", None),
        ("99999999999999d", None),
        ("200000d", None),
    ];
    for (text, seconds) in cases {
        assert_eq!(parse_duration(text), seconds.map(Duration::from_secs), "parse_duration({text:?})");
    }
}

#[test]
fn lines_that_may_hold_a_secret_are_not_shown() {
    let texts = [
        "[host]\nsecret-access-key = \"hunter2\"\n",
        "[host]\nsecert-acces-key = \"hunter2\"\n",
        "[host]\nsesion-tokn = \"hunter2\"\n",
        "[host]\nsecret-access-key = \"hunter2\n",
        "[host]\nsecret-access-key = \"\"\"\nhunter2 \\q\"\"\"\n",
        "host = { secret-access-key = \"hunter2\" }\n",
        "[host]\n\"meta-data/iam/security-credentials/r\" = \"hunter2\"\n",
        "[host]\nmode = \"\"\"{\n\"Token\" : \"hunter2==\\q\"\"\"\n",
        "[host]\nsecret-access-key = [\n  \"hunter2\",\n  \"x\n]\n",
    ];
    for text in texts {
        let found = report(text);
        assert!(!found.is_empty(), "expected a problem in:\n{text}");
        assert!(!found.contains("hunter2"), "the report shows the secret of:\n{text}\nfound:\n{found}");
    }
    assert!(report("[host]\nmode = \"hunter2\"\n").contains("hunter2"));
}
