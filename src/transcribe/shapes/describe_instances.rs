//! What `aws ec2 describe-instances` prints, whole or of a query: one instance of it.

use std::str::FromStr;

use serde_json::Value;

use super::describe_lists;
use super::described_twice;
use super::input::{JsonInput, Part};
use super::instance_list;
use super::reading::Certainty;
use super::service_tree::{Knowledge, ServiceTree};
use crate::transcribe::known_paths::{DOCUMENT, KEYS};
use crate::transcribe::observations::clip;

/// Members that are answers as they are.
const AS_THEY_ARE: [(&[&str], &str); 18] = [
    (&["InstanceId"], "meta-data/instance-id"),
    (&["ImageId"], "meta-data/ami-id"),
    (&["InstanceType"], "meta-data/instance-type"),
    (&["AmiLaunchIndex"], "meta-data/ami-launch-index"),
    (&["Placement", "AvailabilityZone"], "meta-data/placement/availability-zone"),
    (&["Placement", "AvailabilityZoneId"], "meta-data/placement/availability-zone-id"),
    (&["Placement", "GroupName"], "meta-data/placement/group-name"),
    (&["Placement", "PartitionNumber"], "meta-data/placement/partition-number"),
    (&["Placement", "HostId"], "meta-data/placement/host-id"),
    (&["PrivateDnsName"], "meta-data/local-hostname"),
    (&["PublicDnsName"], "meta-data/public-hostname"),
    (&["KernelId"], "meta-data/kernel-id"),
    (&["RamdiskId"], "meta-data/ramdisk-id"),
    (&["InstanceLifecycle"], "meta-data/instance-life-cycle"),
    (&["HibernationOptions", "Configured"], "meta-data/hibernation/configured"),
    (&["PrivateIpAddress"], "meta-data/local-ipv4"),
    (&["PublicIpAddress"], "meta-data/public-ipv4"),
    (&["Monitoring", "State"], "dynamic/fws/instance-monitoring"),
];
/// The member of the identity document that has the time of the launch.
const LAUNCH: &str = "pendingTime";
/// Members of JSON.
const MEMBERS: [(&[&str], &str, &str); 4] = [
    (&["Architecture"], DOCUMENT, "architecture"),
    (&["LaunchTime"], DOCUMENT, LAUNCH),
    (&["IamInstanceProfile", "Arn"], "meta-data/iam/info", "InstanceProfileArn"),
    (&["IamInstanceProfile", "Id"], "meta-data/iam/info", "InstanceProfileId"),
];

pub(super) fn read(input: &mut JsonInput) -> Option<ServiceTree> {
    let listed = input.get(&[]).map(instance_list::of)?;
    let wanted = input.wanted_instance();
    let chosen = listed.iter().find(|found| wanted.is_none_or(|wanted| found.id == wanted))?;
    let at: Vec<&str> = chosen.at.iter().map(String::as_str).collect();
    let at = at.as_slice();
    let others = listed.iter().filter(|found| *found != chosen).map(|found| found.id.as_str());
    let others = (listed.len() > 1).then(|| instance_list::names(others));
    let evidence = if at.is_empty() { "its key InstanceId" } else { "its list of instances" };
    let shape = "the output of aws ec2 describe-instances";
    let mut tree = ServiceTree::new(shape, Certainty::Certain, evidence, Knowledge::Selection);
    tree.rest = if others.is_some() {
        "not in the metadata, said otherwise elsewhere, or of another instance"
    } else {
        "not in the metadata, or said otherwise elsewhere"
    };
    tree.notes.extend(others.map(|others| {
        format!(
            "the other instances, {others}: a scenario is of {}; --instance ID takes another one",
            chosen.id
        )
    }));
    profile(input, at, &mut tree);
    // Before the address of the instance, which is one of those of the interface.
    describe_lists::interfaces(input, at, &mut tree);
    for (path, to) in AS_THEY_ARE {
        let path = [at, path].concat();
        if said(input, &path) {
            tree.add(to, input.take(&path));
        } else if input.text(&path) == Some("") || input.get(&path).is_some_and(Value::is_null) {
            let at = input.take(&path).map(|part| part.at);
            tree.absent.extend(at.map(|at| (at, to.to_owned())));
        }
    }
    omitted(input, at, &mut tree);
    key_and_state(input, at, &mut tree);
    for (path, of, member) in MEMBERS {
        let path = [at, path].concat();
        if said(input, &path) {
            let mut part = input.take(&path);
            if member == LAUNCH {
                part = part.map(|part| Part { value: in_utc(part.value), ..part });
            }
            tree.add_member(of, member, part);
        }
    }
    reservation(input, at, &mut tree);
    options(input, at, &mut tree);
    describe_lists::tags_and_groups(input, at, &mut tree);
    described_twice::take(input, at, &mut tree);
    Some(tree)
}

