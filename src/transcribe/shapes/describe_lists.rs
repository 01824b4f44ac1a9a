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

pub(super) fn interfaces(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let list = [at, &["NetworkInterfaces"]].concat();
    let count = length(input, &list);
    for number in (0..count).map(|number| number.to_string()) {
        let own = [&list[..], &[number.as_str()]].concat();
        let of =
            |path: &[&'static str]| path.iter().fold(own.clone(), |at, name| [&at[..], &[*name]].concat());
        let Some(mac) = input.text(&of(&["MacAddress"])).map(str::to_lowercase) else { continue };
        let directory = format!("meta-data/network/interfaces/macs/{mac}");
        tree.add(&format!("{directory}/mac"), input.take(&of(&["MacAddress"])));
        for (path, leaf) in OF_INTERFACE {
            // Most have one card, and a card index of 0 that the service does not show.
            let first_card =
                leaf == "network-card" && input.get(&of(path)).and_then(Value::as_u64) == Some(0);
            if input.has(&of(path)) && !first_card {
                tree.add(&format!("{directory}/{leaf}"), input.take(&of(path)));
            }
        }
        for (name, member, leaf) in LISTS {
            let parts = elements(input, &of(&[name]), member);
            // Who prints the addresses prints the public ones with them.
            if parts.is_empty() && leaf == "public-ipv4s" && length(input, &of(&[name])) > 0 {
                let at = input.name_of(&of(&["Association"]));
                if input.get(&of(&["Association"])).is_none() {
                    tree.absent.push((at, format!("{directory}/{leaf}")));
                }
            }
            tree.add_lines(&format!("{directory}/{leaf}"), parts);
        }
    }
    // Without interfaces these are of the only one.
    for (name, leaf) in [("SubnetId", "subnet-id"), ("VpcId", "vpc-id")] {
        let path = [at, &[name]].concat();
        if input.has(&path) && count == 0 {
            let mac = Instance::default().mac().to_string();
            tree.add(&format!("meta-data/network/interfaces/macs/{mac}/{leaf}"), input.take(&path));
        }
    }
}

pub(super) fn tags_and_groups(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let list = [at, &["Tags"]].concat();
    let is_off = tree.options.metadata_tags == Some(InstanceMetadataTags::Disabled);
    for number in (0..length(input, &list)).map(|number| number.to_string()) {
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
    let names = elements(input, &groups, &["GroupName"]);
    tree.add_lines("meta-data/security-groups", names);
}

/// Accounts for what is there twice: of the instance, and of its interfaces; of an interface, and of its addresses.
pub(super) fn repeated(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let macs = "meta-data/network/interfaces/macs/";
    let of_interfaces = |leaf: &str| {
        let is_leaf = |path: &str| path.starts_with(macs) && path.rsplit('/').next() == Some(leaf);
        tree.parts.iter().filter(move |(path, _)| is_leaf(path)).collect::<Vec<_>>()
    };
    let mut found: Vec<(Vec<String>, String)> = Vec::new();
    let mut note = |path: Vec<&str>, leaf: &str| {
        let Some(text) = input.text(&path) else { return };
        let says =
            |part: &Part| part.value.as_str().is_some_and(|value| value.lines().any(|line| line == text));
        if let Some((to, _)) = of_interfaces(leaf).into_iter().find(|(_, part)| says(part)) {
            found.push((path.into_iter().map(str::to_owned).collect(), to.clone()));
        }
    };
    for (name, leaf) in [("SubnetId", "subnet-id"), ("VpcId", "vpc-id")] {
        note([at, &[name]].concat(), leaf);
    }
    let numbers: Vec<String> =
        (0..length(input, &[at, &["SecurityGroups"]].concat())).map(|n| n.to_string()).collect();
    for number in &numbers {
        note([at, &["SecurityGroups", number, "GroupId"]].concat(), "security-group-ids");
    }
    let numbers: Vec<String> =
        (0..length(input, &[at, &["NetworkInterfaces"]].concat())).map(|n| n.to_string()).collect();
    for number in &numbers {
        let own = |rest: &[&'static str]| [at, &["NetworkInterfaces", number.as_str()], rest].concat();
        note(own(&["PrivateIpAddress"]), "local-ipv4s");
        note(own(&["Association", "PublicIp"]), "public-ipv4s");
    }
    for (path, to) in found {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        tree.use_as(&to, input.take(&path));
    }
}

fn length(input: &JsonInput, list: &[&str]) -> usize {
    input.get(list).and_then(Value::as_array).map_or(0, Vec::len)
}

/// Takes a member of each element that has it.
fn elements(input: &mut JsonInput, list: &[&str], member: &[&str]) -> Vec<Part> {
    let numbers: Vec<String> = (0..length(input, list)).map(|number| number.to_string()).collect();
    let mut parts = Vec::new();
    for number in &numbers {
        let at = [list, &[number.as_str()], member].concat();
        if input.text(&at).is_some() {
            parts.extend(input.take(&at));
        }
    }
    parts
}
