//! What is accepted with a warning: it surprises, or has no effect.

use std::path::Path;

use super::{accepted, problems, read};
use crate::config::SourceText;

#[test]
fn what_may_surprise_is_a_warning() {
    let cases = [
        ("[credentials]\nlifetime = \"5m\"", "less than 15 minutes"),
        ("[metadata]\n\"meta-data/instance-id\" = \"i-other\"", "only meta-data/instance-id changes"),
        ("[instances.web]\nclients = [\"10.0.0.0/8\"]", "web has the instance-id of [instance]"),
    ];
    for (text, expected) in cases {
        let outcome = read(&SourceText::new("test.toml", text), Path::new(""));
        let (_, report) =
            outcome.unwrap_or_else(|report| panic!("expected acceptance of:\n{text}\nfound:\n{report}"));
        assert!(report.to_string().contains(expected), "expected {expected:?}, found:\n{report}");
    }
}

#[test]
fn facts_without_effect_have_a_warning() {
    let text = "[instance]\ninstance-type = \"m4.xlarge\"\nuser-data = \"x\"\n[http]\nprofile = \"aemm\"\n";
    let (_, report) = read(&SourceText::new("test.toml", text), Path::new("")).expect("it is accepted");
    let found: Vec<&str> = report.problems.iter().map(|problem| problem.found.as_str()).collect();
    assert_eq!(found, ["instance.instance-type has no effect with profile = \"aemm\""]);
    let (_, report) =
        read(&SourceText::new("test.toml", text.replace("aemm", "modern")), Path::new("")).expect("it too");
    assert!(report.problems.is_empty(), "{report}");
}

#[test]
fn an_unset_without_effect_is_a_warning() {
    let text = r#"
        [metadata]
        "meta-data/public-ipv4" = false
        "meta-data/x" = "file"
        [[event]]
        at = "1s"
        unset = ["meta-data/public-ipv4", "meta-data/x", "meta-data/mac"]
        [[event]]
        set = { "meta-data/x" = "event" }
    "#;
    accepted(text);
    let found = problems(text);
    let expected = "test.toml:7:18: warning: unset of meta-data/public-ipv4 has no effect: no event sets it, and \
                    [metadata] keeps overriding it";
    assert!(found.starts_with(expected), "expected {expected}, found {found}");
    let other = "test.toml:7:58: warning: unset of meta-data/mac has no effect: no event sets it\n";
    assert!(found.contains(other), "expected {other}, found {found}");
    assert_eq!(found.matches("warning:").count(), 2, "{found}");
}

#[test]
fn a_set_without_effect_is_a_warning() {
    let set = |value: &str, more: &str| {
        format!(
            "[metadata]\n\"meta-data/x\" = \"file\"\n[[event]]\nat = \"1s\"\nset = {{ \"meta-data/x\" = \"{value}\" }}\n{more}"
        )
    };
    for (text, warned) in [
        (set("file", ""), true),
        (set("other", ""), false),
        (set("file", "[[event]]\nset = { \"meta-data/x\" = false }\n"), false),
        (
            set(
                "file",
                "[instances.a]\nderive = true\nclients = [\"host\"]\nmetadata = { \"meta-data/x\" = \"own\" }\n",
            ),
            false,
        ),
    ] {
        let found = if warned { problems(&text) } else { String::new() };
        accepted(&text);
        let expected = "set of meta-data/x has no effect: [metadata] has the same value";
        assert_eq!(found.contains(expected), warned, "{text}\nexpected {expected}, found {found}");
    }
}
