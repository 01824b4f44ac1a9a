//! Faults that never hit.

use super::sections::tables;
use crate::config::Section;
use crate::model::fault::{Fault, FaultEffect, FaultStart, Probability};
use crate::model::{ClientMatcher, PathGlob, Scenario};

pub(super) fn add(root: &Section<'_>, scenario: &Scenario) {
    let sections = tables(root, "fault");
    if sections.len() != scenario.faults.len() {
        return;
    }
    let mut covered = None;
    for (index, (section, fault)) in sections.iter().zip(&scenario.faults).enumerate() {
        if let Some(first) = covered {
            section.warn(
                format!("this fault never hits: fault {first} takes every request"),
                "the first fault takes precedence; put this one before it, or limit the other one",
            );
            continue;
        }
        if takes_everything(fault) {
            covered = Some(index + 1);
        }
        if fault.probability == Probability::NEVER
            && let Some(item) = section.get("probability")
        {
            item.warn("probability = 0: the fault never hits", "a number above 0, such as 0.3");
        }
        if let Some(item) = section.get("clients")
            && is_for_nobody(fault, scenario)
        {
            item.warn(
                "the fault never hits: none of these clients has the instance that it names",
                "clients of the instance, or none of the two keys",
            );
        }
    }
}

/// Whether no later fault sees a request, at any time.
fn takes_everything(fault: &Fault) -> bool {
    let Fault { path, methods, clients, endpoint, instance, from, lasts, count, probability, effect, .. } =
        fault;
    *path == PathGlob::everything()
        && methods.is_empty()
        && clients.is_empty()
        && endpoint.is_none()
        && instance.is_none()
        && *from == FaultStart::AfterLoad(std::time::Duration::ZERO)
        && lasts.is_none()
        && count.is_none()
        && *probability == Probability::ALWAYS
        && matches!(effect, FaultEffect::Hang | FaultEffect::Reset(_))
}

/// Whether the fault names an instance that none of its clients has.
fn is_for_nobody(fault: &Fault, scenario: &Scenario) -> bool {
    let Some(named) = fault.instance.as_deref().and_then(|name| scenario.named(name)) else { return false };
    if !named.nodes.is_empty() || fault.clients.is_empty() {
        return false;
    }
    fault.clients.iter().all(|client| match client {
        // A process of this host may come by any of its addresses.
        ClientMatcher::Host => !named.host && named.networks.is_empty(),
        ClientMatcher::Network(network) => {
            !named.host
                && !named.networks.iter().any(|other| other.contains(network) || network.contains(other))
        }
    })
}
