//! Instance profiles that come, go and change while the instance runs, and a stop and start.

use std::time::Duration;

use super::credentials::{CredentialState, Credentials};
use super::instance::Instance;
use super::interface_changes::ChangeMoment;
use super::late::{ShownRole, StageEnd};
use super::live_change::{ProfileChange, RoleChange, StopStart, UserDataChange};
use super::propagation::{ChangeKind, DelaySource, LateLeaf, Meanwhile, until_refresh};
use super::time::Timestamp;

/// Associates, replaces or removes the instance profile, or changes its role. `date` is that of the event.
pub(super) fn apply(
    instance: &mut Instance,
    base: &Instance,
    change: &ProfileChange,
    moment: ChangeMoment<'_>,
    date: Timestamp,
) {
    let before = instance.credentials.clone().map(Box::new);
    let info = instance.late.info_at(moment.offset).cloned().unwrap_or_else(|| before.clone());
    let role = instance.late.role_at(moment.offset).cloned().unwrap_or_else(|| ShownRole::Of(before.clone()));
    instance.credentials = after(instance.credentials.as_ref(), base.credentials.as_ref(), change);
    let is_pending = |end: StageEnd| end != Some(moment.offset);
    let (info_end, listed, keys) = match change.change {
        RoleChange::Associate => {
            let [info, listed, keys] = [LateLeaf::Info, LateLeaf::Listing, LateLeaf::Keys]
                .map(|leaf| moment.end(delay(moment.delays, change, leaf)));
            (info, listed, keys)
        }
        RoleChange::RoleInProfile => {
            let credentials = before.as_deref().cloned().unwrap_or_default();
            let end = moment.end(Some(until_refresh(date, credentials.refresh)));
            (end, end, end)
        }
    };
    let mut roles = Vec::new();
    if is_pending(listed) {
        roles.push((listed, role));
    }
    let is_later = listed.is_some_and(|listed| keys.is_none_or(|keys| keys > listed));
    if let (true, Some(role)) = (is_later, &change.role) {
        let lists = moment.delays.draw(ChangeKind::InstanceProfile, SUBJECT, LateLeaf::Keys).meanwhile
            == Some(Meanwhile::Listed);
        roles.push((keys, if lists { ShownRole::Listed(role.clone()) } else { ShownRole::Of(None) }));
    }
    let infos = is_pending(info_end).then_some((info_end, info));
    instance.late.set_profile(infos.into_iter().collect(), roles);
}

/// The jitter's name for the instance profile.
const SUBJECT: &str = "instance-profile";

/// The credentials after a change.
fn after(
    present: Option<&Credentials>,
    base: Option<&Credentials>,
    change: &ProfileChange,
) -> Option<Credentials> {
    let usual = || present.or(base).cloned().unwrap_or_default();
    let state = |role| match role {
        Some(_) => CredentialState::Ok,
        None => CredentialState::NoRole,
    };
    match (change.change, &change.role) {
        (RoleChange::Associate, None) => None,
        (RoleChange::Associate, Some(role)) => Some(Credentials {
            role: role.clone(),
            instance_profile: change.name.clone(),
            instance_profile_id: None,
            state: CredentialState::Ok,
            attached_after: Duration::ZERO,
            ..usual()
        }),
        (RoleChange::RoleInProfile, role) => present.map(|present| Credentials {
            role: role.clone().unwrap_or_else(|| present.role.clone()),
            // The profile stays the one that it was.
            instance_profile: Some(
                present.instance_profile.clone().unwrap_or_else(|| present.role.to_string()),
            ),
            state: state(role.as_ref()),
            attached_after: Duration::ZERO,
            ..present.clone()
        }),
    }
}

/// The delay of a part of an association; a removal is visible in both places together.
fn delay(delays: DelaySource<'_>, change: &ProfileChange, leaf: LateLeaf) -> Option<Duration> {
    let is_removal = change.role.is_none();
    let part = if is_removal && !delays.has_part(ChangeKind::InstanceProfile, leaf) {
        LateLeaf::Leaves
    } else {
        leaf
    };
    delays.draw(ChangeKind::InstanceProfile, SUBJECT, part).after
}

/// The delays after which parts of a change become visible; without that of a refresh.
pub(super) fn stages(change: &ProfileChange, delays: DelaySource<'_>) -> Vec<Duration> {
    match change.change {
        RoleChange::Associate => [LateLeaf::Info, LateLeaf::Listing, LateLeaf::Keys]
            .into_iter()
            .filter_map(|leaf| delay(delays, change, leaf))
            .collect(),
        RoleChange::RoleInProfile => vec![],
    }
}

/// The starts after stops of which the time is over: each is made in its turn among what else has happened. What happens
/// while an instance is stopped comes before its start.
#[derive(Default)]
pub(super) struct DueStarts<'e>(Vec<(i64, &'e StopStart, Timestamp)>);

