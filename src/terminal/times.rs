//! Times and durations as people say them. Nothing here reads a clock.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::Timestamp;

/// A space at which no line is broken; it is written as a space.
const NBSP: char = '\u{a0}';
/// The length of `2026-11-21T03:14:11Z`.
const INSTANT: usize = 20;

/// "18 s", "2 min 5 s", "5 h 10 min", "3 days 2 h": the two largest units, rounded down.
pub(crate) fn spoken(span: Duration) -> String {
    let units = units(span);
    let words: Vec<&str> = units.iter().take(2).map(String::as_str).collect();
    words.join(" ")
}

/// "2 min ago": how long since.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    let span = now.since(at);
    if span < Duration::from_secs(1) {
        return "just now".to_owned();
    }
    format!("{}{NBSP}ago", units(span)[0])
}

/// "in 2 min 5 s": how long until then.
pub(crate) fn time_left(at: Timestamp, now: Timestamp) -> String {
    let millis = at.since(now).as_millis().saturating_add(500);
    let seconds = u64::try_from(millis / 1000).unwrap_or(u64::MAX);
    if seconds == 0 { "now".to_owned() } else { format!("in {}", spoken(Duration::from_secs(seconds))) }
}

/// The largest unit, and the next one if there is some of it.
fn units(span: Duration) -> Vec<String> {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let (first, second) = match seconds {
        0..60 => (format!("{seconds}{NBSP}s"), (0, String::new())),
        60..3600 => (format!("{minutes}{NBSP}min"), (seconds % 60, format!("{}{NBSP}s", seconds % 60))),
        3600..172_800 => (format!("{hours}{NBSP}h"), (minutes % 60, format!("{}{NBSP}min", minutes % 60))),
        _ => (format!("{days}{NBSP}days"), (hours % 24, format!("{}{NBSP}h", hours % 24))),
    };
    std::iter::once(first).chain((second.0 > 0).then_some(second.1)).collect()
}

/// "14:03:12 (13:03:12 UTC)": the time in this zone, with its date unless that is today's, and in UTC.
pub(crate) fn clock_time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (zoned(at, zone), zoned(now, zone));
    let format = if then.date() == today.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let local = then.strftime(format).to_string();
    if then.offset().is_zero() {
        return format!("{local}{NBSP}UTC");
    }
    let utc = zoned(at, &TimeZone::UTC);
    let format = if utc.date() == then.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    format!("{local} ({}{NBSP}UTC)", utc.strftime(format))
}

/// "14:03:12", with milliseconds if there is room for them.
pub(crate) fn local_time(at: Timestamp, zone: &TimeZone, millis: bool) -> String {
    let time = zoned(at, zone).strftime("%H:%M:%S").to_string();
    if millis { format!("{time}.{:03}", at.as_millis() % 1000) } else { time }
}

/// "2026-11-29, UTC+01:00".
pub(crate) fn local_date(at: Timestamp, zone: &TimeZone) -> String {
    let at = zoned(at, zone);
    let offset = if at.offset().is_zero() { String::new() } else { at.strftime("%:z").to_string() };
    format!("{}, UTC{offset}", at.strftime("%Y-%m-%d"))
}

/// A text whose instants, which are as in JSON, are replaced by times in this zone; and how far it is to those that come.
pub(crate) fn spoken_instants(text: &str, now: Timestamp, zone: &TimeZone) -> String {
    replace_instants(text, |at| {
        let clock = clock_time(at, now, zone);
        if at > now { format!("{clock}, {}", time_left(at, now)) } else { clock }
    })
}

/// The same for a text that says how far it is: the times alone.
pub(crate) fn local_instants(text: &str, now: Timestamp, zone: &TimeZone) -> String {
    replace_instants(text, |at| clock_time(at, now, zone))
}

fn replace_instants(text: &str, spoken_as: impl Fn(Timestamp) -> String) -> String {
    let (mut spoken, mut rest) = (String::new(), text);
    while let Some(z) = rest.find('Z') {
        let (before, after) = rest.split_at(z + 1);
        let start = before.len().checked_sub(INSTANT).filter(|start| before.is_char_boundary(*start));
        let instant = start.and_then(|start| Some((start, before[start..].parse::<jiff::Timestamp>().ok()?)));
        if let Some((start, at)) = instant {
            spoken.push_str(&before[..start]);
            spoken.push_str(&spoken_as(at.into()));
        } else {
            spoken.push_str(before);
        }
        rest = after;
    }
    spoken + rest
}

fn zoned(at: Timestamp, zone: &TimeZone) -> jiff::Zoned {
    let millis = i64::try_from(at.as_millis()).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use jiff::tz::offset;

    use super::*;

    /// 2026-11-21T03:14:11Z.
    const NOW: Timestamp = Timestamp::from_secs(1_795_230_851);

    /// As it is written.
    fn read(text: &str) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn durations_are_said_in_two_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (18, "18 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (3600, "1 h"),
            (18_600, "5 h 10 min"),
            (90_000, "25 h"),
            (259_200, "3 days"),
            (266_400, "3 days 2 h"),
        ] {
            assert_eq!(read(&spoken(Duration::from_secs(seconds))), expected);
        }
        assert_eq!(read(&ago(NOW.before(Duration::from_secs(125)), NOW)), "2 min ago");
        assert_eq!(ago(NOW, NOW), "just now");
        assert_eq!(ago(NOW.before(Duration::from_millis(999)), NOW), "just now");
        assert_eq!(read(&ago(NOW.before(Duration::from_secs(1)), NOW)), "1 s ago");
        assert_eq!(read(&time_left(NOW.plus(Duration::from_millis(17_600)), NOW)), "in 18 s");
        assert_eq!(time_left(NOW, NOW), "now");
    }

    #[test]
    fn a_time_is_local_and_in_utc() {
        let east = TimeZone::fixed(offset(9));
        assert_eq!(read(&clock_time(NOW, NOW, &TimeZone::UTC)), "03:14:11 UTC");
        assert_eq!(read(&clock_time(NOW, NOW, &east)), "12:14:11 (03:14:11 UTC)");
        let yesterday = NOW.before(Duration::from_hours(24));
        assert_eq!(read(&clock_time(yesterday, NOW, &TimeZone::UTC)), "2026-11-20 03:14:11 UTC");
        let late = NOW.before(Duration::from_hours(4));
        assert_eq!(read(&clock_time(late, NOW, &east)), "08:14:11 (2026-11-20 23:14:11 UTC)");
        assert_eq!(local_time(Timestamp::from_millis(1_795_230_851_250), &east, true), "12:14:11.250");
        assert_eq!(local_date(NOW, &east), "2026-11-21, UTC+09:00");
        assert_eq!(local_date(NOW, &TimeZone::UTC), "2026-11-21, UTC");
    }

    #[test]
    fn instants_in_a_text_become_times() {
        let text = "Zone: terminate at 2026-11-21T03:16:11Z; Z";
        let expected = "Zone: terminate at 03:16:11 UTC, in 2 min; Z";
        assert_eq!(read(&spoken_instants(text, NOW, &TimeZone::UTC)), expected);
        assert_eq!(
            read(&local_instants(text, NOW, &TimeZone::fixed(offset(9)))),
            "Zone: terminate at 12:16:11 (03:16:11 UTC); Z"
        );
        assert_eq!(spoken_instants("nothing", NOW, &TimeZone::UTC), "nothing");
        let now = "at 2026-11-21T03:14:11Z";
        assert_eq!(read(&spoken_instants(now, NOW, &TimeZone::UTC)), "at 03:14:11 UTC", "it has come");
    }
}
