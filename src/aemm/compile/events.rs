//! `[[event]]`: what happens to the instance, from when, and who sees it.

use std::time::Duration;

use super::text::string;
use crate::aemm::config::{AemmConfig, AemmMode, EventsConfig, StartTime};
use crate::aemm::go;
use crate::aemm::path_table::ConfigValue;
use crate::model::MOST_CLIENTS;
use crate::model::{Timestamp, format_duration};

/// Digits of a fraction that a scenario takes.
const FRACTION: usize = 9;
/// A century: the longest span of a scenario.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

pub(crate) fn of(config: &AemmConfig, not_carried: &mut Vec<String>) -> String {
    of_notices(config, NoticeSet::of_mode(config.mode), None, not_carried)
}

/// The notices that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is there or not, whatever the others")]
pub(crate) struct NoticeSet {
    pub spot: bool,
    pub rebalance: bool,
    pub maintenance: bool,
    pub lifecycle: bool,
}

impl NoticeSet {
    /// Those that a command of the original has.
    pub(crate) fn of_mode(mode: AemmMode) -> Self {
        let has = |own| mode == AemmMode::All || mode == own;
        Self {
            spot: has(AemmMode::Spot),
            rebalance: has(AemmMode::Spot),
            maintenance: has(AemmMode::Events),
            lifecycle: has(AemmMode::AsgLifecycle),
        }
    }
}

/// The events of these notices, under the original's own profile; or, with the time that it is, as those of EC2, where a
/// time that is over has to be meant.
pub(crate) fn of_notices(
    config: &AemmConfig,
    notices: NoticeSet,
    now: Option<Timestamp>,
    not_carried: &mut Vec<String>,
) -> String {
    let clients = clients(config.mock_ip_count, not_carried);
    let mut events = Vec::new();
    let mut event = |comment: &str, start: &StartTime, effect: &str| {
        let at = string(&at(start, now));
        events.push(format!("\n# {comment}\n[[event]]\nat = {at}\n{clients}{effect}\n"));
    };
    if notices.spot {
        let (comment, effect) = spot(config, now.is_some(), not_carried);
        event(comment, &config.mock, &effect);
    }
    if notices.rebalance {
        let (comment, effect) = rebalance(config, not_carried);
        event(comment, &config.rebalance, &effect);
    }
    if notices.maintenance {
        event(
            "The event stays scheduled, whatever its state.",
            &config.mock,
            &maintenance(config, not_carried),
        );
    }
    if notices.lifecycle {
        let effect = "target-lifecycle-state = \"Terminated\"";
        event("Until then the state is InService.", &config.asg_termination, effect);
    }
    events.concat()
}

/// The number of clients that see notices; negative: all.
fn clients(count: i64, not_carried: &mut Vec<String>) -> String {
    if count > MOST_CLIENTS {
        not_carried
            .push(format!("mock-ip-count is {count}; notices go to the first {MOST_CLIENTS} clients."));
    }
    if count < 0 { String::new() } else { format!("first-n-clients = {}\n", count.min(MOST_CLIENTS)) }
}

/// The trigger time in whole seconds, else the delay. A time that cannot be read counts as past, and one that is over at
/// `now` is the start.
fn at(start: &StartTime, now: Option<Timestamp>) -> String {
    if let Some(time) = &start.trigger_time {
        let instant = go::instant(time).map(Timestamp::from);
        let instant = instant.filter(|at| now.is_none_or(|now| *at > now));
        return instant.map_or_else(|| "start+0s".to_owned(), Timestamp::rfc3339);
    }
    let delay = Duration::from_secs(u64::try_from(start.delay_sec).unwrap_or(0)).min(LONGEST);
    format!("start+{}", format_duration(delay))
}

fn spot(config: &AemmConfig, stays: bool, not_carried: &mut Vec<String>) -> (&'static str, String) {
    let action = string(&config.spot.action);
    let given = config.spot.time.as_ref().and_then(|time| readable("spot.time", time, not_carried));
    match given {
        Some(time) => (
            "A spot interruption.",
            format!(
                "spot-interruption = {{ action = {action}, time = {}{} }}",
                string(&time),
                if stays { ", then = \"stay\"" } else { "" }
            ),
        ),
        None => (
            "A spot interruption, always two minutes ahead.",
            format!("spot-interruption = {{ action = {action}, notice = \"2m\", moving = true }}"),
        ),
    }
}

fn rebalance(config: &AemmConfig, not_carried: &mut Vec<String>) -> (&'static str, String) {
    let given = config.spot.rebalance_rec_time.as_ref();
    match given.and_then(|time| readable("spot.rebalance-rec-time", time, not_carried)) {
        Some(time) => (
            "A rebalance recommendation.",
            format!("rebalance-recommendation = {{ notice-time = {} }}", string(&time)),
        ),
        None => (
            "A rebalance recommendation, noticed whenever somebody asks.",
            "rebalance-recommendation = { moving = true }".to_owned(),
        ),
    }
}

fn maintenance(config: &AemmConfig, not_carried: &mut Vec<String>) -> String {
    let EventsConfig { code, state, not_before, not_after, not_before_deadline } = &config.events;
    let id = match config.metadata.values.get("event-id") {
        Some(ConfigValue::Text(id)) => id.as_str(),
        _ => "",
    };
    let mut due = |key: &str, given: Option<&String>, usual: &str| {
        let given = given.and_then(|time| readable(key, time, not_carried));
        string(given.as_deref().unwrap_or(usual))
    };
    let members = [
        ("id", string(id)),
        ("code", string(code)),
        ("state", string(state)),
        ("description", string(&format!("The instance is scheduled for {code}"))),
        ("not-before", due("events.not-before", not_before.as_ref(), "start+0s")),
        ("not-after", due("events.not-after", not_after.as_ref(), "start+7d")),
        ("not-before-deadline", due("events.not-before-deadline", not_before_deadline.as_ref(), "start+9d")),
    ];
    let members = members.map(|(key, value)| format!("{key} = {value}"));
    format!("[event.maintenance]\n{}", members.join("\n"))
}

/// A time as a scenario takes it. The original also takes hours of one digit, longer fractions, and the last two
/// days of the year 9999.
fn readable(key: &str, time: &str, not_carried: &mut Vec<String>) -> Option<String> {
    let Some(instant) = go::instant(time) else {
        not_carried.push(format!("{key} is {time:?}, which is no time."));
        return None;
    };
    let normal = normal(time);
    let sent = if normal.parse::<jiff::Timestamp>().is_ok() { normal } else { instant.to_string() };
    if sent != time {
        not_carried.push(format!("{key} is sent as {sent:?} instead of {time:?}."));
    }
    Some(sent)
}

/// `T1:02:03Z` is `T01:02:03Z`; the rest of a long fraction is cut off.
fn normal(time: &str) -> String {
    let time = match time.split_once('T') {
        Some((date, clock)) if clock.as_bytes().get(1) == Some(&b':') => format!("{date}T0{clock}"),
        _ => time.to_owned(),
    };
    let Some(start) = time.find(['.', ',']).map(|at| at + 1) else { return time };
    let digits = time[start..].bytes().take_while(u8::is_ascii_digit).count();
    format!("{}{}", &time[..start + digits.min(FRACTION)], &time[start + digits..])
}
