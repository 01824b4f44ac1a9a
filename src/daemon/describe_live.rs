//! Changes that EC2's API makes, in words.

use crate::imds::PendingPath;
use crate::model::{
    AddressChange, InterfaceChange, ProfileChange, RoleChange, StopStart, Timestamp, format_duration,
};

/// The key of the change, and the details.
pub(super) fn interface(change: &InterfaceChange) -> (&'static str, String) {
    match change {
        InterfaceChange::Attach(interface) => {
            let (card, number) = interface.attachment();
            let card = if card == 0 { String::new() } else { format!(" on network card {card}") };
            ("attach-interface", format!("{} as device {number}{card}", interface.mac))
        }
        InterfaceChange::Detach(name) => ("detach-interface", name.to_string()),
        InterfaceChange::Assign(change) => {
            ("assign", format!("{} to {}", addresses(change), change.interface))
        }
        InterfaceChange::Unassign(change) => {
            ("unassign", format!("{} from {}", addresses(change), change.interface))
        }
        InterfaceChange::Modify { interface, names, ids } => {
            let names = names.as_ref().map(|names| format!(" security-groups = [{}]", names.join(", ")));
            let ids = ids.as_ref().map(|ids| format!(" security-group-ids = [{}]", listed(ids)));
            let changed: String = names.into_iter().chain(ids).collect();
            ("modify-interface", format!("{interface}{changed}"))
        }
        InterfaceChange::Hide { interface, span } => {
            let span =
                span.map_or_else(|| "until settled".into(), |span| format!("for {}", format_duration(span)));
            ("hide-interface", format!("{interface} {span}"))
        }
    }
}

fn addresses(change: &AddressChange) -> String {
    let lists = [
        listed(&change.private_ipv4s),
        listed(&change.public_ipv4s),
        listed(&change.ipv6s),
        listed(&change.ipv4_prefixes),
        listed(&change.ipv6_prefixes),
    ];
    lists.into_iter().filter(|list| !list.is_empty()).collect::<Vec<_>>().join(", ")
}

fn listed<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn profile(change: &ProfileChange) -> String {
    let role = change.role.as_ref().map_or_else(|| "no role".to_owned(), |role| format!("the role {role}"));
    match (change.change, &change.name) {
        (RoleChange::Associate, _) if change.role.is_none() => "removed".to_owned(),
        (RoleChange::Associate, Some(name)) => format!("{name} with {role}"),
        (RoleChange::Associate, None) => role,
        (RoleChange::RoleInProfile, _) => format!("{role} in the same profile, from the next refresh on"),
    }
}

pub(super) fn stop_start(change: &StopStart) -> String {
    let kind = change.instance_type.as_ref().map(|kind| format!(", then {kind}")).unwrap_or_default();
    format!("stopped for {}{kind}", format_duration(change.down))
}

/// What is pending, and until when: `; 7 paths are late, the last one until 2026-11-21T03:16:11Z`.
pub(super) fn pending(paths: &[PendingPath]) -> String {
    let count = match paths.len() {
        0 => return String::new(),
        1 => "1 path is late".to_owned(),
        count => format!("{count} paths are late"),
    };
    let last = paths.iter().try_fold(Timestamp::default(), |last, path| Some(last.max(path.until?)));
    match last {
        Some(last) => format!("; {count}, the last one until {}", last.rfc3339()),
        None => format!("; {count}, some until settled"),
    }
}
