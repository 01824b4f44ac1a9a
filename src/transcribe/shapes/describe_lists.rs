//! The lists of `aws ec2 describe-instances`: interfaces, tags, groups.

use serde_json::Value;

use super::input::{JsonInput, Part};
use super::service_tree::ServiceTree;
use crate::model::{Instance, InstanceMetadataTags, TagKey};
use crate::transcribe::observations::clip;

/// Members of an interface, and the leaf that each is.
const OF_INTERFACE: [(&[&str], &str); 6] = [
    (&["NetworkInterfaceId"], "interface-id"),
    (&["SubnetId"], "subnet-id"),
    (&["VpcId"], "vpc-id"),
    (&["OwnerId"], "owner-id"),
    (&["Attachment", "DeviceIndex"], "device-number"),
    (&["Attachment", "NetworkCardIndex"], "network-card"),
];
/// Lists of an interface, the member of their elements, and the leaf that has them.
const LISTS: [(&str, &[&str], &str); 7] = [
    ("PrivateIpAddresses", &["PrivateIpAddress"], "local-ipv4s"),
    ("PrivateIpAddresses", &["Association", "PublicIp"], "public-ipv4s"),
    ("Ipv6Addresses", &["Ipv6Address"], "ipv6s"),
    ("Ipv4Prefixes", &["Ipv4Prefix"], "ipv4-prefix"),
    ("Ipv6Prefixes", &["Ipv6Prefix"], "ipv6-prefix"),
    ("Groups", &["GroupName"], "security-groups"),
    ("Groups", &["GroupId"], "security-group-ids"),
];

/// Lists of an interface that has none of these if they are empty, and the leaf that it then lacks.
const MAY_BE_EMPTY: [(&str, &str); 4] = [
    (ADDRESSES, "local-ipv4s"),
    ("Ipv6Addresses", "ipv6s"),
    ("Ipv4Prefixes", "ipv4-prefix"),
    ("Ipv6Prefixes", "ipv6-prefix"),
];
const ADDRESSES: &str = "PrivateIpAddresses";
/// Members that name the primary address of a list, and the leaf that has it first.
const PRIMARY: [(&str, &str, &str); 2] =
    [(ADDRESSES, "Primary", "local-ipv4s"), ("Ipv6Addresses", "IsPrimaryIpv6", "ipv6s")];
pub(super) const MACS: &str = "meta-data/network/interfaces/macs/";

pub(super) fn interfaces(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let list = [at, &["NetworkInterfaces"]].concat();
    let mut directories = Vec::new();
    for number in numbers(input, &list) {
        let own = [&list[..], &[number.as_str()]].concat();
        let mac = input.text(&[&own[..], &["MacAddress"]].concat()).map(str::to_lowercase);
        let Some(mac) = mac else { continue };
        let directory = format!("{MACS}{mac}");
        tree.interface_order.push(mac);
        interface(input, &own, &directory, tree);
        directories.push(directory);
    }
    let directory = match directories.as_slice() {
        [] => format!("{MACS}{}", Instance::default().mac()),
        [only] => only.clone(),
        _ => return,
    };
    // What the instance has is its only interface's.
    for (name, leaf) in [("SubnetId", "subnet-id"), ("VpcId", "vpc-id")] {
        let (path, to) = ([at, &[name]].concat(), format!("{directory}/{leaf}"));
        if input.text(&path).is_some_and(|text| !text.is_empty()) && !tree.has_part(&to) {
            tree.add(&to, input.take(&path));
        }
    }
    let to = format!("{directory}/security-group-ids");
    if !tree.has_part(&to) {
        let groups = [at, &["SecurityGroups"]].concat();
        let ids = elements(input, &groups, &numbers(input, &groups), &["GroupId"]);
        tree.add_lines(&to, ids);
    }
}