/// Takes the instance profile, or that there is no role. The API has an empty profile where there is none.
fn profile(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let profile = [at, &["IamInstanceProfile"]].concat();
    let is_said = |member: &'static str| said(input, &[&profile[..], &[member]].concat());
    tree.lacks_role = !(is_said("Arn") || is_said("Id"));
    if tree.lacks_role && input.get(&profile).is_some_and(is_blank) {
        tree.add_absent("meta-data/iam/info", input.take(&profile));
    }
}

fn is_blank(value: &Value) -> bool {
    let members = value.as_object();
    value.is_null() || value == "" || members.is_some_and(|members| members.values().all(is_blank))
}

/// The name of a key, and a state in which no service answers.
fn key_and_state(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let key = [at, &["KeyName"]].concat();
    match input.text(&key).map(clip) {
        Some(name) if name.is_empty() => tree.add_absent(KEYS, input.take(&key)),
        Some(name) => {
            let reason = format!("the public key {name}: the API has its name only, not the key");
            tree.leave_out(input.take(&key), &reason);
        }
        None => {}
    }
    let state = [at, &["State"]].concat();
    let name = input.text(&[&state[..], &["Name"]].concat()).unwrap_or_default();
    if let "shutting-down" | "terminated" | "stopping" | "stopped" = name {
        let reason = format!("the state {name}: the instance of a scenario answers as one that runs");
        tree.leave_out(input.take(&state), &reason);
    }
}

/// Members that the command leaves out of an instance that has none. A query may leave out any.
fn omitted(input: &JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let of = |name| [at, &[name]].concat();
    let is_whole =
        ["NetworkInterfaces", "State", "Placement"].iter().all(|name| input.get(&of(name)).is_some());
    for (name, path) in [("PublicIpAddress", "meta-data/public-ipv4"), ("KeyName", KEYS)] {
        if is_whole && input.get(&of(name)).is_none() && !tree.parts.iter().any(|(to, _)| to == path) {
            tree.absent.push((input.name_of(&of(name)), path.to_owned()));
        }
    }
}

/// A time as the identity document has it: the command has an offset, the API fractions.
fn in_utc(time: Value) -> Value {
    let instant = time.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let whole = instant.and_then(|instant| jiff::Timestamp::from_second(instant.as_second()).ok());
    whole.map_or(time, |whole| Value::from(whole.to_string()))
}

/// False for what is empty: the command prints that for what is not there.
fn said(input: &JsonInput, path: &[&str]) -> bool {
    // Monitoring may be on its way, which the metadata does not show.
    input.has(path) && !matches!(input.text(path), Some("" | "pending" | "disabling"))
}

/// The reservation around the instance.
fn reservation(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    let around = if at.len() >= 3 { &at[..at.len() - 2] } else { &[] };
    let own = |name| [around, &[name]].concat();
    if input.has(&own("ReservationId")) {
        tree.add("meta-data/reservation-id", input.take(&own("ReservationId")));
    }
    if input.has(&own("OwnerId")) {
        tree.add_member(DOCUMENT, "accountId", input.take(&own("OwnerId")));
    }
}

fn options(input: &mut JsonInput, at: &[&str], tree: &mut ServiceTree) {
    tree.options.http_tokens = option(input, at, "HttpTokens", tree);
    tree.options.http_endpoint = option(input, at, "HttpEndpoint", tree);
    tree.options.metadata_tags = option(input, at, "InstanceMetadataTags", tree);
    let path = [at, &["MetadataOptions", "HttpPutResponseHopLimit"]].concat();
    let limit = input.get(&path).and_then(Value::as_u64).and_then(|limit| u8::try_from(limit).ok());
    if let Some(limit) = limit.filter(|limit| (1..=64).contains(limit)) {
        tree.options.hop_limit = Some(limit);
        tree.use_as("metadata-options", input.take(&path));
    }
}

fn option<T: FromStr>(input: &mut JsonInput, at: &[&str], name: &str, tree: &mut ServiceTree) -> Option<T> {
    let path = [at, &["MetadataOptions", name]].concat();
    let value = input.text(&path)?.parse().ok()?;
    tree.use_as("metadata-options", input.take(&path));
    Some(value)
}
