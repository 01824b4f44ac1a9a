//! What the status says of the credential source.

use std::time::Duration;

use super::fleets::{LOADED, fleet_at};
use crate::control::api::CredentialStatus;
use crate::daemon::credential_status::credential_status;
use crate::imds::FleetChange;
use crate::model::{
    CredentialSource, CredentialState, Credentials, FetchFailure, Fetched, Instance, Keys, Scenario, Secret,
    Timestamp,
};

fn keys(expiration: Option<Timestamp>) -> Keys {
    Keys {
        access_key_id: "ASIA".into(),
        secret_access_key: Secret::new("secret"),
        token: Secret::new("token"),
        expiration,
    }
}

/// At [`LOADED`].
fn status(credentials: Option<Credentials>, fetched: Option<Fetched>) -> Option<CredentialStatus> {
    let instance = Instance { credentials, ..Instance::default() };
    let mut fleet = fleet_at(Scenario { instance, ..Scenario::default() }, LOADED);
    if let Some(fetched) = fetched {
        fleet = fleet.apply(FleetChange::Fetched(fetched));
    }
    credential_status(&fleet, LOADED.into())
}

#[test]
fn the_status_has_place_times_and_failure_of_each_source() {
    let after = |seconds| Some(LOADED.plus(Duration::from_secs(seconds)));
    let before = LOADED.before(Duration::from_secs(5));
    let fixed = |expiration| CredentialSource::Static(keys(expiration));
    let file = || CredentialSource::File("/k".into());
    let process = || CredentialSource::Process {
        command: vec!["/bin/keys".into(), "hunter2".into()],
        timeout: Duration::from_secs(1),
    };
    let given = |expiration| Fetched { keys: Some((keys(expiration), before)), failure: None };
    let failed =
        || Fetched { keys: None, failure: Some(FetchFailure { at: before, why: "it is gone".into() }) };
    let expired = Some((Some(LOADED), "the keys have expired"));
    for (source, fetched, kind, place, fetched_at, expires, failure) in [
        (fixed(None), None, "static", None, None, None, None),
        (fixed(after(60)), None, "static", None, None, after(60), None),
        (fixed(after(0)), None, "static", None, None, after(0), expired),
        // What another source gave is none of its keys.
        (fixed(after(60)), Some(given(after(5))), "static", None, None, after(60), None),
        (file(), None, "file", Some("/k"), None, None, None),
        (file(), Some(given(after(5))), "file", Some("/k"), Some(before), after(5), None),
        (file(), Some(given(after(0))), "file", Some("/k"), Some(before), after(0), expired),
        (file(), Some(failed()), "file", Some("/k"), None, None, Some((Some(before), "it is gone"))),
        (process(), Some(given(None)), "process", Some("/bin/keys"), Some(before), None, None),
    ] {
        let what = format!("{source:?} with {fetched:?}");
        let credentials = Credentials { source, ..Credentials::default() };
        let found = status(Some(credentials), fetched).expect("there is a profile");
        let (failed_at, failure) = failure.unzip();
        assert_eq!((found.source.as_str(), found.place.as_deref()), (kind, place), "{what}");
        assert_eq!((found.fetched_at, found.expires), (fetched_at, expires), "{what}");
        assert_eq!((found.failed_at, found.failure.as_deref()), (failed_at.flatten(), failure), "{what}");
        assert_eq!(found.state, None, "{what}");
    }
    let credentials = Credentials { state: CredentialState::Expired, ..Credentials::default() };
    let found = status(Some(credentials), None).expect("there is a profile");
    assert_eq!((found.source.as_str(), found.state.as_deref()), ("generated", Some("expired")));
    assert!(found.expires > after(0), "{found:?}");
    assert_eq!(status(None, None), None);
}
