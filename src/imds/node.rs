//! A scenario as the process of one node serves it: one file can be that of a whole cluster.

use std::sync::Arc;

use super::derive::derived_of_node;
use crate::model::{ClusterNode, Instance, NetworkInterface, Scenario, SecurityGroups};

/// The scenario with the identity of this node, which clients meet that are not among the clients of another instance.
///
/// It plays the named instance that names it, else the `[instance]`. What that one sets of its own it keeps; the rest
/// of the identity follows from the node.
pub(crate) fn on_node(scenario: &Arc<Scenario>, node: Option<&Arc<ClusterNode>>) -> Arc<Scenario> {
    let Some(node) = node else { return Arc::clone(scenario) };
    let mut scenario = Scenario { node: Some(Arc::clone(node)), ..Scenario::clone(scenario) };
    match scenario.index_of_node().and_then(|index| scenario.named_instances.get_mut(index)) {
        Some(named) => {
            let each_its_own = named.derive;
            named.instance = identity(&named.instance, &scenario.instance, each_its_own, node);
        }
        None => scenario.instance = derived_of_node(&scenario.instance, node),
    }
    Arc::new(scenario)
}

fn identity(instance: &Instance, inherited: &Instance, each_its_own: bool, node: &ClusterNode) -> Instance {
    let mut derived = derived_of_node(instance, node);
    if instance.instance_id != inherited.instance_id && !each_its_own {
        derived.instance_id.clone_from(&instance.instance_id);
    }
    // Groups of its own are in the interfaces that it inherits, too.
    if without_groups(instance) != without_groups(inherited) {
        derived.interfaces.clone_from(&instance.interfaces);
    }
    if instance.hostname != inherited.hostname {
        derived.hostname.clone_from(&instance.hostname);
    }
    if instance.public_hostname != inherited.public_hostname {
        derived.public_hostname.clone_from(&instance.public_hostname);
    }
    derived
}

fn without_groups(instance: &Instance) -> Vec<NetworkInterface> {
    let bare = |interface: &NetworkInterface| NetworkInterface {
        security_groups: SecurityGroups::default(),
        ..interface.clone()
    };
    instance.interfaces.iter().map(bare).collect()
}
