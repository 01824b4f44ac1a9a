//! Reports of files with mistakes, as users see them.

mod lines;
mod listing;
mod values;

use super::{Report, Section, Severity, SourceText, parse};

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
test.toml:5:26: error: host.addresses[2] is \"x\"
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
fn unknown_keys_name_their_table() {
    let unknown = |text: &str| {
        let source = SourceText::new("test.toml", text);
        let outcome = parse(&source, |root| {
            if let Some(host) = root.get("host").and_then(|item| item.section()) {
                host.get("tags").and_then(|item| item.section()).inspect(Section::finish);
                host.finish();
            }
            for section in root.get("rule").and_then(|item| item.sections()).unwrap_or_default() {
                section.get("tags").and_then(|item| item.section()).inspect(Section::finish);
                section.finish();
            }
            root.finish();
        });
        outcome.err().map(|report| report.problems[0].found.clone()).unwrap_or_default()
    };
    for (text, expected) in [
        ("x = 1", "unknown key \"x\""),
        ("[host]\nx = 1", "unknown key \"x\" in [host]"),
        ("[host.tags]\nx = 1", "unknown key \"x\" in [host.tags]"),
        ("[[rule]]\nx = 1", "unknown key \"x\" in [[rule]]"),
        ("[[rule]]\n[[rule]]\n[rule.tags]\nx = 1", "unknown key \"x\" in [rule.tags]"),
        ("host = 1", "host is an integer"),
        ("rule = 1", "rule is an integer"),
        ("rule = [1]", "rule[1] is an integer"),
        ("[host]\ntags = []", "host.tags is an array"),
    ] {
        assert_eq!(unknown(text), expected, "{text}");
    }
}

#[test]
fn typographic_quotes_are_named_wherever_they_stand() {
    for (text, expected) in [
        ("mode = “on”", "test.toml:2:8: error: typographic quotes"),
        ("mode = on”", "test.toml:2:8: error: typographic quotes"),
        ("mode = «on»", "test.toml:2:8: error: typographic quotes"),
        ("“mode” = 1", "test.toml:2:1: error: typographic quotes"),
        ("mode“ = 1", "test.toml:2:5: error: typographic quotes"),
        ("mode = [“on”]", "test.toml:2:9: error: typographic quotes"),
        ("mode = [\"on\", ‘off’]", "test.toml:2:15: error: typographic quotes"),
        ("mode = \"on”", "error: text without its closing quote"),
        ("mode = on # “on”", "error: text without quotes"),
    ] {
        let found = report(&format!("[host]\n{text}\n"));
        assert!(found.contains(expected), "expected {expected:?} of {text}, found:\n{found}");
    }
}
