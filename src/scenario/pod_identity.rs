//! `[pod-identity]`: what the EKS Pod Identity agent knows of a pod.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::assign::set_if_some;
use super::ecs;
use crate::config::{Item, Section, is_near};
use crate::model::{
    AcceptedToken, Credentials, Instance, PodIdentity, RequestRate, RoleName, Secret, ServiceAccount,
};

/// The words that `token` may be, beside a token itself.
pub(crate) const TOKEN_WORDS: [&str; 3] = ["any-jwt", "issued", "any"];

/// Reads the table over the identity that the instance has, inherited or none.
pub(super) fn read(section: &Section<'_>, instance: &mut Instance) {
    let mut pod = instance.pod_identity.as_deref().cloned().unwrap_or_default();
    set_if_some(&mut pod.cluster, section.read("cluster", Item::parse));
    set_if_some(&mut pod.namespace, section.read("namespace", Item::parse));
    set_if_some(&mut pod.service_account, section.read("service-account", Item::parse));
    set_if_some(&mut pod.role, section.read("role", ecs::role));
    set_if_some(&mut pod.token, section.read("token", token));
    set_if_some(&mut pod.token_lifetime, section.read("token-lifetime", lifetime));
    set_if_some(&mut pod.check_host, section.read("check-host", Item::boolean));
    if let Some(item) = section.get("throttle") {
        ecs::throttle(&item, &mut pod.throttle, RequestRate::POD_AGENT);
    }
    set_if_some(&mut pod.associations, section.read("associations", associations));
    section.finish();
    if instance.credentials.as_ref().is_some_and(is_real) {
        protect(section, &pod);
    }
    instance.pod_identity = Some(Arc::new(pod));
}

fn is_real(credentials: &Credentials) -> bool {
    credentials.source.is_real()
}

/// Refuses what would hand real keys out to whoever asks.
fn protect(section: &Section<'_>, pod: &PodIdentity) {
    if let Some(item) = section.get("token")
        && matches!(pod.token, AcceptedToken::Any | AcceptedToken::AnyJwt)
    {
        item.error(
            format!("{} accepts tokens of anybody, and the credentials are real", item.name()),
            "accepted: \"issued\", or a token of your own; without the key it is \"issued\"",
        );
    }
    if let Some(item) = section.get("check-host").filter(|_| !pod.check_host) {
        item.error(
            format!("{} is false, and the credentials are real", item.name()),
            "accepted: true; else a web page could read the keys by letting its own name resolve to this service",
        );
    }
}

fn token(item: &Item<'_>) -> Option<AcceptedToken> {
    const ACCEPTED: &str =
        "accepted: \"any-jwt\", \"issued\", \"any\", or a token of printable ASCII without blanks";
    Some(match item.string()? {
        "any-jwt" => AcceptedToken::AnyJwt,
        "issued" => AcceptedToken::Issued,
        "any" => AcceptedToken::Any,
        text if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            item.error(format!("{} is no token", item.name()), ACCEPTED);
            return None;
        }
        text if TOKEN_WORDS.iter().any(|word| is_near(text, word)) => {
            item.error(format!("{} is {text:?}", item.name()), ACCEPTED);
            return None;
        }
        text => AcceptedToken::Fixed(Secret::new(text)),
    })
}

fn lifetime(item: &Item<'_>) -> Option<Duration> {
    let lifetime = item.duration()?;
    if lifetime < Duration::from_secs(1) {
        item.error(format!("{} is less than a second", item.name()), "accepted: \"1s\" or more");
        return None;
    }
    Some(lifetime)
}

fn associations(item: &Item<'_>) -> Option<BTreeMap<ServiceAccount, RoleName>> {
    let mut associations = BTreeMap::new();
    for (key, value) in item.section()?.entries() {
        match key.parse::<ServiceAccount>() {
            Err(accepted) => value
                .error_at_key(format!("{key:?} is not a service account"), format!("accepted: {accepted}")),
            Ok(account) => associations.extend(value.parse::<RoleName>().map(|role| (account, role))),
        }
    }
    Some(associations)
}
