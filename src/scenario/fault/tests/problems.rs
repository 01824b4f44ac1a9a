//! Errors and warnings of faults, at their place, and the numbers at which they begin.

use proptest::prelude::*;

use super::*;

#[test]
fn problems_are_errors_at_their_place() {
    let cases = [
        ("", "test.toml:1:1: error: the fault does nothing"),
        ("reset = false", "the fault does nothing"),
        ("pth = \"/x\"\nhang = true", "test.toml:2:1: error: unknown key \"pth\" in [[fault]]"),
        ("pth = \"/x\"\nhang = true", "did you mean \"path\"?"),
        ("hang = true\nstatus = 503", "test.toml:3:1: error: status cannot be combined with hang"),
        ("hang = true\nlatency = \"1s\"", "latency cannot be combined with hang"),
        ("hang = true\nreset = true", "reset cannot be combined with hang"),
        ("hang = true\nclock-skew = \"1s\"", "clock-skew cannot be combined with hang"),
        ("reset = true\nbody = \"empty\"", "body cannot be combined with reset"),
        ("reset = true\nthrottle = { per-second = 1 }", "throttle cannot be combined with reset"),
        ("tokens = \"lost\"\nstatus = 503", "status cannot be combined with tokens"),
        ("throttle = { per-second = 1 }\nlatency = \"1s\"", "latency cannot be combined with throttle"),
        ("throttle = { per-second = 1 }\nstatus = 503", "status cannot be combined with throttle"),
        ("throttle = { per-second = 1 }\ncount = 2", "count cannot be combined with throttle"),
        ("throttle = { per-second = 1 }\nprobability = 0.5", "probability cannot be combined with throttle"),
        ("throttle = { then = 429 }", "throttle has no per-second"),
        ("throttle = { per-second = 0 }", "fault[1].throttle.per-second is 0, out of range"),
        ("throttle = { per-second = 1, then = 404 }", "fault[1].throttle.then is 404"),
        ("throttle = { per-second = 1, then = \"hang\" }", "fault[1].throttle.then is \"hang\""),
        ("throttle = { per-second = 1, then = true }", "accepted: 429, 503, \"drop\""),
        ("throttle = 5", "fault[1].throttle is an integer"),
        ("status = 199", "fault[1].status is 199, out of range"),
        ("status = 600", "accepted: a whole number from 200 to 599"),
        ("body = \"half\"", "accepted: \"empty\", \"truncated\""),
        ("tokens = \"expired\"", "accepted: \"lost\""),
        ("latency = \"5m\"", "fault[1].latency is \"5m\""),
        ("latency = { min = \"2s\", max = \"1s\" }", "min not above max"),
        ("latency = { min = \"2s\" }", "latency has no max"),
        ("latency = 200", "fault[1].latency is an integer"),
        ("latency = \"soon\"", "fault[1].latency is \"soon\""),
        ("clock-skew = \"ago\"", "a duration such as \"5m\" or \"-1h30m\""),
        ("clock-skew = \"-4000d\"", "at most 3650 days either way"),
        ("clock-skew = \"--5m\"", "fault[1].clock-skew is \"--5m\""),
        ("headers = {}", "fault[1].headers has 0 headers"),
        ("headers = { Content-Length = \"1\" }", "\"Content-Length\" is no header that can be set"),
        ("headers = { \"a b\" = \"1\" }", "\"a b\" is no header that can be set"),
        ("headers = { X = \"é\" }", "accepted: a line of ASCII"),
        ("headers = { X = true }", "accepted: a text, a list of texts, or false to remove the header"),
        ("headers = { X = 1 }", "accepted: a text, a list of texts, or false to remove the header"),
        ("headers = { X = [] }", "accepted: one value, or false to remove the header"),
        ("body = {}", "body has no text"),
        ("body = { text = \"AKIAIOSFODNN7REALKEY\" }", "body.text has an access key id that may be valid"),
        ("headers = { X = \"ASIAIOSFODNN7REALKEY\" }", "headers.X has an access key id that may be valid"),
        ("body = { text = 1 }", "fault[1].body.text is an integer"),
        ("body-latency = { min = \"2s\" }", "body-latency has no max"),
        (
            "throttle = { per-second = 1, then = \"drop\" }\nheaders = { X = \"1\" }",
            "an excess request that is dropped gets no response",
        ),
        ("throttle = { per-second = 1 }\nafter-n = 1", "throttle counts requests by itself"),
        ("hang = true\nafter-n = -1", "fault[1].after-n is -1, out of range"),
        ("hang = 1", "fault[1].hang is an integer"),
        ("hang = true\npath = \"/a/../b\"", "fault[1].path is \"/a/../b\""),
        ("hang = true\npath = \"/a**\"", "** any number of segments"),
        ("hang = true\nmethods = []", "fault[1].methods is empty"),
        ("hang = true\nmethods = [\"get\"]", "fault[1].methods[1] is \"get\""),
        ("hang = true\nclients = []", "fault[1].clients is empty"),
        ("hang = true\nclients = [\"example.com\"]", "or \"host\" for processes of this host"),
        ("hang = true\nclients = \"host\"", "fault[1].clients is a string"),
        ("hang = true\ninstance = \"web\"", "there is no instance \"web\""),
        ("hang = true\nfrom = \"yesterday\"", "fault[1].from is \"yesterday\""),
        ("hang = true\nfrom = 2026-01-15", "an RFC 3339 timestamp"),
        ("hang = true\nfor = \"0s\"", "fault[1].for is zero"),
        ("hang = true\ncount = 0", "fault[1].count is 0, out of range"),
        ("hang = true\nprobability = 1.5", "fault[1].probability is 1.5, out of range"),
        ("hang = true\nprobability = nan", "accepted: a number from 0 to 1"),
        ("hang = true\nprobability = \"0.5\"", "fault[1].probability is a string"),
        ("hang = true\nseed = -1", "fault[1].seed is -1, out of range"),
    ];
    for (keys, expected) in cases {
        let text = format!("[[fault]]\n{keys}\n");
        let (faults, report) = outcome(&text);
        assert!(
            faults.is_empty() && report.contains(expected) && report.contains(": error: "),
            "expected the error {expected:?} for:\n{text}\nfound:\n{report}"
        );
    }
    let single = outcome("[fault]\nhang = true").1;
    assert!(single.contains("accepted: an array of tables: write [[fault]]"), "{single}");
    let many = outcome(&"[[fault]]\nhang = true\n".repeat(257)).1;
    assert!(many.contains("error: 257 faults"), "{many}");
}

