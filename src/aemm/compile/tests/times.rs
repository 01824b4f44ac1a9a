//! When events happen, and the times that notices show.

use super::*;
use crate::model::{EventEffect, EventTime, NoticeDue};

#[test]
fn delays_and_trigger_times_say_when() {
    let at = |delay_sec, trigger: Option<&str>| {
        let start = StartTime { delay_sec, trigger_time: trigger.map(str::to_owned) };
        let found = scenario(&default_but(|config| config.mock = start));
        found.events[0].at.clone()
    };
    let start = |seconds| EventTime::AfterStart(std::time::Duration::from_secs(seconds));
    assert_eq!(at(0, None), start(0));
    assert_eq!(at(-5, None), start(0));
    assert_eq!(at(90, None), start(90));
    assert!(matches!(at(i64::MAX, None), EventTime::AfterStart(_)));
    let instant = EventTime::At(crate::model::Timestamp::from_secs(1_577_934_227));
    for text in
        ["2020-01-02T03:03:47Z", "2020-01-02T03:03:47.9Z", "2020-01-02T3:03:47Z", "2020-01-02T05:03:47+02:00"]
    {
        assert_eq!(at(90, Some(text)), instant, "{text}");
    }
    for text in ["soon", "2999-01-01 00:00:00Z", "2999-01-01t00:00:00Z", "2999-01-01T00:00:00+0000"] {
        assert_eq!(at(90, Some(text)), start(0), "{text}");
    }
    let latest = EventTime::At(crate::model::Timestamp::from_secs(253_402_207_200));
    for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.1234567890123Z", "9999-12-31T00:00:00-24:00"] {
        assert_eq!(at(0, Some(text)), latest, "{text}");
    }
    let fraction = EventTime::At(crate::model::Timestamp::from_secs(32_472_144_000));
    assert_eq!(at(0, Some("2999-01-01T00:00:00.0000000000001Z")), fraction);
}

#[test]
fn times_are_kept_as_they_were_said() {
    let config = default_but(|config| {
        config.spot.time = Some("2020-01-07T03:03:47.5+02:00".into());
        config.spot.rebalance_rec_time = Some("2020-01-07T3:03:47Z".into());
        config.events.not_after = Some("1994-05-15T00:00:00Z".into());
    });
    let found = scenario(&config);
    let text_of = |due: &NoticeDue| match due {
        NoticeDue::At(instant) => instant.text.clone(),
        other => panic!("expected an instant, found {other:?}"),
    };
    match (&found.events[0].effects[0], &found.events[1].effects[0], &found.events[2].effects[0]) {
        (
            EventEffect::SpotInterruption { due, .. },
            EventEffect::Rebalance(noticed),
            EventEffect::Maintenance(notice),
        ) => {
            assert_eq!(text_of(due), "2020-01-07T03:03:47.5+02:00");
            assert_eq!(text_of(noticed), "2020-01-07T03:03:47Z");
            assert_eq!(notice.not_after.as_ref().map(text_of).as_deref(), Some("1994-05-15T00:00:00Z"));
            assert_eq!(notice.not_before, Some(NoticeDue::AfterStart(std::time::Duration::ZERO)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        compile(&config).not_carried,
        ["spot.rebalance-rec-time is sent as \"2020-01-07T03:03:47Z\" instead of \"2020-01-07T3:03:47Z\"."]
    );
}

#[test]
fn times_that_a_scenario_cannot_hold_are_the_nearest() {
    let config = default_but(|config| {
        config.spot.time = Some("9999-12-31T23:59:59Z".into());
        config.spot.rebalance_rec_time = Some("2030-01-07T03:03:47.12345678901+02:00".into());
        config.events.not_after = Some("2030-01-07T03:03:47+00:60".into());
    });
    scenario(&config);
    assert_eq!(
        compile(&config).not_carried,
        [
            "spot.time is sent as \"9999-12-30T22:00:00Z\" instead of \"9999-12-31T23:59:59Z\".",
            "spot.rebalance-rec-time is sent as \"2030-01-07T03:03:47.123456789+02:00\" instead of \"2030-01-07T03:03:47.12345678901+02:00\".",
            "events.not-after is sent as \"2030-01-07T02:03:47Z\" instead of \"2030-01-07T03:03:47+00:60\".",
        ]
    );
}

#[test]
fn a_time_is_sent_in_its_own_zone() {
    for (time, expected) in [
        ("2020-01-07T01:03:47Z", "2020-01-07T01:03:47Z"),
        ("2020-01-07T1:03:47+02:00", "2020-01-07T01:03:47+02:00"),
        ("2020-01-07T11:03:47-02:00", "2020-01-07T11:03:47-02:00"),
        ("2020-01-07T1:03:47.1234567891+02:00", "2020-01-07T01:03:47.123456789+02:00"),
        ("2020-01-07T01:03:47,5Z", "2020-01-07T01:03:47,5Z"),
    ] {
        let config = default_but(|config| config.spot.time = Some(time.to_owned()));
        let CompiledConfig { toml, not_carried, .. } = compile(&config);
        assert!(toml.contains(&format!("time = \"{expected}\"")), "{time}:\n{toml}");
        let told = format!("spot.time is sent as {expected:?} instead of {time:?}.");
        assert_eq!(not_carried, if time == expected { vec![] } else { vec![told] }, "{time}");
        scenario(&config);
    }
}
