//! What programs are to be started with, so that they find an endpoint of this server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::pod_tokens::PodTokens;
use crate::control::api::{EnvironmentListing, EnvironmentSetting, TokenFile};
use crate::control::{EnvironmentError, EnvironmentQuery};
use crate::imds::{ContainerChoice, EndpointReach, Ingress};
use crate::model::{ListenEndpoint, Service};
use crate::server::ServiceState;

type Listed = Result<EnvironmentListing, EnvironmentError>;

/// Answers queries of a server that listens at these addresses.
pub(super) fn environment(
    service: Arc<ServiceState>,
    listeners: Vec<ListenEndpoint>,
    tokens: Arc<PodTokens>,
) -> impl Fn(&EnvironmentQuery) -> Listed + Send + Sync {
    move |asked| {
        let query = &EnvironmentQuery { instance: instance_of(&service, asked), ..asked.clone() };
        let (variables, token_file) = match query.endpoint {
            Service::Imds => (imds(&service, query, &listeners)?, None),
            Service::Ecs => (ecs(&service, query, &listeners)?, None),
            Service::PodIdentity => {
                let (variables, file) = pod_identity(&service, query, &listeners, &tokens)?;
                (variables, Some(file))
            }
        };
        let variables = variables
            .into_iter()
            .map(|(name, value)| EnvironmentSetting { name: name.to_owned(), value })
            .collect();
        Ok(EnvironmentListing { endpoint: query.endpoint.name().to_owned(), variables, token_file })
    }
}

/// The instance that is asked for: unless it is named, the one that processes of this host meet.
fn instance_of(service: &ServiceState, query: &EnvironmentQuery) -> Option<String> {
    let own = || {
        let fleet = service.fleet.load();
        fleet.instance_of(Ipv4Addr::LOCALHOST.into(), Ingress::Host).map(str::to_owned)
    };
    query.instance.clone().or_else(own)
}

