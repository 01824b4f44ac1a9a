//! The EKS Pod Identity agent at 169.254.170.23 and `fd00:ec2::23`: `/v1/credentials`.
//!
//! The token is the request's Authorization, as it is. Errors are plain text. In this order a request is judged: the rate,
//! the Host, the token, the association. Source: the agent's behaviour, and the EKS user guide, "EKS Pod Identities".

mod judge;
mod named_paths;
mod refusal;
mod token;

use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderValue};
use hyper::body::Bytes;

use super::Reply;
use super::cache::CompiledInstance;
use super::endpoint::{EndpointContext, RateBucket};
use super::go_replies::GoReplies;
use super::keys::{IssuedKeys, KeyRequest, NoKeys, issue};
use super::ordered_json::Members;
use crate::model::{
    AgentPhase, CredentialState, Credentials, EndpointRole, Fetched, Instance, PodIdentity, RestartedAgent,
    RoleName, Service, ServiceAccount, StringEnum as _, Timestamp,
};
pub(crate) use judge::pod_of;
use judge::{accepted_token, account_of, is_own_host};
pub(crate) use named_paths::{associated_role, named_paths, with_token};
use refusal::{AuthException, exception};
pub(crate) use token::{issued_token, service_account_of};

/// What is left of a token's credentials when the agent hands them out no more.
const LEAST_LIFETIME: u64 = 15;

/// The reply to a request.
pub(super) fn respond(context: &EndpointContext<'_>) -> Reply {
    let replies = context.replies(vec![]);
    match &*context.path() {
        "/v1/credentials" => credentials(context, &replies),
        // The agent has them at ports of their own.
        "/healthz" | "/readyz" if !context.request.by_own_address => replies.empty(StatusCode::OK),
        _ => replies.not_found(),
    }
}

/// The reply with an injected error.
pub(super) fn error(status: StatusCode, context: &EndpointContext<'_>) -> Reply {
    let replies = context.replies(vec![]);
    let known = AuthException::of_status(status);
    match known.filter(|_| context.path() == "/v1/credentials") {
        Some(known) => exception(context, &replies, known),
        None if status == StatusCode::NOT_FOUND => replies.not_found(),
        None => replies.error(status, status.canonical_reason().unwrap_or_default()),
    }
}

/// Whether the keys behind this endpoint may be valid on AWS.
pub(super) fn has_real_keys(compiled: &CompiledInstance) -> bool {
    is_real(&compiled.instance)
}

fn is_real(instance: &Instance) -> bool {
    instance.credentials.as_ref().is_some_and(|credentials| credentials.source.is_real())
}

fn credentials(context: &EndpointContext<'_>, replies: &GoReplies) -> Reply {
    let instance = &context.compiled.instance;
    let pod = pod_of(instance);
    let bucket = RateBucket { client: None, name: "pod-identity" };
    if let Some(rate) = pod.throttle
        && !context.request.memory.admit(bucket, rate.interval(), rate.burst, context.uptime)
    {
        return replies.error(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    }
    let is_checked = context.request.by_own_address && (pod.check_host || is_real(instance));
    if is_checked && let Err(host) = is_own_host(context.request.head) {
        let accepted = "169.254.170.23 fd00:ec2::23";
        let text = format!(
            "Access Denied. Called agent through invalid address, please use either [{accepted}] address not {host}"
        );
        return replies.error(StatusCode::FORBIDDEN, &text);
    }
    let header = context.request.head.headers.get(AUTHORIZATION);
    let shown = header.map_or(&[][..], HeaderValue::as_bytes);
    if let Some(body) = context.compiled.pod_keys.get(context.key_origin(shown)) {
        return replies.json(StatusCode::OK, body);
    }
    let token = String::from_utf8_lossy(shown);
    let accepted = accepted_token(pod, is_real(instance));
    match account_of(&token, &accepted, context) {
        Err(judge::TokenProblem::Invalid(text)) => replies.error(StatusCode::BAD_REQUEST, &text),
        Err(judge::TokenProblem::Unknown) => exception(context, replies, AuthException::InvalidToken),
        Ok(account) => match associated(instance, pod, account.as_ref()) {
            None => exception(context, replies, AuthException::ResourceNotFound),
            Some(associated) => keys(context, replies, associated, shown),
        },
    }
}

/// The role that a service account is associated with. What events have changed of an association takes precedence.
fn associated<'i>(
    instance: &'i Instance,
    pod: &'i PodIdentity,
    account: Option<&ServiceAccount>,
) -> Option<&'i RoleName> {
    let signals = instance.signals.containers.as_deref();
    let changed = |account: Option<&ServiceAccount>| signals?.associations.get(&account.cloned());
    if account.is_some()
        && let Some(role) = changed(account)
    {
        return role.as_ref();
    }
    if let Some(role) = account.and_then(|account| pod.associations.get(account)) {
        return Some(role);
    }
    changed(None).map_or_else(|| role_of(instance, pod), Option::as_ref)
}

