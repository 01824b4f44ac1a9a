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