impl<'e> DueStarts<'e> {
    /// One at an offset on the timeline, which is at this date.
    pub(super) fn add(&mut self, offset: i64, change: &'e StopStart, start: Timestamp) {
        let at = self.0.partition_point(|(other, ..)| *other <= offset);
        self.0.insert(at, (offset, change, start));
    }

    /// Makes those until an offset, which included.
    pub(super) fn make_until(&mut self, offset: i64, instance: &mut Instance) {
        let due = self.0.partition_point(|(start, ..)| *start <= offset);
        for (_, change, start) in self.0.drain(..due) {
            stop_start(instance, change, start);
        }
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

/// Stops the instance; from `start` on it runs again. Everything that was pending is over then.
pub(super) fn stop_start(instance: &mut Instance, change: &StopStart, start: Timestamp) {
    if let Some(instance_type) = &change.instance_type {
        instance.instance_type.clone_from(instance_type);
    }
    match &change.user_data {
        UserDataChange::Keep => {}
        UserDataChange::Remove => instance.user_data = None,
        UserDataChange::Set(bytes) => instance.user_data = Some(bytes.clone()),
    }
    if let (Some(addresses), Some(primary)) = (&change.public_ipv4s, instance.interfaces.first_mut()) {
        primary.public_ipv4s.clone_from(addresses);
    }
    instance.launch_time = start;
    instance.late.settle_network();
    instance.late.settle_profile();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::timeline::{self, ScenarioClock};
    use crate::model::{ClearTarget, Event, EventEffect, EventTime, InstanceFact, Propagation};

    const START: Timestamp = Timestamp::from_secs(1_000_000);

    fn event(second: u64, effect: EventEffect) -> Event {
        let mut event = Event::once(EventTime::AfterLoad(Duration::from_secs(second)), [effect]);
        event.lateness.stages = timeline::stages(&event, &Propagation::default()).0;
        event
    }

    /// Down from 10 s to 40 s, an m5.large then.
    fn stopped() -> Event {
        stopped_for(10, 30, "m5.large")
    }

    fn stopped_for(second: u64, down: u64, name: &str) -> Event {
        let change = StopStart {
            down: Duration::from_secs(down),
            instance_type: Some(name.parse().expect("a type")),
            user_data: UserDataChange::Keep,
            public_ipv4s: None,
        };
        event(second, EventEffect::StopStart(Box::new(change)))
    }

    fn typed(second: u64, name: &str) -> Event {
        let name = name.parse().expect("a type");
        event(second, EventEffect::Fact(InstanceFact::InstanceType(name)))
    }

    fn types(events: &[Event], seconds: &[u64]) -> Vec<String> {
        let clock = ScenarioClock::starting(START, START);
        let of = |second: &u64| {
            let now = START.plus(Duration::from_secs(*second));
            let instance =
                timeline::after(&Instance::default(), events, &clock.occurrences(events, now), &clock);
            instance.instance_type.to_string()
        };
        seconds.iter().map(of).collect()
    }

    #[test]
    fn what_happens_while_an_instance_is_stopped_comes_before_its_start() {
        let seconds = [0, 20, 39, 40, 41, 50, 60];
        let found = types(&[stopped(), typed(20, "c5.large"), typed(50, "r5.large")], &seconds);
        let expected = ["m5.xlarge", "c5.large", "c5.large", "m5.large", "m5.large", "r5.large", "r5.large"];
        assert_eq!(found, expected, "at {seconds:?} s");
        let found = types(&[stopped(), typed(40, "c5.large")], &[39, 40]);
        assert_eq!(found, ["m5.xlarge", "c5.large"], "what happens at the start comes after it");
    }

    /// Whichever stop came first.
    #[test]
    fn starts_after_several_stops_come_in_the_order_of_their_times() {
        let stops = [stopped(), stopped_for(15, 5, "c5.large"), stopped_for(16, 14, "r5.large")];
        let seconds = [19, 20, 29, 30, 39, 40];
        let expected = ["m5.xlarge", "c5.large", "c5.large", "r5.large", "r5.large", "m5.large"];
        assert_eq!(types(&stops, &seconds), expected, "at {seconds:?} s");
        // What happens later is not lost among them.
        let later = typed(50, "t3.large");
        let [first, second, third] = stops;
        assert_eq!(types(&[first, second, third, later], &[49, 50]), ["m5.large", "t3.large"]);
    }

    #[test]
    fn a_clear_while_an_instance_is_stopped_takes_the_start_back() {
        for what in [ClearTarget::Facts, ClearTarget::All] {
            let clear = event(20, EventEffect::Clear(what));
            assert_eq!(types(&[stopped(), clear], &[20, 41]), ["m5.xlarge", "m5.xlarge"], "{what:?}");
        }
    }
}
