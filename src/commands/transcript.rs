//! Transcribes answers for `record` and `import`: writes the scenario and prints remarks on it.

use std::sync::Arc;
use std::time::Duration;

use super::output;
use super::print::warn;
use super::progress::while_working;
use crate::cli::{OutputArgs, SecretsArgs};
use crate::clock::now;
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::identity::KeyRing;
use crate::transcribe::{Observations, SecretsPolicy, TranscribeError, Transcript, transcribe};

/// The time to make a scenario of answers.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// The source of the answers, in words.
pub(crate) struct TranscriptSource {
    /// The first line of the scenario.
    pub line: String,
    /// "FILE cannot be imported".
    pub subject: String,
    /// The kind of source that is needed.
    pub accepted: &'static str,
    /// The exit status if nothing answers.
    pub silent: ExitStatus,
}

impl TranscriptSource {
    fn failure(&self, error: &TranscribeError) -> Failure {
        let (status, cure) = match error {
            TranscribeError::Nothing => (self.silent, format!("; accepted: {}", self.accepted)),
            TranscribeError::TooLarge(_) => {
                (ExitStatus::Config, "; leave out user data and other long values".into())
            }
            TranscribeError::TooSlow(_) => (ExitStatus::Config, String::new()),
            TranscribeError::Rejected(_) => (ExitStatus::Software, String::new()),
        };
        Failure::new(status, format!("{}: {error}{cure}", self.subject))
    }
}

pub(crate) fn secrets_policy(secrets: &SecretsArgs) -> SecretsPolicy {
    SecretsPolicy { credentials: secrets.credentials.with_credentials, user_data: secrets.with_user_data }
}

/// Transcribes answers within [`TIME_LIMIT`]: nobody knows what a file of others makes of it.
fn transcript_of(observations: Observations, line: &str) -> Result<Transcript, TranscribeError> {
    // Nothing that they sign leaves: a scenario has no signature.
    let keys = Arc::new(KeyRing::generate([0; 32]));
    let (line, now) = (line.to_owned(), now());
    let work = move || transcribe(observations, &line, &keys, now);
    while_working(|| "writing the scenario".to_owned(), || transcribed_within(TIME_LIMIT, work))
}

fn transcribed_within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, TranscribeError> + Send + 'static,
) -> Result<T, TranscribeError> {
    files::within(limit, work).unwrap_or(Err(TranscribeError::TooSlow(limit)))
}

/// Writes the scenario, and prints to stderr what is not in it.
pub(crate) fn write(
    observations: Observations,
    origin: &TranscriptSource,
    to: &OutputArgs,
) -> Result<(), Failure> {
    write_with(observations, "", origin, to)
}

/// As [`write()`], with events below what the answers give.
pub(super) fn write_with(
    observations: Observations,
    events: &str,
    origin: &TranscriptSource,
    to: &OutputArgs,
) -> Result<(), Failure> {
    let paths = observations.value_count();
    let mut transcript = transcript_of(observations, &origin.line).map_err(|error| origin.failure(&error))?;
    transcript.text.push_str(events);
    output::write(to, &transcript.text, transcript.has_credentials || transcript.has_user_data)?;
    for note in &transcript.notes {
        warn(&format!("not reproduced: {note}"));
    }
    if transcript.has_credentials {
        warn(
            "warning: the scenario contains real credentials: do not share it, and delete it when you no longer need it",
        );
    }
    warn(&summary(paths, &transcript, to));
    Ok(())
}

fn summary(paths: usize, transcript: &Transcript, to: &OutputArgs) -> String {
    let of = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (facts, overrides) = (of(transcript.facts, "fact"), of(transcript.overrides, "path"));
    let counts = format!("{}: {facts}, and overrides of {overrides}", of(paths, "path"));
    match &to.file {
        None => counts,
        Some(file) => {
            format!("{counts}\nwrote {0}; serve it: mock-imds serve --scenario {0}", file.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_takes_too_long_is_given_up_with_a_sentence() {
        let (_keep, never) = mpsc::channel::<()>();
        let limit = Duration::from_millis(5);
        let found = transcribed_within(limit, move || Ok(never.recv().is_ok()));
        let error = found.expect_err("it never ends");
        let source = TranscriptSource {
            line: String::new(),
            subject: "dump cannot be imported".to_owned(),
            accepted: "files",
            silent: ExitStatus::Config,
        };
        let failure = source.failure(&error);
        assert_eq!(failure.status, ExitStatus::Config);
        assert!(
            failure.message.starts_with("dump cannot be imported: ") && failure.message.contains("5ms"),
            "{failure}"
        );
        assert_eq!(TIME_LIMIT, Duration::from_mins(1));
        assert_eq!(transcribed_within(TIME_LIMIT, || Ok(7)).expect("it ends"), 7);
    }
}
