//! `mock-imds interface`, `profile` and `stop-start`: each sends an event, in the words of `[[event]]`.

use serde_json::{Map, Value, json as object};

use super::change;
use crate::cli::{
    AddressArgs, AttachArgs, InterfaceArgs, InterfaceCommand, ModifyArgs, ProfileArgs, PropagationArgs,
    StopStartArgs,
};
use crate::exit::{ExitStatus, Failure};

pub(crate) fn exec(args: &InterfaceArgs) -> Result<(), Failure> {
    match &args.change {
        InterfaceCommand::Attach(args) => {
            change::exec(&args.timing, late(object!({ "attach-interface": attach(args) }), &args.propagation))
        }
        InterfaceCommand::Detach(args) => {
            let words = object!({ "detach-interface": { "interface": args.interface.to_string() } });
            change::exec(&args.timing, late(words, &args.propagation))
        }
        InterfaceCommand::Assign(args) => {
            let words = named(&args.interface, addresses(&args.addresses));
            change::exec(&args.timing, late(object!({ "assign": words }), &args.propagation))
        }
        InterfaceCommand::Unassign(args) => {
            let words = named(&args.interface, addresses(&args.addresses));
            change::exec(&args.timing, late(object!({ "unassign": words }), &args.propagation))
        }
        InterfaceCommand::Modify(args) => change::exec(
            &args.timing,
            late(object!({ "modify-interface": modify(args)? }), &args.propagation),
        ),
        InterfaceCommand::Hide(args) => {
            let span = args.span.as_ref().map(|span| ("for".to_owned(), object!(span)));
            let words = named(&args.interface, span.into_iter().collect());
            change::exec(&args.timing, object!({ "hide-interface": words }))
        }
        InterfaceCommand::Settle(args) => change::exec(&args.timing, object!({ "settle": "network" })),
    }
}

pub(crate) fn profile(args: &ProfileArgs) -> Result<(), Failure> {
    let is_none = args.role.as_str() == "none";
    let words = if is_none && !args.in_profile {
        object!({ "instance-profile": "none" })
    } else {
        let mut words = Map::from_iter([("role".to_owned(), object!(args.role.as_str()))]);
        words.extend(args.name.as_ref().map(|name| ("name".to_owned(), object!(name))));
        words.extend(args.in_profile.then(|| ("change".to_owned(), object!("role-in-profile"))));
        object!({ "instance-profile": words })
    };
    change::exec(&args.timing, late(words, &args.propagation))
}

pub(crate) fn stop_start(args: &StopStartArgs) -> Result<(), Failure> {
    let mut words = Map::from_iter([("down".to_owned(), object!(args.down))]);
    words
        .extend(args.instance_type.as_ref().map(|kind| ("instance-type".to_owned(), object!(kind.as_str()))));
    if let Some(file) = &args.user_data {
        words.insert("user-data".to_owned(), change::file_value(file)?);
    }
    words.extend(list("public-ipv4s", &args.public_ipv4s));
    change::exec(&args.timing, object!({ "stop-start": words }))
}

/// The words with the delay of the event.
fn late(mut words: Value, args: &PropagationArgs) -> Value {
    if let (Some(words), Some(text)) = (words.as_object_mut(), &args.propagation) {
        let parts = text.split(',').filter_map(|part| part.split_once('='));
        let parts: Map<String, Value> =
            parts.map(|(leaf, delay)| (leaf.trim().to_owned(), object!(delay.trim()))).collect();
        let value = if parts.is_empty() { object!(text) } else { Value::Object(parts) };
        words.insert("propagation".to_owned(), value);
    }
    words
}

fn named(interface: &impl ToString, mut words: Map<String, Value>) -> Map<String, Value> {
    words.insert("interface".to_owned(), object!(interface.to_string()));
    words
}

fn list<T: ToString>(key: &str, values: &[T]) -> Option<(String, Value)> {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| (key.to_owned(), object!(texts)))
}

fn addresses(args: &AddressArgs) -> Map<String, Value> {
    let lists = [
        list("private-ipv4s", &args.private_ipv4s),
        list("public-ipv4s", &args.public_ipv4s),
        list("ipv6s", &args.ipv6s),
        list("ipv4-prefixes", &args.ipv4_prefixes),
        list("ipv6-prefixes", &args.ipv6_prefixes),
    ];
    lists.into_iter().flatten().collect()
}

fn attach(args: &AttachArgs) -> Map<String, Value> {
    let mut words = addresses(&args.addresses);
    if args.efa_only {
        words.insert("private-ipv4s".to_owned(), object!([]));
    }
    let texts = [
        ("mac", args.mac.as_ref().map(ToString::to_string)),
        ("interface-id", args.interface_id.clone()),
        ("subnet-id", args.subnet_id.clone()),
        ("subnet-ipv4-cidr-block", args.subnet_ipv4_cidr_block.map(|block| block.to_string())),
    ];
    for (key, text) in texts {
        words.extend(text.map(|text| (key.to_owned(), object!(text))));
    }
    for (key, number) in [("device-number", args.device_number), ("network-card", args.network_card)] {
        words.extend(number.map(|number| (key.to_owned(), object!(number))));
    }
    words.extend(list("security-groups", &args.security_groups));
    words
}

fn modify(args: &ModifyArgs) -> Result<Map<String, Value>, Failure> {
    if args.security_groups.is_empty() && args.security_group_ids.is_empty() {
        let found = "nothing is modified; give --security-group, --security-group-id, or both";
        return Err(Failure::new(ExitStatus::Usage, found));
    }
    let mut words = named(&args.interface, Map::new());
    words.extend(list("security-groups", &args.security_groups));
    words.extend(list("security-group-ids", &args.security_group_ids));
    Ok(words)
}