#[test]
fn all_values_of_its_headers_together_are_64_at_most() {
    let with = |values: &str| outcome(&format!("[[fault]]\nheaders = {{ {values} }}\n"));
    let list = |count| format!("X = [{}]", vec!["\"1\""; count].join(", "));
    for accepted in [list(64), format!("{}, Y = \"1\"", list(63))] {
        let (faults, report) = with(&accepted);
        assert_eq!((faults.len(), report.as_str()), (1, ""), "{accepted}");
    }
    for rejected in [list(65), format!("{}, Y = \"1\"", list(64))] {
        let report = with(&rejected).1;
        assert!(report.contains("error: fault[1].headers has 65 values of headers"), "{rejected}: {report}");
    }
}

#[test]
fn all_problems_of_all_faults_are_reported_at_once() {
    let found =
        outcome("[[fault]]\nstatus = 99\nlatency = true\n[[fault]]\nhang = true\ncolour = 1\nfor = 1\n").1;
    let expected = "\
test.toml:2:10: error: fault[1].status is 99, out of range
  2 | status = 99
    |          ^^
  accepted: a whole number from 200 to 599
test.toml:3:11: error: fault[1].latency is a boolean
  3 | latency = true
    |           ^^^^
  accepted: a duration such as \"30s\", \"1m30s\", \"6h\" or \"2d\"
test.toml:6:1: error: unknown key \"colour\" in [[fault]]
  6 | colour = 1
    | ^^^^^^
";
    assert!(found.starts_with(expected), "expected:\n{expected}\nfound:\n{found}");
    assert!(found.contains("test.toml:7:7: error: fault[2].for is an integer"), "{found}");
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let cases = [
        ("hang = true\nseed = 7", "warning: fault[1].seed has no effect"),
        ("latency = \"1s\"\nseed = 7", "warning: fault[1].seed has no effect"),
        ("status = 503\nbody = \"truncated\"", "warning: the body of 503 is empty anyway"),
    ];
    for (keys, expected) in cases {
        let (faults, report) = outcome(&format!("[[fault]]\n{keys}\n"));
        assert!(faults.len() == 1 && report.contains(expected), "expected {expected:?}, found:\n{report}");
    }
    fault("latency = { min = \"0s\", max = \"1s\" }\nseed = 7");
    fault("status = 404\nbody = \"empty\"");
}

