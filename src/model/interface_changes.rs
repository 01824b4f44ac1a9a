//! Interfaces that come, go and change while the instance runs. The facts change at once; what is shown of them follows as
//! late as the delays say.

use std::sync::Arc;
use std::time::Duration;

use super::instance::Instance;
use super::interface::NetworkInterface;
use super::late::{ShownLeaf, StageEnd};
use super::live_change::{AddressChange, InterfaceChange, InterfaceName};
use super::propagation::{ChangeKind, DelaySource, LateLeaf};

/// Interfaces that an instance has at most: those of the largest types, and some more.
const MOST_INTERFACES: usize = 256;

/// When an event changes an instance, and how late that is visible.
#[derive(Clone, Copy)]
pub(super) struct ChangeMoment<'a> {
    /// The delays.
    pub delays: DelaySource<'a>,
    /// The event's offset on the timeline.
    pub offset: i64,
}

impl ChangeMoment<'_> {
    /// The offset of a delay after the event; `None` if it never ends.
    pub(super) fn end(&self, after: Option<Duration>) -> StageEnd {
        after.map(|after| self.offset.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Whether a stage that ends at `end` lasts longer than one until `other`.
fn is_later(end: StageEnd, other: StageEnd) -> bool {
    match (end, other) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(end), Some(other)) => end > other,
    }
}

/// Makes a change. One that is impossible, see [`obstacle`], changes nothing.
pub(super) fn apply(instance: &mut Instance, change: &InterfaceChange, moment: ChangeMoment<'_>) {
    if obstacle(&instance.interfaces, change).is_some() {
        return;
    }
    match change {
        InterfaceChange::Attach(interface) => attach(instance, interface, moment),
        InterfaceChange::Detach(name) => detach(instance, name, moment),
        InterfaceChange::Assign(change) => assign(instance, change, moment),
        InterfaceChange::Unassign(change) => unassign(instance, change, moment),
        InterfaceChange::Modify { interface, names, ids } => {
            let mut modify = |leaf: LateLeaf, change: &dyn Fn(&mut NetworkInterface)| {
                let subject = interface.to_string();
                alter(instance, interface, &subject, (ChangeKind::Modify, &[leaf]), moment, change);
            };
            if let Some(names) = names {
                modify(LateLeaf::SecurityGroups, &|nic| nic.security_groups.names.clone_from(names));
            }
            if let Some(ids) = ids {
                modify(LateLeaf::SecurityGroupIds, &|nic| nic.security_groups.ids.clone_from(ids));
            }
        }
        InterfaceChange::Hide { interface, span } => {
            if let Some(mac) = find(&instance.interfaces, interface).map(|nic| nic.mac.clone()) {
                instance.late.hide(&mac, moment.end(*span));
            }
        }
    }
}

/// The reason for which a change is impossible, and what is accepted.
pub(super) fn obstacle(
    interfaces: &[NetworkInterface],
    change: &InterfaceChange,
) -> Option<(String, &'static str)> {
    const PRIMARY: &str =
        "accepted: a further interface; EC2 keeps the primary one while the instance exists";
    match change {
        InterfaceChange::Attach(new) => attach_obstacle(interfaces, new),
        InterfaceChange::Detach(name) | InterfaceChange::Hide { interface: name, .. } => {
            if interfaces.first().is_some_and(|primary| name.names(primary)) {
                return Some((format!("{name} is the primary interface"), PRIMARY));
            }
            missing(interfaces, name)
        }
        InterfaceChange::Modify { interface, .. } => missing(interfaces, interface),
        InterfaceChange::Assign(change) => {
            let Some(interface) = find(interfaces, &change.interface) else {
                return missing(interfaces, &change.interface);
            };
            let taken = change.private_ipv4s.iter().find_map(|address| {
                let owner = interfaces.iter().find(|other| other.private_ipv4s.contains(address))?;
                (owner.mac != interface.mac).then(|| format!("{address} is an address of {}", owner.mac))
            });
            if let Some(found) = taken {
                return Some((found, "accepted: addresses that no other interface has"));
            }
            outside_of_subnet(interface, &change.private_ipv4s).or_else(|| {
                let private = merged(&interface.private_ipv4s, &change.private_ipv4s).len();
                let public = merged(&interface.public_ipv4s, &change.public_ipv4s).len();
                (public > private).then(|| {
                    (
                        format!("{public} public addresses, {private} private ones"),
                        "accepted: at most one public address for each private one; the nth maps to the nth",
                    )
                })
            })
        }
        InterfaceChange::Unassign(change) => {
            let Some(interface) = find(interfaces, &change.interface) else {
                return missing(interfaces, &change.interface);
            };
            let primary =
                interface.private_ipv4s.first().filter(|first| change.private_ipv4s.contains(first));
            primary.map(|address| {
                (
                    format!("{address} is the primary address of {}", change.interface),
                    "accepted: secondary addresses; the primary one stays while the interface exists",
                )
            })
        }
    }
}

