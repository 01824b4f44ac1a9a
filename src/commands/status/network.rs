//! The rows about the way to the service: the addresses that programs use, who may use them, and how the host is.

use std::net::{IpAddr, SocketAddr};

use super::snapshot::Snapshot;
use crate::commands::layout::{Row, Value};
use crate::control::api::ListenerStatus;
use crate::host::conflicts::RefusedEndpoint;
use crate::host::settings::{Endpoint, Redirect};
use crate::host::status::GuardianStatus;
use crate::model::Service;
use crate::terminal::{StyledText, TextStyle, spoken};

/// True of a socket at one of the addresses that the guardian holds.
fn is_link_local(address: SocketAddr) -> bool {
    Service::at(address.ip()).is_some()
}

/// A socket is there although nothing leads to it: that of IPv6 always, those of other endpoints until the service
/// restarts.
fn is_led_to(address: SocketAddr, guardian: &GuardianStatus) -> bool {
    match Service::at(address.ip()) {
        None => true,
        Some(service) => {
            let named = guardian.settings.endpoints.iter().any(|endpoint| endpoint.service() == service);
            let refused = guardian.refused.iter().any(|refused| refused.endpoint.service() == service);
            named && !refused && (address.is_ipv4() || guardian.settings.ipv6)
        }
    }
}

/// The addresses that programs use, and the programs that can.
pub(super) fn addresses(snapshot: &Snapshot) -> Row {
    let guardian = snapshot.guardian.as_ref();
    let is_reachable =
        |listener: &&ListenerStatus| guardian.is_none_or(|guardian| is_led_to(listener.address, guardian));
    let listeners = snapshot.status.listeners.iter().filter(is_reachable);
    Row("address", listeners.map(|listener| Value::text(address(listener, guardian))).collect())
}

fn address(listener: &ListenerStatus, guardian: Option<&GuardianStatus>) -> StyledText {
    let address = listener.address;
    let redirected = guardian.filter(|guardian| is_link_local(address) && !guardian.tables.is_empty());
    let url = match redirected {
        // The redirect takes port 80 to where the server listens.
        Some(_) if address.is_ipv6() => format!("http://[{}]/", address.ip()),
        Some(_) => format!("http://{}/", address.ip()),
        None if address.port() == 80 => format!("http://{}/", address.to_string().trim_end_matches(":80")),
        None => format!("http://{address}/"),
    };
    let whom = match redirected {
        Some(guardian) if guardian.settings.bridges.is_empty() => "this host",
        Some(_) => "this host, its containers and virtual machines",
        None if address.ip().is_loopback() => "this host",
        None if is_link_local(address) => "whoever reaches this address",
        None => "this host and its networks",
    };
    let held = if listener.inherited { " (held by the service manager)" } else { "" };
    let named = Service::ALL.into_iter().find(|service| Some(service.name()) == listener.endpoint.as_deref());
    let what = match named.or_else(|| Service::at(address.ip())) {
        Some(Service::Ecs) => " (Amazon ECS)",
        Some(Service::PodIdentity) => " (EKS Pod Identity)",
        Some(Service::Imds) | None => "",
    };
    StyledText::styled(TextStyle::Bold, url)
        .with(TextStyle::Plain, format!("{what} for {whom}"))
        .with(TextStyle::Dim, held)
}

/// How the guardian's part is, if this is a server that needs it.
pub(super) fn health(snapshot: &Snapshot) -> Row {
    let listeners = &snapshot.status.listeners;
    if !listeners.iter().any(|listener| listener.inherited && is_link_local(listener.address)) {
        return Row("network", vec![]);
    }
    let Some(guardian) = &snapshot.guardian else {
        let text = "NOT SET UP: no program finds the service; `mock-imds doctor` says what to do";
        return Row("network", vec![Value::text(StyledText::styled(TextStyle::Bad, text))]);
    };
    let mut values = vec![Value::text(state(snapshot, guardian))];
    let problems = guardian.rejected.iter().map(|why| format!("the last reload was REJECTED: {why}"));
    let missing =
        guardian.unavailable.iter().map(|it| format!("{} is not available: {}", it.address, it.reason));
    let refused = guardian.refused.iter().map(RefusedEndpoint::sentence);
    let found = problems.chain(missing).chain(refused).map(|text| StyledText::styled(TextStyle::Bad, text));
    let warnings = guardian.warnings.iter().cloned().chain(without_socket(snapshot, guardian));
    let warnings = warnings.chain(snapshot.unapplied.clone());
    let warnings = warnings.map(|text| StyledText::styled(TextStyle::Warning, text));
    values.extend(found.chain(warnings).map(Value::text));
    Row("network", values)
}

