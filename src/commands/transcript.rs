//! What `record` and `import dump` have in common: the scenario, and what is said of it.

use std::sync::Arc;

use super::{output, warn};
use crate::cli::{Output, Secrets};
use crate::daemon::clock::now;
use crate::exit::{Failure, Status};
use crate::identity::KeyRing;
use crate::transcribe::{Error, Keep, Seen, Transcript, transcribe};

/// Which secrets were asked for.
pub fn keep(secrets: &Secrets) -> Keep {
    Keep { credentials: secrets.with_credentials, user_data: secrets.with_user_data }
}

/// Writes the scenario, and says on stderr what is not in it.
pub fn write(seen: Seen, origin: &str, to: &Output) -> Result<(), Failure> {
    let paths = seen.count();
    // Nothing that they sign leaves: a scenario has no signature.
    let keys = Arc::new(KeyRing::generate([0; 32]));
    let transcript = transcribe(seen, origin, &keys, now()).map_err(|error| {
        let status = match error {
            Error::Nothing => Status::Unavailable,
            Error::TooLarge(_) => Status::Config,
            Error::Refused(_) => Status::Software,
        };
        Failure::new(status, error.to_string())
    })?;
    output::write(to, &transcript.text, transcript.credentials || transcript.user_data)?;
    for note in &transcript.notes {
        warn(&format!("not as it was: {note}"));
    }
    if transcript.credentials {
        warn(
            "warning: the scenario holds real credentials; keep it to yourself, and remove it when they are not needed",
        );
    }
    warn(&summary(paths, &transcript, to));
    Ok(())
}

fn summary(paths: usize, transcript: &Transcript, to: &Output) -> String {
    let said = format!(
        "{paths} paths: {} facts, and the last word on {} paths",
        transcript.facts, transcript.last_words
    );
    match &to.file {
        None => said,
        Some(file) => format!("{said}\nwrote {0}; serve it: mock-imds serve --scenario {0}", file.display()),
    }
}
