//! The forms of the page: each does what the command beside it does.

use std::path::Path;

use serde_json::Value;

use crate::view::Page;

/// What a form is given where a value is needed, or where its own default would do nothing.
const GIVEN: &[(&str, &str, &str)] = &[
    ("set", "path", "meta-data/public-ipv4"),
    ("set", "value", "192.0.2.77"),
    ("attach", "private-ipv4", "172.16.34.50"),
    ("interface", "interface", "0e:49:61:0f:c3:11"),
    ("interface", "value", "172.16.34.60"),
    ("profile", "role", "ci-role"),
    ("ecs-container", "name", "app"),
    ("ecs-container", "how", "stopped"),
    ("ecs-container", "exit-code", "1"),
    ("pod-identity", "role", "other-role"),
    ("clear", "what", "ecs"),
    ("fault", "name", "from-the-page"),
    ("fault", "path", "meta-data/nothing"),
];

#[test]
fn each_form_does_what_its_command_does() {
    let Some(page) = Page::open() else { return };
    page.driver.shows("#spot-instance", "all");
    page.driver.run("document.querySelectorAll('#actions details').forEach((it) => { it.open = true; })");
    for (form, name, value) in GIVEN {
        let script = format!(
            "const it = document.getElementById('{form}-{name}'); it.value = '{value}'; \
             it.dispatchEvent(new Event('input', {{ bubbles: true }}))"
        );
        page.driver.run(&script);
    }
    let titles =
        page.driver.run("return [...document.querySelectorAll('#actions form')].map((it) => it.ariaLabel)");
    let titles: Vec<&str> = titles.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(titles.len() >= 20, "expected a form for each verb, found {titles:?}");
    // tests/browser/use_file.rs has the one that needs a file.
    for title in titles.into_iter().filter(|title| *title != "Use a file") {
        let of_form = |script: &str| {
            page.driver.run(&format!(
                "const form = document.querySelector(\"form[aria-label='{title}']\"); {script}"
            ))
        };
        let command = of_form("return form.querySelector('code').textContent");
        let command = command.as_str().expect("a command").to_owned();
        page.driver.run("document.getElementById('outcome').replaceChildren()");
        of_form("form.requestSubmit()");
        let told = page.driver.wait(
            &format!("an outcome of {title}"),
            "return document.querySelector('#outcome p')?.outerHTML",
        );
        let told = told.as_str().unwrap_or_default().to_owned();
        assert!(told.contains("class=\"good\""), "{title}: expected that it is accepted, found {told}");
        // The command beside it, as somebody pastes it into a shell, on a server as it was.
        assert_eq!(page.sandbox.control(&["clear"]).code, Some(0));
        let program = support::program().display().to_string();
        let line = command.replacen("mock-imds", &program, 1);
        let output = page.sandbox.prepared(Path::new("sh"), &["-c", &line]).output().expect("a shell");
        assert!(output.status.success(), "{command}: expected that it is accepted, found {output:?}");
    }
    page.is_silent();
}
