use std::time::Duration;

use super::{
    Cancellation, Report, Section, Severity, SourceText, parse, parse_duration, parse_unless_cancelled,
};

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

#[test]
fn of_many_problems_the_first_hundred_are_listed_errors_before_warnings() {
    let list = |errors: usize, warnings: usize| {
        let text = format!("[host]\nwarn = [{}]\nerror = [{}]\n", "1,".repeat(warnings), "1,".repeat(errors));
        let source = SourceText::new("test.toml", text);
        let outcome = parse(&source, |root| {
            let section = root.get("host").and_then(|item| item.section()).expect("a table");
            // From the last to the first: it is the file's order that counts.
            for item in section.get("error").and_then(|item| item.array()).expect("a list").iter().rev() {
                item.error("wrong", "accepted: nothing");
            }
            for item in section.get("warn").and_then(|item| item.array()).expect("a list").iter().rev() {
                item.warn("odd", "do without");
            }
        });
        outcome.map_or_else(|report| report, |((), warnings)| warnings)
    };
    let counted = |report: &Report| {
        let of = |severity| report.problems.iter().filter(|problem| problem.severity == severity).count();
        (of(Severity::Error), of(Severity::Warning), report.omitted.errors, report.omitted.warnings)
    };
    for ((errors, warnings), expected, last) in [
        ((100, 0), (100, 0, 0, 0), None),
        ((101, 0), (100, 0, 1, 0), Some("test.toml: 1 more error is not listed")),
        ((0, 250), (0, 100, 0, 150), Some("test.toml: 150 more warnings are not listed")),
        ((1, 250), (1, 99, 0, 151), Some("test.toml: 151 more warnings are not listed")),
        (
            (300, 250),
            (100, 0, 200, 250),
            Some("test.toml: 200 more errors and 250 more warnings are not listed"),
        ),
    ] {
        let report = list(errors, warnings);
        assert_eq!(counted(&report), expected, "of {errors} errors and {warnings} warnings");
        let text = report.to_string();
        let found = text.lines().last().filter(|line| line.contains(" more "));
        assert_eq!(found, last, "of {errors} errors and {warnings} warnings");
        let columns: Vec<_> =
            report.problems.iter().filter_map(|p| p.span.as_ref()).map(|s| s.column).collect();
        let first = if errors > 0 { 10 } else { 9 };
        assert!(columns.contains(&first), "the first of the file is listed: {columns:?}");
    }
    assert!(list(300, 0).headline().ends_with("wrong (and 299 more)"), "{}", list(300, 0).headline());
}

#[test]
fn a_problem_quotes_no_more_of_a_value_than_is_read() {
    let text = format!("[host]\nmode = \"{}\"\n", "x".repeat(100_000));
    let found = report(&text);
    assert!(found.len() < 3_000, "a report of {} bytes", found.len());
    assert!(found.contains(&format!("host.mode is \"{}", "x".repeat(500))), "{found}");
}

#[test]
fn a_reading_that_is_cancelled_ends_with_an_error() {
    let cancellation = Cancellation::default();
    let source = SourceText::new("test.toml", "[host]\nipv6 = true\n[other]\n");
    let read = |root: &Section<'_>| {
        drop(cancellation.on_drop());
        (root.get("host").is_some(), root.entries().iter().filter_map(|(_, item)| item.section()).count())
    };
    let mut found = None;
    let outcome = parse_unless_cancelled(&source, &cancellation, |root| found = Some(read(root)));
    assert_eq!(found, Some((false, 0)), "nothing more is read");
    let report = outcome.expect_err("it was cancelled").to_string();
    assert_eq!(report, "test.toml: error: was not read to its end in time\n  try again");
}