/// The role that an instance's own pod is associated with.
pub(crate) fn pod_role(instance: &Instance) -> Option<&RoleName> {
    let pod = pod_of(instance);
    associated(instance, pod, Some(&service_account_of(pod)))
}

/// The role of service accounts that no association names.
fn role_of<'i>(instance: &'i Instance, pod: &'i PodIdentity) -> Option<&'i RoleName> {
    match &pod.role {
        EndpointRole::OfCredentials => instance.credentials.as_ref().map(|credentials| &credentials.role),
        EndpointRole::Named(role) => Some(role),
        EndpointRole::None => None,
    }
}

/// The keys of a role, for a client that has shown this token.
fn keys(context: &EndpointContext<'_>, replies: &GoReplies, role: &RoleName, token: &[u8]) -> Reply {
    let instance = &context.compiled.instance;
    let failed = |known| exception(context, replies, known);
    match issued(instance, role, context.fleet.fetched(), context.now) {
        Ok(keys) if is_nearly_expired(&keys, context.now) => {
            let text = format!(
                "fetched credentials are expired or will expire within the next {LEAST_LIFETIME} seconds"
            );
            replies.error(StatusCode::INTERNAL_SERVER_ERROR, &text)
        }
        Ok(IssuedKeys { keys, expires, .. }) => {
            let body = Members::default()
                .with("AccessKeyId", keys.access_key_id)
                .with("SecretAccessKey", keys.secret_access_key.reveal())
                .with("Token", keys.token.reveal())
                .with("AccountId", instance.account_id.as_str())
                .with("Expiration", expires.rfc3339());
            let body = Bytes::from(body.to_string());
            context.compiled.pod_keys.keep(context.key_origin(token), &body);
            replies.json(StatusCode::OK, body)
        }
        Err(NoKeys::Unauthorized) => failed(AuthException::AccessDenied),
        Err(NoKeys::NoRole) => failed(AuthException::ResourceNotFound),
        Err(NoKeys::Failed | NoKeys::SourceFailed(_)) => failed(AuthException::InternalServer),
        Err(NoKeys::NotYet) => failed(AuthException::ServiceUnavailable),
    }
}

fn issued(
    instance: &Instance,
    role: &RoleName,
    fetched: Option<&Fetched>,
    now: Timestamp,
) -> Result<IssuedKeys, NoKeys> {
    issue(&KeyRequest {
        instance,
        credentials: instance.credentials.as_ref().unwrap_or(&Credentials::default()),
        name: &format!("pod identity {role}"),
        // What the agent kept is gone with its restart.
        asked_anew: agent(instance).map(|agent| agent.up_at),
        fetched,
        now: Timestamp::from_secs(now.as_secs()),
    })
}

fn agent(instance: &Instance) -> Option<RestartedAgent> {
    instance.signals.containers.as_deref()?.agent(Service::PodIdentity)
}

fn is_nearly_expired(keys: &IssuedKeys, now: Timestamp) -> bool {
    keys.expires.since(Timestamp::from_secs(now.as_secs())).as_secs() <= LEAST_LIFETIME
}

/// In a word what becomes of a request for the credentials of an instance's own pod; `None`: it gets valid ones, or there is
/// no association.
pub(crate) fn pod_credentials_state(
    instance: &Instance,
    fetched: Option<&Fetched>,
    now: Timestamp,
) -> Option<&'static str> {
    let role = pod_role(instance)?;
    if agent(instance).is_some_and(|agent| agent.phase == AgentPhase::Down) {
        return Some("down");
    }
    let state = instance.credentials.as_ref().map_or(CredentialState::Ok, |credentials| credentials.state);
    match issued(instance, role, fetched, now) {
        Ok(keys) => is_nearly_expired(&keys, now).then_some("expired"),
        Err(NoKeys::SourceFailed(_)) => Some("failed"),
        Err(NoKeys::NotYet) => Some("uninitialized"),
        Err(NoKeys::NoRole | NoKeys::Unauthorized | NoKeys::Failed) => Some(state.as_str()),
    }
}
