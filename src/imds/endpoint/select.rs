//! Which service a request is for.

use super::context::EndpointRequest;
use crate::model::{Instance, Service};

/// Whether a path could be one of the services for containers. Every request at an address that is none of EC2's asks
/// this, so it looks at one byte.
pub(crate) fn may_be_endpoint(path: &str) -> bool {
    matches!(path.as_bytes().get(1), Some(b'v' | b'a' | b'h' | b'r'))
}

/// The service of a request; `None`: the metadata service. By a path only what the scenario has a table of.
pub(crate) fn selected(request: &EndpointRequest<'_>, instance: &Instance) -> Option<Service> {
    let by_path = match request.addressed {
        Some(Service::Imds) => return None,
        Some(service) => return Some(service),
        None => of_path(request.head.path, request.head.query)?,
    };
    let (has_task, has_pod) = (instance.ecs.is_some(), instance.pod_identity.is_some());
    match by_path {
        ByPath::PodIdentity => has_pod.then_some(Service::PodIdentity),
        ByPath::Credentials if has_pod => Some(Service::PodIdentity),
        ByPath::Ecs | ByPath::Credentials => has_task.then_some(Service::Ecs),
    }
}

/// What a path tells.
enum ByPath {
    Ecs,
    PodIdentity,
    /// `/v1/credentials` without an id: the agent's, or the mistake of one who asks ECS.
    Credentials,
}

fn of_path(path: &str, query: Option<&str>) -> Option<ByPath> {
    let has_id = || query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("id=")));
    match path {
        "/v1/credentials" if has_id() => Some(ByPath::Ecs),
        "/v1/credentials" => Some(ByPath::Credentials),
        "/healthz" | "/readyz" => Some(ByPath::PodIdentity),
        _ => ["/v2/", "/v3/", "/v4/", "/api/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
            .then_some(ByPath::Ecs),
    }
}

/// The characters of a credential id that are shown.
const SHOWN: usize = 6;

/// A path as records show it: whoever knows a credential id gets the credentials.
pub(crate) fn credential_path_shortened(path: &str) -> String {
    const PREFIX: &str = "/v2/credentials/";
    let Some(id) = path.strip_prefix(PREFIX) else { return path.to_owned() };
    match id.char_indices().nth(SHOWN) {
        // In ASCII, as the journal has paths.
        Some((end, _)) => format!("{PREFIX}{}...", &id[..end]),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_credential_id_six_characters_are_recorded() {
        for (path, expected) in [
            ("/v2/credentials/01234567-89ab", "/v2/credentials/012345..."),
            ("/v2/credentials/012345", "/v2/credentials/012345"),
            ("/v2/credentials/", "/v2/credentials/"),
            ("/v4/0123456789", "/v4/0123456789"),
        ] {
            assert_eq!(credential_path_shortened(path), expected, "{path}");
        }
    }

    #[test]
    fn one_byte_rules_out_the_paths_of_the_metadata_service() {
        for path in ["/latest/meta-data/", "/2021-07-15/user-data", "/", "/1.0/"] {
            assert!(!may_be_endpoint(path), "{path}");
        }
        for path in ["/v1/credentials", "/v2/x", "/v3/x", "/v4/x", "/api/x", "/healthz", "/readyz"] {
            assert!(may_be_endpoint(path) && of_path(path, None).is_some(), "{path}");
        }
    }
}