fn attach_obstacle(
    interfaces: &[NetworkInterface],
    new: &NetworkInterface,
) -> Option<(String, &'static str)> {
    const TAKEN: &str = "accepted: a device number that is free on its network-card, and a MAC address, an id and \
                         private addresses that no other interface has";
    let (card, number) = new.attachment();
    if (card, number) == (0, 0) {
        let found = "device number 0 on network card 0 is the primary interface".to_owned();
        return Some((found, "accepted: another device-number, or another network-card"));
    }
    if interfaces.len() >= MOST_INTERFACES {
        return Some((format!("{} interfaces already", interfaces.len()), "accepted: 256 at most"));
    }
    let found = interfaces.iter().find_map(|other| {
        if other.attachment() == new.attachment() {
            return Some(format!("device number {number} on network card {card} is that of {}", other.mac));
        }
        if other.mac == new.mac {
            return Some(format!("{} is attached already", new.mac));
        }
        if other.interface_id == new.interface_id {
            return Some(format!("{} is attached already", new.interface_id));
        }
        let address = new.private_ipv4s.iter().find(|address| other.private_ipv4s.contains(address))?;
        Some(format!("{address} is an address of {}", other.mac))
    });
    found.map(|found| (found, TAKEN)).or_else(|| outside_of_subnet(new, &new.private_ipv4s))
}

fn outside_of_subnet(
    interface: &NetworkInterface,
    addresses: &[std::net::Ipv4Addr],
) -> Option<(String, &'static str)> {
    let block = interface.subnet_ipv4_cidr_block?;
    let outside = addresses.iter().find(|address| !block.contains(*address))?;
    Some((
        format!("{outside} lies outside of the subnet {block}"),
        "accepted: addresses of the interface's subnet",
    ))
}

fn missing(interfaces: &[NetworkInterface], name: &InterfaceName) -> Option<(String, &'static str)> {
    const ACCEPTED: &str = "accepted: the MAC address or the id of an interface that is attached by then";
    find(interfaces, name).is_none().then(|| (format!("{name} is not attached"), ACCEPTED))
}

fn find<'a>(interfaces: &'a [NetworkInterface], name: &InterfaceName) -> Option<&'a NetworkInterface> {
    interfaces.iter().find(|interface| name.names(interface))
}

fn attach(instance: &mut Instance, interface: &NetworkInterface, moment: ChangeMoment<'_>) {
    let mac = &interface.mac;
    let drawn = |leaf| moment.delays.draw(ChangeKind::Attach, mac.as_str(), leaf);
    let listed = moment.end(drawn(LateLeaf::Listed).after);
    for leaf in LateLeaf::OF_INTERFACE {
        let delay = drawn(leaf);
        let mut stages = Vec::new();
        let mut until = Some(moment.offset);
        let mut add = |end: StageEnd, shown: ShownLeaf| {
            if is_later(end, until) {
                stages.push((end, shown));
                until = end;
            }
        };
        // Of one that was detached a moment ago something may still be shown.
        let before = instance.late.leaf_at(mac, leaf, moment.offset).cloned();
        add(listed, before.unwrap_or(ShownLeaf::Absent));
        add(moment.end(delay.after), delay.meanwhile.map_or(ShownLeaf::Absent, ShownLeaf::from));
        if leaf == LateLeaf::LocalIpv4s && interface.private_ipv4s.len() > 1 {
            let mut first = interface.clone();
            first.private_ipv4s.truncate(1);
            add(moment.end(drawn(LateLeaf::SecondaryIpv4s).after), ShownLeaf::Of(Arc::new(first)));
        }
        instance.late.set_leaf(mac, leaf, stages);
    }
    instance.late.set_leaf(mac, LateLeaf::Listed, vec![]);
    instance.late.set_unlisted(mac, is_later(listed, Some(moment.offset)).then_some(listed));
    instance.late.unhide(mac);
    instance.interfaces.push(interface.clone());
    instance.interfaces.sort_by_key(NetworkInterface::attachment);
}

