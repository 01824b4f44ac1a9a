//! What `aws ec2 describe-instances` says twice: of an instance and of its interfaces, of an interface and of its addresses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::describe_lists::{MACS, numbers};
use super::input::JsonInput;
use super::service_tree::ServiceTree;

/// Leaves at the top, and the leaf of an interface that says the same.
const OF_TOP: [(&str, &str); 5] = [
    ("meta-data/local-ipv4", "local-ipv4s"),
    ("meta-data/public-ipv4", "public-ipv4s"),
    ("meta-data/local-hostname", "local-hostname"),
    ("meta-data/public-hostname", "public-hostname"),
    ("meta-data/security-groups", "security-groups"),
];
/// Members, and the leaf whose value each repeats.
type Repeated = (&'static [&'static str], &'static str);
const OF_INSTANCE: [Repeated; 3] =
    [(&["SubnetId"], "subnet-id"), (&["VpcId"], "vpc-id"), (&["Ipv6Address"], "ipv6s")];
const OF_GROUP: [Repeated; 2] = [(&["GroupId"], "security-group-ids"), (&["GroupName"], "security-groups")];
const OF_INTERFACE: [Repeated; 6] = [
    (&["SubnetId"], "subnet-id"),
    (&["VpcId"], "vpc-id"),
    (&["PrivateIpAddress"], "local-ipv4s"),
    (&["PrivateDnsName"], "local-hostname"),
    (&["Association", "PublicIp"], "public-ipv4s"),
    (&["Association", "PublicDnsName"], "public-hostname"),
];
const OF_ADDRESS: [Repeated; 4] = [
    (&["PrivateIpAddress"], "local-ipv4s"),
    (&["PrivateDnsName"], "local-hostname"),
    (&["Association", "PublicIp"], "public-ipv4s"),
    (&["Association", "PublicDnsName"], "public-hostname"),
];

/// Accounts for what says the same as a value that is taken.
pub(super) fn take(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let taken = values(tree);
    each(input, at, &OF_INSTANCE, &taken, tree);
    elements(input, &[at, &["SecurityGroups"]].concat(), &OF_GROUP, &taken, tree);
    let list = [at, &["NetworkInterfaces"]].concat();
    for number in numbers(input, &list) {
        let own = [&list[..], &[number.as_str()]].concat();
        each(input, &own, &OF_INTERFACE, &taken, tree);
        elements(input, &[&own[..], &["PrivateIpAddresses"]].concat(), &OF_ADDRESS, &taken, tree);
        elements(input, &[&own[..], &["Groups"]].concat(), &OF_GROUP, &taken, tree);
    }
}

/// Paths by leaf and line.
type Values = BTreeMap<(&'static str, String), String>;

fn values(tree: &ServiceTree) -> Values {
    let all = [&OF_INSTANCE[..], &OF_GROUP, &OF_INTERFACE, &OF_ADDRESS].concat();
    let leaf_of = |path: &str| {
        let top = OF_TOP.iter().find(|(top, _)| *top == path).map(|(_, leaf)| *leaf);
        let last = path.strip_prefix(MACS).and_then(|path| path.rsplit('/').next());
        top.or_else(|| all.iter().map(|(_, leaf)| *leaf).find(|leaf| last == Some(leaf)))
    };
    let mut values = Values::new();
    for (path, part) in &tree.parts {
        let Some((leaf, text)) = leaf_of(path).zip(part.value.as_str()) else { continue };
        for line in text.lines() {
            values.entry((leaf, line.to_owned())).or_insert_with(|| path.clone());
        }
    }
    values
}

fn elements(
    input: &mut JsonInput,
    list: &[&str],
    members: &[Repeated],
    taken: &Values,
    tree: &mut ServiceTree,
) {
    for number in numbers(input, list) {
        each(input, &[list, &[number.as_str()]].concat(), members, taken, tree);
    }
}

fn each(input: &mut JsonInput, at: &[&str], members: &[Repeated], taken: &Values, tree: &mut ServiceTree) {
    for (member, leaf) in members {
        let path = [at, member].concat();
        let text = input.get(&path).and_then(Value::as_str).unwrap_or_default();
        if let Some(to) = taken.get(&(*leaf, text.to_owned())) {
            tree.use_as(to, input.take(&path));
        }
    }
}
