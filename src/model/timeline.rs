//! The state of an instance after events have occurred. Pure: nothing waits and nothing ticks.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use super::clock::{Occurrence, ScenarioClock};
use super::container_state::ChangeTime;
use super::credentials::CredentialState;
use super::event::{ClearTarget, Event, EventEffect, InstanceFact, MetadataOption};
use super::instance::Instance;
use super::interface::NetworkInterface;
use super::interface_changes::{self, ChangeMoment};
use super::late::StageEnd;
use super::live_change::{InterfaceChange, InterfaceName, RoleChange, SettleTarget};
use super::maintenance::{MaintenanceEvent, MaintenanceNotice};
use super::notice::{NoticeDue, NoticeTime};
use super::open_list::MaintenanceCode;
use super::pending_changes::{PendingChange, PendingChanges};
use super::profile_changes::{self, DueStarts};
use super::propagation::{ChangeKind, DelaySource, EventLateness, LateLeaf, Propagation};
use super::service::Service;
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
    // What is known of the present: whatever changes at a delay of an occurrence has changed if that is over.
    let mut present = i64::MIN;
    let mut pending = PendingChanges::default();
    let mut starts = DueStarts::default();
    for occurrence in occurrences {
        let Some(event) = events.get(occurrence.index).map(Borrow::borrow) else { continue };
        let given = Given::of(occurrence, event, base, clock);
        starts.make_until(occurrence.offset, &mut instance);
        for effect in &event.effects {
            match effect {
                EventEffect::StopStart(change) if !change.down.is_zero() && given.reached >= change.down => {
                    let offset = occurrence.offset.saturating_add(millis(change.down));
                    starts.add(offset, change, given.at.plus(change.down));
                    continue;
                }
                // It takes back what a stop and start changes, too.
                EventEffect::Clear(ClearTarget::Facts | ClearTarget::All) => starts.forget(),
                _ => {}
            }
            if let Some(kind) = whole_kind(effect)
                && let Some(end) = given.late_until(kind)
            {
                pending.add(PendingChange { kind, effect, given, end });
                continue;
            }
            pending.settle(effect, |pending| apply(&mut instance, base, pending.effect, pending.given));
            apply(&mut instance, base, effect, given);
        }
        present = present.max(occurrence.offset.saturating_add(millis(occurrence.reached)));
    }
    starts.make_until(i64::MAX, &mut instance);
    instance.late.settle_until(present);
    instance.late.set_whole(pending.paths());
    instance
}

/// The delays after which an event changes what is visible of an instance, and whether one of them is that of the next
/// refresh of the keys.
pub(crate) fn stages(event: &Event, propagation: &Propagation) -> (Vec<Duration>, bool) {
    let delays = DelaySource { settings: propagation, event: &event.lateness, event_seed: event.seed() };
    let mut refreshes = false;
    let stages = event.effects.iter().flat_map(|effect| match effect {
        EventEffect::Interface(change) => interface_changes::stages(change, delays),
        EventEffect::Profile(change) => {
            refreshes |= change.change == RoleChange::RoleInProfile;
            profile_changes::stages(change, delays)
        }
        EventEffect::StopStart(change) => vec![change.down],
        EventEffect::ManagedSshKey { span, .. } => vec![*span],
        EventEffect::Container(change) => change.stages(),
        EventEffect::Fact(InstanceFact::PublicIpv4s(_)) => {
            whole(delays, ChangeKind::Assign, LateLeaf::PublicIpv4s)
        }
        EventEffect::Fact(InstanceFact::SecurityGroups(_)) => {
            whole(delays, ChangeKind::Modify, LateLeaf::SecurityGroups)
        }
        effect => whole_kind(effect).map_or(vec![], |kind| whole(delays, kind, LateLeaf::Whole)),
    });
    let stages = stages.filter(|delay| !delay.is_zero()).collect();
    (stages, refreshes)
}

