//! What a report says of a run.

use std::time::Duration;

use super::scripted::instance;
use crate::conform::{
    CheckGroup, CheckResult, CheckVerdict, ConformanceLimits, ConformanceProfile, ConformanceProgress,
    ConformanceReport, ConformanceRun, all_checks, junit,
};

#[test]
fn junit_has_seconds_and_counts() {
    let verdicts = [
        CheckVerdict::Passed,
        CheckVerdict::Skipped { reason: "a < b".to_owned() },
        CheckVerdict::Failed { expected: "\"x\"".to_owned(), found: "y & \u{7}z".to_owned() },
    ];
    let tokens = all_checks().into_iter().filter(|check| check.group == CheckGroup::Tokens);
    let results = tokens.zip(verdicts).map(|(check, verdict)| CheckResult { check, verdict }).collect();
    let report = ConformanceReport {
        target: "http://h".to_owned(),
        profile: "ec2".to_owned(),
        results,
        requests: 3,
        milliseconds: 12_045,
        is_cut_short: false,
    };
    let xml = junit(&report);
    for expected in [
        "<testsuites name=\"mock-imds conform http://h\" tests=\"3\" failures=\"1\" time=\"12.045\">\n",
        "<testsuite name=\"tokens\" tests=\"3\" failures=\"1\" skipped=\"1\">\n",
        "<skipped message=\"a &lt; b\"/>",
        "<failure message=\"expected &quot;x&quot;, found y &amp; \u{fffd}z\">",
    ] {
        assert!(xml.contains(expected), "expected {expected:?} in {xml}");
    }
    assert!(!xml.contains("<testsuite name=\"errors\""), "a suite without a check in {xml}");
    let json: serde_json::Value = serde_json::from_str(&report.json()).expect("it is JSON");
    assert_eq!(
        (&json["passed"], &json["skipped"], &json["failed"], &json["complete"]),
        (&1.into(), &1.into(), &1.into(), &true.into()),
        "{json}"
    );
}

/// Even of what is known by then.
#[test]
fn nothing_is_judged_when_the_time_is_over() {
    let names = ["leaf-instance-id-form", "token-expires", "header-no-encoding"];
    let checks: Vec<_> =
        all_checks().into_iter().filter(|check| names.contains(&check.name.as_str())).collect();
    let profile = ConformanceProfile::named("ec2", &checks).expect("it is there").expect("it parses");
    let service = instance(&[]);
    let target = service.address.to_string().parse().expect("it is an address");
    // The second waits longer.
    let limits =
        ConformanceLimits { rate: "1000".parse().expect("it is a rate"), max_time: Duration::from_secs(2) };
    let run = ConformanceRun { target: &target, profile: &profile, certificates: &[], limits };
    let progress = ConformanceProgress::default();
    assert_eq!(progress.line(), "0 of 0 checks");
    let report = run.make(checks, &progress).expect("the service answers");
    assert_eq!(progress.line(), "3 of 3 checks");
    let over = CheckVerdict::Skipped { reason: "the time of the run was over".to_owned() };
    let found: Vec<_> = report.results.into_iter().map(|result| result.verdict).collect();
    assert_eq!((found, report.is_cut_short), (vec![CheckVerdict::Passed, over.clone(), over], true));
}
