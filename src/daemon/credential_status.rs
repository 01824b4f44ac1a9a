//! The state of the credential source, for the status.

use crate::control::api::CredentialStatus;
use crate::imds::Fleet;
use crate::model::{CredentialSource, Credentials, Fetched};

/// The source of the `[instance]` itself; the others have none that can fail. `None` if it has no profile.
pub(super) fn credential_status(fleet: &Fleet) -> Option<CredentialStatus> {
    let Credentials { role, source, .. } = fleet.scenario().instance.credentials.as_ref()?;
    let (kind, place) = match source {
        CredentialSource::Generated => ("generated", None),
        CredentialSource::Static(_) => ("static", None),
        CredentialSource::File(path) => ("file", Some(path.display().to_string())),
        // Of its arguments one may be a secret.
        CredentialSource::Process { command, .. } => ("process", command.first().cloned()),
    };
    let fetched = match source {
        CredentialSource::File(_) | CredentialSource::Process { .. } => fleet.fetched(),
        CredentialSource::Generated | CredentialSource::Static(_) => None,
    };
    let keys = fetched.and_then(|Fetched { keys, .. }| keys.as_ref());
    let failure = fetched.and_then(|Fetched { failure, .. }| failure.as_ref());
    Some(CredentialStatus {
        role: role.to_string(),
        source: kind.to_owned(),
        place,
        fetched_at: keys.map(|(_, at)| *at),
        expires: keys.and_then(|(keys, _)| keys.expiration),
        failed_at: failure.map(|failure| failure.at),
        failure: failure.map(|failure| failure.why.clone()),
    })
}
