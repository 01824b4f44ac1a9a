//! The reply of an endpoint of containers that a client would get, without the effects of its request.
//!
//! A path is `ecs/…` or `pod-identity/…`. In it the name of a container stands for its id, and the name of the task role for
//! the id of its credentials: those are long, and the second one is a secret where keys are real. Directories list what is
//! answered.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Version};

use super::endpoint::{EndpointMemory, EndpointRequest, ReadOnlyMemory};
use super::request::ReadOnlyCounters;
use super::{
    Fleet, Reply, RequestHead, RequestHeaders, TokenAuthority, Visit, answer_endpoint, ecs, pod_identity,
};
use crate::model::{ClockReading, Instance, Service};

/// The endpoint of a path as people say it, and the rest; `None`: it is one of the metadata service.
pub(crate) fn endpoint_of(path: &str) -> Option<(Service, &str)> {
    [Service::Ecs, Service::PodIdentity].into_iter().find_map(|service| {
        let rest = path.strip_prefix(service.name())?;
        if rest.is_empty() { Some((service, rest)) } else { Some((service, rest.strip_prefix('/')?)) }
    })
}

/// The reply of a service to a GET by this client now. Nothing changes by it.
pub(crate) fn show_endpoint(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    memory: &dyn EndpointMemory,
    (service, path): (Service, &str),
    now: ClockReading,
) -> Reply {
    let visit = &Visit { counters: &ReadOnlyCounters(visit.counters), ..*visit };
    let compiled = fleet.at(fleet.match_instance(visit.peer, visit.ingress), visit, &[], fleet.now(now));
    let instance = &compiled.instance;
    if path.is_empty() || path.ends_with('/') {
        let names = listing(&paths_of(service, instance), path);
        if !names.is_empty() {
            return text(StatusCode::OK, names.join("\n"));
        }
    }
    if service == Service::PodIdentity
        && let Some(account) = path.strip_prefix("associations/")
    {
        let role = pod_identity::associated_role(instance, account);
        return role
            .map_or_else(|| text(StatusCode::NOT_FOUND, String::new()), |arn| text(StatusCode::OK, arn));
    }
    let mut headers = HeaderMap::new();
    let path = match service {
        Service::PodIdentity => {
            let (path, token) = pod_identity::with_token(instance, path, authority, now.wall);
            headers.extend(HeaderValue::try_from(token).ok().map(|token| (AUTHORIZATION, token)));
            path.to_owned()
        }
        Service::Imds | Service::Ecs => ecs::with_ids(instance, path, authority),
    };
    let headers = &RequestHeaders::from(headers);
    let path = &format!("/{path}");
    let (method, version) = (&Method::GET, Version::HTTP_10);
    let request = EndpointRequest {
        head: RequestHead { method, path, query: None, headers, version, authority: None },
        body: &[],
        remote: SocketAddr::new(visit.peer, 0),
        addressed: Some(service),
        // As a client that names no host.
        by_own_address: false,
        memory: &ReadOnlyMemory(memory),
    };
    let reply = answer_endpoint(fleet, authority, visit, &request, now);
    reply.unwrap_or_else(|| text(StatusCode::NOT_FOUND, String::new()))
}

/// Every path that a service answers an instance's programs, with names in the place of ids.
fn paths_of(service: Service, instance: &Instance) -> Vec<String> {
    match service {
        Service::Imds => vec![],
        Service::Ecs => ecs::named_paths(instance),
        Service::PodIdentity => pod_identity::named_paths(instance),
    }
}

/// The names in a directory, as the metadata service lists them: those of directories end with a slash.
fn listing(paths: &[String], directory: &str) -> Vec<String> {
    let below = paths.iter().filter_map(|path| path.strip_prefix(directory));
    let name =
        |rest: &str| rest.split_once('/').map_or_else(|| rest.to_owned(), |(name, _)| format!("{name}/"));
    below.map(name).collect::<BTreeSet<_>>().into_iter().collect()
}

fn text(status: StatusCode, body: String) -> Reply {
    let headers = vec![(CONTENT_TYPE, HeaderValue::from_static("text/plain"))];
    Reply::new(Version::HTTP_11, status, headers, body.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_the_name_of_its_endpoint() {
        for (path, expected) in [
            ("ecs", Some((Service::Ecs, ""))),
            ("ecs/", Some((Service::Ecs, ""))),
            ("ecs/v4/app/task", Some((Service::Ecs, "v4/app/task"))),
            ("pod-identity/v1/credentials", Some((Service::PodIdentity, "v1/credentials"))),
            ("ecs-x", None),
            ("meta-data/", None),
            ("/ecs/", None),
            ("", None),
        ] {
            assert_eq!(endpoint_of(path), expected, "{path:?}");
        }
    }

    #[test]
    fn a_directory_lists_names_once() {
        let paths = ["v4/app", "v4/app/task", "v4/app/task/stats", "v3/app"].map(str::to_owned);
        assert_eq!(listing(&paths, ""), ["v3/", "v4/"]);
        assert_eq!(listing(&paths, "v4/"), ["app", "app/"]);
        assert_eq!(listing(&paths, "v4/app/"), ["task", "task/"]);
        assert!(listing(&paths, "v2/").is_empty());
    }
}
