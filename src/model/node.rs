//! Nodes of a cluster, each of which plays an instance of its own.

use std::net::IpAddr;

use super::ids::NodeName;

/// The node whose instance a process serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNode {
    /// The name in the cluster; the identity follows from it.
    pub name: NodeName,
    /// Its addresses, the primary one of each family first: the private addresses of the instance.
    pub addresses: Vec<IpAddr>,
}
