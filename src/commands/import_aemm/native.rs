//! What a file says, as facts of an EC2 instance.

use std::path::Path;

use serde_json::{Map, Value};

use crate::aemm::{self, AemmConfig, AemmMode, FileAnswers, NoticeSet};
use crate::cli::OutputArgs;
use crate::clock::now;
use crate::commands::print::warn;
use crate::commands::transcript::{self, TranscriptSource};
use crate::exit::{ExitStatus, Failure};
use crate::model::HttpTokens;
use crate::transcribe::{RoleAnswer, SecretsPolicy, shapes};

/// What no file decides.
const DIFFERS: &str = "headers, listings and errors are EC2's, and what the file does not say is that of the built-in instance, not \
     amazon-ec2-metadata-mock's samples; --exact keeps both";

/// Writes the scenario. `mode` is the command that was named; without one the notices are those that the file mentions.
pub(super) fn write(
    path: &Path,
    file: &Map<String, Value>,
    config: &AemmConfig,
    mode: Option<AemmMode>,
    with_credentials: bool,
    to: &OutputArgs,
) -> Result<(), Failure> {
    let FileAnswers { values, credentials, user_data, absent, mut notes } =
        aemm::answers_of_file(file, config);
    let policy = SecretsPolicy { credentials: with_credentials, user_data: true };
    let tokens = file.contains_key("imdsv2").then_some(if config.imdsv2 {
        HttpTokens::Required
    } else {
        HttpTokens::Optional
    });
    let credentials =
        credentials.map(|(path, answer, are_examples)| RoleAnswer { path, answer, are_examples });
    let mut observations = shapes::selection(values, credentials, policy);
    observations.traits.http_tokens = tokens;
    if let Some(bytes) = user_data {
        observations.add_user_data(bytes);
    }
    for path in absent {
        observations.add_absent(&path);
    }
    let notices = mode.map_or_else(|| aemm::mentioned(file), NoticeSet::of_mode);
    let events = aemm::events(config, notices, Some(now()), &mut notes);
    if notices == NoticeSet::default() {
        notes.push("notices: the file mentions none; the original has all of them from the start, and --mode all writes them".into());
    }
    notes.push(DIFFERS.to_owned());
    for note in notes {
        observations.add_note(note);
    }
    warn(&format!("{} is read as a configuration of amazon-ec2-metadata-mock", path.display()));
    let origin = TranscriptSource {
        line: format!("Written by `mock-imds import aemm` from {}.", path.display()),
        subject: format!("{} cannot be imported", path.display()),
        accepted: "a configuration file of amazon-ec2-metadata-mock",
        silent: ExitStatus::Config,
    };
    transcript::write_with(observations, &events, &origin, to)
}
