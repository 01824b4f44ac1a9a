//! The list of keys in the manual's page, in roff.

use std::fmt::Write as _;

use super::form::FileKey;
use super::form::Form;
use super::keys::{
    NAMED_INSTANCE, SCENARIO, container_events, ecs, event, fault, instance, interface, pod_identity,
    propagation, service,
};

/// A part of the manual's list of keys: a table, or a paragraph with the keys that follow it.
#[derive(Debug)]
struct ManualPart {
    /// The table as its heading in the file; empty for a paragraph.
    heading: &'static str,
    /// Of a paragraph; a table's is that of its key.
    about: &'static str,
    keys: &'static [FileKey],
}

/// The manual's list of keys, in its order.
const MANUAL: &[ManualPart] = &[
    part("[instance]", instance::INSTANCE),
    part("[instance.tags]", &[]),
    part("[instance.block-device-mapping]", &[]),
    part("[instance.elastic-inference]", &[]),
    part("[instance.elastic-gpus]", &[]),
    part("[instance.managed-ssh-keys]", instance::MANAGED_SSH_KEYS),
    part("[instance.placement]", instance::PLACEMENT),
    part("[[instance.network-interface]]", interface::NETWORK_INTERFACE),
    part("[metadata-options]", service::METADATA_OPTIONS),
    part("[credentials]", service::CREDENTIALS),
    part("[propagation]", propagation::PROPAGATION),
    part("[ecs]", ecs::ECS),
    part("[ecs.tags]", &[]),
    part("[[ecs.container]]", ecs::CONTAINER),
    part("[ecs.credentials]", &[]),
    part("[ecs.metadata]", &[]),
    part("[pod-identity]", pod_identity::POD_IDENTITY),
    part("[pod-identity.associations]", &[]),
    part("[http]", service::HTTP),
    ManualPart { heading: "", about: "Undocumented behaviour can be chosen:", keys: service::HTTP_CHOICES },
    part("[http.paths]", &[]),
    part("[metadata]", &[]),
    part("[instances.NAME]", NAMED_INSTANCE),
    part("[[event]]", event::EVENT),
    ManualPart {
        heading: "",
        about: "Changes at the endpoints of containers:",
        keys: container_events::CONTAINER_EVENTS,
    },
    part("[[fault]]", fault::FAULT),
    ManualPart {
        heading: "",
        about: "A request that waits, or gets no answer, takes no connection away from others. Beyond 4,096 such requests at a time, further ones are closed without a response.",
        keys: &[],
    },
];

const fn part(heading: &'static str, keys: &'static [FileKey]) -> ManualPart {
    ManualPart { heading, about: "", keys }
}

/// Everything below the heading KEYS.
pub(super) fn keys() -> String {
    let mut page = "A key without a default is absent, or follows from others.\n".to_owned();
    for part in MANUAL {
        let ManualPart { heading, about, keys } = part;
        if heading.is_empty() {
            page += ".PP\n";
            paragraph(&mut page, about);
        } else {
            writeln!(page, ".SS {}", escaped(heading)).expect("a string takes everything");
            paragraph(&mut page, table(heading).about);
        }
        for key in *keys {
            page += ".TP\n";
            let name = escaped(key.name);
            if key.default.is_empty() {
                writeln!(page, ".B {name}").expect("a string takes everything");
            } else {
                let default = escaped(key.default).replace('"', "\\(dq");
                writeln!(page, ".BR {name} \" = {default}\"").expect("a string takes everything");
            }
            paragraph(&mut page, key.about);
        }
    }
    page
}

/// The key of a table: `[instance.tags]`.
fn table(heading: &str) -> &'static FileKey {
    let mut keys: Vec<&'static FileKey> = SCENARIO.iter().collect();
    let mut found = None;
    for name in heading.trim_matches(['[', ']']).split('.').filter(|name| *name != "NAME") {
        let key = keys.into_iter().find(|key| key.name == name);
        let key = key.unwrap_or_else(|| panic!("{heading} is no table of the list"));
        found = Some(key);
        keys = match key.form {
            Form::Table(groups) | Form::Tables(groups) => groups.iter().copied().flatten().collect(),
            _ => vec![],
        };
    }
    found.expect("a heading has a name")
}

/// A line for each sentence. What is between backquotes is italic if it is a path or a table, else bold.
fn paragraph(page: &mut String, text: &str) {
    let mut parts = text.split('`');
    let mut line = escaped(parts.next().unwrap_or_default());
    while let (Some(name), Some(after)) = (parts.next(), parts.next()) {
        let font = if name.contains(['/', '[', '.']) { 'I' } else { 'B' };
        write!(line, "\\f{font}{}\\fR{}", escaped(name), escaped(after)).expect("a string takes everything");
    }
    // Three dots end no sentence.
    for sentence in line.replace(". ", ".\n").replace("...\n", "... ").lines() {
        let guard = if sentence.starts_with(['.', '\'']) { "\\&" } else { "" };
        writeln!(page, "{guard}{sentence}").expect("a string takes everything");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
