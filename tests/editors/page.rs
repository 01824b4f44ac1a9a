//! `docs/editors.md`: its commands print what it says, and its snippets are what they claim to be.

use std::path::Path;

use support::page::{Besides, Page};
use support::{Sandbox, finish, program};

const PAGE: &str = "docs/editors.md";

#[test]
fn the_page_about_editors_is_true() {
    let page = Page::read(PAGE);
    let sandbox = Sandbox::new();
    let mut languages = vec![];
    for block in page.blocks() {
        languages.push(block.language);
        match block.language {
            "toml" => {
                let file = sandbox.write("scenario.toml", block.text);
                sandbox.run(&["check", "--strict", file.to_str().expect("UTF-8")]).ended(0, &[]);
            }
            "json" => {
                let settings: serde_json::Value =
                    serde_json::from_str(block.text).expect("the settings are JSON");
                assert_eq!(
                    settings["evenBetterToml.schema.associations"].as_object().map(serde_json::Map::len),
                    Some(2)
                );
            }
            _ => {}
        }
    }
    for language in ["toml", "json", "yaml", "lua", "console"] {
        assert!(languages.contains(&language), "{PAGE} has no block of {language}: {languages:?}");
    }
    let hooks =
        std::fs::read_to_string(support::sources().join(".pre-commit-hooks.yaml")).expect("it is there");
    assert!(
        hooks.contains("- id: mock-imds-check\n") && hooks.contains("entry: mock-imds check --strict\n"),
        "{hooks}"
    );
    // The page names a file in it.
    std::fs::create_dir(sandbox.path(".vscode")).expect("the sandbox is writable");
    let path = std::env::var("PATH").unwrap_or_default();
    let bin = program().parent().expect("a directory").display().to_string();
    let mut command = sandbox.prepared(Path::new("bash"), &["-c", &page.script()]);
    let found = finish(command.current_dir(sandbox.directory()).env("PATH", format!("{bin}:{path}")));
    if let Err(difference) = page.judge(&found.stdout, Besides::Nothing) {
        panic!("{difference}\n{}", found.stderr);
    }
}