proptest! {
    #[test]
    fn any_value_is_accepted_or_reported(
        key in prop::sample::select(vec!["path", "methods", "clients", "instance", "from", "for", "count", "probability", "seed",
            "latency", "status", "body", "reset", "hang", "tokens", "throttle", "clock-skew"]),
        value in prop_oneof!["-?[0-9]{1,4}(\\.[0-9]{1,3})?", "\"[a-z0-9-]{0,8}\"", "true|false|nan|inf", "\\[\"[A-Z0-9./]{0,12}\"\\]",
            "\\{ (min|per-second) = [0-9]{1,3} \\}", "2026-01-1[0-9]T00:00:00Z"],
    ) {
        let text = format!("[[fault]]\n{key} = {value}\n");
        if let Err(report) = scenario::read(&SourceText::new("test.toml", text), Path::new("")) {
            prop_assert!(report.has_errors());
        }
    }
}

#[test]
fn a_seed_has_an_effect_on_what_is_random() {
    for (keys, expected) in [
        ("status = 404\nseed = 7", true),
        ("status = 404\nprobability = 1\nseed = 7", true),
        ("status = 404\nprobability = 0.5\nseed = 7", false),
        ("latency = { min = \"1s\", max = \"1s\" }\nseed = 7", true),
        ("latency = { min = \"1s\", max = \"2s\" }\nseed = 7", false),
        ("status = 404\nprobability = 0.5", false),
    ] {
        let (_, report) = outcome(&format!("[[fault]]\n{keys}\n"));
        assert_eq!(report.contains("seed has no effect"), expected, "of:\n{keys}\nfound:\n{report}");
    }
}

#[test]
fn the_ends_of_an_effects_numbers_are_accepted() {
    for keys in [
        "status = 400",
        "status = 599",
        "latency = \"4m\"",
        "throttle = { per-second = 1 }",
        "count = 1",
        "clock-skew = \"3650d\"",
        "clock-skew = \"-3650d\"",
    ] {
        let keys = if keys == "count = 1" { "count = 1\nstatus = 404" } else { keys };
        assert_eq!(outcome(&format!("[[fault]]\n{keys}\n")).1, "", "{keys}");
    }
    for (keys, expected) in [
        ("status = 199", "fault[1].status is 199, out of range"),
        ("latency = \"241s\"", "accepted: at most \"4m\""),
        ("latency = { min = \"1s\", max = \"241s\" }", "fault[1].latency is from 1s to 241s"),
        ("clock-skew = \"3650d1s\"", "at most 3650 days either way"),
    ] {
        let (faults, report) = outcome(&format!("[[fault]]\n{keys}\n"));
        assert!(faults.is_empty() && report.contains(expected), "of {keys} found:\n{report}");
    }
}