/// Whether an event may change what is visible later than when it happens, whatever the delays are: `false` only if
/// [`stages`] has none for any settings.
pub(crate) fn has_stages(event: &Event) -> bool {
    event.effects.iter().any(|effect| match effect {
        EventEffect::Interface(_)
        | EventEffect::Profile(_)
        | EventEffect::StopStart(_)
        | EventEffect::ManagedSshKey { .. } => true,
        EventEffect::Container(change) => !change.stages().is_empty(),
        effect => late_kind(effect).is_some(),
    })
}

/// The kind of an effect that may be late.
pub(crate) fn late_kind(effect: &EventEffect) -> Option<ChangeKind> {
    match effect {
        EventEffect::Interface(change) => change.late_kind(),
        EventEffect::Profile(change) if change.change == RoleChange::RoleInProfile => None,
        EventEffect::Profile(_) => Some(ChangeKind::InstanceProfile),
        EventEffect::Fact(InstanceFact::PublicIpv4s(_)) => Some(ChangeKind::Assign),
        EventEffect::Fact(InstanceFact::SecurityGroups(_)) => Some(ChangeKind::Modify),
        effect => whole_kind(effect),
    }
}

/// Makes a change of an interface that is visible at once, or gives the reason for which it is impossible, and what is
/// accepted.
pub(crate) fn change_interface_at_once(
    instance: &mut Instance,
    change: &InterfaceChange,
) -> Option<(String, &'static str)> {
    let obstacle = interface_changes::obstacle(&instance.interfaces, change);
    let (settings, event) = (Propagation::default(), EventLateness::default());
    let delays = DelaySource { settings: &settings, event: &event, event_seed: 0 };
    interface_changes::apply(instance, change, ChangeMoment { delays, offset: 0 });
    obstacle
}

/// The jitter's name for a change that is of no interface.
const INSTANCE: &str = "instance";

fn whole(delays: DelaySource<'_>, kind: ChangeKind, leaf: LateLeaf) -> Vec<Duration> {
    delays.draw(kind, INSTANCE, leaf).after.into_iter().collect()
}