fn interface(input: &mut JsonInput, own: &[&str], directory: &str, tree: &mut ServiceTree) {
    let of = |path: &[&'static str]| path.iter().fold(own.to_vec(), |at, name| [&at[..], &[*name]].concat());
    tree.add(&format!("{directory}/mac"), input.take(&of(&["MacAddress"])));
    for (path, leaf) in OF_INTERFACE {
        // Most have one card, and a card index of 0 that the service does not show.
        let first_card = leaf == "network-card" && input.get(&of(path)).and_then(Value::as_u64) == Some(0);
        if input.has(&of(path)) && !first_card {
            tree.add(&format!("{directory}/{leaf}"), input.take(&of(path)));
        }
    }
    let has_association = input.get(&of(&["Association"])).is_some();
    let association = input.name_of(&of(&["Association"]));
    // Older emulators have no list.
    if input.get(&of(&[ADDRESSES])).is_none()
        && input.text(&of(&["PrivateIpAddress"])).is_some_and(|ip| !ip.is_empty())
    {
        tree.add(&format!("{directory}/local-ipv4s"), input.take(&of(&["PrivateIpAddress"])));
    }
    // Before anything of an element is taken.
    let orders = LISTS.map(|(name, ..)| primary_first(input, own, &of(&[name])));
    for ((name, member, leaf), order) in LISTS.into_iter().zip(&orders) {
        let parts = elements(input, &of(&[name]), order, member);
        // Who prints the addresses prints the public ones with them.
        if leaf == "public-ipv4s"
            && parts.is_empty()
            && !has_association
            && input.get(&of(&[name])).is_some_and(Value::is_array)
        {
            tree.absent.push((association.clone(), format!("{directory}/{leaf}")));
        }
        tree.add_lines(&format!("{directory}/{leaf}"), parts);
    }
    for (list, flag, leaf) in PRIMARY {
        let to = format!("{directory}/{leaf}");
        if !tree.has_part(&to) {
            continue;
        }
        for number in numbers(input, &of(&[list])) {
            tree.use_as(&to, input.take(&[&of(&[list])[..], &[number.as_str(), flag]].concat()));
        }
    }
    for (list, leaf) in MAY_BE_EMPTY {
        if input.get(&of(&[list])).and_then(Value::as_array).is_some_and(Vec::is_empty) {
            tree.add_absent(&format!("{directory}/{leaf}"), input.take(&of(&[list])));
        }
    }
}

/// The numbers of a list's elements, that of an interface's primary address first.
fn primary_first(input: &JsonInput, interface: &[&str], list: &[&str]) -> Vec<String> {
    let mut found = numbers(input, list);
    let own = input.text(&[interface, &["PrivateIpAddress"]].concat());
    found.sort_by_key(|number| {
        let member = |name: &'static str| input.get(&[list, &[number.as_str(), name]].concat());
        let is_set = |value: &Value| value == true || value == "true";
        let is_primary = PRIMARY.iter().any(|(_, flag, _)| member(flag).is_some_and(is_set));
        let is_own = own.is_some() && member("PrivateIpAddress").and_then(Value::as_str) == own;
        (!is_primary, !is_own)
    });
    found
}

pub(super) fn tags_and_groups(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let list = [at, &["Tags"]].concat();
    let is_off = tree.options.metadata_tags == Some(InstanceMetadataTags::Disabled);
    for number in numbers(input, &list) {
        let of = |name| [&list[..], &[number.as_str(), name]].concat();
        if let Some(key) = input.text(&of("Key")).map(str::to_owned) {
            let reason = if is_off {
                Some("a tag: InstanceMetadataTags is disabled, so the service has none".to_owned())
            } else {
                let shown = clip(&key);
                key.parse::<TagKey>().err().map(|_| {
                    format!("the tag {shown:?}: EC2 has no tags in the metadata where one has such a key")
                })
            };
            if let Some(reason) = reason {
                tree.leave_out(input.take(&of("Key")), &reason);
                tree.leave_out(input.take(&of("Value")), &reason);
                continue;
            }
            let path = format!("meta-data/tags/instance/{key}");
            tree.use_as(&path, input.take(&of("Key")));
            tree.add(&path, input.take(&of("Value")));
        }
    }
    let groups = [at, &["SecurityGroups"]].concat();
    let names = elements(input, &groups, &numbers(input, &groups), &["GroupName"]);
    tree.add_lines("meta-data/security-groups", names);
}

pub(super) fn numbers(input: &JsonInput, list: &[&str]) -> Vec<String> {
    let length = input.get(list).and_then(Value::as_array).map_or(0, Vec::len);
    (0..length).map(|number| number.to_string()).collect()
}

/// Takes a member of each of the elements that have it.
fn elements(input: &mut JsonInput, list: &[&str], numbers: &[String], member: &[&str]) -> Vec<Part> {
    let mut parts = Vec::new();
    for number in numbers {
        let at = [list, &[number.as_str()], member].concat();
        if input.text(&at).is_some() {
            parts.extend(input.take(&at));
        }
    }
    parts
}
