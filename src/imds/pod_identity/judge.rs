//! Whether a request's Host and token are accepted.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use http::header::HOST;

use super::token::{Claims, is_issued};
use crate::imds::RequestHead;
use crate::imds::endpoint::EndpointContext;
use crate::imds::prepared_keys::is_same_secret;
use crate::model::{AcceptedToken, Instance, PodIdentity, Service, ServiceAccount};

/// What the agent knows of an instance's pod: the default if the scenario says nothing.
pub(crate) fn pod_of(instance: &Instance) -> &Arc<PodIdentity> {
    static DEFAULT: LazyLock<Arc<PodIdentity>> = LazyLock::new(Arc::default);
    instance.pod_identity.as_ref().unwrap_or(&DEFAULT)
}

/// Which tokens are accepted: of real keys no others than those that were issued, or that is set.
pub(super) fn accepted_token(pod: &PodIdentity, has_real_keys: bool) -> AcceptedToken {
    match &pod.token {
        AcceptedToken::AnyJwt | AcceptedToken::Any if has_real_keys => AcceptedToken::Issued,
        token => token.clone(),
    }
}

/// `Err` with the host of a request that is none of the agent's addresses.
pub(super) fn is_own_host(head: RequestHead<'_>) -> Result<(), String> {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or(head.authority).unwrap_or_default();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let is_own = |address: IpAddr| Service::at(address) == Some(Service::PodIdentity);
    if name.parse().is_ok_and(is_own) { Ok(()) } else { Err(name.to_owned()) }
}

/// What is wrong with a token.
pub(super) enum TokenProblem {
    /// The agent says so, in these words.
    Invalid(String),
    /// The agent passes it on, and EKS does not know it.
    Unknown,
}

/// The service account of a token that is accepted, if the token names one.
pub(super) fn account_of(
    token: &str,
    rule: &AcceptedToken,
    context: &EndpointContext<'_>,
) -> Result<Option<ServiceAccount>, TokenProblem> {
    if token.is_empty() {
        return Err(TokenProblem::Invalid("Service account token cannot be empty".into()));
    }
    let claims = Claims::read(token);
    match rule {
        AcceptedToken::Any => return Ok(claims.ok().and_then(|claims| claims.account())),
        AcceptedToken::Fixed(expected) => {
            return if is_same_secret(expected.reveal().as_bytes(), token.as_bytes()) {
                Ok(claims.ok().and_then(|claims| claims.account()))
            } else {
                Err(TokenProblem::Unknown)
            };
        }
        AcceptedToken::AnyJwt | AcceptedToken::Issued => {}
    }
    let claims = claims.map_err(|why| {
        TokenProblem::Invalid(format!("Service account token cannot be parsed: token is malformed: {why}"))
    })?;
    claims.check(context.now).map_err(|why| {
        TokenProblem::Invalid(format!("Service account token failed basic claim validations: {why}"))
    })?;
    if *rule == AcceptedToken::Issued && !is_issued(token, context.authority) {
        return Err(TokenProblem::Unknown);
    }
    Ok(claims.account())
}
