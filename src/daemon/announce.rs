//! The line that announces the server.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::RawFd;
use std::path::{self, Path};
use std::process;

use tokio::task::spawn_blocking;

use super::load::LoadedScenario;
use crate::control::api::{ListenerStatus, ReadyNotice};
use crate::exit::{ExitStatus, Failure};
use crate::model::{HttpTokens, Instance, Service};
use crate::observe;
use crate::server::take_inherited_for_writing;

/// Who is told that the server is ready, and how.
#[derive(Debug, Default)]
pub(super) struct Announcement {
    /// stdout gets JSON.
    json: bool,
    /// This file gets JSON too.
    file: Option<File>,
}

// === impl Announcement ===

impl Announcement {
    /// Takes the descriptor over, after those of the service manager.
    pub(super) fn prepare(json: bool, descriptor: Option<RawFd>) -> Result<Self, Failure> {
        let take = |number| {
            take_inherited_for_writing(number).map_err(|error| {
                let accepted = "accepted: one that the server is started with, open for writing, as in `--ready-fd 3 3>FILE`";
                let message = format!("the descriptor {number} of --ready-fd cannot be used: {error}; {accepted}");
                Failure::new(ExitStatus::Usage, message)
            })
        };
        Ok(Self { json, file: descriptor.map(take).transpose()?.map(File::from) })
    }

    /// Announces the server: by JSON if that is asked for. Else to the journal when that is where stderr goes, and
    /// on stdout, where scripts wait for `mock-imds is ready`.
    pub(super) fn send(
        self,
        served: &LoadedScenario,
        instance: &Instance,
        listeners: &[ListenerStatus],
        control: Option<&Path>,
    ) {
        let json = || json_line(instance, listeners, control);
        if let Some(mut file) = self.file {
            let line = json();
            // Nobody waits for whoever does not read it.
            drop(spawn_blocking(move || {
                if let Err(error) = file.write_all(line.as_bytes()) {
                    tracing::warn!("cannot write to the descriptor of --ready-fd: {error}");
                }
            }));
        }
        if self.json {
            observe::print(&json());
        } else {
            sentence(served, instance, listeners);
        }
    }
}

fn json_line(instance: &Instance, listeners: &[ListenerStatus], control: Option<&Path>) -> String {
    let url = |listener: &ListenerStatus| format!("http://{}", reachable(listener.address));
    let urls: Vec<String> = listeners.iter().map(url).collect();
    let imds = listeners.iter().find(|listener| matches!(only(listener), None | Some(Service::Imds)));
    let endpoints =
        [(Service::Ecs, instance.ecs.is_some()), (Service::PodIdentity, instance.pod_identity.is_some())];
    let endpoint = |(service, has_table): (Service, bool)| {
        let own = listeners.iter().find(|listener| only(listener) == Some(service));
        let shared = || listeners.iter().find(|listener| has_table && only(listener).is_none());
        Some((service.name().to_owned(), url(own.or_else(shared)?)))
    };
    let absolute = |path: &Path| path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let notice = ReadyNotice {
        url: imds.or(listeners.first()).map(url).unwrap_or_default(),
        urls,
        endpoints: endpoints.into_iter().filter_map(endpoint).collect::<BTreeMap<_, _>>(),
        control_socket: control.map(|path| absolute(path).to_string_lossy().into_owned()),
        pid: process::id(),
        instance_id: instance.instance_id.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    format!("{}\n", serde_json::to_string(&notice).expect("it is plain data"))
}

fn sentence(served: &LoadedScenario, instance: &Instance, listeners: &[ListenerStatus]) {
    let scenario = served.origin.name();
    let urls: Vec<String> =
        listeners.iter().map(|listener| format!("http://{}/", listener.address)).collect();
    let told: Vec<String> =
        urls.iter().zip(listeners).map(|(url, listener)| format!("{url}{}", words(listener))).collect();
    let line = format!("mock-imds is ready at {}: {} from {scenario}", told.join(" "), instance.instance_id);
    if observe::under_journal() {
        tracing::info!(IMDS_SCENARIO = scenario, IMDS_LISTEN = urls.join(" "), "{line}");
        return;
    }
    let hint = listeners.first().map(|listener| {
        first_command(only(listener), reachable(listener.address), instance.metadata_options.http_tokens)
    });
    observe::print(&format!("{line}; try: {}\n", hint.unwrap_or_default()));
}

/// The service that a listener serves alone.
fn only(listener: &ListenerStatus) -> Option<Service> {
    let named = Service::ALL.into_iter().find(|service| Some(service.name()) == listener.endpoint.as_deref());
    named.or_else(|| Service::at(listener.address.ip().to_canonical()))
}

/// What is served at a listener, as `status` says it.
fn words(listener: &ListenerStatus) -> &'static str {
    match only(listener) {
        Some(Service::Ecs) => " (Amazon ECS)",
        Some(Service::PodIdentity) => " (EKS Pod Identity)",
        Some(Service::Imds) | None => "",
    }
}