/// Endpoints that host.toml enables by now, which the service does not serve before its next start.
fn without_socket(snapshot: &Snapshot, guardian: &GuardianStatus) -> Vec<String> {
    let listens = |endpoint: Endpoint| {
        let address = IpAddr::from(endpoint.service().ipv4());
        snapshot.status.listeners.iter().any(|listener| listener.address.ip() == address)
    };
    let lacking = guardian.settings.endpoints.iter().filter(|endpoint| guardian.holds(**endpoint));
    let lacking = lacking.filter(|endpoint| **endpoint != Endpoint::Imds && !listens(**endpoint));
    lacking
        .map(|it| format!("the endpoint {} has no socket yet: systemctl restart mock-imds", it.name()))
        .collect()
}

fn state(snapshot: &Snapshot, guardian: &GuardianStatus) -> StyledText {
    let since: Option<jiff::Timestamp> = guardian.since.parse().ok();
    let since = since.map(|since| format!(" for {}", spoken(snapshot.now.since(since.into()))));
    let means = match guardian.settings.redirect {
        Redirect::Nftables if guardian.tables.is_empty() => "no redirect",
        Redirect::Nftables => "redirected by nftables",
        Redirect::None => "without a redirect",
    };
    let restored = match guardian.restorations.count {
        0 => String::new(),
        _ => format!(", restored {}", guardian.restorations.times()),
    };
    StyledText::styled(TextStyle::Good, "ok")
        .with(TextStyle::Plain, format!(": {means}{}{restored}", since.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::{NOW, shown, snapshot};
    use super::*;
    use crate::host::settings::HostSettings;
    use crate::host::status::{
        AddressOrigin, LoopbackAddress, NetMode, Protection, Restorations, TableState,
    };

    fn guardian(ipv6: bool) -> GuardianStatus {
        let table =
            TableState { name: "inet mock-imds".into(), handle: 1, rules: 9, protection: Protection::Owned };
        GuardianStatus {
            version: "0.1.0".into(),
            mode: NetMode::Hold,
            pid: Some(1),
            since: NOW.before(std::time::Duration::from_hours(2)).rfc3339(),
            applied: NOW.rfc3339(),
            rejected: None,
            addresses: vec![],
            unavailable: vec![],
            refused: vec![],
            tables: vec![table],
            connection_faults: vec![],
            uplinks: vec![],
            settings: HostSettings { ipv6, ..HostSettings::default() },
            warnings: vec![],
            restorations: Restorations { count: 1, last: vec![] },
        }
    }

    #[test]
    fn the_address_is_the_one_that_programs_use() {
        let of = |guardian: Option<GuardianStatus>| {
            let mut snapshot = Snapshot { guardian, ..snapshot() };
            let held = |address: &str| ListenerStatus {
                address: address.parse().unwrap(),
                endpoint: None,
                inherited: true,
            };
            snapshot.status.listeners = vec![held("169.254.169.254:1690"), held("[fd00:ec2::254]:1690")];
            let text = shown(&snapshot, None);
            let rows = text.lines().skip_while(|line| !line.starts_with("address"));
            rows.take_while(|line| !line.starts_with("tokens")).map(str::to_owned).collect::<Vec<_>>()
        };
        let all = "for this host, its containers and virtual machines (held by the service manager)";
        let ipv4 = format!("address     http://169.254.169.254/ {all}");
        let ok = "network     ok: redirected by nftables for 2 h, restored once".to_owned();
        assert_eq!(of(Some(guardian(false))), [ipv4.clone(), ok.clone()]);
        let ipv6 = format!("            http://[fd00:ec2::254]/ {all}");
        assert_eq!(of(Some(guardian(true))), [ipv4, ipv6, ok]);
        let broken = of(None);
        assert!(broken[0].starts_with("address     http://169.254.169.254:1690/ for "), "{broken:#?}");
        assert!(broken[2].starts_with("network     NOT SET UP: "), "{broken:#?}");
    }

    #[test]
    fn settings_that_are_not_applied_are_a_warning() {
        let unapplied = Some("host.toml was changed since the guardian read it".to_owned());
        let mut snapshot = Snapshot { guardian: Some(guardian(false)), unapplied, ..snapshot() };
        snapshot.status.listeners = vec![ListenerStatus {
            address: "169.254.169.254:1690".parse().unwrap(),
            endpoint: None,
            inherited: true,
        }];
        let text = shown(&snapshot, None);
        assert!(text.contains("\n            host.toml was changed since the guardian read it\n"), "{text}");
    }

    #[test]
    fn other_endpoints_have_their_lines_where_they_are_enabled() {
        let shown = |endpoints: &[Endpoint], refused: Vec<RefusedEndpoint>| {
            let mut guardian = guardian(true);
            guardian.settings.endpoints = endpoints.to_vec();
            guardian.refused = refused;
            let mut snapshot = Snapshot { guardian: Some(guardian), ..snapshot() };
            let sockets =
                ["169.254.169.254:1690", "169.254.170.2:1690", "169.254.170.23:1690", "[fd00:ec2::23]:1690"];
            let held = |address: &str| ListenerStatus {
                address: address.parse().unwrap(),
                endpoint: None,
                inherited: true,
            };
            snapshot.status.listeners = sockets.map(held).into();
            let text = shown(&snapshot, None);
            let rows = text.lines().skip_while(|line| !line.starts_with("address"));
            let rows = rows.take_while(|line| !line.starts_with("tokens"));
            rows.map(|line| {
                line.get(12..).unwrap_or_default().split(" for ").next().unwrap_or_default().to_owned()
            })
            .collect::<Vec<_>>()
        };
        let (imds, ok) = ("http://169.254.169.254/", "ok: redirected by nftables");
        assert_eq!(shown(&[Endpoint::Imds], vec![]), [imds, ok]);
        let ecs = "http://169.254.170.2/ (Amazon ECS)";
        assert_eq!(shown(&[Endpoint::Imds, Endpoint::Ecs], vec![]), [imds, ecs, ok]);
        let pods =
            ["http://169.254.170.23/ (EKS Pod Identity)", "http://[fd00:ec2::23]/ (EKS Pod Identity)", ok];
        assert_eq!(shown(&[Endpoint::PodIdentity], vec![]), pods);
        let refused = vec![RefusedEndpoint { endpoint: Endpoint::Ecs, reason: "an agent runs here".into() }];
        let with_reason = shown(&[Endpoint::Imds, Endpoint::Ecs], refused);
        assert_eq!(
            with_reason.last().map(String::as_str),
            Some("the endpoint ecs is refused: an agent runs here")
        );
        assert!(!with_reason.contains(&ecs.to_owned()), "nothing leads to it: {with_reason:?}");
    }

    #[test]
    fn an_endpoint_without_a_socket_waits_for_a_restart() {
        let mut guardian = guardian(false);
        guardian.settings.endpoints = vec![Endpoint::Imds, Endpoint::Ecs];
        let on_lo = |endpoint: &Endpoint| LoopbackAddress {
            address: endpoint.service().ipv4().into(),
            prefix: 32,
            origin: AddressOrigin::Added,
        };
        guardian.addresses = guardian.settings.endpoints.iter().map(on_lo).collect();
        let shown = |sockets: &[&str]| {
            let mut snapshot = Snapshot { guardian: Some(guardian.clone()), ..snapshot() };
            let held = |address: &&str| ListenerStatus {
                address: address.parse().unwrap(),
                endpoint: None,
                inherited: true,
            };
            snapshot.status.listeners = sockets.iter().map(held).collect();
            shown(&snapshot, None).contains("the endpoint ecs has no socket yet: systemctl restart mock-imds")
        };
        assert!(shown(&["169.254.169.254:1690"]));
        assert!(!shown(&["169.254.169.254:1690", "169.254.170.2:1690"]));
    }

    /// Of `net status --json`, which prints the same; what is a piece of host.toml has its keys.
    #[test]
    fn the_page_about_json_has_the_keys_of_the_guardian() {
        fn keys(value: &serde_json::Value, into: &mut Vec<String>) {
            match value {
                serde_json::Value::Object(members) => {
                    for (key, value) in members {
                        into.push(key.clone());
                        if key != "settings" {
                            keys(value, into);
                        }
                    }
                }
                serde_json::Value::Array(elements) => elements.iter().for_each(|element| keys(element, into)),
                _ => {}
            }
        }
        let page = include_str!("../../../docs/control-api.md");
        let mut found = vec![];
        let refused = vec![RefusedEndpoint { endpoint: Endpoint::Ecs, reason: "an agent runs here".into() }];
        let guardian = GuardianStatus { refused, ..guardian(true) };
        keys(&serde_json::to_value(guardian).expect("plain data"), &mut found);
        assert!(found.len() > 15, "{found:?}");
        for key in found {
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{key}");
            assert!(page.contains(&format!("`{key}`")), "docs/control-api.md lacks `{key}`");
        }
    }
}
