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
