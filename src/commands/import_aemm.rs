//! `mock-imds import aemm FILE`: a scenario that serves what amazon-ec2-metadata-mock served with this file.

use crate::aemm::{self, Compiled, Config, Mode, Placeholders, Settings};
use crate::cli::{ImportAemm, ImportMode};
use crate::commands::{output, warn};
use crate::exit::{Failure, Status};

/// Settings of the process, for which a scenario has no word, and where they are said instead.
const OF_THE_PROCESS: &[(&str, &str)] = &[
    ("server.hostname", "use `mock-imds serve --listen ADDR:PORT`"),
    ("server.port", "use `mock-imds serve --listen ADDR:PORT`"),
    ("config-file", "use `mock-imds serve --scenario FILE`"),
    ("save-config-to-file", "`mock-imds status` shows what is served"),
    ("watch-config-file", "`mock-imds reload` loads a changed scenario"),
];

/// Runs the subcommand.
pub fn exec(import: &ImportAemm) -> Result<(), Failure> {
    output::ready(&import.output)?;
    let wrong = |why: String| Failure::new(Status::Config, format!("{}: {why}", import.file.display()));
    let said = super::aemm::read(&import.file).map_err(wrong)?;
    for note in left_out(&said) {
        warn(&format!("{}: {note}", import.file.display()));
    }
    let settings = Settings::defaults().with_file(said);
    let mut config: Config = aemm::decode(&settings, mode(import.mode)).map_err(wrong)?;
    let problems = aemm::validate::problems(&config);
    if !problems.is_empty() {
        return Err(wrong(problems.join("\n")));
    }
    aemm::user_data(&config).map_err(wrong)?;
    Placeholders::of(&config.metadata).fill(&mut config.metadata);
    let Compiled { toml, not_carried } = aemm::compile(&config);
    for what in not_carried {
        warn(&format!("{}: {what}", import.file.display()));
    }
    output::write(&import.output, &toml, is_secret(&config))
}

fn mode(said: ImportMode) -> Mode {
    match said {
        ImportMode::All => Mode::All,
        ImportMode::Spot => Mode::Spot,
        ImportMode::Events => Mode::Events,
        ImportMode::AsgLifecycle => Mode::AsgLifecycle,
    }
}

/// Whether something is said that the defaults do not say to everybody: user data or credentials.
fn is_secret(config: &Config) -> bool {
    const CREDENTIALS: &str = "iam-security-credentials";
    let usual = Config::default();
    config.userdata.values != usual.userdata.values
        || config.metadata.values.get(CREDENTIALS) != usual.metadata.values.get(CREDENTIALS)
}

/// What the file says and the scenario does not.
fn left_out(said: &serde_json::Map<String, serde_json::Value>) -> Vec<String> {
    let known = aemm::leaves();
    let names = aemm::names(said);
    let note = |name: &Vec<String>| {
        let dotted = name.join(".");
        if let Some((_, instead)) = OF_THE_PROCESS.iter().find(|(key, _)| *key == dotted) {
            return Some(format!("{dotted} is no part of a scenario; {instead}"));
        }
        let means = known.iter().any(|leaf| leaf == name || leaf.starts_with(name));
        (!means).then(|| format!("{dotted} means nothing to amazon-ec2-metadata-mock, and is left out"))
    };
    names.iter().filter_map(note).collect()
}
