//! Facts of configuration tools: facter's, Ansible's, Ohai's.

use serde_json::Value;

use super::flat_names::{FlatName, resolve};
use super::input::JsonInput;
use super::reading::Certainty;
use super::service_tree::{Knowledge, ServiceTree};
use crate::transcribe::known_paths::{DOCUMENT, USER_DATA};

const REST: &str = "facts of the host, not of the metadata";

/// `ec2_metadata` and `ec2_userdata`; older ones have flat names that begin with `ec2_`.
pub(super) fn facter(input: &mut JsonInput) -> Option<ServiceTree> {
    const SHAPE: &str = "facter's facts";
    for above in [&[][..], &["values"], &["facts"]] {
        let at = |name: &'static str| [above, &[name]].concat();
        if input.get(&at("ec2_metadata")).is_some_and(Value::is_object) {
            let evidence = "its key ec2_metadata";
            let mut tree = ServiceTree::new(SHAPE, Certainty::Certain, evidence, Knowledge::Tree);
            tree.rest = REST;
            tree.add("meta-data", input.take(&at("ec2_metadata")));
            if input.has(&at("ec2_userdata")) {
                tree.add(USER_DATA, input.take(&at("ec2_userdata")));
            }
            return Some(tree);
        }
        if input.has(&at("ec2_instance_id")) || input.has(&at("ec2_ami_id")) {
            return Some(flat(input, above, "ec2_", SHAPE));
        }
    }
    None
}

/// What the module `ec2_metadata_facts` gives.
pub(super) fn ansible(input: &mut JsonInput) -> Option<ServiceTree> {
    const SHAPE: &str = "Ansible's facts";
    let is_one = |name: &String| name.starts_with("ansible_ec2_");
    let above =
        [&["ansible_facts"][..], &[]].into_iter().find(|above| input.members(above).iter().any(is_one))?;
    Some(flat(input, above, "ansible_ec2_", SHAPE))
}

/// The attributes below `ec2`, of a node or alone.
pub(super) fn ohai(input: &mut JsonInput) -> Option<ServiceTree> {
    let places = [&["automatic", "ec2"][..], &["ec2"]];
    let above = places.into_iter().find(|above| {
        ["instance_id", "ami_id"].iter().any(|name| input.has(&[above, &[*name][..]].concat()))
    })?;
    let mut tree = flat(input, above, "", "Ohai's attributes");
    for (name, member) in
        [("account_id", "accountId"), ("region", "region"), ("availability_zone", "availabilityZone")]
    {
        let at = [above, &[name]].concat();
        if input.has(&at) {
            tree.add_member(DOCUMENT, member, input.take(&at));
        }
    }
    Some(tree)
}

fn flat(input: &mut JsonInput, above: &[&str], prefix: &str, shape: &'static str) -> ServiceTree {
    let evidence = match prefix {
        "" => format!("its key {}", above.join(".")),
        prefix => format!("names that begin with {prefix}"),
    };
    let mut tree = ServiceTree::new(shape, Certainty::Certain, evidence, Knowledge::Selection);
    tree.rest = REST;
    // Of two spellings of one name the walk takes the first.
    for name in input.members(above) {
        let Some(below) = name.strip_prefix(prefix) else { continue };
        let at: Vec<&str> = above.iter().copied().chain([name.as_str()]).collect();
        // A tool has no other word for what is not there.
        let nothing = input.get(&at).is_none_or(|value| value.is_null() || value == "");
        if nothing {
            continue;
        }
        let tree_of_macs = below == "network_interfaces_macs" && input.get(&at).is_some_and(Value::is_object);
        match resolve(below) {
            _ if tree_of_macs => tree.add("meta-data/network/interfaces/macs", input.take(&at)),
            Some(FlatName::Path(path)) => tree.add(&path, input.take(&at)),
            Some(FlatName::Member(path, member)) => tree.add_member(path, member, input.take(&at)),
            None if below == "iam" && input.get(&at).is_some_and(Value::is_object) => {
                tree.add("meta-data/iam", input.take(&at));
            }
            None => {}
        }
    }
    tree
}