/// The kind of a change that is visible as a whole.
fn whole_kind(effect: &EventEffect) -> Option<ChangeKind> {
    match effect {
        EventEffect::Tag(..) => Some(ChangeKind::Tags),
        EventEffect::Option(_) => Some(ChangeKind::MetadataOptions),
        EventEffect::Fact(InstanceFact::PublicIpv4s(_) | InstanceFact::SecurityGroups(_)) => None,
        EventEffect::Fact(_) => Some(ChangeKind::Facts),
        _ => None,
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// The time of an occurrence, with the start of the daemon, from which the times in its notices follow.
#[derive(Clone, Copy)]
struct Given<'a> {
    /// The date.
    at: Timestamp,
    /// The instant on the scenario's clock.
    instant: Timestamp,
    started: Timestamp,
    /// The delays of what it changes, and its offset.
    moment: ChangeMoment<'a>,
    /// The last of its delays that is over.
    reached: Duration,
    /// Which occurrence of its event it is: 1 is the first.
    number: u32,
    /// The time from one occurrence to the next, if the event repeats.
    repeat: Option<Duration>,
    clock: &'a ScenarioClock,
}

impl<'a> Given<'a> {
    fn of(occurrence: &Occurrence, event: &'a Event, base: &'a Instance, clock: &'a ScenarioClock) -> Self {
        let delays =
            DelaySource { settings: &base.propagation, event: &event.lateness, event_seed: event.seed() };
        Self {
            at: clock.date(occurrence.at),
            instant: occurrence.at,
            started: clock.started,
            moment: ChangeMoment { delays, offset: occurrence.offset },
            reached: occurrence.reached,
            number: clock.number(event, occurrence),
            repeat: event.repeat,
            clock,
        }
    }

    /// The date from which it has lasted by the scenario's clock: a seek ahead makes that longer.
    fn since(self) -> Timestamp {
        self.clock.date(self.clock.instant_of(self.moment.offset)).min(self.at)
    }

    /// The date at which a delay is over by the scenario's clock, which may have been moved since: never before the
    /// occurrence.
    fn over_at(self, delay: Duration) -> Timestamp {
        let offset = self.moment.offset.saturating_add(millis(delay));
        self.clock.date(self.clock.instant_of(offset)).max(self.at)
    }

    /// The end of the time in which a change that is visible as a whole is not, if that is to come.
    fn late_until(self, kind: ChangeKind) -> Option<StageEnd> {
        let after = self.moment.delays.draw(kind, INSTANCE, LateLeaf::Whole).after;
        after.is_none_or(|after| after > self.reached).then(|| self.moment.end(after))
    }

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

fn apply(instance: &mut Instance, base: &Instance, effect: &EventEffect, given: Given<'_>) {
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
        EventEffect::LifeCycle(life_cycle) => instance.life_cycle.clone_from(life_cycle),
        EventEffect::Credentials(state) => {
            if let Some(credentials) = &mut instance.credentials {
                credentials.state = *state;
                instance.signals.expired_at = (*state == CredentialState::Expired).then_some(given.at);
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
        EventEffect::Fact(fact) => set_fact(instance, fact, given.moment),
        EventEffect::Interface(change) => interface_changes::apply(instance, change, given.moment),
        EventEffect::Profile(change) => {
            profile_changes::apply(instance, base, change, given.moment, given.at);
        }
        EventEffect::StopStart(change) => {
            let start = given.at.plus(change.down);
            if given.reached < change.down {
                instance.signals.starts_at = Some(start);
            } else {
                profile_changes::stop_start(instance, change, start);
            }
        }
        EventEffect::ManagedSshKey { user, key, span } => {
            if given.reached < *span {
                instance.managed_ssh_keys.active_keys.insert(user.clone(), key.clone());
            }
        }
        EventEffect::Container(change) => {
            let signals = instance.signals.containers.get_or_insert_default();
            let Given { at, reached, number, repeat, .. } = given;
            let (since, over_at) = (given.since(), |delay| given.over_at(delay));
            let offset = given.moment.offset;
            signals
                .apply(change, ChangeTime { at, since, reached, number, offset, repeat, over_at: &over_at });
        }
        EventEffect::Settle(target) => {
            if matches!(target, SettleTarget::Network | SettleTarget::All) {
                instance.late.settle_network();
            }
            if matches!(target, SettleTarget::InstanceProfile | SettleTarget::All) {
                instance.late.settle_profile();
            }
        }
        EventEffect::Clear(what) => clear(instance, base, *what, given.moment.offset),
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

fn set_fact(instance: &mut Instance, fact: &InstanceFact, moment: ChangeMoment<'_>) {
    match fact {
        InstanceFact::InstanceType(instance_type) => instance.instance_type.clone_from(instance_type),
        InstanceFact::AmiId(ami_id) => instance.ami_id.clone_from(ami_id),
        InstanceFact::Monitoring(monitoring) => instance.monitoring = *monitoring,
        InstanceFact::UserData(bytes) => instance.user_data.clone_from(bytes),
        InstanceFact::PublicIpv4s(addresses) => {
            alter_primary(instance, ChangeKind::Assign, LateLeaf::PublicIpv4s, moment, |primary| {
                primary.public_ipv4s.clone_from(addresses);
            });
        }
        InstanceFact::SecurityGroups(names) => {
            instance.security_groups.names.clone_from(names);
            alter_primary(instance, ChangeKind::Modify, LateLeaf::SecurityGroups, moment, |primary| {
                primary.security_groups.names.clone_from(names);
            });
        }
    }
}

fn alter_primary(
    instance: &mut Instance,
    kind: ChangeKind,
    leaf: LateLeaf,
    moment: ChangeMoment<'_>,
    change: impl FnOnce(&mut NetworkInterface),
) {
    let name = InterfaceName::Mac(instance.mac().clone());
    interface_changes::alter(instance, &name, INSTANCE, (kind, &[leaf]), moment, change);
}

fn clear(instance: &mut Instance, base: &Instance, what: ClearTarget, offset: i64) {
    let signals = &mut instance.signals;
    match what {
        ClearTarget::All => {
            let has_task = instance.ecs.is_some() || signals.containers.is_some();
            instance.clone_from(base);
            if has_task {
                clear_containers(&mut instance.signals, Service::Ecs, offset);
            }
        }
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
        ClearTarget::LifeCycle => instance.life_cycle.clone_from(&base.life_cycle),
        ClearTarget::Credentials => {
            (signals.rotated_at, signals.expired_at) = (None, None);
            instance.credentials.clone_from(&base.credentials);
            instance.late.settle_profile();
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
            instance.launch_time = base.launch_time;
            instance.managed_ssh_keys.clone_from(&base.managed_ssh_keys);
            instance.signals.starts_at = None;
            if let (Some(primary), Some(before)) = (instance.interfaces.first_mut(), base.interfaces.first())
            {
                primary.public_ipv4s.clone_from(&before.public_ipv4s);
                primary.security_groups.clone_from(&before.security_groups);
            }
            // What is pending of them is over, too.
            let mac = instance.mac().clone();
            for leaf in [LateLeaf::PublicIpv4s, LateLeaf::SecurityGroups] {
                instance.late.set_leaf(&mac, leaf, vec![]);
            }
        }
        ClearTarget::Ecs => clear_containers(signals, Service::Ecs, offset),
        ClearTarget::PodIdentity => clear_containers(signals, Service::PodIdentity, offset),
        ClearTarget::Network => {
            instance.interfaces.clone_from(&base.interfaces);
            instance.late.settle_network();
        }
    }
}

/// Of a task it is noted when: clients may have set something of it.
fn clear_containers(signals: &mut Signals, service: Service, offset: i64) {
    if service == Service::Ecs || signals.containers.is_some() {
        signals.containers.get_or_insert_default().clear(service, offset);
    }
}

/// Adds or changes a maintenance event. An active one is scheduled, one that is over or called off is in the history.
fn maintain(signals: &mut Signals, notice: &MaintenanceNotice, given: Given<'_>) {
    const DAY: Duration = Duration::from_hours(24);
    let take = |events: &mut Vec<MaintenanceEvent>| {
        events.iter().position(|event| event.id == notice.id).map(|index| events.remove(index))
    };
    let before = take(&mut signals.scheduled).or_else(|| take(&mut signals.history));
    let due = |new: Option<&NoticeDue>, old: Option<Timestamp>| new.map(|due| given.instant(due)).or(old);
    let former = before.as_ref().map(|event| &event.code);
    let code = notice.code.as_ref().or(former).cloned().unwrap_or(MaintenanceCode::SYSTEM_REBOOT);
    let described = before.as_ref().filter(|event| event.code == code).map(|event| event.description.clone());
    let event = MaintenanceEvent {
        id: notice.id.clone(),
        description: notice
            .description
            .clone()
            .or(described)
            .unwrap_or_else(|| code.description().to_owned()),
        code,
        state: notice.state.clone(),
        // The default is in a week, as AWS announces reboots at least a week ahead.
        not_before: due(notice.not_before.as_ref(), before.as_ref().map(|e| e.not_before))
            .unwrap_or_else(|| given.at.plus(7 * DAY)),
        not_after: due(notice.not_after.as_ref(), before.as_ref().and_then(|e| e.not_after)),
        not_before_deadline: due(
            notice.not_before_deadline.as_ref(),
            before.as_ref().and_then(|e| e.not_before_deadline),
        ),
    };
    if event.state.is_past() {
        signals.history.push(event);
    } else {
        signals.scheduled.push(event);
    }
}
