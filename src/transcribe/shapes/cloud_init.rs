//! cloud-init's `instance-data.json`, in all its generations, and what `cloud-init query --all` prints.
//! Source: cloud-init's documentation, "Instance metadata", and what its Ec2 data source makes of a service.

use serde_json::{Map, Value};

use super::input::{JsonInput, Part};
use super::reading::Certainty;
use super::service_tree::{Knowledge, ServiceTree};
use crate::transcribe::known_paths::{DOCUMENT, USER_DATA};

const SHAPE: &str = "cloud-init's instance-data.json";
const REST: &str = "cloud-init's own, not of the service";
/// Spellings of the metadata.
const METADATA: [&str; 3] = ["meta-data", "meta_data", "metadata"];
const VERSION: &str = "_metadata_api_version";

pub(super) fn read(input: &mut JsonInput) -> Option<ServiceTree> {
    if input.get(&["ds", "ec2_metadata"]).is_some() {
        return ec2_part(input);
    }
    // `cloud-init query ds` prints what is below it.
    let (above, evidence): (&[&str], _) = if input.get(&["ds"]).is_some_and(Value::is_object) {
        (&["ds"], "its key ds")
    } else if input.has(&[VERSION]) {
        (&[], "its key _metadata_api_version")
    } else {
        return None;
    };
    let below = |names: &[&'static str]| [above, names].concat();
    let marks = ["instance-id", "instance_id", "ami-id", "ami_id"];
    let has_mark = |input: &JsonInput, names: &[&'static str]| {
        marks.iter().any(|mark| input.has(&[&below(names)[..], &[*mark]].concat()))
    };
    let beside: Vec<&str> = METADATA.into_iter().filter(|name| has_mark(input, &[*name])).collect();
    if beside.is_empty() && !has_mark(input, &[]) {
        return None;
    }
    let mut tree = ServiceTree::new(SHAPE, Certainty::Certain, evidence, Knowledge::CloudInit);
    tree.rest = REST;
    if let Some(version) = input.text(&below(&[VERSION])).map(str::to_owned) {
        tree.version = Some(version);
        tree.use_as("the version", input.take(&below(&[VERSION])));
    }
    user_data(input, above, &mut tree);
    let documents =
        [["dynamic", "instance-identity", "document"], ["dynamic", "instance_identity", "document"]];
    if let Some(names) = documents.iter().find(|names| input.has(&below(*names))) {
        tree.add(DOCUMENT, input.take(&below(names)));
    }
    if let Some(name) = beside.first() {
        if beside.len() > 1 {
            tree.rest = "cloud-init's own, or the same in another spelling";
        }
        tree.add("meta-data", input.take(&below(&[*name])));
        return Some(tree);
    }
    // Older ones have the metadata's own names beside those of the data source.
    let (mut metadata, mut root) = (Map::new(), vec![]);
    for name in input.members(above) {
        if name.starts_with('_') || name == "dynamic" {
            continue;
        }
        let Some(Part { mut at, value }) = input.take(&[above, &[name.as_str()]].concat()) else { continue };
        at.pop();
        root = at;
        metadata.insert(name, value);
    }
    tree.add("meta-data", Some(Part { at: root, value: Value::Object(metadata) }));
    Some(tree)
}

fn user_data(input: &mut JsonInput, above: &[&str], tree: &mut ServiceTree) {
    for name in ["user-data", "user_data", "userdata"] {
        for path in [[above, &[name]].concat(), vec![name]] {
            if input.has(&path) {
                tree.add(USER_DATA, input.take(&path));
            }
        }
    }
}

/// The answers to EC2's paths that OpenStack's data source keeps beside its own.
pub(super) fn ec2_part(input: &mut JsonInput) -> Option<ServiceTree> {
    let part = ["ec2_metadata", "ec2-metadata"].iter().find_map(|name| input.take(&["ds", name]))?;
    let evidence = "its key ds.ec2_metadata";
    let mut tree = ServiceTree::new(SHAPE, Certainty::Likely, evidence, Knowledge::CloudInit);
    tree.rest = REST;
    tree.add("meta-data", Some(part));
    user_data(input, &["ds"], &mut tree);
    Some(tree)
}
