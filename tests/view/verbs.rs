//! The page has a form for each verb of the command line that changes a server.

use std::fs;

use support::sources;

/// What the page does elsewhere, by the name of its file.
const ELSEWHERE: [(&str, &str); 1] = [("clock", "timeline.js")];

#[test]
fn every_verb_has_a_form() {
    let page = sources().join("src/view/page");
    let read = |name: &str| fs::read_to_string(page.join(name)).expect("it is there");
    let (program, verbs) = (mock_imds::command_line(), read("verbs.js"));
    // The verbs are what is ordered, by one of the ways of an order.
    let orders = program.get_subcommands().filter(|command| {
        let has = |name: &str, id: &str| {
            command.get_name() == name || command.get_arguments().any(|argument| argument.get_id() == id)
        };
        has("interface", "first_n_clients")
            || ["fault", "clock", "use", "reload"].contains(&command.get_name())
    });
    let names: Vec<&str> = orders.map(clap::Command::get_name).collect();
    assert!(names.len() >= 14, "expected all verbs, found {names:?}");
    for name in names {
        let file = ELSEWHERE.iter().find(|(verb, _)| *verb == name).map(|(_, file)| read(file));
        let text = file.as_ref().unwrap_or(&verbs);
        let quoted = format!("'{name}'");
        assert!(text.contains(&quoted), "expected {quoted} in a form of src/view/page, found none");
    }
}
