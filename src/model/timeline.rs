//! The instance after what has happened. Pure: nothing waits and nothing ticks.

use std::time::Duration;

pub use super::clock::{Clock, Happening, Occurrence};
use super::event::{
    Clear, Due, Effect, Event, Fact, MaintenanceCode, MaintenanceEvent, MaintenanceNotice, MaintenanceState,
    MetadataOption, NoticeTime, Signals, SpotInterruption,
};
use super::instance::Instance;
use super::time::Timestamp;

/// The instance after these occurrences, served by a daemon that started at `started`.
pub fn after(base: &Instance, events: &[Event], occurrences: &[Occurrence], started: Timestamp) -> Instance {
    let mut instance = base.clone();
    for (at, index) in occurrences {
        for effect in events.get(*index).map_or(&[][..], |event| &event.effects) {
            apply(&mut instance, base, effect, Given { at: *at, started });
        }
    }
    instance
}

/// When a notice is given.
#[derive(Clone, Copy)]
struct Given {
    at: Timestamp,
    started: Timestamp,
}

impl Given {
    fn time(self, due: &Due) -> NoticeTime {
        due.from(self.at, self.started)
    }

    /// The instant of what does not move.
    fn instant(self, due: &Due) -> Timestamp {
        self.time(due).at(self.at)
    }
}

fn apply(instance: &mut Instance, base: &Instance, effect: &Effect, given: Given) {
    match effect {
        Effect::SpotInterruption { action, due, then } => {
            let time = given.time(due);
            instance.signals.spot = Some(SpotInterruption { action: *action, time, then: *then });
        }
        Effect::Rebalance(due) => instance.signals.rebalance = Some(given.time(due)),
        Effect::Maintenance(notice) => maintain(&mut instance.signals, notice, given),
        Effect::TargetLifecycleState(state) => instance.signals.target_lifecycle_state = Some(*state),
        Effect::InstanceAction(action) => instance.instance_action = *action,
        Effect::LifeCycle(life_cycle) => instance.life_cycle = *life_cycle,
        Effect::Credentials(state) => {
            if let Some(credentials) = &mut instance.credentials {
                credentials.state = *state;
            }
        }
        Effect::Rotate => instance.signals.rotated_at = Some(given.at),
        Effect::Set(path, value) => {
            instance.overrides.insert(path.clone(), value.clone());
        }
        Effect::Unset(path) => match base.overrides.get(path) {
            Some(said) => {
                instance.overrides.insert(path.clone(), said.clone());
            }
            None => {
                instance.overrides.remove(path);
            }
        },
        Effect::Tag(key, Some(value)) => {
            instance.tags.insert(key.clone(), value.clone());
        }
        Effect::Tag(key, None) => {
            instance.tags.remove(key);
        }
        Effect::Option(option) => set_option(instance, *option),
        Effect::Fact(fact) => set_fact(instance, fact),
        Effect::Clear(what) => clear(instance, base, *what),
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

fn set_fact(instance: &mut Instance, fact: &Fact) {
    match fact {
        Fact::InstanceType(instance_type) => instance.instance_type.clone_from(instance_type),
        Fact::AmiId(ami_id) => instance.ami_id.clone_from(ami_id),
        Fact::Monitoring(monitoring) => instance.monitoring = *monitoring,
        Fact::UserData(bytes) => instance.user_data.clone_from(bytes),
        Fact::PublicIpv4s(addresses) => {
            if let Some(primary) = instance.interfaces.first_mut() {
                primary.public_ipv4s.clone_from(addresses);
            }
        }
        Fact::SecurityGroups(names) => {
            instance.security_groups.names.clone_from(names);
            if let Some(primary) = instance.interfaces.first_mut() {
                primary.security_groups.names.clone_from(names);
            }
        }
    }
}

fn clear(instance: &mut Instance, base: &Instance, what: Clear) {
    let signals = &mut instance.signals;
    match what {
        Clear::All => instance.clone_from(base),
        Clear::SpotInterruption => signals.spot.clone_from(&base.signals.spot),
        Clear::Rebalance => signals.rebalance.clone_from(&base.signals.rebalance),
        Clear::Maintenance => {
            signals.scheduled.clone_from(&base.signals.scheduled);
            signals.history.clone_from(&base.signals.history);
        }
        Clear::TargetLifecycleState => signals.target_lifecycle_state = base.signals.target_lifecycle_state,
        Clear::InstanceAction => instance.instance_action = base.instance_action,
        Clear::LifeCycle => instance.life_cycle = base.life_cycle,
        Clear::Credentials => {
            signals.rotated_at = None;
            instance.credentials.clone_from(&base.credentials);
        }
        Clear::Metadata => instance.overrides.clone_from(&base.overrides),
        Clear::Tags => instance.tags.clone_from(&base.tags),
        Clear::MetadataOptions => instance.metadata_options = base.metadata_options,
        Clear::Facts => {
            instance.instance_type.clone_from(&base.instance_type);
            instance.ami_id.clone_from(&base.ami_id);
            instance.monitoring = base.monitoring;
            instance.user_data.clone_from(&base.user_data);
            instance.security_groups.clone_from(&base.security_groups);
            instance.interfaces.clone_from(&base.interfaces);
        }
    }
}

/// An event that is active is scheduled; one that is over or called off is in the history, never in both.
fn maintain(signals: &mut Signals, notice: &MaintenanceNotice, given: Given) {
    const DAY: Duration = Duration::from_hours(24);
    let take = |events: &mut Vec<MaintenanceEvent>| {
        events.iter().position(|event| event.id == notice.id).map(|index| events.remove(index))
    };
    let before = take(&mut signals.scheduled).or_else(|| take(&mut signals.history));
    let due = |said: Option<&Due>, was: Option<Timestamp>| said.map(|due| given.instant(due)).or(was);
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
        // Unless said: in a week, for two hours, as AWS announces reboots at least a week ahead.
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
