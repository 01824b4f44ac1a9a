//! The lines that a report shows: where a place is, how long lines are cut, and what of them is secret.

use super::*;
use crate::config::locate::Locator;

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
fn a_problem_quotes_no_more_of_a_value_than_is_read() {
    let text = format!("[host]\nmode = \"{}\"\n", "x".repeat(100_000));
    let found = report(&text);
    assert!(found.len() < 3_000, "a report of {} bytes", found.len());
    assert!(found.contains(&format!("host.mode is \"{}", "x".repeat(500))), "{found}");
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
