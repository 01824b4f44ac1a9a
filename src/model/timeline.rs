//! Which events have happened by a time, and the instance after them. Pure: nothing waits and nothing ticks.

use std::collections::BTreeMap;
use std::time::Duration;

use super::event::{
    Clear, Due, Effect, Event, Fact, MaintenanceCode, MaintenanceEvent, MaintenanceNotice, MaintenanceState,
    MetadataOption, Signals, SpotInterruption, When,
};
use super::instance::Instance;
use super::time::Timestamp;

/// The scenario's clock: where on the timeline the present is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// The zero of offsets: when the scenario was loaded, moved by seeks and pauses.
    pub epoch: Timestamp,
    /// When the daemon started.
    pub started: Timestamp,
    /// Since when the clock stands still.
    pub paused: Option<Timestamp>,
    /// Events of the file that had happened when the clock was last moved, by index: they keep their instants.
    pub pinned: BTreeMap<usize, Timestamp>,
    /// When a client first asked for the path that an event waits for, by index.
    pub first_polls: BTreeMap<usize, Timestamp>,
}

/// One happening of an event: when, and which.
pub type Occurrence = (Timestamp, usize);

impl Clock {
    /// A clock that starts at `now`.
    pub fn starting(now: Timestamp, started: Timestamp) -> Self {
        Self { epoch: now, started, paused: None, pinned: BTreeMap::new(), first_polls: BTreeMap::new() }
    }

    /// The time by which events are judged: it stands still while the clock is paused.
    pub fn effective(&self, now: Timestamp) -> Timestamp {
        self.paused.map_or(now, |paused| paused.min(now))
    }

    /// How far the scenario has come.
    pub fn elapsed(&self, now: Timestamp) -> Duration {
        self.effective(now).since(self.epoch)
    }

    /// When an event happens first, as far as that is known.
    fn first(&self, index: usize, event: &Event) -> Option<Timestamp> {
        self.pinned.get(&index).copied().or_else(|| self.instant(index, &event.at))
    }

    fn instant(&self, index: usize, when: &When) -> Option<Timestamp> {
        Some(match when {
            When::AfterLoad(span) => self.epoch.plus(*span),
            When::AfterStart(span) => self.started.plus(*span),
            When::AfterPoll(_, span) => self.first_polls.get(&index)?.plus(*span),
            When::At(instant) => *instant,
        })
    }

    /// The last time that an event happened, if it has.
    pub fn last(&self, index: usize, event: &Event, now: Timestamp) -> Option<Timestamp> {
        let now = self.effective(now);
        let first = self.first(index, event).filter(|first| *first <= now)?;
        let Some(repeat) = event.repeat else { return Some(first) };
        let end =
            event.until.as_ref().and_then(|until| self.instant(index, until)).map_or(now, |end| end.min(now));
        let period = u64::try_from(repeat.as_millis()).unwrap_or(u64::MAX).max(1);
        let times = u64::try_from(end.since(first).as_millis()).unwrap_or(u64::MAX) / period;
        Some(Timestamp::from_millis(first.as_millis() + times * period))
    }

    /// The last happening of each event that has happened, in order; of equal instants the file's order counts.
    ///
    /// Earlier happenings of a repeated event need not be told: each overwrites what the one before did.
    pub fn occurrences(&self, events: &[Event], now: Timestamp) -> Vec<Occurrence> {
        let last = |(index, event)| self.last(index, event, now).map(|at| (at, index));
        let mut occurrences: Vec<Occurrence> = events.iter().enumerate().filter_map(last).collect();
        occurrences.sort_unstable();
        occurrences
    }

    /// The clock after it was moved to a point of the timeline at `now`. What had happened keeps its instants,
    /// unless the point lies before it; polls that the point lies before have not been made.
    #[must_use]
    pub fn seek(&self, events: &[Event], to: Duration, now: Timestamp) -> Self {
        let mut moved = self.pin(events, now);
        let to_millis = u64::try_from(to.as_millis()).unwrap_or(u64::MAX);
        moved.epoch = Timestamp::from_millis(self.effective(now).as_millis().saturating_sub(to_millis));
        moved.first_polls.clear();
        for (index, poll) in &self.first_polls {
            let offset = poll.since(self.epoch);
            if offset <= to {
                moved.first_polls.insert(*index, moved.epoch.plus(offset));
            }
        }
        let polled = moved.first_polls.clone();
        moved.pinned.retain(|index, _| match events.get(*index).map(|event| &event.at) {
            Some(When::AfterLoad(span)) => *span <= to,
            Some(When::AfterPoll(_, span)) => {
                polled.get(index).is_some_and(|poll| poll.plus(*span) <= moved.epoch.plus(to))
            }
            _ => true,
        });
        moved
    }

