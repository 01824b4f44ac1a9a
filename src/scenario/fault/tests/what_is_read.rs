//! Conditions and effects of faults, their names, and which effects go together.

use jiff::SignedDuration;
use strum::VariantArray as _;

use super::*;
use crate::model::fault::{
    BodyAlteration, BodyDamage, HeaderChange, Latency, ReplyAlteration, ReplyStatus, Throttle,
    ThrottleAction, TokenFault,
};
use crate::model::{ClientMatcher, Timestamp};

fn altered(keys: &str) -> ReplyAlteration {
    match fault(keys).effect {
        FaultEffect::Answer(alteration) => alteration,
        other => panic!("expected an answer from {keys}, found {other:?}"),
    }
}

fn millis(min: u64, max: u64) -> Option<Latency> {
    Latency::new(Duration::from_millis(min), Duration::from_millis(max))
}

#[test]
fn everything_that_a_fault_says_of_requests_is_read() {
    let found = fault(
        "path = \"/latest/meta-data/iam/**\"\nmethods = [\"GET\", \"HEAD\"]\nclients = [\"host\", \"172.17.0.2\"]\n\
         from = \"1m\"\nfor = \"30s\"\ncount = 3\nprobability = 0.5\nseed = 7\nhang = true",
    );
    assert_eq!(found.path.to_string(), "/latest/meta-data/iam/**");
    assert_eq!(found.methods, [Method::Get, Method::Head]);
    assert_eq!(found.clients, [ClientMatcher::Host, "172.17.0.2/32".parse().expect("a network")]);
    assert_eq!(found.from, FaultStart::AfterLoad(Duration::from_mins(1)));
    assert_eq!((found.lasts, found.count, found.seed), (Some(Duration::from_secs(30)), Some(3), 7));
    assert_eq!(found.probability, Probability::new(0.5).expect("a probability"));
    let instants = ["2026-01-15T12:00:00Z", "\"2026-01-15T12:00:00Z\""];
    for instant in instants.map(|instant| fault(&format!("from = {instant}\nhang = true")).from) {
        assert_eq!(instant, FaultStart::At(Timestamp::from_secs(1_768_478_400)));
    }
    assert_eq!(fault("hang = true"), Fault::always(FaultEffect::Hang), "no condition on requests");
    let web =
        "[instances.web]\nclients = [\"host\"]\nderive = true\n[[fault]]\ninstance = \"web\"\nhang = true\n";
    assert_eq!(outcome(web).0[0].instance.as_deref(), Some("web"));
}

#[test]
fn every_effect_is_read() {
    assert_eq!(altered("latency = \"200ms\"").latency, millis(200, 200));
    assert_eq!(altered("latency = { min = \"100ms\", max = \"2s\" }").latency, millis(100, 2_000));
    assert_eq!(altered("status = 503").status, ReplyStatus::new(503));
    assert_eq!(altered("status = 200").status, ReplyStatus::new(200));
    for (word, damage) in
        [("empty", BodyDamage::Empty), ("truncated", BodyDamage::Truncated), ("stalled", BodyDamage::Stalled)]
    {
        assert_eq!(altered(&format!("body = \"{word}\"")).body, Some(BodyAlteration::Damage(damage)));
    }
    let text = altered("body = { text = \"{}\" }").body;
    assert_eq!(text, Some(BodyAlteration::Text("{}".to_owned())));
    assert_eq!(altered("body-latency = { min = \"1s\", max = \"2s\" }").body_latency, millis(1_000, 2_000));
    let header = |name: &str, value: Option<&str>| HeaderChange {
        name: name.parse().expect("a name"),
        value: value.map(|value| value.parse().expect("a value")),
    };
    let headers = [header("retry-after", Some("1")), header("server", None)];
    let line = "headers = { Retry-After = \"1\", Server = false }";
    let mut found = altered(line).headers;
    found.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
    assert_eq!(found, headers);
    let FaultEffect::Throttle(limit) = fault(&format!("throttle = {{ per-second = 1 }}\n{line}")).effect
    else {
        panic!("expected a limit");
    };
    assert_eq!(limit.headers.len(), 2);
    assert_eq!(altered("tokens = \"lost\"").tokens, Some(TokenFault::Lost));
    assert_eq!(altered("clock-skew = \"-5m\"").clock_skew, Some(SignedDuration::from_mins(-5)));
    assert_eq!(altered("clock-skew = \"1h30m\"").clock_skew, Some(SignedDuration::from_mins(90)));
    assert_eq!(fault("reset = true").effect, FaultEffect::Reset(None));
    assert_eq!(fault("reset = true\nlatency = \"1s\"").effect, FaultEffect::Reset(millis(1_000, 1_000)));
    assert_eq!(fault("hang = true\nreset = false").effect, FaultEffect::Hang);
    let status = |status| ThrottleAction::Status(ReplyStatus::new(status).expect("an error"));
    for (then, expected) in [
        (", then = 429", status(429)),
        (", then = 503", status(503)),
        (", then = \"drop\"", ThrottleAction::Drop),
        ("", status(429)),
    ] {
        let found = fault(&format!("throttle = {{ per-second = 5{then} }}")).effect;
        assert_eq!(found, FaultEffect::Throttle(Throttle { per_second: 5, then: expected, headers: vec![] }));
    }
    let several = altered("latency = \"1s\"\nstatus = 404\nbody = \"empty\"\nclock-skew = \"1s\"");
    assert!(several.latency.is_some() && several.status.is_some() && several.body.is_some());
}

