//! The state of the credential source, for the status.

use super::in_force::present;
use crate::control::api::CredentialStatus;
use crate::imds::{Fleet, generated_expiration};
use crate::model::{ClockReading, CredentialSource, CredentialState, Credentials, Keys, StringEnum as _};

/// The source of the instance that clients usually meet; the others have none that is fetched. `None` if it has no profile.
pub(super) fn credential_status(fleet: &Fleet, reading: ClockReading) -> Option<CredentialStatus> {
    let scenario = fleet.scenario();
    let name = scenario.index_of_node().map(|index| scenario.named_instances[index].name.as_str());
    let instance = present(fleet, name, scenario.usual_instance(), fleet.now(reading));
    let credentials = instance.credentials.as_ref()?;
    let (Credentials { role, source, state, .. }, now) = (credentials, reading.wall);
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
    let expires = match source {
        CredentialSource::Generated => {
            Some(generated_expiration(credentials, instance.signals.rotated_at, now))
        }
        _ => keys.and_then(|keys| keys.expiration),
    };
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
        state: (*state != CredentialState::Ok).then(|| state.as_str().to_owned()),
        failed_at,
        failure,
    })
}
