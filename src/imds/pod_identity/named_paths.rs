//! The paths of the agent as people say them: with a service account in the place of its token.

use std::collections::BTreeSet;

use super::{associated, issued_token, pod_of, service_account_of};
use crate::imds::TokenAuthority;
use crate::model::{AcceptedToken, Instance, ServiceAccount, Timestamp};

const CREDENTIALS: &str = "v1/credentials";

/// The service accounts that the agent is known to have heard of: that of the instance's pod, and those with an association
/// of their own.
fn accounts(instance: &Instance) -> BTreeSet<ServiceAccount> {
    let pod = pod_of(instance);
    let signals = instance.signals.containers.as_deref();
    let by_events = signals.into_iter().flat_map(|signals| signals.associations.keys().flatten());
    pod.associations.keys().chain(by_events).cloned().chain([service_account_of(pod)]).collect()
}

/// The paths that the agent answers: credentials, and the ARN of the role of each association.
pub(crate) fn named_paths(instance: &Instance) -> Vec<String> {
    let mut paths = vec![CREDENTIALS.to_owned()];
    for account in accounts(instance) {
        paths.push(format!("{CREDENTIALS}/{account}"));
        if associated(instance, pod_of(instance), Some(&account)).is_some() {
            paths.push(format!("associations/{account}"));
        }
    }
    paths
}

/// The ARN of the role that a service account is associated with.
pub(crate) fn associated_role(instance: &Instance, account: &str) -> Option<String> {
    let account = account.parse().ok().filter(|account| accounts(instance).contains(account))?;
    let role = associated(instance, pod_of(instance), Some(&account))?;
    let partition = instance.region().partition().name;
    Some(format!("arn:{partition}:iam::{}:role/{role}", instance.account_id))
}

/// A path without the service account in it, and a token of that: of the instance's pod unless the path names another.
pub(crate) fn with_token<'p>(
    instance: &Instance,
    path: &'p str,
    authority: &TokenAuthority,
    now: Timestamp,
) -> (&'p str, String) {
    let pod = pod_of(instance);
    let named = path.strip_prefix(CREDENTIALS).and_then(|rest| rest.strip_prefix('/')?.parse().ok());
    match (&named, &pod.token) {
        (None, AcceptedToken::Fixed(token)) => (path, token.reveal().to_owned()),
        (None, _) => (path, issued_token(instance, pod, &service_account_of(pod), authority, now)),
        (Some(account), _) => (CREDENTIALS, issued_token(instance, pod, account, authority, now)),
    }
}
