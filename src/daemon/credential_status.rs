//! The state of the credential source, for the status.

use crate::control::api::CredentialStatus;
use crate::imds::Fleet;
use crate::model::{CredentialSource, Credentials, Keys, Timestamp};

/// The source of the instance that clients usually meet; the others have none that is fetched. `None` if it has no profile.
pub(super) fn credential_status(fleet: &Fleet, now: Timestamp) -> Option<CredentialStatus> {
    let Credentials { role, source, .. } = fleet.scenario().usual_instance().credentials.as_ref()?;
    let (kind, place) = match source {
        CredentialSource::Generated => ("generated", None),
        CredentialSource::Static(_) => ("static", None),
        CredentialSource::File(path) => ("file", Some(path.display().to_string())),
        // Of its arguments one may be a secret.
        CredentialSource::Process { command, .. } => ("process", command.first().cloned()),
    };
    let fetched = if place.is_some() { fleet.fetched() } else { None };
    let fetched_keys = fetched.and_then(|fetched| fetched.keys.as_ref());
    let keys: Option<&Keys> = match source {
        CredentialSource::Static(keys) => Some(keys),
        _ => fetched_keys.map(|(keys, _)| keys),
    };
    let expires = keys.and_then(|keys| keys.expiration);
    let too_old = expires.filter(|at| *at <= now).map(|at| (at, "the keys have expired".to_owned()));
    let failure =
        fetched.and_then(|fetched| fetched.failure.clone()).map(|failure| (failure.at, failure.why));
    let (failed_at, failure) = failure.or(too_old).unzip();
    Some(CredentialStatus {
        role: role.to_string(),
        source: kind.to_owned(),
        place,
        fetched_at: fetched_keys.map(|(_, at)| *at),
        expires,
        failed_at,
        failure,
    })
}
