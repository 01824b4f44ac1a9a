//! Scenarios: the content of a file, with the defaults of everything that it leaves out.

use std::sync::Arc;

use ipnet::IpNet;

use super::event::Event;
use super::fault::Fault;
use super::http::Http;
use super::ids::NodeName;
use super::instance::Instance;
use super::node::ClusterNode;

/// A scenario. The default is the built-in instance without events and faults.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scenario {
    /// The instance of every client that matches none of the named instances.
    pub instance: Instance,
    /// Further instances, selected by client, in the order of their names.
    pub named_instances: Vec<NamedInstance>,
    /// The timeline, in the file's order.
    pub events: Vec<Event>,
    /// The service's HTTP behaviour.
    pub http: Http,
    /// The fault rules, in the file's order.
    pub faults: Vec<Fault>,
    /// The node whose instance this process serves. No file says it.
    pub node: Option<Arc<ClusterNode>>,
}

impl Scenario {
    /// The named instance of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&NamedInstance> {
        let index = self.named_instances.binary_search_by(|named| named.name.as_str().cmp(name)).ok()?;
        self.named_instances.get(index)
    }

    /// Whether an instance of it may have keys that are worth something.
    pub(crate) fn has_real_credentials(&self) -> bool {
        let named = self.named_instances.iter().map(|named| &named.instance);
        std::iter::once(&self.instance).chain(named).any(Instance::has_real_credentials)
    }

    /// The index of the named instance that this process' node plays, if one names it.
    pub(crate) fn index_of_node(&self) -> Option<usize> {
        let name = &self.node.as_ref()?.name;
        self.named_instances.iter().position(|named| named.nodes.contains(name))
    }

    /// Whether an instance has a task of Amazon ECS or a pod's identity.
    pub(crate) fn serves_containers(&self) -> bool {
        let named = self.named_instances.iter().map(|named| &named.instance);
        std::iter::once(&self.instance)
            .chain(named)
            .any(|instance| instance.ecs.is_some() || instance.pod_identity.is_some())
    }

    /// The instance of every client that is among the clients of no other.
    pub(crate) fn usual_instance(&self) -> &Instance {
        self.index_of_node().map_or(&self.instance, |index| &self.named_instances[index].instance)
    }
}

/// An instance that is served to certain clients, or by certain nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedInstance {
    /// The name in the scenario.
    pub name: String,
    /// The networks of its clients; among overlapping ones the longest prefix wins.
    pub networks: Vec<IpNet>,
    /// Whether processes of this host are among its clients.
    pub host: bool,
    /// The nodes that play it.
    pub nodes: Vec<NodeName>,
    /// Whether each client gets an identity of its own, derived from this instance and the client's address.
    pub derive: bool,
    /// The instance itself.
    pub instance: Instance,
}
