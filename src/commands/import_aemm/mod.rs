//! `mock-imds import aemm FILE`: a scenario that says what a configuration file of amazon-ec2-metadata-mock says, or, with
//! `--exact`, one that answers as the original does.

mod native;

use std::path::Path;

use super::output;
use super::print::warn;
use crate::aemm::{self, AemmConfig, AemmMode, AemmSettings, CompiledConfig, Placeholders};
use crate::cli::{AemmFileArgs, ImportAemmArgs, ImportMode, OutputArgs};
use crate::exit::{ExitStatus, Failure};
use crate::transcribe::SecretsPolicy;
use crate::transcribe::shapes;

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
    convert(&import.file, &import.aemm, import.secrets.with_credentials, &import.output)
}

pub(super) fn convert(
    path: &Path,
    how: &AemmFileArgs,
    with_credentials: bool,
    to: &OutputArgs,
) -> Result<(), Failure> {
    let wrong = |why: String| Failure::new(ExitStatus::Config, format!("{}: {why}", path.display()));
    let file = super::aemm::read(path).map_err(wrong)?;
    if let Some(shape) = other_shape(&file) {
        let found = format!("it is {shape}; `mock-imds import dump {}` reads it", path.display());
        return Err(wrong(found));
    }
    let ignored = ignored_keys(&file);
    for note in ignored.iter().take(MAX_NOTES) {
        warn(&format!("{}: {note}", path.display()));
    }
    if ignored.len() > MAX_NOTES {
        let more = ignored.len() - MAX_NOTES;
        warn(&format!("{}: {more} more keys are left out", path.display()));
    }
    let settings = AemmSettings::defaults().with_file(file.clone());
    let mode = mode(how.mode.unwrap_or(ImportMode::All));
    let mut config: AemmConfig = aemm::decode(&settings, mode).map_err(wrong)?;
    let problems = aemm::validate::problems(&config);
    if !problems.is_empty() {
        return Err(wrong(problems.join("\n")));
    }
    aemm::user_data(&config).map_err(|why| {
        wrong(format!("userdata.values.userdata: {why}; accepted: base64, as `base64 FILE` prints it"))
    })?;
    Placeholders::of(&config.metadata).fill(&mut config.metadata);
    if !how.exact {
        return native::write(path, &file, &config, how.mode.map(|_| mode), with_credentials, to);
    }
    if !with_credentials && aemm::replace_live_keys(&mut config) {
        warn(&format!(
            "{}: the keys of the role may be real: examples are in their place; --with-credentials takes them along",
            path.display()
        ));
    }
    let CompiledConfig { toml, not_carried } = aemm::compile(&config);
    for what in not_carried {
        warn(&format!("{}: {what}", path.display()));
    }
    output::write(to, &toml, is_secret(&config))
}

fn mode(mode: ImportMode) -> AemmMode {
    match mode {
        ImportMode::All => AemmMode::All,
        ImportMode::Spot => AemmMode::Spot,
        ImportMode::Events => AemmMode::Events,
        ImportMode::AsgLifecycle => AemmMode::AsgLifecycle,
    }
}

/// What a file is that has none of the original's settings, and something else that can be imported.
fn other_shape(file: &serde_json::Map<String, serde_json::Value>) -> Option<String> {
    let known = aemm::leaves();
    let names = aemm::names(file);
    let means = |name: &Vec<String>| known.iter().any(|leaf| leaf == name || leaf.starts_with(name));
    if names.iter().any(means) {
        return None;
    }
    // Its keys have lost their capitals, and with them some shapes their names.
    match shapes::read_json(vec![serde_json::Value::Object(file.clone())], SecretsPolicy::default()) {
        Ok(reading) => Some(reading.shape.to_owned()),
        Err(_) => None,
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