type Variables = Vec<(&'static str, String)>;

fn imds(
    service: &ServiceState,
    query: &EnvironmentQuery,
    listeners: &[ListenEndpoint],
) -> Result<Variables, EnvironmentError> {
    let instances = service.fleet.load();
    let is_there = instances.instances().iter().any(|(name, _)| *name == query.instance.as_deref());
    if !is_there {
        let name = query.instance.as_deref().unwrap_or_default();
        return Err(EnvironmentError::Unknown(format!("there is no instance {name:?}")));
    }
    no_container(query)?;
    // Where clients find it anyhow there is nothing to tell them.
    if address_of(Service::Imds, listeners).is_some() {
        return Ok(vec![]);
    }
    let url = other_url(Service::Imds, true, listeners);
    let Some(url) = url else { return Err(not_served(Service::Imds, listeners)) };
    Ok(vec![("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("{url}/"))])
}

fn ecs(
    service: &ServiceState,
    query: &EnvironmentQuery,
    listeners: &[ListenEndpoint],
) -> Result<Variables, EnvironmentError> {
    let fleet = service.fleet.load();
    let choice =
        ContainerChoice { instance: query.instance.as_deref(), container: query.container.as_deref() };
    let now = fleet.now(service.read_clocks());
    let instances = fleet.instances();
    let has_table = instances.iter().any(|(name, other)| *name == choice.instance && other.ecs.is_some());
    let url = other_url(Service::Ecs, has_table, listeners);
    let reach = match (address_of(Service::Ecs, listeners), &url) {
        (Some(_), _) => EndpointReach::Address,
        (None, Some(url)) => EndpointReach::Url(url),
        (None, None) => return Err(not_served(Service::Ecs, listeners)),
    };
    fleet.ecs_environment(&service.authority, choice, reach, now).map_err(EnvironmentError::Unknown)
}

fn pod_identity(
    service: &ServiceState,
    query: &EnvironmentQuery,
    listeners: &[ListenEndpoint],
    tokens: &Arc<PodTokens>,
) -> Result<(Variables, TokenFile), EnvironmentError> {
    no_container(query)?;
    let fleet = service.fleet.load();
    let name = query.instance.as_deref();
    let instances = fleet.instances();
    let has_table =
        instances.iter().any(|(other, instance)| *other == name && instance.pod_identity.is_some());
    let base = address_of(Service::PodIdentity, listeners).map(|address| match address {
        IpAddr::V4(address) => format!("http://{address}"),
        IpAddr::V6(address) => format!("http://[{address}]"),
    });
    let base = base.or_else(|| other_url(Service::PodIdentity, has_table, listeners));
    let Some(base) = base else { return Err(not_served(Service::PodIdentity, listeners)) };
    let now = fleet.now(service.read_clocks());
    // Of an unknown instance no token is written.
    fleet.pod_environment(name, &base, "", now).map_err(EnvironmentError::Unknown)?;
    let file = tokens.issue(name).map_err(EnvironmentError::Unavailable)?;
    let path = file.path.display().to_string();
    let variables = fleet.pod_environment(name, &base, &path, now).map_err(EnvironmentError::Unknown)?;
    Ok((variables, file))
}

fn no_container(query: &EnvironmentQuery) -> Result<(), EnvironmentError> {
    let refuse = |_| EnvironmentError::Unknown("only ecs has containers; leave the container out".into());
    query.container.as_ref().map_or(Ok(()), |container| Err(refuse(container)))
}

/// What to do where a service is served nowhere. A table leads to it only at a listener that serves everything.
fn not_served(service: Service, listeners: &[ListenEndpoint]) -> EnvironmentError {
    let (name, address) = (service.name(), service.ipv4());
    let has_shared = listeners.iter().any(|listener| listener.service().is_none());
    let table = if has_shared && service != Service::Imds {
        format!(" For this server at its present address, add the table [{name}] to its scenario.")
    } else {
        String::new()
    };
    EnvironmentError::Unavailable(format!(
        "no listener serves {name}. For {address}, add \"{name}\" to endpoints in [host] of host.toml.{table} \
         For an address of its own, start `mock-imds serve` with --listen {name}=ADDR:PORT"
    ))
}

/// The address of a service at which the server listens; the one of IPv4, if there are both.
fn address_of(service: Service, listeners: &[ListenEndpoint]) -> Option<IpAddr> {
    let serves = |listener: &&ListenEndpoint| listener.service() == Some(service);
    let mut found: Vec<IpAddr> = listeners
        .iter()
        .filter(serves)
        .map(|listener| listener.address.ip().to_canonical())
        .filter(|address| Service::at(*address) == Some(service))
        .collect();
    found.sort();
    found.into_iter().next()
}

/// The first address of another kind at which a service is served, as a URL for clients on this host: by that alone, or by
/// the path, where `by_path` is true.
fn other_url(service: Service, by_path: bool, listeners: &[ListenEndpoint]) -> Option<String> {
    let own = listeners.iter().find(|listener| {
        listener.only == Some(service) && Service::at(listener.address.ip().to_canonical()).is_none()
    });
    let shared = || listeners.iter().find(|listener| listener.service().is_none()).filter(|_| by_path);
    let mut address = own.or_else(shared)?.address;
    if address.ip().to_canonical().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            Ipv6Addr::LOCALHOST.into()
        });
    }
    Some(format!("http://{address}"))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_table_is_advised_where_it_leads_to_the_service() {
        let address: SocketAddr = "127.0.0.1:1338".parse().expect("an address");
        let advice = |service, only| match not_served(service, &[ListenEndpoint { address, only }]) {
            EnvironmentError::Unavailable(text) | EnvironmentError::Unknown(text) => text,
        };
        let (shared, imds) = (None, Some(Service::Imds));
        for (service, only, table) in [
            (Service::Ecs, shared, Some("add the table [ecs] to its scenario")),
            (Service::Ecs, imds, None),
            (Service::PodIdentity, shared, Some("add the table [pod-identity] to its scenario")),
            (Service::Imds, Some(Service::Ecs), None),
        ] {
            let (found, name) = (advice(service, only), service.name());
            assert!(
                found.contains(&format!("add \"{name}\" to endpoints in [host] of host.toml.")),
                "{found}"
            );
            assert!(found.ends_with(&format!("--listen {name}=ADDR:PORT")), "{found}");
            assert_eq!(found.contains("the table"), table.is_some(), "{found}");
            assert!(table.is_none_or(|table| found.contains(table)), "{found}");
        }
    }

    #[test]
    fn an_endpoint_is_reached_by_its_own_address_or_by_another_one() {
        let address = |text: &str| ListenEndpoint::from(text.parse::<SocketAddr>().expect("an address"));
        let listeners = |texts: &[&str]| -> Vec<_> { texts.iter().map(|text| address(text)).collect() };
        let url = |listeners: &[ListenEndpoint]| other_url(Service::Ecs, true, listeners);
        let both = listeners(&["[fd00:ec2::23]:1690", "169.254.170.23:1690", "0.0.0.0:1338"]);
        assert_eq!(address_of(Service::PodIdentity, &both), Some(Service::PodIdentity.ipv4().into()));
        assert_eq!(address_of(Service::Ecs, &both), None);
        assert_eq!(url(&both).as_deref(), Some("http://127.0.0.1:1338"));
        let v6 = listeners(&["[fd00:ec2::23]:1690"]);
        assert_eq!(address_of(Service::PodIdentity, &v6), Service::PodIdentity.ipv6().map(IpAddr::V6));
        assert_eq!(url(&v6), None);
        assert_eq!(url(&listeners(&["[::]:80"])).as_deref(), Some("http://[::1]:80"));
        let only = |service| ListenEndpoint { only: Some(service), ..address("127.0.0.1:1339") };
        let both = [address("127.0.0.1:1338"), only(Service::Ecs)];
        assert_eq!(url(&both).as_deref(), Some("http://127.0.0.1:1339"));
        assert_eq!(other_url(Service::Ecs, false, &both).as_deref(), Some("http://127.0.0.1:1339"));
        assert_eq!(other_url(Service::PodIdentity, false, &both), None);
        assert_eq!(other_url(Service::Imds, true, &both[1..]), None);
    }
}
