//! Which problems a report lists, in which order, and how it counts the others.

use super::*;
use crate::config::report::Omitted;
use crate::config::{Cancellation, parse_unless_cancelled};

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
