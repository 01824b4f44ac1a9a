//! The state of an instance after events have occurred. Pure: nothing waits and nothing ticks.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use super::clock::{NEVER, Occurrence, ScenarioClock};
use super::event::{ClearTarget, Event, EventEffect, InstanceFact, MetadataOption};
use super::instance::Instance;
use super::maintenance::{MaintenanceCode, MaintenanceEvent, MaintenanceNotice, MaintenanceState};
use super::notice::{NoticeDue, NoticeTime};
use super::signals::{Signals, SpotInterruption};
use super::time::Timestamp;

/// The instance after these occurrences on a clock.
pub(crate) fn after(
    base: &Instance,
    events: &[impl Borrow<Event>],
    occurrences: &[Occurrence],
    clock: &ScenarioClock,
) -> Instance {
    let mut instance = base.clone();
    for (at, index) in occurrences {
        for effect in events.get(*index).map_or(&[][..], |event| &event.borrow().effects) {
            apply(
                &mut instance,
                base,
                effect,
                Given { at: clock.date(*at), instant: *at, started: clock.started },
            );
        }
    }
    instance
}

/// The time of an occurrence, with the start of the daemon, from which the times in its notices follow.
#[derive(Clone, Copy)]
struct Given {
    /// The date.
    at: Timestamp,
    /// The instant on the scenario's clock.
    instant: Timestamp,
    started: Timestamp,
}

impl Given {
    fn time(self, due: &NoticeDue) -> NoticeTime {
        due.from(self.at, self.started)
    }

    /// The instant on the scenario's clock at which what a notice announces is due.
    fn due_at(self, due: &NoticeDue) -> Option<Timestamp> {
        due.from(self.instant, self.started).fixed()
    }

    /// The time in a notice; one that moves with each request is taken at the time of the occurrence.
    fn instant(self, due: &NoticeDue) -> Timestamp {
        self.time(due).at(self.at)
    }
}

fn apply(instance: &mut Instance, base: &Instance, effect: &EventEffect, given: Given) {
    match effect {
        EventEffect::SpotInterruption { action, due, then } => {
            let time = given.time(due);
            instance.signals.spot =
                Some(SpotInterruption { action: *action, time, due_at: given.due_at(due), then: *then });
        }
        EventEffect::Rebalance(due) => instance.signals.rebalance = Some(given.time(due)),
        EventEffect::Maintenance(notice) => maintain(&mut instance.signals, notice, given),
        EventEffect::TargetLifecycleState(state) => instance.signals.target_lifecycle_state = Some(*state),
        EventEffect::InstanceAction(action) => instance.instance_action = *action,
        EventEffect::LifeCycle(life_cycle) => instance.life_cycle = *life_cycle,
        EventEffect::Credentials(state) => {
            if let Some(credentials) = &mut instance.credentials {
                credentials.state = *state;
            }
        }
        EventEffect::Rotate => instance.signals.rotated_at = Some(given.at),
        EventEffect::Set(path, value) => {
            Arc::make_mut(&mut instance.overrides).insert(path.clone(), value.clone());
        }
        EventEffect::Unset(path) => match base.overrides.get(path) {
            Some(value) => {
                Arc::make_mut(&mut instance.overrides).insert(path.clone(), value.clone());
            }
            None => {
                Arc::make_mut(&mut instance.overrides).remove(path);
            }
        },
        EventEffect::Tag(key, Some(value)) => {
            instance.tags.insert(key.clone(), value.clone());
        }
        EventEffect::Tag(key, None) => {
            instance.tags.remove(key);
        }
        EventEffect::Option(option) => set_option(instance, *option),
        EventEffect::Fact(fact) => set_fact(instance, fact),
        EventEffect::Clear(what) => clear(instance, base, *what),
    }
}

fn set_option(instance: &mut Instance, option: MetadataOption) {
    let options = &mut instance.metadata_options;
    match option {
        MetadataOption::HttpTokens(tokens) => options.http_tokens = tokens,
        MetadataOption::HttpEndpoint(endpoint) => options.http_endpoint = endpoint,
        MetadataOption::HopLimit(limit) => options.http_put_response_hop_limit = limit,
        MetadataOption::Tags(tags) => options.instance_metadata_tags = tags,
    }
}

