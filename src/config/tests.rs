use std::time::Duration;

use super::locate::Locator;
use super::report::Omitted;
use super::section::{is_near, nearest};
use super::source::MAX_BYTES;
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
        "[host]\ncredential-id = \"hunter2\"\n",
        "[host]\ncredental_id = \"hunter2\"\n",
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

#[test]
fn the_first_hundred_are_the_files_whatever_was_found_first() {
    let text = format!("list = [{}]\n", "1,".repeat(300));
    let source = SourceText::new("test.toml", text);
    let columns = |order: fn(usize) -> usize| {
        let outcome = parse(&source, |root| {
            let items = root.get("list").and_then(|item| item.array()).expect("a list");
            for index in 0..items.len() {
                items[order(index)].error(format!("wrong {index}"), "accepted: nothing");
            }
        });
        let problems = outcome.expect_err("all are errors").problems;
        problems.into_iter().filter_map(|problem| Some(problem.span?.column)).collect::<Vec<_>>()
    };
    let expected: Vec<usize> = (0..100).map(|index| 9 + 2 * index).collect();
    assert_eq!(columns(|index| index), expected, "in the file's order");
    assert_eq!(columns(|index| 299 - index), expected, "from the last to the first");
    assert_eq!(columns(|index| index * 7 % 300), expected, "in another order");
}

#[test]
fn a_place_within_a_character_is_that_characters() {
    let lines = Locator::new("aß\nlast");
    for at in [1, 2] {
        let span = lines.locate(at..3);
        assert_eq!(
            (span.line, span.column, span.indent, span.width, span.end_column),
            (1, 2, 1, 1, 3),
            "{at}"
        );
    }
    assert_eq!(lines.locate(0..2).end_column, 2);
    assert_eq!(lines.locate(4..6).line, 2);
}

#[test]
fn a_line_of_a_hundred_characters_is_shown_whole_and_a_longer_one_is_cut_at_its_ends() {
    let shown = |length: usize, at: usize| {
        let text: String = ('a'..='z').cycle().take(length).collect();
        let span = Locator::new(&text).locate(at..at + 1);
        let shown: String = text.chars().skip(at).take(1).collect();
        let marked: String = span.text.chars().skip(span.indent).take(1).collect();
        assert_eq!(marked, shown, "the caret is below its character: {length} {at}");
        (span.text.starts_with('…'), span.text.trim_matches('…').chars().count(), span.text.ends_with('…'))
    };
    for (length, at, expected) in [
        (99, 0, (false, 99, false)),
        (100, 0, (false, 100, false)),
        (100, 99, (false, 100, false)),
        (101, 0, (false, 100, true)),
        (101, 50, (false, 100, true)),
        (101, 51, (true, 100, false)),
        (101, 100, (true, 100, false)),
        (150, 50, (false, 100, true)),
        (150, 99, (true, 100, true)),
        (150, 100, (true, 100, false)),
        (151, 51, (true, 100, true)),
        (152, 51, (true, 100, true)),
        (500, 250, (true, 100, true)),
        (500, 499, (true, 100, false)),
    ] {
        assert_eq!(shown(length, at), expected, "of {length} characters, at {at}");
    }
    let text = "a\tb\u{1}c\u{7f}";
    assert_eq!(Locator::new(text).locate(0..1).text, "a b\u{fffd}c\u{fffd}");
}

#[test]
fn names_of_secrets_are_known_with_their_typing_errors() {
    for (key, secret) in [
        ("token", true),
        ("Token", true),
        ("tokens", false),
        ("my-token", false),
        ("aws_session_token", true),
        ("session-token", true),
        ("sessiontokn", true),
        ("security-token", true),
        ("password", true),
        ("db_PASSWORD", true),
        ("secret", true),
        ("secret-access-key", true),
        ("sceret-acess-kye", true),
        ("access-key-id", false),
        ("meta-data/iam/security-credentials/x", true),
        ("role", false),
        ("session", false),
        ("http-tokens", false),
        ("availability-zone", false),
        ("instance-type", false),
        ("a-key-that-is-much-longer-than-those-with-values", false),
    ] {
        for text in [format!("{key} = \"hunter2\""), format!("x = {{ \"{key}\" = \"hunter2\" }}")] {
            let shown = Locator::new(&text).locate(0..1).text;
            assert_eq!(shown.contains("hunter2"), !secret, "of {text} is shown: {shown}");
        }
    }
    let shown = |text: &str, line: usize| {
        let start = text.lines().take(line).map(|line| line.len() + 1).sum::<usize>();
        Locator::new(text).locate(start..start + 1).text
    };
    assert_eq!(shown("# secret-access-key\nx = 1", 0), "# secret-access-key");
    assert_eq!(shown("[secret]\nx = 1", 1), "x = 1");
    assert!(shown("x = [\n  # a = b\n  secret\n", 2).starts_with("(not shown"));
}

