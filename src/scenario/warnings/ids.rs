//! Ids of other forms than EC2's: a typing error, or the ids of somebody's tests.

use super::sections::{instances, others_are_meant, table, tables};
use crate::config::{Item, Section};
use crate::model::{
    AccountId, AmiId, HostId, InstanceId, InterfaceId, KernelId, RamdiskId, ReservationId, SecurityGroupId,
    SubnetId, UsualForm, VpcId,
};

/// The form on EC2 of an id that has another one.
type Rule = fn(&str) -> Option<&'static str>;

const OF_INSTANCES: [(&str, Rule); 8] = [
    ("instance-id", other::<InstanceId>),
    ("account-id", other::<AccountId>),
    ("ami-id", other::<AmiId>),
    ("ancestor-ami-ids", other::<AmiId>),
    ("reservation-id", other::<ReservationId>),
    ("kernel-id", other::<KernelId>),
    ("ramdisk-id", other::<RamdiskId>),
    ("security-group-ids", other::<SecurityGroupId>),
];
const OF_INTERFACES: [(&str, Rule); 5] = [
    ("interface-id", other::<InterfaceId>),
    ("owner-id", other::<AccountId>),
    ("subnet-id", other::<SubnetId>),
    ("vpc-id", other::<VpcId>),
    ("security-group-ids", other::<SecurityGroupId>),
];

pub(super) fn add(root: &Section<'_>) {
    for section in instances(root).into_iter().filter(|section| !others_are_meant(root, section)) {
        warn(&section, &OF_INSTANCES);
        for interface in tables(&section, "network-interface") {
            warn(&interface, &OF_INTERFACES);
        }
        if let Some(placement) = table(&section, "placement") {
            warn(&placement, &[("host-id", other::<HostId>)]);
        }
    }
}

fn warn(section: &Section<'_>, rules: &[(&'static str, Rule)]) {
    for (key, rule) in rules {
        let Some(item) = section.get(key) else { continue };
        let list = if item.kind() == "array" { item.array().unwrap_or_default() } else { vec![] };
        for item in std::iter::once(item).chain(list) {
            warn_of(&item, *rule);
        }
    }
}

fn warn_of(item: &Item<'_>, rule: Rule) {
    if let Some(text) = item.text()
        && let Some(usual) = rule(text)
    {
        item.warn(
            format!("{} is {text:?}, which is no id of EC2's", item.name()),
            format!("on EC2: {usual}; other-ids = true in [instance] says that other ids are meant"),
        );
    }
}

fn other<T: UsualForm>(text: &str) -> Option<&'static str> {
    let id = text.parse::<T>().ok()?;
    (!id.has_usual_form()).then_some(T::USUAL)
}
