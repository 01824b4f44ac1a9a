//! Files that people keep of a metadata service, by their shapes → [`Observations`].
//!
//! | shape | recognised by | where |
//! |---|---|---|
//! | cloud-init's instance-data.json, `cloud-init query --all` | `ds`, `v1`; `ec2_metadata` of OpenStack's | `cloud_init` |
//! | a tree: bare, below `latest`, a version, or `meta-data` | those names; paths as names | `tree_file` |
//! | facter's facts, Ohai's, Ansible's | `ec2_metadata`, `ec2`, `ansible_ec2_…` | `fact_tools`, `flat_names` |
//! | the text of `ec2-metadata` | lines `instance-id: i-…` | `ec2_metadata_text` |
//! | `aws ec2 describe-instances`, or what the API answers in XML | `Reservations`, `InstanceId` | `describe_instances` |
//! | an identity document | `instanceId`, `accountId` | `document` |
//! | a browser's or proxy's HAR | `log.entries` | `har` |
//!
//! A reader takes what it knows out of the [`JsonInput`]; the rest is named with the reason why it is left out.

mod cloud_init;
mod describe_instances;
mod describe_lists;
mod described_twice;
mod document;
mod ec2_metadata_text;
mod ec2_query_answer;
mod fact_tools;
mod flat_names;
mod foreign;
mod har;
mod input;
mod instance_list;
mod json;
mod json_paths;
mod observe;
mod public_keys;
mod reading;
mod service_tree;
mod tree_file;
mod walk;

use serde_json::Value;

use super::account::lines_of;
use super::dump;
use super::observations::{ObservationSource, Observations, RoleAnswer, SecretsPolicy};
use input::JsonInput;
use service_tree::ServiceTree;

pub(crate) use ec2_query_answer::{error as ec2_error, is_answer as is_ec2_answer};
pub(super) use json_paths::is_known;
pub use reading::{Certainty, Reading, Unread};

/// Takes what a shape has out of a document; `None` if it is of another shape.
type Reader = fn(&mut JsonInput) -> Option<ServiceTree>;

/// In this order: what others could be taken for comes first.
const READERS: [Reader; 8] = [
    cloud_init::read,
    describe_instances::read,
    fact_tools::facter,
    fact_tools::ansible,
    fact_tools::ohai,
    tree_file::wrapped,
    document::read,
    tree_file::bare,
];

/// The shapes, for messages.
pub const ACCEPTED: &str = "cloud-init's instance-data.json, a directory with one file for each path, a tree of the service in JSON, facts of \
     facter, Ohai or Ansible, the text of ec2-metadata, an identity document, the output of `aws ec2 describe-instances`, or a HAR";

/// Reads a file's bytes.
///
/// # Errors
/// It is of no known shape, or has nothing of an EC2 instance.
pub fn read(bytes: &[u8], policy: SecretsPolicy) -> Result<Reading, Unread> {
    read_instance(bytes, policy, None)
}

/// As [`read`]; of a list of instances the one with this id, else the first.
///
/// # Errors
/// As [`read`]; or it lists no such instance.
pub fn read_instance(bytes: &[u8], policy: SecretsPolicy, instance: Option<&str>) -> Result<Reading, Unread> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(Unread::Other("it is no text".into())) };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if ec2_query_answer::is_answer(text) {
        let document = ec2_query_answer::read(text).map_err(Unread::Other)?;
        return read_documents(vec![document], policy, instance);
    }
    if let Some(status) = dump::error_page(text.as_bytes()) {
        return Err(Unread::Other(format!("it is a page that says {status}")));
    }
    if !text.trim_start().starts_with(['{', '[']) {
        let tree = ec2_metadata_text::read(text)
            .ok_or_else(|| Unread::Other("it is no JSON, and not the text of ec2-metadata".into()))?;
        return if instance.is_some() { Err(Unread::NoList) } else { Ok(reading(tree, &[], policy)) };
    }
    let documents = json::parse(text).map_err(|error| Unread::Other(format!("it is no JSON: {error}")))?;
    let mut reading = read_documents(documents.values, policy, instance)?;
    for line in lines_of(&documents.twice, "twice in its object; the last one counts") {
        reading.observations.add_note(line);
    }
    Ok(reading)
}

/// Reads JSON that was parsed already: one document, or several that a file has one after the other.
///
/// # Errors
/// As [`read`].
pub fn read_json(documents: Vec<Value>, policy: SecretsPolicy) -> Result<Reading, Unread> {
    read_documents(documents, policy, None)
}

