//! Changes of an event that EC2's API makes: of interfaces, of the instance profile, by a stop and start.

use std::time::Duration;

use super::changes;
use crate::config::{Item, Section};
use crate::model::{
    AddressChange, EventEffect, InstanceType, InterfaceChange, InterfaceName, NamedInstance, ProfileChange,
    RoleChange, RoleName, Scenario, SettleTarget, StopStart, UserDataChange,
};
use crate::scenario::named_files::NamedFiles;
use crate::scenario::{addresses, interface};

/// How long EC2 Instance Connect keeps a key. Source: its API reference, `SendSSHPublicKey`.
const PUSHED_KEY: Duration = Duration::from_mins(1);

/// Reads the changes in the order in which they are made.
pub(super) fn read(
    section: &Section<'_>,
    scenario: &Scenario,
    instance: Option<&str>,
    files: &NamedFiles<'_>,
) -> Vec<EventEffect> {
    let mut effects = Vec::new();
    let named = instance.and_then(|name| scenario.named(name));
    let of = named.map_or(&scenario.instance, |NamedInstance { instance, .. }| instance);
    let attached = section.read("attach-interface", Item::section).map(|section| {
        let new = interface::attached(&section, of);
        EventEffect::Interface(InterfaceChange::Attach(Box::new(new)))
    });
    effects.extend(attached);
    effects.extend(
        section
            .read("assign", Item::section)
            .and_then(|s| addresses(&s))
            .map(|change| EventEffect::Interface(InterfaceChange::Assign(Box::new(change)))),
    );
    effects.extend(
        section
            .read("unassign", Item::section)
            .and_then(|s| addresses(&s))
            .map(|change| EventEffect::Interface(InterfaceChange::Unassign(Box::new(change)))),
    );
    let changes = [
        section.read("modify-interface", Item::section).and_then(|section| modify(&section)),
        section.read("hide-interface", Item::section).and_then(|section| {
            let span = section.get("for").map(|item| item.duration());
            let interface = named_interface(&section);
            section.finish();
            Some(InterfaceChange::Hide {
                interface: interface?,
                span: span.map_or(Some(None), |s| s.map(Some))?,
            })
        }),
        section.read("detach-interface", Item::section).and_then(|section| {
            let interface = named_interface(&section);
            section.finish();
            interface.map(InterfaceChange::Detach)
        }),
    ];
    effects.extend(changes.into_iter().flatten().map(EventEffect::Interface));
    effects.extend(section.read("instance-profile", profile).map(EventEffect::Profile));
    let stop = section.read("stop-start", Item::section).and_then(|section| stop_start(&section, files));
    effects.extend(stop.map(|stop| EventEffect::StopStart(Box::new(stop))));
    effects.extend(section.read("managed-ssh-key", Item::section).and_then(|section| pushed_key(&section)));
    let settle = section.read("settle", Item::choice::<SettleTarget>);
    effects.extend(settle.map(EventEffect::Settle));
    effects
}

/// The interface that a change is of; an error without one.
fn named_interface(section: &Section<'_>) -> Option<InterfaceName> {
    let Some(item) = section.get("interface") else {
        section.error(
            "no interface is named",
            "accepted: interface = its MAC address, such as \"0e:49:61:0f:c3:12\", or its id",
        );
        return None;
    };
    item.parse()
}

fn addresses(section: &Section<'_>) -> Option<AddressChange> {
    let problems = section.problems();
    let interface = named_interface(section);
    let private_ipv4s = section.read("private-ipv4s", addresses::list).unwrap_or_default();
    let public_ipv4s = section.read("public-ipv4s", addresses::list).unwrap_or_default();
    let ipv6s = section.read("ipv6s", addresses::list).unwrap_or_default();
    let ipv4_prefixes = section.read("ipv4-prefixes", addresses::list).unwrap_or_default();
    let ipv6_prefixes = section.read("ipv6-prefixes", addresses::list).unwrap_or_default();
    section.finish();
    let change = AddressChange {
        interface: interface?,
        private_ipv4s,
        public_ipv4s,
        ipv6s,
        ipv4_prefixes,
        ipv6_prefixes,
    };
    if change.is_empty() {
        if section.problems() == problems {
            section.error(
                "no address is named",
                "accepted: at least one of private-ipv4s, public-ipv4s, ipv6s, ipv4-prefixes, ipv6-prefixes",
            );
        }
        return None;
    }
    Some(change)
}

fn modify(section: &Section<'_>) -> Option<InterfaceChange> {
    let problems = section.problems();
    let interface = named_interface(section);
    let names = section.read("security-groups", Item::lines);
    let ids = section.read("security-group-ids", Item::list);
    section.finish();
    if names.is_none() && ids.is_none() && section.problems() == problems {
        section.error("nothing is modified", "accepted: security-groups, security-group-ids, or both");
    }
    Some(InterfaceChange::Modify { interface: interface?, names, ids })
}

/// Reads `{ role = "web", … }`, or `"none"`.
fn profile(item: &Item<'_>) -> Option<ProfileChange> {
    if item.kind() == "string" {
        if item.string()? != "none" {
            item.error(
                format!("{} is {:?}", item.name(), item.text().unwrap_or_default()),
                "accepted: { role = \"web-role\" }, or \"none\"",
            );
            return None;
        }
        return Some(ProfileChange { role: None, name: None, change: RoleChange::Associate });
    }
    let section = item.section()?;
    let change =
        section.get("change").map_or(Some(RoleChange::Associate), |item| item.choice::<RoleChange>());
    let role = section.get("role");
    let name = section.get("name");
    section.finish();
    if let (Some(name), Some(RoleChange::RoleInProfile)) = (&name, change) {
        name.error(
            "name is set with change = \"role-in-profile\"",
            "accepted: one of them: the profile keeps its name",
        );
        return None;
    }
    let role = match role {
        None => {
            section.error("no role is named", "accepted: role = \"web-role\", or role = \"none\"");
            return None;
        }
        Some(item) if item.text() == Some("none") => None,
        Some(item) => Some(item.parse::<RoleName>()?),
    };
    let name = name.map(|item| item.line());
    Some(ProfileChange { role, name: name.map_or(Some(None), |name| name.map(Some))?, change: change? })
}

fn stop_start(section: &Section<'_>, files: &NamedFiles<'_>) -> Option<StopStart> {
    let down = section.get("down").map_or(Some(Duration::ZERO), |item| item.duration());
    let instance_type = section.read("instance-type", Item::parse::<InstanceType>);
    let user_data = section.read("user-data", |item| changes::user_data(item, files));
    let user_data = user_data.unwrap_or(UserDataChange::Keep);
    let public_ipv4s = section.read("public-ipv4s", addresses::list);
    section.finish();
    Some(StopStart { down: down?, instance_type, user_data, public_ipv4s })
}

fn pushed_key(section: &Section<'_>) -> Option<EventEffect> {
    let [user, key] = ["user", "key"].map(|key| section.get(key));
    let span = section.get("for").map_or(Some(PUSHED_KEY), |item| item.duration());
    section.finish();
    if user.is_none() || key.is_none() {
        section.error(
            "a pushed key needs user and key",
            "accepted: { user = \"ec2-user\", key = \"ssh-ed25519 AAAA…\" }",
        );
    }
    let (user, key) = (user?, key?);
    let name = user.line()?;
    if name.contains('/') || matches!(name.as_str(), "." | "..") {
        user.error(format!("{name:?} cannot be part of a path"), "accepted: the name of a user");
        return None;
    }
    Some(EventEffect::ManagedSshKey { user: name, key: key.string()?.to_owned(), span: span? })
}
