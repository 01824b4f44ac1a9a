//! Events, notices, and keys.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::scripted::{ScriptedService, answer, instance, judged};
use super::small::{KEYS, PROFILE};

const SCHEDULED: &str = "meta-data/events/maintenance/scheduled";
const HISTORY: &str = "meta-data/events/maintenance/history";
const EVENT: &str = r#"[{"NotBefore": "2 Jan 2026 13:00:00 GMT", "Code": "system-reboot", "Description": "x",
    "EventId": "instance-event-0d59937288b749b32", "NotAfter": "15 Jan 2026 15:00:00 GMT", "State": "active"}]"#;

#[test]
fn events_have_their_keys_and_dates() {
    let with = |from: &str, to: &str| EVENT.replace(from, to);
    let scheduled = |check: &str, events: &str, expected: &str| {
        judged(&[(check, &[(SCHEDULED, Some(events))], expected)]);
    };
    for check in
        ["maintenance-keys", "maintenance-code", "maintenance-state", "maintenance-id", "maintenance-dates"]
    {
        scheduled(check, "[]", "skipped: there is no event");
        scheduled(check, EVENT, "passed");
    }
    scheduled(
        "maintenance-keys",
        &with("\"Description\": \"x\"", "\"Description\": 1"),
        "found no Description",
    );
    scheduled("maintenance-code", &with("system-reboot", "reboot"), "found Code Some(\"reboot\")");
    scheduled("maintenance-state", &with("active", "completed"), "found State Some(\"completed\")");
    for id in
        ["instance-event-0d59937288b749b3", "instance-event-0d59937288b749b3z", "event-0d59937288b749b32"]
    {
        let expected = format!("found EventId Some({id:?})");
        scheduled("maintenance-id", &with("instance-event-0d59937288b749b32", id), &expected);
    }
    for date in [
        "02 Jan 2026 13:00:00 GMT",
        "2 Jan 2026 13:00:00",
        "32 Jan 2026 13:00:00 GMT",
        "2026-01-02T13:00:00Z",
    ] {
        let expected = format!("found NotBefore Some({date:?})");
        scheduled("maintenance-dates", &with("2 Jan 2026 13:00:00 GMT", date), &expected);
    }
    let past = |state: &str, description: &str| {
        with("active", state)
            .replace("\"Description\": \"x\"", &format!("\"Description\": \"{description}\""))
    };
    for (check, state, description, expected) in [
        ("history-keys", "completed", "x", "passed"),
        ("history-dates", "completed", "x", "passed"),
        ("history-state", "completed", "x", "passed"),
        ("history-state", "canceled", "x", "passed"),
        ("history-state", "active", "x", "found State Some(\"active\")"),
        ("history-description", "completed", "[Completed] x", "passed"),
        ("history-description", "canceled", "[Canceled] x", "passed"),
        ("history-description", "canceled", "[Completed] x", "found \"[Completed] x\""),
        ("history-description", "active", "x", "skipped: a state of its own"),
    ] {
        judged(&[(check, &[(HISTORY, Some(&past(state, description)))], expected)]);
    }
    let rebalance = "meta-data/events/recommendations/rebalance";
    for (value, expected) in [
        (Some("{\"noticeTime\": \"2026-01-15T12:10:00Z\"}"), "passed"),
        (Some("{\"noticeTime\": \"soon\"}"), "found Some(\"soon\")"),
        (Some("{}"), "found None"),
        (None, "skipped: GET /latest/meta-data/events/recommendations/rebalance answers 404"),
    ] {
        judged(&[("rebalance-time", &[(rebalance, value)], expected)]);
    }
}

#[test]
fn a_notice_of_an_interruption_says_what_and_when() {
    let (action, time) = ("meta-data/spot/instance-action", "meta-data/spot/termination-time");
    let of = |action: &str| format!("{{\"action\": \"{action}\", \"time\": \"2026-01-15T12:02:00Z\"}}");
    let (stop, other) = (of("stop"), of("vanish"));
    let late = of("terminate").replace(":00Z", ":01Z");
    let soon = "{\"action\": \"terminate\", \"time\": \"soon\"}";
    let more = of("stop").replace('}', ", \"more\": 1}");
    judged(&[
        ("spot-action", &[], "passed"),
        ("spot-action", &[(action, Some(&stop))], "passed"),
        ("spot-action", &[(action, Some(&other))], "found \"vanish\""),
        ("spot-action", &[(action, Some("{}"))], "found no action"),
        ("spot-time", &[], "passed"),
        ("spot-time", &[(action, Some(soon))], "found \"soon\""),
        ("spot-action-keys", &[], "passed"),
        ("spot-action-keys", &[(action, Some(&more))], "found action, more, time"),
        ("spot-both-for-terminate", &[], "passed"),
        (
            "spot-both-for-terminate",
            &[(time, None)],
            "found \"terminate\", and status 404 at termination-time",
        ),
        ("spot-both-for-terminate", &[(action, Some(&stop)), (time, None)], "passed"),
        (
            "spot-both-for-terminate",
            &[(action, Some(&stop))],
            "found \"stop\", and status 200 at termination-time",
        ),
        ("spot-same-time", &[], "passed"),
        ("spot-same-time", &[(action, Some(&late))], "found \"2026-01-15T12:02:01Z\""),
        ("spot-life-cycle", &[], "passed"),
        ("spot-life-cycle", &[("meta-data/instance-life-cycle", Some("on-demand"))], "found \"on-demand\""),
        ("spot-none-on-demand", &[], "skipped: a spot instance"),
        ("spot-none-on-demand", &[("meta-data/instance-life-cycle", Some("on-demand"))], "found status 200"),
        (
            "spot-none-on-demand",
            &[("meta-data/instance-life-cycle", Some("on-demand")), (action, None), (time, None)],
            "passed",
        ),
    ]);
}