fn detach(instance: &mut Instance, name: &InterfaceName, moment: ChangeMoment<'_>) {
    let Some(index) = instance.interfaces.iter().position(|interface| name.names(interface)) else { return };
    let interface = Arc::new(instance.interfaces.remove(index));
    let mac = &interface.mac;
    let (leaves, listed) = detach_delays(moment.delays, &name.to_string());
    let (leaves, listed) = (moment.end(leaves), moment.end(listed));
    for leaf in LateLeaf::OF_INTERFACE {
        let before = instance.late.leaf_at(mac, leaf, moment.offset).cloned();
        let shown = before.unwrap_or_else(|| ShownLeaf::Of(Arc::clone(&interface)));
        let stage = is_later(leaves, Some(moment.offset)).then_some((leaves, shown));
        instance.late.set_leaf(mac, leaf, stage.into_iter().collect());
    }
    let entry = is_later(listed, leaves).then_some((listed, ShownLeaf::Listed));
    instance.late.set_leaf(mac, LateLeaf::Listed, entry.into_iter().collect());
    instance.late.set_unlisted(mac, None);
    instance.late.unhide(mac);
}

/// How long the leaves of an interface that is detached answer, and how long it is listed: as long, unless that is set.
fn detach_delays(delays: DelaySource<'_>, subject: &str) -> (Option<Duration>, Option<Duration>) {
    let drawn = |leaf| delays.draw(ChangeKind::Detach, subject, leaf).after;
    let leaves = drawn(LateLeaf::Leaves);
    if !delays.has_part(ChangeKind::Detach, LateLeaf::Listed) {
        return (leaves, leaves);
    }
    // No leaf of an interface answers that is not listed.
    let listed = drawn(LateLeaf::Listed).zip(leaves).map(|(listed, leaves)| listed.max(leaves));
    (leaves, listed)
}

fn assign(instance: &mut Instance, change: &AddressChange, moment: ChangeMoment<'_>) {
    let (leaves, subject) = (changed_leaves(change), change.interface.to_string());
    alter(instance, &change.interface, &subject, (ChangeKind::Assign, &leaves), moment, |nic| {
        nic.private_ipv4s = merged(&nic.private_ipv4s, &change.private_ipv4s);
        nic.public_ipv4s = merged(&nic.public_ipv4s, &change.public_ipv4s);
        nic.ipv6s = merged(&nic.ipv6s, &change.ipv6s);
        nic.ipv4_prefixes = merged(&nic.ipv4_prefixes, &change.ipv4_prefixes);
        nic.ipv6_prefixes = merged(&nic.ipv6_prefixes, &change.ipv6_prefixes);
    });
}

fn unassign(instance: &mut Instance, change: &AddressChange, moment: ChangeMoment<'_>) {
    let (mut leaves, subject) = (changed_leaves(change), change.interface.to_string());
    // A public address goes with the private one that it maps to.
    let mapped = find(&instance.interfaces, &change.interface).map(|nic| {
        let goes = |(index, _): &(usize, &std::net::Ipv4Addr)| {
            nic.private_ipv4s.get(*index).is_some_and(|private| change.private_ipv4s.contains(private))
        };
        nic.public_ipv4s.iter().enumerate().filter(goes).map(|(_, public)| *public).collect::<Vec<_>>()
    });
    let mapped = mapped.unwrap_or_default();
    if !mapped.is_empty() && !leaves.contains(&LateLeaf::PublicIpv4s) {
        leaves.push(LateLeaf::PublicIpv4s);
    }
    alter(instance, &change.interface, &subject, (ChangeKind::Unassign, &leaves), moment, |nic| {
        nic.private_ipv4s.retain(|address| !change.private_ipv4s.contains(address));
        nic.public_ipv4s
            .retain(|address| !change.public_ipv4s.contains(address) && !mapped.contains(address));
        nic.ipv6s.retain(|address| !change.ipv6s.contains(address));
        nic.ipv4_prefixes.retain(|prefix| !change.ipv4_prefixes.contains(prefix));
        nic.ipv6_prefixes.retain(|prefix| !change.ipv6_prefixes.contains(prefix));
    });
}

