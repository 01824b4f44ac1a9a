//! The list has the keys that the readers of files ask for, each with the forms in which they read it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Places, places, sources};
use crate::config::{DURATIONS, RequestedKeys, SourceText};
use crate::schema::form::{FileKey, Form, Literal, TextRule};
use crate::schema::keys::{HOST_FILE, SCENARIO};

/// The place of a key as the reader names it, with `*` for the names that users choose.
fn place(key: &str, places: &Places) -> String {
    let (mut place, mut rest) = (String::new(), key);
    while !rest.is_empty() {
        // What users choose may have dots in it; below it is only what the list has.
        let free = format!("{place}.*");
        if !place.is_empty() && places.contains_key(&free) {
            let inner = rest.match_indices('.').find_map(|(at, _)| {
                let name = rest[at + 1..].split(['.', '[']).next().unwrap_or_default();
                places.contains_key(&format!("{free}.{name}")).then_some(at)
            });
            let element = format!("{free}[]");
            let is_element = inner.is_none() && rest.ends_with(']') && places.contains_key(&element);
            place = if is_element { element } else { free };
            rest = inner.map_or("", |at| &rest[at + 1..]);
            continue;
        }
        let (name, after) = rest.split_once('.').unwrap_or((rest, ""));
        let name = name.split(['[', ']']).step_by(2).collect::<Vec<_>>().join("[]");
        place = if place.is_empty() { name } else { format!("{place}.{name}") };
        rest = after;
    }
    place
}

/// Whether the reader reads a value as the form says.
fn fits(form: Form, read: &str) -> bool {
    match form {
        Form::Text | Form::Pattern(_) | Form::Only(Literal::Word(_)) => read == "string",
        Form::Boolean | Form::Only(Literal::False) => read == "boolean",
        Form::Integer(least, most) => read == format!("a whole number from {least} to {most}"),
        Form::Only(Literal::Number(_)) => read.starts_with("a whole number"),
        Form::Number(least, most) => read == format!("a number from {least} to {most}"),
        Form::Fraction => read.starts_with("a number from 0 to 1"),
        Form::Parsed(TextRule { kind, .. }) => read.contains(kind()),
        Form::Choice(words) => {
            let words: Vec<String> = words().iter().map(|word| format!("\"{word}\"")).collect();
            read == words.join(", ")
        }
        Form::Duration => read == DURATIONS,
        Form::SignedDuration => read.starts_with("a duration such as \"5m\""),
        Form::Instant => read == crate::config::INSTANTS,
        Form::List(_) | Form::Tables(_) => read == "array",
        Form::Table(_) | Form::Map(_) => read == "table",
        Form::Defined(_) | Form::Any(_) => false,
    }
}

/// The differences between a list and what a reader asked for.
fn differences(keys: &'static [FileKey], requested: &RequestedKeys) -> Vec<String> {
    let places = places(keys);
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (key, readings) in requested {
        let place = place(key, &places);
        let Some(forms) = places.get(&place) else {
            found.insert(format!("the reader asks for {key} ({place}), which is not in the list"));
            continue;
        };
        seen.insert(place.clone());
        for read in readings {
            if !forms.iter().any(|form| fits(*form, read)) {
                found.insert(format!("the reader reads {place} as {read}, the list has {forms:?}"));
            }
        }
    }
    // Named instances have the keys of [instance], which the reader reads by the same functions.
    let unread = places.keys().filter(|place| !seen.contains(*place));
    let unread = unread.filter(|place| {
        place
            .strip_prefix("instances.*.")
            .is_none_or(|key| !places.contains_key(&format!("instance.{key}")) && !places.contains_key(key))
    });
    found.extend(unread.map(|place| format!("the list has {place}, for which no reader asks")));
    found.into_iter().collect()
}

/// All keys of `default.toml`, and of some that it has no room for.
fn scenario_with_every_key() -> String {
    let default =
        fs::read_to_string(sources().join("packaging/scenarios/default.toml")).expect("it is there");
    let is_key = |rest: &&str| rest.starts_with('[') || rest.contains(" = ") && !rest.starts_with([' ', '#']);
    let present = default.lines().map(|line| line.strip_prefix('#').filter(is_key).unwrap_or(line));
    present.collect::<Vec<_>>().join("\n")
}