    /// The clock standing still from `now`.
    #[must_use]
    pub fn pause(&self, now: Timestamp) -> Self {
        Self { paused: self.paused.or(Some(now)), ..self.clone() }
    }

    /// The clock going on at `now` from where it stood.
    #[must_use]
    pub fn resume(&self, events: &[Event], now: Timestamp) -> Self {
        let Some(paused) = self.paused else { return self.clone() };
        let mut going = self.pin(events, now);
        let stood = now.since(paused);
        going.epoch = self.epoch.plus(stood);
        for poll in going.first_polls.values_mut() {
            *poll = poll.plus(stood);
        }
        going.paused = None;
        going
    }

    /// What has happened keeps its instants when epoch and polls move. Repeated events move with them.
    fn pin(&self, events: &[Event], now: Timestamp) -> Self {
        let mut pinned = self.clone();
        for (index, event) in events.iter().enumerate() {
            if let (When::AfterLoad(_) | When::AfterPoll(..), None) = (&event.at, event.repeat)
                && let Some(at) = self.last(index, event, now)
            {
                pinned.pinned.insert(index, at);
            }
        }
        pinned
    }
}

/// The instance after these occurrences.
pub fn after(base: &Instance, events: &[Event], occurrences: &[Occurrence]) -> Instance {
    let mut instance = base.clone();
    for (at, index) in occurrences {
        for effect in events.get(*index).map_or(&[][..], |event| &event.effects) {
            apply(&mut instance, base, effect, *at);
        }
    }
    instance
}

fn apply(instance: &mut Instance, base: &Instance, effect: &Effect, at: Timestamp) {
    match effect {
        Effect::SpotInterruption { action, due, then } => {
            let time = due.from(at);
            instance.signals.spot = Some(SpotInterruption { action: *action, time, then: *then });
        }
        Effect::Rebalance(notice) => instance.signals.rebalance = Some(notice.unwrap_or(at)),
        Effect::Maintenance(notice) => maintain(&mut instance.signals, notice, at),
        Effect::TargetLifecycleState(state) => instance.signals.target_lifecycle_state = Some(*state),
        Effect::InstanceAction(action) => instance.instance_action = *action,
        Effect::LifeCycle(life_cycle) => instance.life_cycle = *life_cycle,
        Effect::Credentials(state) => {
            if let Some(credentials) = &mut instance.credentials {
                credentials.state = *state;
            }
        }
        Effect::Rotate => instance.signals.rotated_at = Some(at),
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
        Clear::SpotInterruption => signals.spot = base.signals.spot,
        Clear::Rebalance => signals.rebalance = base.signals.rebalance,
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
fn maintain(signals: &mut Signals, notice: &MaintenanceNotice, at: Timestamp) {
    const DAY: Duration = Duration::from_hours(24);
    let take = |events: &mut Vec<MaintenanceEvent>| {
        events.iter().position(|event| event.id == notice.id).map(|index| events.remove(index))
    };
    let before = take(&mut signals.scheduled).or_else(|| take(&mut signals.history));
    let due = |said: Option<Due>, was: Option<Timestamp>| said.map(|due| due.from(at)).or(was);
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
        not_before: due(notice.not_before, before.as_ref().map(|e| e.not_before))
            .unwrap_or_else(|| at.plus(7 * DAY)),
        not_after: due(notice.not_after, before.as_ref().and_then(|e| e.not_after)),
        not_before_deadline: due(
            notice.not_before_deadline,
            before.as_ref().and_then(|e| e.not_before_deadline),
        ),
    };
    match event.state {
        MaintenanceState::Active => signals.scheduled.push(event),
        MaintenanceState::Completed | MaintenanceState::Canceled => signals.history.push(event),
    }
}

#[cfg(test)]
mod tests;