#[test]
fn a_misspelt_name_is_recognised_by_the_number_of_its_errors() {
    // Names of 3, 4, 7, 8, 11 and 16 letters.
    let known = ["abc", "abcd", "zyxwvut", "mnopqrst", "aaabbbcccdd", "0123456789abcdef"];
    for (found, expected) in [
        ("abx", Some("abc")),
        ("axx", None),
        ("Z_xwvut", Some("zyxwvut")),
        ("zyxwvxx", Some("zyxwvut")),
        ("zyxwxxx", None),
        ("mnopqxxx", Some("mnopqrst")),
        ("mnopxxxx", None),
        ("mnopqrstxxx", Some("mnopqrst")),
        ("aaabbbcccxx", Some("aaabbbcccdd")),
        ("aaabbbxxxxx", None),
        ("0123456789abcxxx", Some("0123456789abcdef")),
        ("0123456789abxxxx", None),
        ("", None),
    ] {
        assert_eq!(nearest(found, &known), expected, "{found:?}");
    }
    for (found, name, expected) in [
        ("abc", "abc", true),
        ("abx", "abc", false),
        ("abcx", "abcd", true),
        ("abxx", "abcd", false),
        ("abcde", "abcd", true),
        ("abcdef", "abcd", false),
        ("abdc", "abcd", true),
        ("aaabbbcccdx", "aaabbbcccdd", true),
        ("aaabbbcccxx", "aaabbbcccdd", false),
        ("aaabbbcccdxx", "aaabbbcccddd", true),
        ("aaabbbcccxxx", "aaabbbcccddd", false),
        ("aaabbbcccdddxx", "aaabbbcccddd", true),
        ("aaabbbcccdddxxx", "aaabbbcccddd", false),
    ] {
        assert_eq!(is_near(found, name), expected, "{found:?} for {name:?}");
    }
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
fn one_problem_that_is_left_out_is_one() {
    let words = |errors, warnings| Omitted { errors, warnings }.words();
    for (errors, warnings, expected) in [
        (0, 0, None),
        (1, 0, Some("1 more error is not listed")),
        (2, 0, Some("2 more errors are not listed")),
        (0, 1, Some("1 more warning is not listed")),
        (0, 2, Some("2 more warnings are not listed")),
        (1, 1, Some("1 more error and 1 more warning are not listed")),
    ] {
        assert_eq!(words(errors, warnings).as_deref(), expected, "{errors} errors and {warnings} warnings");
    }
}

#[test]
fn a_headline_is_the_first_error_and_the_number_of_the_others() {
    let report = |text: &str| {
        let source = SourceText::new("f", text);
        let outcome = parse(&source, |root| {
            let table = root.get("t").and_then(|item| item.section());
            for (key, item) in table.iter().flat_map(Section::entries) {
                if key.starts_with('w') {
                    item.warn(key, "do without");
                } else {
                    item.error(key, "accepted: nothing");
                }
            }
        });
        outcome.map_or_else(|report| report, |((), warnings)| warnings)
    };
    for (text, expected, has_errors) in [
        ("", "f: no problem", false),
        ("[t]\nw1 = 1\n", "f:2:6: w1", false),
        ("[t]\nw1 = 1\nw2 = 1\n", "f:2:6: w1", false),
        ("[t]\nw1 = 1\ne1 = 1\n", "f:3:6: e1", true),
        ("[t]\nw1 = 1\ne1 = 1\ne2 = 1\n", "f:3:6: e1 (and 1 more)", true),
        ("[t]\ne1 = 1\ne2 = 1\ne3 = 1\n", "f:2:6: e1 (and 2 more)", true),
    ] {
        let report = report(text);
        assert_eq!((&*report.headline(), report.has_errors()), (expected, has_errors), "{text}");
    }
    let whole = Report::whole("f", "is a directory", "accepted: a file");
    assert_eq!(whole.headline(), "f: is a directory");
    assert_eq!(whole.to_string(), "f: error: is a directory\n  accepted: a file");
}

#[test]
fn durations_end_at_a_century() {
    let century = 100 * 365 * 86_400;
    for (text, seconds) in [
        ("36500d", Some(century)),
        ("36499d24h", Some(century)),
        ("36500d1s", None),
        ("36501d", None),
        ("0d", None),
        ("0d1s", Some(1)),
        ("1d1s", Some(86_401)),
        ("1d 1s", Some(86_401)),
        ("xd", None),
    ] {
        assert_eq!(parse_duration(text), seconds.map(Duration::from_secs), "{text}");
    }
}

#[test]
fn a_text_has_a_mebibyte_at_most() {
    let read = |length: u64| {
        let bytes = vec![b'#'; usize::try_from(length).expect("it fits")];
        SourceText::from_bytes("f".to_owned(), bytes)
    };
    assert!(read(MAX_BYTES).is_ok() && read(0).is_ok());
    for length in [MAX_BYTES + 1, MAX_BYTES + 2] {
        let report = read(length).expect_err("it is too large").to_string();
        assert!(report.contains("put large values into files of their own"), "{report}");
    }
    let report = SourceText::from_bytes("f".to_owned(), b"a\nb\n\xff".to_vec()).expect_err("it is no text");
    assert!(report.to_string().contains("is not UTF-8: byte 0xff on line 3"), "{report}");
    let marked = SourceText::from_bytes("f".to_owned(), "\u{feff}a".into()).expect("it is text");
    assert_eq!(marked.text, "a");
}

#[test]
fn the_lines_of_a_list_are_shown_in_any_order() {
    let text = format!("addresses = [\n{}]\n", "1,\n".repeat(10));
    let lines = Locator::new(&text);
    for line in [10, 2, 5, 1] {
        let start = "addresses = [\n".len() + (line - 1) * "1,\n".len();
        assert_eq!(lines.locate(start..start + 1).text, "1,", "line {line}");
    }
    let text = format!("secret = [\n{}]\nmode = [\n1]\n", "1,\n".repeat(10));
    let lines = Locator::new(&text);
    let shown = |line: usize| {
        let start = text.lines().take(line).map(|line| line.len() + 1).sum::<usize>();
        lines.locate(start..start + 1).text
    };
    assert!(shown(10).starts_with("(not shown"));
    assert_eq!(shown(13), "1]");
    assert!(shown(2).starts_with("(not shown"));
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
