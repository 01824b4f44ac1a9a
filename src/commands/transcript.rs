//! What `record` and `import dump` have in common: the scenario, and what is said of it.

use std::sync::Arc;

use super::{output, warn};
use crate::cli::{OutputArgs, SecretsArgs};
use crate::clock::now;
use crate::exit::{ExitStatus, Failure};
use crate::identity::KeyRing;
use crate::transcribe::{Observations, SecretsPolicy, TranscribeError, Transcript, transcribe};

/// Where the answers come from.
pub(crate) struct TranscriptSource {
    /// The first line of the scenario.
    pub line: String,
    /// "FILE cannot be imported".
    pub subject: String,
    /// What it has to be.
    pub accepted: &'static str,
    /// How it ends if nothing answers there.
    pub silent: ExitStatus,
}

impl TranscriptSource {
    /// Why there is no scenario, and what to do.
    fn refused(&self, error: &TranscribeError) -> Failure {
        let (status, cure) = match error {
            TranscribeError::Nothing => (self.silent, format!("; accepted: {}", self.accepted)),
            TranscribeError::TooLarge(_) => {
                (ExitStatus::Config, "; leave out user data and other long values".into())
            }
            TranscribeError::Refused(_) => (ExitStatus::Software, String::new()),
        };
        Failure::new(status, format!("{}: {error}{cure}", self.subject))
    }
}

/// Which secrets were asked for.
pub(crate) fn keep(secrets: &SecretsArgs) -> SecretsPolicy {
    SecretsPolicy { credentials: secrets.with_credentials, user_data: secrets.with_user_data }
}

/// Writes the scenario, and says on stderr what is not in it.
pub(crate) fn write(seen: Observations, origin: &TranscriptSource, to: &OutputArgs) -> Result<(), Failure> {
    let paths = seen.count();
    // Nothing that they sign leaves: a scenario has no signature.
    let keys = Arc::new(KeyRing::generate([0; 32]));
    let transcript = transcribe(seen, &origin.line, &keys, now()).map_err(|error| origin.refused(&error))?;
    output::write(to, &transcript.text, transcript.credentials || transcript.user_data)?;
    for note in &transcript.notes {
        warn(&format!("not reproduced: {note}"));
    }
    if transcript.credentials {
        warn(
            "warning: the scenario contains real credentials: do not share it, and delete it when you no longer need it",
        );
    }
    warn(&summary(paths, &transcript, to));
    Ok(())
}

fn summary(paths: usize, transcript: &Transcript, to: &OutputArgs) -> String {
    let said = format!(
        "{paths} paths: {} facts, and overrides of {} paths",
        transcript.facts, transcript.last_words
    );
    match &to.file {
        None => said,
        Some(file) => format!("{said}\nwrote {0}; serve it: mock-imds serve --scenario {0}", file.display()),
    }
}