/// The leaves that show what an address change changes.
pub(super) fn changed_leaves(change: &AddressChange) -> Vec<LateLeaf> {
    let leaves = [
        (change.private_ipv4s.is_empty(), LateLeaf::LocalIpv4s),
        (change.public_ipv4s.is_empty(), LateLeaf::PublicIpv4s),
        (change.ipv6s.is_empty(), LateLeaf::Ipv6s),
        (change.ipv4_prefixes.is_empty(), LateLeaf::Ipv4Prefix),
        (change.ipv6_prefixes.is_empty(), LateLeaf::Ipv6Prefix),
    ];
    leaves.into_iter().filter(|(is_unchanged, _)| !is_unchanged).map(|(_, leaf)| leaf).collect()
}

/// Changes an interface; each of the leaves shows what it showed before until its delay is over. `subject` names the interface
/// for the jitter.
pub(super) fn alter(
    instance: &mut Instance,
    name: &InterfaceName,
    subject: &str,
    (kind, leaves): (ChangeKind, &[LateLeaf]),
    moment: ChangeMoment<'_>,
    change: impl FnOnce(&mut NetworkInterface),
) {
    let Some(interface) = instance.interfaces.iter_mut().find(|interface| name.names(interface)) else {
        return;
    };
    let before = Arc::new(interface.clone());
    change(interface);
    let mac = before.mac.clone();
    for leaf in leaves {
        let delay = moment.delays.draw(kind, subject, *leaf);
        let mut end = moment.end(delay.after);
        // No leaf of an interface answers before that is listed.
        if let Some(unlisted) = instance.late.unlisted_until(&mac, moment.offset)
            && is_later(unlisted, end)
        {
            end = unlisted;
        }
        let shown = delay.meanwhile.map(ShownLeaf::from);
        let shown = shown.or_else(|| instance.late.leaf_at(&mac, *leaf, moment.offset).cloned());
        let shown = shown.unwrap_or_else(|| ShownLeaf::Of(Arc::clone(&before)));
        let stage = is_later(end, Some(moment.offset)).then_some((end, shown));
        instance.late.set_leaf(&mac, *leaf, stage.into_iter().collect());
    }
}

/// The first list, and what it lacks of the second one.
fn merged<T: Clone + PartialEq>(first: &[T], more: &[T]) -> Vec<T> {
    let mut all = first.to_vec();
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    all
}

/// The delays after which parts of a change become visible; without those that never end.
pub(super) fn stages(change: &InterfaceChange, delays: DelaySource<'_>) -> Vec<Duration> {
    let drawn = |kind, subject: &str, leaves: &[LateLeaf]| {
        leaves.iter().filter_map(|leaf| delays.draw(kind, subject, *leaf).after).collect()
    };
    match change {
        InterfaceChange::Attach(new) => {
            drawn(ChangeKind::Attach, new.mac.as_str(), ChangeKind::Attach.leaves())
        }
        InterfaceChange::Detach(name) => {
            let (leaves, listed) = detach_delays(delays, &name.to_string());
            leaves.into_iter().chain(listed).collect()
        }
        InterfaceChange::Assign(change) => {
            drawn(ChangeKind::Assign, &change.interface.to_string(), &changed_leaves(change))
        }
        InterfaceChange::Unassign(change) => {
            let mut leaves = changed_leaves(change);
            // Perhaps the private address has a public one.
            leaves.push(LateLeaf::PublicIpv4s);
            drawn(ChangeKind::Unassign, &change.interface.to_string(), &leaves)
        }
        InterfaceChange::Modify { interface, .. } => {
            drawn(ChangeKind::Modify, &interface.to_string(), ChangeKind::Modify.leaves())
        }
        InterfaceChange::Hide { span, .. } => span.iter().copied().collect(),
    }
}