/// A line that sets an effect.
fn example(key: EffectKey) -> &'static str {
    match key {
        EffectKey::Latency => "latency = \"1s\"",
        EffectKey::BodyLatency => "body-latency = \"1s\"",
        EffectKey::Status => "status = 404",
        EffectKey::Headers => "headers = { Retry-After = \"1\" }",
        EffectKey::Body => "body = \"empty\"",
        EffectKey::Tokens => "tokens = \"lost\"",
        EffectKey::ClockSkew => "clock-skew = \"5m\"",
        EffectKey::Reset => "reset = true",
        EffectKey::Hang => "hang = true",
        EffectKey::Connection => "connection = \"lost\"",
        EffectKey::Throttle => "throttle = { per-second = 1 }",
    }
}

/// The keys that an effect was read from.
fn keys_of(effect: &FaultEffect) -> Vec<EffectKey> {
    let latency = |latency: Option<Latency>| latency.map(|_| EffectKey::Latency);
    let keys = match effect {
        FaultEffect::Answer(ReplyAlteration {
            latency: delay,
            body_latency,
            status,
            headers,
            body,
            tokens,
            clock_skew,
        }) => vec![
            latency(*delay),
            body_latency.map(|_| EffectKey::BodyLatency),
            status.map(|_| EffectKey::Status),
            (!headers.is_empty()).then_some(EffectKey::Headers),
            body.as_ref().map(|_| EffectKey::Body),
            tokens.map(|_| EffectKey::Tokens),
            clock_skew.map(|_| EffectKey::ClockSkew),
        ],
        FaultEffect::Reset(delay) => vec![latency(*delay), Some(EffectKey::Reset)],
        FaultEffect::Hang => vec![Some(EffectKey::Hang)],
        FaultEffect::Connection(_) => vec![Some(EffectKey::Connection)],
        FaultEffect::Throttle(limit) => {
            vec![Some(EffectKey::Throttle), (!limit.headers.is_empty()).then_some(EffectKey::Headers)]
        }
    };
    keys.into_iter().flatten().collect()
}

#[test]
fn every_effect_is_a_fault_alone_and_with_those_that_it_does_not_exclude() {
    for one in EffectKey::VARIANTS {
        assert_eq!(keys_of(&fault(example(*one)).effect), [*one]);
        for other in EffectKey::VARIANTS.iter().filter(|other| *other != one) {
            let (faults, report) = outcome(&format!("[[fault]]\n{}\n{}\n", example(*one), example(*other)));
            let reason = one.excludes(*other).or(other.excludes(*one));
            match (reason, faults.as_slice()) {
                (Some(reason), []) => assert!(report.contains(reason), "{one:?} with {other:?}:\n{report}"),
                (None, [fault]) => {
                    let keys = keys_of(&fault.effect);
                    assert!(keys.contains(one) && keys.contains(other), "{one:?} with {other:?}: {keys:?}");
                }
                (_, faults) => panic!("{one:?} with {other:?}: {faults:?}\n{report}"),
            }
        }
    }
}

#[test]
fn names_of_faults_are_given_or_the_first_free_number() {
    let names = |text: &str| -> Vec<String> {
        let (faults, report) = outcome(text);
        assert_eq!(report, "", "expected no problem of:\n{text}");
        faults.iter().map(|fault| fault.name.to_string()).collect()
    };
    let fault = |name: &str| {
        if name.is_empty() {
            "[[fault]]\nstatus = 404\n".to_owned()
        } else {
            format!("[[fault]]\nstatus = 404\nname = \"{name}\"\n")
        }
    };
    let all = |given: &[&str]| given.iter().map(|name| fault(name)).collect::<String>();
    let [one, two, three, four] = [1, 2, 3, 4].map(|n| FaultName::in_file(n).to_string());
    assert_eq!(names(&all(&["", ""])), [one.clone(), two.clone()]);
    assert_eq!(names(&all(&["slow", ""])), ["slow".to_owned(), two.clone()]);
    assert_eq!(names(&all(&["", &one])), [two.clone(), one.clone()], "taken, it is the next");
    assert_eq!(names(&all(&["", &two, ""])), [one, two.clone(), three.clone()]);
    assert_eq!(names(&all(&[&two, "", ""])), [two, three, four], "each once");
    let (_, report) = outcome(&all(&["slow", "fast", "slow"]));
    assert!(report.contains("test.toml:9:8: error: another fault has the name \"slow\""), "{report}");
    assert_eq!(report.matches(": error: ").count(), 1, "{report}");
}
