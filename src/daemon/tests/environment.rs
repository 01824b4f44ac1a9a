//! The environment of programs, by the instance that they are of.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fleets::{fleet, service};
use crate::control::{EnvironmentError, EnvironmentQuery};
use crate::daemon::environment::environment;
use crate::daemon::pod_tokens::PodTokens;
use crate::model::{ListenEndpoint, Service};

/// How many variables lead to the server, for this instance.
fn count(scenario: &str, endpoint: Service, instance: Option<&str>) -> Result<usize, EnvironmentError> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("mock-imds-environment-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).expect("writable");
    let service = service(fleet(scenario));
    let tokens = Arc::new(PodTokens::new(Arc::clone(&service), Some(&directory.join("s")), false));
    let address: SocketAddr = "127.0.0.1:1338".parse().expect("an address");
    let environment = environment(service, vec![ListenEndpoint { address, only: None }], Arc::clone(&tokens));
    let query = EnvironmentQuery { endpoint, instance: instance.map(str::to_owned), container: None };
    let listing = environment(&query);
    tokens.remove();
    fs::remove_dir_all(directory).expect("ours");
    let variables = listing?.variables;
    Ok(variables.iter().filter(|setting| setting.value.starts_with("http://127.0.0.1:1338/")).count())
}

#[test]
fn a_table_leads_to_an_endpoint_for_its_own_instance_alone() {
    let scenario = "[instances.web]\nclients = [\"10.0.0.1\"]\necs = {}\npod-identity = {}\n\
                    [instances.bare]\nclients = [\"10.0.0.2\"]\n";
    for endpoint in [Service::Ecs, Service::PodIdentity] {
        let found = count(scenario, endpoint, Some("web"));
        assert!(matches!(found, Ok(1..)), "{}: {found:?}", endpoint.name());
        for instance in [None, Some("bare")] {
            let found = count(scenario, endpoint, instance);
            let is_right = match &found {
                Err(EnvironmentError::Unavailable(text)) => text.contains("add the table"),
                _ => false,
            };
            assert!(is_right, "{} of {instance:?}: {found:?}", endpoint.name());
        }
    }
}

#[test]
fn unless_an_instance_is_named_it_is_the_one_that_this_host_meets() {
    let scenario = "[instances.own]\nclients = [\"host\"]\necs = {}\npod-identity = {}\n";
    for endpoint in [Service::Ecs, Service::PodIdentity] {
        let found = count(scenario, endpoint, None);
        assert!(matches!(found, Ok(1..)), "{}: {found:?}", endpoint.name());
    }
}
