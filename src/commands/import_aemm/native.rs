//! What a file says, as facts of an EC2 instance.

use std::path::Path;

use serde_json::{Map, Value};

use crate::aemm::{self, AemmConfig, AemmMode, NoticeSet, SaidAnswers};
use crate::cli::OutputArgs;
use crate::commands::output;
use crate::commands::print::warn;
use crate::commands::transcript::transcript_of;
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
    let SaidAnswers { values, credentials, user_data, absent, mut notes } = aemm::said(file, config);
    let has_user_data = user_data.is_some();
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
    let events = aemm::events(config, notices, &mut notes);
    if notices == NoticeSet::default() {
        notes.push("notices: the file mentions none; the original has all of them from the start, and --mode all writes them".into());
    }
    notes.push(DIFFERS.to_owned());
    for note in notes {
        observations.add_note(note);
    }
    let origin = format!("Written by `mock-imds import aemm` from {}.", path.display());
    let refused = |why: String| {
        Failure::new(ExitStatus::Config, format!("{} cannot be imported: {why}", path.display()))
    };
    let transcript = transcript_of(observations, &origin).map_err(|error| refused(error.to_string()))?;
    output::write(to, &(transcript.text + &events), has_user_data || transcript.has_credentials)?;
    for note in &transcript.notes {
        warn(&format!("{}: not as it was: {note}", path.display()));
    }
    Ok(())
}
