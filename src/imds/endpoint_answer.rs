//! A reply of an endpoint of containers as a pure function of its arguments: the scenario, the request, the time, and what
//! the server remembers of requests before.
//!
//! As for the metadata service, a request may be refused for whom it comes from, and a fault may replace or change the
//! reply.

use http::StatusCode;

use super::cache::CompiledInstance;
use super::endpoint::{EndpointContext, EndpointRequest, ReadOnlyMemory, selected};
use super::fault_injection::{self, FaultInput};
use super::fleet::MatchedInstance;
use super::path::Segments;
use super::reply::{Delivery, DeliveryEnd, Reply};
use super::{Fleet, TokenAuthority, Visit, ecs, path, pod_identity};
use crate::model::{AgentPhase, ClockReading, Service};

/// Replies to a request that came to one of the services for containers, or would be one of theirs by its path. `None`: it
/// is the metadata service's.
pub fn answer_endpoint(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    request: &EndpointRequest<'_>,
    now: impl Into<ClockReading>,
) -> Option<Reply> {
    let answered = answer_endpoint_for(
        fleet,
        fleet.match_instance(visit.peer, visit.ingress),
        authority,
        visit,
        request,
        now,
    );
    answered.map(|(_, reply)| reply)
}

/// The same for a visitor whose instance was looked up, and the service that replies.
pub(crate) fn answer_endpoint_for(
    fleet: &Fleet,
    matched: MatchedInstance<'_>,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    request: &EndpointRequest<'_>,
    now: impl Into<ClockReading>,
) -> Option<(Service, Reply)> {
    let reading = now.into();
    let now = fleet.now(reading);
    let compiled = fleet.at(matched, visit, &[], now);
    let compiled: &CompiledInstance = &compiled;
    let service = selected(request, &compiled.instance)?;
    let clock = fleet.clock();
    let segments = path::segments(request.head.path);
    let segments: Option<Segments<&str>> =
        segments.as_ref().map(|segments| segments.iter().map(AsRef::as_ref).collect());
    let context = EndpointContext {
        fleet,
        authority,
        visit,
        request,
        compiled,
        instant: now,
        elapsed: clock.elapsed(now),
        now: reading.wall,
        uptime: reading.boottime,
    };
    if let Some(refused) = refuse(service, &context) {
        return Some((service, refused));
    }
    if !is_up(service, &context) {
        // Nothing reads the request, so that it changes nothing; faults do not count it either.
        let mut lost = context.replies(vec![]).empty(StatusCode::SERVICE_UNAVAILABLE);
        lost.delivery = Delivery { end: DeliveryEnd::Reset, ..Delivery::default() };
        return Some((service, lost));
    }
    let input = FaultInput {
        head: request.head,
        path: segments.as_deref(),
        visit,
        service,
        instance: matched.name,
        clock,
        now,
    };
    let faults = fault_injection::decide(fleet.faults(), fleet.fault_list().index(), &input);
    let unchanged = ReadOnlyMemory(request.memory);
    let lost = EndpointRequest { memory: &unchanged, ..*request };
    let request = if faults.loses_reply() { &lost } else { request };
    let context = EndpointContext { now: faults.skewed(reading.wall), request, ..context };
    let reply = match (service, faults.status()) {
        (Service::PodIdentity, None) => pod_identity::respond(&context),
        (Service::PodIdentity, Some(status)) => pod_identity::error(status, &context),
        (_, None) => ecs::respond(&context),
        (_, Some(status)) => ecs::error(status, &context),
    };
    Some((service, faults.apply(reply)))
}

/// `true` while the instance runs, and on it the agent.
fn is_up(service: Service, context: &EndpointContext<'_>) -> bool {
    let signals = &context.compiled.instance.signals;
    let agent = signals.containers.as_ref().and_then(|containers| containers.agent(service));
    let is_down = agent.is_some_and(|agent| agent.phase == AgentPhase::Down);
    let is_gone = signals.gone_at().is_some_and(|at| at <= context.fleet.clock().effective(context.instant));
    !is_down && signals.starts_at.is_none() && !is_gone
}

/// The reply to a request that is refused for whom it comes from: malformed ones always, and web pages where keys are real.
fn refuse(service: Service, context: &EndpointContext<'_>) -> Option<Reply> {
    let refusal = context.request.head.check_access(&context.fleet.scenario().http.allowed_hosts)?;
    let has_real_keys = match service {
        Service::PodIdentity => pod_identity::has_real_keys(context.compiled),
        Service::Imds | Service::Ecs => ecs::has_real_keys(context),
    };
    if !refusal.is_malformed() && !has_real_keys {
        return None;
    }
    let status = refusal.status();
    let phrase = status.canonical_reason().unwrap_or_default();
    let body = format!("{} {phrase}: {}", status.as_u16(), refusal.reason());
    let reply = context.replies(vec![]).error(status, &body);
    Some(Reply { refusal: Some(refusal), ..reply })
}
