//! `mock-imds import aemm FILE`: a scenario that serves what amazon-ec2-metadata-mock served with this file.

use super::output;
use super::print::warn;
use crate::aemm::{self, AemmConfig, AemmMode, AemmSettings, CompiledConfig, Placeholders};
use crate::cli::{ImportAemmArgs, ImportMode};
use crate::exit::{ExitStatus, Failure};

/// Notes about a file that are printed.
const MAX_NOTES: usize = 100;

/// Settings of the process, which a scenario does not have, and what to use instead.
const OF_THE_PROCESS: &[(&str, &str)] = &[
    ("server.hostname", "use `mock-imds serve --listen ADDR:PORT`"),
    ("server.port", "use `mock-imds serve --listen ADDR:PORT`"),
    ("config-file", "use `mock-imds serve --scenario FILE`"),
    ("save-config-to-file", "`mock-imds status` shows what is served"),
    ("watch-config-file", "`mock-imds reload` loads a changed scenario"),
];

pub(crate) fn exec(import: &ImportAemmArgs) -> Result<(), Failure> {
    output::check_writable(&import.output)?;
    let wrong = |why: String| Failure::new(ExitStatus::Config, format!("{}: {why}", import.file.display()));
    let file = super::aemm::read(&import.file).map_err(wrong)?;
    let ignored = ignored_keys(&file);
    for note in ignored.iter().take(MAX_NOTES) {
        warn(&format!("{}: {note}", import.file.display()));
    }
    if ignored.len() > MAX_NOTES {
        let more = ignored.len() - MAX_NOTES;
        warn(&format!("{}: {more} more keys are left out", import.file.display()));
    }
    let settings = AemmSettings::defaults().with_file(file);
    let mut config: AemmConfig = aemm::decode(&settings, mode(import.mode)).map_err(wrong)?;
    let problems = aemm::validate::problems(&config);
    if !problems.is_empty() {
        return Err(wrong(problems.join("\n")));
    }
    aemm::user_data(&config).map_err(wrong)?;
    Placeholders::of(&config.metadata).fill(&mut config.metadata);
    let CompiledConfig { toml, not_carried } = aemm::compile(&config);
    for what in not_carried {
        warn(&format!("{}: {what}", import.file.display()));
    }
    output::write(&import.output, &toml, is_secret(&config))
}

fn mode(mode: ImportMode) -> AemmMode {
    match mode {
        ImportMode::All => AemmMode::All,
        ImportMode::Spot => AemmMode::Spot,
        ImportMode::Events => AemmMode::Events,
        ImportMode::AsgLifecycle => AemmMode::AsgLifecycle,
    }
}

/// True if the file has user data or credentials of its own: those of the defaults are public.
fn is_secret(config: &AemmConfig) -> bool {
    const CREDENTIALS: &str = "iam-security-credentials";
    let defaults = AemmConfig::default();
    config.userdata.values != defaults.userdata.values
        || config.metadata.values.get(CREDENTIALS) != defaults.metadata.values.get(CREDENTIALS)
}

/// A warning for each key of the file that the scenario does not have.
fn ignored_keys(file: &serde_json::Map<String, serde_json::Value>) -> Vec<String> {
    let known = aemm::leaves();
    let names = aemm::names(file);
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