fn set_fact(instance: &mut Instance, fact: &InstanceFact) {
    match fact {
        InstanceFact::InstanceType(instance_type) => instance.instance_type.clone_from(instance_type),
        InstanceFact::AmiId(ami_id) => instance.ami_id.clone_from(ami_id),
        InstanceFact::Monitoring(monitoring) => instance.monitoring = *monitoring,
        InstanceFact::UserData(bytes) => instance.user_data.clone_from(bytes),
        InstanceFact::PublicIpv4s(addresses) => {
            if let Some(primary) = instance.interfaces.first_mut() {
                primary.public_ipv4s.clone_from(addresses);
            }
        }
        InstanceFact::SecurityGroups(names) => {
            instance.security_groups.names.clone_from(names);
            if let Some(primary) = instance.interfaces.first_mut() {
                primary.security_groups.names.clone_from(names);
            }
        }
    }
}

fn clear(instance: &mut Instance, base: &Instance, what: ClearTarget) {
    let signals = &mut instance.signals;
    match what {
        ClearTarget::All => instance.clone_from(base),
        ClearTarget::SpotInterruption => signals.spot.clone_from(&base.signals.spot),
        ClearTarget::Rebalance => signals.rebalance.clone_from(&base.signals.rebalance),
        ClearTarget::Maintenance => {
            signals.scheduled.clone_from(&base.signals.scheduled);
            signals.history.clone_from(&base.signals.history);
        }
        ClearTarget::TargetLifecycleState => {
            signals.target_lifecycle_state = base.signals.target_lifecycle_state;
        }
        ClearTarget::InstanceAction => instance.instance_action = base.instance_action,
        ClearTarget::LifeCycle => instance.life_cycle = base.life_cycle,
        ClearTarget::Credentials => {
            signals.rotated_at = None;
            instance.credentials.clone_from(&base.credentials);
        }
        ClearTarget::Metadata => instance.overrides.clone_from(&base.overrides),
        ClearTarget::Tags => instance.tags.clone_from(&base.tags),
        ClearTarget::MetadataOptions => instance.metadata_options = base.metadata_options,
        ClearTarget::Facts => {
            instance.instance_type.clone_from(&base.instance_type);
            instance.ami_id.clone_from(&base.ami_id);
            instance.monitoring = base.monitoring;
            instance.user_data.clone_from(&base.user_data);
            instance.security_groups.clone_from(&base.security_groups);
            instance.interfaces.clone_from(&base.interfaces);
        }
    }
}

/// Adds or changes a maintenance event. An active one is scheduled, one that is over or called off is in the history.
fn maintain(signals: &mut Signals, notice: &MaintenanceNotice, given: Given) {
    const DAY: Duration = Duration::from_hours(24);
    let take = |events: &mut Vec<MaintenanceEvent>| {
        events.iter().position(|event| event.id == notice.id).map(|index| events.remove(index))
    };
    let before = take(&mut signals.scheduled).or_else(|| take(&mut signals.history));
    let due = |new: Option<&NoticeDue>, old: Option<Timestamp>| new.map(|due| given.instant(due)).or(old);
    let code =
        notice.code.or(before.as_ref().map(|event| event.code)).unwrap_or(MaintenanceCode::SystemReboot);
    let described = before.as_ref().filter(|event| event.code == code).map(|event| event.description.clone());
    let event = MaintenanceEvent {
        id: notice.id.clone(),
        code,
        state: notice.state,
        description: notice
            .description
            .clone()
            .or(described)
            .unwrap_or_else(|| code.description().to_owned()),
        // The default is in a week, as AWS announces reboots at least a week ahead.
        not_before: due(notice.not_before.as_ref(), before.as_ref().map(|e| e.not_before))
            .unwrap_or_else(|| given.at.plus(7 * DAY)),
        not_after: due(notice.not_after.as_ref(), before.as_ref().and_then(|e| e.not_after)),
        not_before_deadline: due(
            notice.not_before_deadline.as_ref(),
            before.as_ref().and_then(|e| e.not_before_deadline),
        ),
    };
    match event.state {
        MaintenanceState::Active => signals.scheduled.push(event),
        MaintenanceState::Completed | MaintenanceState::Canceled => signals.history.push(event),
    }
}