#[test]
fn keys_have_their_form_and_no_finding_shows_one() {
    let role = "meta-data/iam/security-credentials/web";
    let with = |from: &str, to: &str| KEYS.replace(from, to);
    let keys = |check: &str, keys: &str, expected: &str| judged(&[(check, &[(role, Some(keys))], expected)]);
    for name in
        ["code", "keys", "layout", "type", "key-id", "secret", "token", "last-updated", "expiration", "stay"]
    {
        keys(&format!("role-keys-{name}"), KEYS, "passed");
    }
    keys("role-keys-code", "{}", "found no Code");
    keys("role-keys-code", "{\"Code\": \"Failed\"}", "found \"Failed\" without a Message");
    keys("role-keys-code", "{\"Code\": \"Failed\", \"Message\": \"why\"}", "passed");
    keys("role-keys-keys", "{\"Code\": \"Failed\"}", "skipped: the code is not Success");
    keys("role-keys-keys", "{\"Code\": \"Success\"}", "found no LastUpdated");
    let type_first =
        with("  \"Type\" : \"AWS-HMAC\",\n", "").replace("{\n", "{\n  \"Type\" : \"AWS-HMAC\",\n");
    keys("role-keys-keys", &type_first, "found another order");
    keys("role-keys-layout", &with(" : ", ": "), "found another layout");
    keys("role-keys-type", &with("AWS-HMAC", "HMAC"), "found 4 characters of another form");
    keys(
        "role-keys-key-id",
        &with("ASIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        "found 20 characters of another form",
    );
    keys(
        "role-keys-key-id",
        &with("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7"),
        "found 13 characters of another form",
    );
    keys(
        "role-keys-key-id",
        &with("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7-XAMPLE"),
        "found 20 characters of another form",
    );
    keys(
        "role-keys-last-updated",
        &with("2020-01-15T12:00:00Z", "2999-01-15T12:00:00.5Z"),
        "found \"2999-01-15T12:00:00.5Z\"",
    );
    keys("role-keys-expiration", &with("2999-01-15T18:00:00Z", "soon"), "found \"soon\"");
    let ended = |check: &str, keys: String| instance(&[(role, Some(&keys))]).verdict(check);
    let late = ended("role-keys-last-updated", with("2020-01-15T12:00:00Z", "2999-01-15T12:00:00Z"));
    assert!(late.starts_with("found a time ") && late.ends_with(" s ahead"), "{late}");
    let past = ended("role-keys-expiration", with("2999-", "2020-"));
    assert!(past.starts_with("found a time -") && past.ends_with(" s ahead"), "{past}");

    let info = "meta-data/iam/info";
    let profile = |check: &str, from: &str, to: &str, expected: &str| {
        judged(&[(check, &[(info, Some(&PROFILE.replace(from, to)))], expected)]);
    };
    profile("profile-arn", "", "", "passed");
    profile("profile-id", "", "", "passed");
    profile("profile-code", "", "", "passed");
    profile(
        "profile-arn",
        "instance-profile/web",
        "instance-profile/",
        "found 43 characters of another form",
    );
    profile("profile-arn", "arn:aws:iam", "arn:other:iam", "found 48 characters of another form");
    profile("profile-arn", ":111122223333:", ":1:", "found 35 characters of another form");
    profile("profile-id", "AIPA00000000000000WEB", "AIPA0", "found 5 characters of another form");
    let instance_info = "meta-data/identity-credentials/ec2/info";
    judged(&[
        ("instance-info", &[], "passed"),
        ("instance-info", &[(instance_info, Some("{\"Code\": \"Success\"}"))], "found no AccountId"),
    ]);
}

#[test]
fn keys_stay_until_they_are_renewed() {
    let stays = |from: &'static str, to: &'static str| {
        let asked = AtomicUsize::new(0);
        let service = ScriptedService::start(move |head| match head.split(' ').nth(1) {
            Some("/latest/meta-data/iam/security-credentials/") => answer("200 OK", "web"),
            Some("/latest/meta-data/iam/security-credentials/web") => {
                let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
                let other = KEYS.replace("IOSFODNN7EXAMPLE", "OTHERKEYSEXAMPLE").replace(from, to);
                answer("200 OK", if is_first { KEYS } else { &other })
            }
            _ => answer("200 OK", "i-1"),
        });
        service.verdict("role-keys-stay")
    };
    assert_eq!(stays("", ""), "found other keys, with the same LastUpdated");
    assert_eq!(stays("\"LastUpdated\" : \"2020", "\"LastUpdated\" : \"2021"), "passed");
}