fn read_documents(
    documents: Vec<Value>,
    policy: SecretsPolicy,
    instance: Option<&str>,
) -> Result<Reading, Unread> {
    if let Some(instance) = instance {
        find_instance(&documents, instance)?;
    }
    let several = documents.len() > 1;
    let mut found: Option<(ServiceTree, Vec<Vec<String>>)> = None;
    for (number, document) in documents.into_iter().enumerate() {
        if is_aemm(&document) {
            return Err(Unread::Aemm);
        }
        if har::is_har(&document) && !several {
            return har::read(&document, policy).map_err(Unread::Other);
        }
        let name = if several { vec![format!("document {}", number + 1)] } else { vec![] };
        let (tree, rest) = recognise(document, name, instance)?;
        found = Some(match found {
            None => (tree, rest),
            Some((first, first_rest)) => (first.joined(tree), [first_rest, rest].concat()),
        });
    }
    let (tree, rest) = found.ok_or_else(|| Unread::Other("it is empty".into()))?;
    Ok(reading(tree, &rest, policy))
}

/// `Err` if no document lists the instance.
fn find_instance(documents: &[Value], instance: &str) -> Result<(), Unread> {
    let listed: Vec<_> = documents.iter().flat_map(instance_list::of).collect();
    let ids = || listed.iter().map(|found| found.id.as_str());
    if listed.is_empty() {
        Err(Unread::NoList)
    } else if ids().any(|id| id == instance) {
        Ok(())
    } else {
        let shown = super::observations::clip(instance);
        Err(Unread::NoInstance(format!(
            "it has no instance {shown}; accepted: {}",
            instance_list::names(ids())
        )))
    }
}

/// Answers that somebody has selected: their names in the file, their paths below the version, and their values.
pub(crate) fn selection(
    values: Vec<(Vec<String>, String, Value)>,
    credentials: Option<RoleAnswer>,
    policy: SecretsPolicy,
) -> Observations {
    let evidence = "its settings";
    let mut tree =
        ServiceTree::new("settings", Certainty::Certain, evidence, service_tree::Knowledge::Selection);
    for (at, path, value) in values {
        tree.add(&path, Some(input::Part { at, value }));
    }
    let mut observations = observe::observe(tree, &[], policy);
    observations.source = ObservationSource::Settings;
    if let Some(answer) = credentials {
        observations.add_role_answer(answer);
    }
    observations.settle_role();
    observations
}

fn recognise(
    document: Value,
    name: Vec<String>,
    instance: Option<&str>,
) -> Result<(ServiceTree, Vec<Vec<String>>), Unread> {
    let foreign = foreign::cloud_of(&document);
    let mut input = JsonInput::new(document, name).choosing(instance);
    // What another cloud has of EC2's is taken.
    let readers = if foreign.is_some() { &[cloud_init::ec2_part as Reader][..] } else { &READERS };
    let tree = readers.iter().find_map(|reader| reader(&mut input)).filter(|tree| !tree.is_empty());
    match (tree, foreign) {
        (Some(mut tree), foreign) => {
            tree.notes
                .extend(foreign.map(|cloud| format!("what is {cloud}'s own: only its EC2 part is taken")));
            Ok((tree, input.rest()))
        }
        (None, Some(cloud)) => Err(Unread::Other(format!("it is of {cloud}, not of EC2"))),
        (None, None) => Err(Unread::Other("it has nothing of an EC2 instance's metadata".into())),
    }
}

fn reading(tree: ServiceTree, rest: &[Vec<String>], policy: SecretsPolicy) -> Reading {
    let (shape, certainty, evidence) = (tree.shape, tree.certainty, tree.evidence.clone());
    Reading { shape, certainty, evidence, observations: observe::observe(tree, rest, policy) }
}

/// True if somebody's settings of amazon-ec2-metadata-mock are in it.
fn is_aemm(document: &Value) -> bool {
    let has = |path: &str| document.pointer(path).is_some();
    let trees = ["metadata", "dynamic", "userdata"];
    let tree = trees.iter().any(|tree| has(&format!("/{tree}/values")) || has(&format!("/{tree}/paths")));
    let settings = [
        "asg-termination-delay-sec",
        "asg-termination-trigger-time",
        "imdsv2",
        "mock-delay-sec",
        "mock-ip-count",
        "mock-trigger-time",
        "rebalance-delay-sec",
        "rebalance-trigger-time",
        "save-config-to-file",
        "watch-config-file",
    ];
    let setting = settings.iter().any(|name| document.get(name).is_some());
    let server = has("/server/port") || has("/server/hostname");
    let other = ["ds", "meta-data", "latest", "instance-id"].iter().any(|name| document.get(name).is_some());
    (tree || setting || server || has("/spot/action") || has("/events/code")) && !other
}

impl ServiceTree {
    /// Of two documents in one file.
    fn joined(mut self, other: Self) -> Self {
        self.certainty = self.certainty.min(other.certainty);
        self.evidence = format!("{}, and {}", self.evidence, other.evidence);
        // What one of them is complete in, the other does not make incomplete.
        self.knowledge = if self.knowledge == service_tree::Knowledge::Selection {
            other.knowledge
        } else {
            self.knowledge
        };
        self.version = self.version.or(other.version);
        self.parts.extend(other.parts);
        self.members.extend(other.members);
        self.used.extend(other.used);
        self.absent.extend(other.absent);
        self.left_out.extend(other.left_out);
        self.notes.extend(other.notes);
        self.interface_order.extend(other.interface_order);
        self
    }
}
