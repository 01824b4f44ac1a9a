//! The line that announces the server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::load::LoadedScenario;
use crate::control::api::ListenerStatus;
use crate::model::{HttpTokens, Instance};
use crate::observe;

/// Announces the server: to the journal when that is where stderr goes, else on stdout, where scripts wait for
/// `mock-imds is ready`.
pub(super) fn ready(served: &LoadedScenario, instance: &Instance, listeners: &[ListenerStatus]) {
    let scenario = served.origin.name();
    let urls: Vec<String> =
        listeners.iter().map(|listener| format!("http://{}/", listener.address)).collect();
    let line = format!("mock-imds is ready at {}: {} from {scenario}", urls.join(" "), instance.instance_id);
    if observe::under_journal() {
        tracing::info!(IMDS_SCENARIO = scenario, IMDS_LISTEN = urls.join(" "), "{line}");
        return;
    }
    let first = listeners.first().map(|listener| reachable(listener.address));
    let hint = first.map(|address| first_curl(address, instance.metadata_options.http_tokens));
    observe::print(&format!("{line}; try: {}\n", hint.unwrap_or_default()));
}

/// A command that shows that it works.
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
}
