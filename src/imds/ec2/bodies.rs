//! The body of every path at a time, in EC2's profiles: for views and previews, which ask for no single path.

use std::collections::BTreeMap;

use hyper::body::Bytes;

use super::leaf_context::LeafContext;
use super::version::Version;
use crate::imds::Fleet;
use crate::imds::cache::CompiledInstance;
use crate::model::{Instance, Timestamp};

pub(crate) const DOCUMENT: &str = "dynamic/instance-identity/document";
/// The signatures of [`DOCUMENT`]. They change with it and only with it, and take long to make.
pub(crate) const SIGNATURES: [&str; 3] = [
    "dynamic/instance-identity/pkcs7",
    "dynamic/instance-identity/rsa2048",
    "dynamic/instance-identity/signature",
];

/// The bodies below a version. Signatures are listed without being made: they are empty.
pub(crate) fn bodies(
    fleet: &Fleet,
    instance: Instance,
    version: &str,
    now: Timestamp,
) -> BTreeMap<String, Bytes> {
    let compiled = CompiledInstance::new(instance, fleet.keys());
    let version = Version::of(version);
    let mut bodies = unsigned(fleet, &compiled, version, now);
    let leaves = compiled.tree.leaves().into_iter();
    let signatures = leaves.filter(|(path, leaf)| is_signature(path) && leaf.is_in(version));
    bodies.extend(signatures.map(|(path, _)| (path, Bytes::new())));
    bodies
}

/// The bodies below `latest`, without the signatures.
pub(crate) fn latest_bodies(fleet: &Fleet, instance: Instance, now: Timestamp) -> BTreeMap<String, Bytes> {
    unsigned(fleet, &CompiledInstance::new(instance, fleet.keys()), Version::LATEST, now)
}

fn unsigned(
    fleet: &Fleet,
    compiled: &CompiledInstance,
    version: Version,
    now: Timestamp,
) -> BTreeMap<String, Bytes> {
    let context = LeafContext::new(
        &compiled.instance,
        &compiled.identity,
        fleet.fetched(),
        fleet.clock().elapsed(now),
        now,
    );
    let leaves = compiled.tree.leaves().into_iter().filter(|(path, _)| !is_signature(path));
    leaves.filter_map(|(path, leaf)| Some((path, leaf.value(&context, version)?))).collect()
}

/// True of whatever lies beside the document, be it a signature of EC2's or a path that a scenario added.
pub(crate) fn is_signature(path: &str) -> bool {
    path.starts_with("dynamic/instance-identity/") && path != DOCUMENT
}
