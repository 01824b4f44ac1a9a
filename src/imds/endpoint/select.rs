//! Which service a request is for.

use http::Method;

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

/// Whether the reply to a request may depend on its body: those to the agent's API of Amazon ECS alone.
pub(crate) fn takes_body(addressed: Option<Service>, method: &Method, path: &str) -> bool {
    let has_api = matches!(addressed, None | Some(Service::Ecs));
    let sends = *method == Method::PUT || *method == Method::POST;
    has_api && sends && percent_encoding::percent_decode_str(path).take(API.len()).eq(API.bytes())
}

const API: &str = "/api/";

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
        _ => {
            ["/v2/", "/v3/", "/v4/", API].iter().any(|prefix| path.starts_with(prefix)).then_some(ByPath::Ecs)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_of_the_agent_takes_bodies() {
        let (ecs, pods, imds) = (Some(Service::Ecs), Some(Service::PodIdentity), Some(Service::Imds));
        for (addressed, method, path, expected) in [
            (ecs, Method::PUT, "/api/x/task-protection/v1/state", true),
            (ecs, Method::POST, "/%61pi/x/fault/v1/network-latency/start", true),
            (None, Method::PUT, "/api/x/task-protection/v1/state", true),
            (ecs, Method::GET, "/api/x/task-protection/v1/state", false),
            (ecs, Method::POST, "/v2/credentials/x", false),
            (ecs, Method::POST, "/api", false),
            (pods, Method::PUT, "/api/x", false),
            (pods, Method::POST, "/v1/credentials", false),
            (imds, Method::PUT, "/api/x", false),
            (None, Method::PUT, "/latest/api/token", false),
        ] {
            assert_eq!(takes_body(addressed, &method, path), expected, "{method} {path} at {addressed:?}");
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
