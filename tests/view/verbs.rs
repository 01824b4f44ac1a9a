//! The page has a form for each verb of the command line that changes a server.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::sources;

/// Keys of an event without a command, and those that only a timeline in a file has.
const WITHOUT_A_FORM: [&str; 11] = [
    "after-poll",
    "at",
    "facts",
    "first-n-clients",
    "instance-action",
    "life-cycle",
    "managed-ssh-key",
    "metadata-options",
    "repeat",
    "tags",
    "until",
];

/// What the page does elsewhere, by the name of its file.
const ELSEWHERE: [(&str, &str); 1] = [("clock", "timeline.js")];

#[test]
fn every_verb_has_a_form() {
    let page = sources().join("src/view/page");
    let read = |name: &str| fs::read_to_string(page.join(name)).expect("it is there");
    let (program, verbs) = (mock_imds::command_line(), read("verbs.js"));
    // The verbs are what is ordered, by one of the ways of an order.
    let orders = program.get_subcommands().filter(|command| {
        gives_an_event(command) || ["fault", "clock", "use", "reload"].contains(&command.get_name())
    });
    let names: Vec<&str> = orders.map(clap::Command::get_name).collect();
    assert!(names.len() >= 16, "expected all verbs, found {names:?}");
    for name in names {
        let file = ELSEWHERE.iter().find(|(verb, _)| *verb == name).map(|(_, file)| read(file));
        let text = file.as_ref().unwrap_or(&verbs);
        let quoted = format!("'{name}'");
        assert!(text.contains(&quoted), "expected {quoted} in a form of src/view/page, found none");
    }
}

/// It, or one of its subcommands.
fn gives_an_event(command: &clap::Command) -> bool {
    command.get_arguments().any(|argument| argument.get_id() == "first_n_clients")
        || command.get_subcommands().any(gives_an_event)
}

/// The forms, but for the kinds that are cleared: those are named as keys are.
fn forms() -> String {
    let verbs = fs::read_to_string(sources().join("src/view/page/verbs.js")).expect("it is there");
    let (before, rest) = verbs.split_once("const KINDS = [").expect("the kinds to clear");
    let (_, after) = rest.split_once("];").expect("their end");
    format!("{before}{after}")
}

/// Keys whose name a form computes: they are somewhere, as words.
const COMPUTED: [&str; 5] = ["assign", "client", "instance", "modify-interface", "unassign"];

/// As `key:` or as `'key':`.
fn has_key(forms: &str, key: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    forms.contains(&format!("'{key}':"))
        || (COMPUTED.contains(&key) && forms.contains(&format!("'{key}'")))
        || forms
            .match_indices(&format!("{key}:"))
            .any(|(at, _)| !at.checked_sub(1).is_some_and(|before| is_word(&forms.as_bytes()[before])))
}

fn event_schema() -> Value {
    let schema = fs::read(sources().join("packaging/schema/scenario.schema.json")).expect("it is there");
    let schema: Value = serde_json::from_slice(&schema).expect("it is JSON");
    schema["properties"]["event"]["items"]["properties"].clone()
}

#[test]
fn every_key_of_an_event_is_in_a_form() {
    let (forms, schema) = (forms(), event_schema());
    let keys: BTreeSet<&str> = schema.as_object().expect("keys").keys().map(String::as_str).collect();
    let without: BTreeSet<&str> = keys.iter().copied().filter(|key| !has_key(&forms, key)).collect();
    assert_eq!(
        without,
        BTreeSet::from(WITHOUT_A_FORM),
        "keys of [[event]] that no form of src/view/page/verbs.js gives\nrerun: cargo test --test view every_key"
    );
}

#[test]
fn every_kind_of_change_can_be_cleared() {
    let verbs = fs::read_to_string(sources().join("src/view/page/verbs.js")).expect("it is there");
    let (_, rest) = verbs.split_once("const KINDS = [").expect("the kinds to clear");
    let (kinds, _) = rest.split_once("];").expect("their end");
    let found: BTreeSet<&str> = kinds.split('\'').skip(1).step_by(2).collect();
    let schema = event_schema();
    let mut words = vec![];
    collect_words(&schema["clear"], &mut words);
    // That one is an order of its own.
    let expected: BTreeSet<&str> = words.into_iter().filter(|word| *word != "all").collect();
    assert_eq!(found, expected, "what the page clears, and what `clear` of an event takes");
}

/// All words of an enumeration, wherever it is.
fn collect_words<'a>(schema: &'a Value, words: &mut Vec<&'a str>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(found)) = members.get("enum") {
                words.extend(found.iter().filter_map(Value::as_str));
            }
            members.values().for_each(|member| collect_words(member, words));
        }
        Value::Array(members) => members.iter().for_each(|member| collect_words(member, words)),
        _ => {}
    }
}