/// A command that shows that it works. The endpoints of containers are found by variables.
fn first_command(only: Option<Service>, address: SocketAddr, tokens: HttpTokens) -> String {
    match only {
        Some(service @ (Service::Ecs | Service::PodIdentity)) => format!("mock-imds env {}", service.name()),
        Some(Service::Imds) | None => first_curl(address, tokens),
    }
}

/// The same for the metadata service.
fn first_curl(address: SocketAddr, tokens: HttpTokens) -> String {
    let url = format!("http://{address}/latest/meta-data/instance-id");
    match tokens {
        HttpTokens::Optional => format!("curl {url}"),
        HttpTokens::Required => format!(
            "curl -H \"X-aws-ec2-metadata-token: $(curl -sX PUT http://{address}/latest/api/token \
             -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')\" {url}"
        ),
    }
}

/// An address that a client on this host can connect to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_curl_works_as_it_stands() {
        let address = reachable("0.0.0.0:1338".parse().unwrap());
        let curl = first_curl(address, HttpTokens::Optional);
        assert_eq!(curl, "curl http://127.0.0.1:1338/latest/meta-data/instance-id");
        let curl = first_curl(reachable("[::]:80".parse().unwrap()), HttpTokens::Required);
        assert!(curl.contains("http://[::1]:80/latest/api/token "), "{curl}");
    }

    #[test]
    fn at_the_endpoints_of_containers_their_variables_are_suggested() {
        for (address, expected) in [
            ("169.254.170.2:80", "mock-imds env ecs"),
            ("169.254.170.23:1690", "mock-imds env pod-identity"),
            ("[fd00:ec2::23]:1690", "mock-imds env pod-identity"),
            ("169.254.169.254:80", "curl http://169.254.169.254:80/latest/meta-data/instance-id"),
        ] {
            let address: SocketAddr = address.parse().unwrap();
            let found = first_command(only(&listener(address, None)), address, HttpTokens::Optional);
            assert_eq!(found, expected, "{address}");
        }
    }

    fn listener(address: SocketAddr, endpoint: Option<Service>) -> ListenerStatus {
        let endpoint = endpoint.map(|service| service.name().to_owned());
        ListenerStatus { address, endpoint, inherited: false }
    }

    #[test]
    fn the_url_is_that_of_the_metadata_service_and_each_endpoint_has_its_own() {
        let at = |port: u16, only| listener((Ipv4Addr::LOCALHOST, port).into(), only);
        let (ecs, shared) = (at(1, Some(Service::Ecs)), at(2, None));
        let mut instance = Instance::default();
        let mut ready = |listeners: &[ListenerStatus], has_pod: bool| {
            instance.pod_identity = has_pod.then(Default::default);
            let line: ReadyNotice =
                serde_json::from_str(&json_line(&instance, listeners, None)).expect("JSON");
            let endpoints: Vec<String> =
                line.endpoints.iter().map(|(name, url)| format!("{name} {url}")).collect();
            (line.url, endpoints)
        };
        let (one, two) = ("http://127.0.0.1:1", "http://127.0.0.1:2");
        let of_ecs = format!("ecs {one}");
        assert_eq!(ready(&[ecs.clone(), shared.clone()], false), (two.to_owned(), vec![of_ecs.clone()]));
        let with_pod = vec![of_ecs.clone(), format!("pod-identity {two}")];
        assert_eq!(ready(&[ecs.clone(), shared.clone()], true), (two.to_owned(), with_pod));
        assert_eq!(ready(std::slice::from_ref(&shared), false), (two.to_owned(), vec![]));
        assert_eq!(
            ready(std::slice::from_ref(&ecs), true),
            (one.to_owned(), vec![of_ecs]),
            "without any it is the first"
        );
        assert_eq!((words(&ecs), words(&shared)), (" (Amazon ECS)", ""));
    }
}
