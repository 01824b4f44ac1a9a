//! `mock-imds init`: a commented scenario.toml or host.toml to start from, never over a file that is there. What options
//! or answers say of the instance is in it.

mod facts;
mod questions;

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use super::output;
use super::print::print_line;
use crate::cli::InitArgs;
use crate::exit::Failure;
use crate::paths::SYSTEM_CONFIGURATION;
use facts::StarterFacts;

const SCENARIO: &str = include_str!("../../../packaging/etc/scenario.toml");
const HOST: &str = include_str!("../../../packaging/etc/host.toml");

pub(crate) fn exec(init: &InitArgs) -> Result<(), Failure> {
    let file = file(init.path.as_deref(), if init.host { "host.toml" } else { "scenario.toml" });
    let text = if init.host { HOST.to_owned() } else { scenario(init, &file)? };
    output::create(&file, &text)?;
    print_line(&format!("{}: written", file.display()));
    print_line(&next(&file, init.host));
    Ok(())
}

/// The starter with what the options say, else with answers, where somebody is there to give them.
fn scenario(init: &InitArgs, file: &Path) -> Result<String, Failure> {
    let mut facts = StarterFacts::of_options(init)?;
    let is_asked = facts.is_empty() && !init.yes && io::stdin().is_terminal() && io::stdout().is_terminal();
    if is_asked {
        // Nobody answers for nothing.
        output::check_new(file)?;
        facts = questions::ask(file)?;
    }
    Ok(facts.written_into(SCENARIO))
}

fn file(path: Option<&Path>, name: &str) -> PathBuf {
    match path {
        Some(path) if !path.is_dir() => path.to_owned(),
        directory => directory.unwrap_or(Path::new(SYSTEM_CONFIGURATION)).join(name),
    }
}

/// What to do after an edit.
fn next(file: &Path, host: bool) -> String {
    let shown = file.display();
    // The units read no other file.
    let name = if host { "host.toml" } else { "scenario.toml" };
    let installed = file == Path::new(SYSTEM_CONFIGURATION).join(name);
    match (host, installed) {
        (true, true) => "edit it, then run: systemctl reload mock-imds-net".to_owned(),
        (true, false) => format!("edit it, then run: mock-imds net up --config {shown}"),
        (false, true) => "edit it, then run: systemctl reload mock-imds".to_owned(),
        (false, false) => format!("edit it, then run: mock-imds serve --scenario {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceText;
    use crate::host::settings::HostSettings;
    use crate::model::Scenario;
    use crate::scenario;

    /// Each line with `key = value`, or with `[table]`, without its `#`.
    fn uncommented(text: &str) -> String {
        let shown = |line: &str| {
            let bare =
                line.strip_prefix('#').filter(|bare| !bare.starts_with([' ', ':']) && !bare.is_empty());
            bare.unwrap_or(line).to_owned() + "\n"
        };
        text.lines().map(shown).collect()
    }

    #[test]
    fn the_starter_files_are_the_defaults_and_what_they_show_is_valid() {
        let scenario = |text: &str| -> (Scenario, usize) {
            let source = SourceText::new("scenario.toml", text);
            let (scenario, warnings) = scenario::read(&source, Path::new("/")).expect("it is valid");
            (scenario, warnings.problems.len())
        };
        assert_eq!(scenario(SCENARIO), scenario(""), "as it is, scenario.toml is the built-in instance");
        let (shown, warnings) = scenario(&uncommented(SCENARIO));
        assert_ne!(shown, scenario("").0, "its examples change something");
        assert_eq!(warnings, 0, "its examples are without warnings");

        let host = |text: &str| HostSettings::parse(&SourceText::new("host.toml", text)).expect("valid").0;
        assert_eq!(host(HOST), HostSettings::default());
        assert!(host(&uncommented(HOST)).allow_takeover, "its examples can be used");
    }

    #[test]
    fn the_next_step_is_a_reload_only_for_the_files_of_the_units() {
        for (file, host, expected) in [
            ("/etc/mock-imds/scenario.toml", false, "systemctl reload mock-imds"),
            ("/etc/mock-imds/host.toml", true, "systemctl reload mock-imds-net"),
            ("/etc/mock-imds/other.toml", false, "mock-imds serve --scenario /etc/mock-imds/other.toml"),
            ("/etc/mock-imds/host.toml", false, "mock-imds serve --scenario /etc/mock-imds/host.toml"),
            ("/etc/mock-imds/other.toml", true, "mock-imds net up --config /etc/mock-imds/other.toml"),
        ] {
            assert_eq!(next(Path::new(file), host), format!("edit it, then run: {expected}"), "{file}");
        }
    }

    #[test]
    fn a_path_is_a_file_or_a_directory() {
        for (path, expected) in [
            (None, "/etc/mock-imds/scenario.toml"),
            (Some("/tmp"), "/tmp/scenario.toml"),
            (Some("mine.toml"), "mine.toml"),
        ] {
            assert_eq!(file(path.map(Path::new), "scenario.toml"), Path::new(expected));
        }
    }
}