/// Forms of values that exclude those of `default.toml`.
const OTHER_FORMS: &str = r#"
[instance]
user-data = { text = "x" }
ancestor-ami-ids = ["ami-11111111"]
billing-products = ["bp-1"]
product-codes = ["c"]
[[instance.network-interface]]
ipv6s = ["2001:db8::1"]
ipv4-prefixes = ["10.0.0.0/28"]
ipv6-prefixes = ["2001:db8::/80"]
subnet-ipv6-cidr-blocks = ["2001:db8::/64"]
vpc-ipv6-cidr-blocks = ["2001:db8::/56"]
[credentials]
source = "process"
command = ["/x"]
[ecs]
stats = { text = "{}" }
throttle = false
role = false
[ecs.credentials]
source = "process"
command = ["/x"]
[http]
allowed-hosts = ["x"]
[metadata]
"meta-data/a" = { file = "a" }
"meta-data/b" = { base64 = "YQ==", content-type = "text/plain", headers = { X = ["1", "2"] } }
[http.paths]
"/x" = { text = "x", headers = { X = ["1", "2"] } }
[[event]]
rebalance-recommendation = { moving = true }
facts = { user-data = false }
clear = "all"
[[event]]
set = { "meta-data/c" = { text = "x", headers = { ETag = "1", X = ["1", "2"] } } }
facts = { user-data = { base64 = "YQ==" } }
[[event]]
facts = { user-data = { file = "x" } }
[[event]]
facts = { user-data = { text = "x" } }
[[event]]
stop-start = { user-data = { text = "x" } }
[[event]]
stop-start = { user-data = { file = "x" } }
[[event]]
stop-start = { user-data = { base64 = "YQ==" } }
[[event]]
stop-start = { user-data = false }
instance-profile = "none"
propagation = "1s"
agent = "restart"
task-protection = "denied"
[[fault]]
latency = "1s"
headers = { X = ["1", "2"] }
throttle = { per-second = 1, then = "drop" }
"#;

const OF_THE_OTHER_PROFILE: &str = r#"
[http]
profile = "aemm"
[metadata]
"meta-data/a" = { moved-from = "meta-data/spot/instance-action" }
[[event]]
first-n-clients = 0
set = { "meta-data/c" = { moved-from = "meta-data/spot/instance-action" } }
"#;

/// Every delay in one of the forms of a table.
fn delays(form: &str) -> String {
    let kinds = ["attach", "detach", "assign", "unassign", "modify", "instance-profile"];
    let kinds = kinds.map(|kind| format!("{kind} = {{ listed = {form} }}\n")).concat();
    let wholes = ["tags", "metadata-options", "facts"];
    let wholes = wholes.map(|whole| format!("{whole} = {form}\n")).concat();
    let leaves = "detach-interface = { interface = \"0e:49:61:0f:c3:12\" }";
    format!("[propagation]\n{wholes}{kinds}[[event]]\n{leaves}\npropagation = {{ listed = {form} }}\n")
}

#[test]
fn the_list_has_the_keys_that_the_scenarios_reader_asks_for() {
    let mut requested = RequestedKeys::new();
    let delays = [
        delays("{ after = \"1s\", meanwhile = \"x\" }"),
        delays("{ min = \"1s\", max = \"2s\", meanwhile = \"x\" }"),
    ];
    let [after, range] = delays.each_ref().map(String::as_str);
    for text in [&*scenario_with_every_key(), OTHER_FORMS, OF_THE_OTHER_PROFILE, after, range] {
        for (key, readings) in crate::scenario::keys(&SourceText::new("s.toml", text), Path::new("")) {
            requested.entry(key).or_default().extend(readings);
        }
    }
    let found = differences(SCENARIO, &requested);
    assert!(found.is_empty(), "src/schema/keys and src/scenario differ:\n{}", found.join("\n"));
}

#[test]
fn the_list_has_the_keys_that_the_reader_of_host_toml_asks_for() {
    let text = "[host]\nredirect = \"none\"\nipv6 = true\nallow-takeover = true\nbridges = [\"br-*\"]\nendpoints = [\"ecs\"]\n";
    let requested = crate::host::settings::keys(&SourceText::new("host.toml", text));
    let found = differences(HOST_FILE, &requested);
    assert!(found.is_empty(), "src/schema/keys and src/host/settings differ:\n{}", found.join("\n"));
}

/// A key that the list knows and the reader does not, and the other way round, are found.
#[test]
fn a_difference_would_be_found() {
    let mut requested = RequestedKeys::new();
    requested.insert("host".into(), ["table".to_owned()].into());
    requested.insert("host.colour".into(), BTreeSet::new());
    requested.insert("host.ipv6".into(), ["string".to_owned()].into());
    let found = differences(HOST_FILE, &requested).join("\n");
    for expected in [
        "the reader asks for host.colour (host.colour), which is not in the list",
        "the reader reads host.ipv6 as string, the list has [Boolean]",
        "the list has host.bridges, for which no reader asks",
    ] {
        assert!(found.contains(expected), "expected {expected}, found:\n{found}");
    }
}
