//! A reply as a pure function of its arguments.
//!
//! A request may be refused for whom it comes from (see `rebinding`); then nothing else of it matters. A fault may
//! replace the reply or change it (see `fault_injection`); otherwise the profile decides it (see `ec2` and `aemm`). An
//! instance that an announced interruption has ended (`then = "vanish"`), or that is stopped, resets every connection.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use super::cache::CompiledInstance;
use super::context::RequestContext;
use super::fault_injection::{self, FaultInput};
use super::fleet::MatchedInstance;
use super::path::Segments;
use super::rebinding::AccessRefusal;
use super::reply::{Delivery, DeliveryEnd};
use super::request::ReadOnlyCounters;
use super::{Fleet, FleetChange, Reply, RequestHead, TokenAuthority, Visit, path, profile};
use crate::model::{ClockReading, Service};

/// Replies to a request. The change, if any, is for the caller to make.
pub fn answer(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    head: RequestHead<'_>,
    now: impl Into<ClockReading>,
) -> (Reply, Option<FleetChange>) {
    answer_for(fleet, fleet.match_instance(visit.peer, visit.ingress), authority, visit, head, now)
}

/// The same for a visitor whose instance was looked up.
pub(crate) fn answer_for(
    fleet: &Fleet,
    matched: MatchedInstance<'_>,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    head: RequestHead<'_>,
    now: impl Into<ClockReading>,
) -> (Reply, Option<FleetChange>) {
    let reading = now.into();
    if let Some(refused) = refuse(fleet, authority, visit, head, matched, reading) {
        return (refused, None);
    }
    let now = fleet.now(reading);
    let segments = path::segments(head.path);
    let segments: Option<Segments<&str>> =
        segments.as_ref().map(|segments| segments.iter().map(AsRef::as_ref).collect());
    let segments = segments.as_deref();
    let below = segments.and_then(<[&str]>::split_first).map_or(&[][..], |(_, below)| below);
    let compiled = fleet.at(matched, visit, below, now);
    let compiled: &CompiledInstance = &compiled;
    let change = fleet.polled(matched, below, now).map(FleetChange::Polled);
    let clock = fleet.clock();
    let service = Service::Imds;
    let input = FaultInput { head, path: segments, visit, service, instance: matched.name, clock, now };
    let faults = fault_injection::decide(fleet.faults(), fleet.fault_list().index(), &input);
    let context = RequestContext {
        fleet,
        authority,
        visit,
        head,
        segments,
        matched,
        compiled,
        elapsed: clock.elapsed(now),
        now: faults.skewed(reading.wall),
        loaded_at: faults.skewed(clock.date(fleet.loaded_at())),
        tokens_lost: faults.tokens_lost,
    };
    let reply = match faults.status() {
        Some(status) => profile::error(status, &context),
        None => profile::respond(&context),
    };
    let mut reply = faults.apply(reply);
    reply.late = compiled.instance.late.shown_at(below);
    let signals = &compiled.instance.signals;
    if signals.starts_at.is_some() || signals.gone_at().is_some_and(|at| at <= clock.effective(now)) {
        reply.delivery = Delivery { end: DeliveryEnd::Reset, ..Delivery::default() };
    }
    (reply, change)
}

/// The reply to a request that is refused for whom it comes from. Such a request has no effect: it is no first poll,
/// and neither a fault nor an event counts it.
fn refuse(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    head: RequestHead<'_>,
    matched: MatchedInstance<'_>,
    reading: ClockReading,
) -> Option<Reply> {
    let refusal = head.check_access(&fleet.scenario().http.allowed_hosts)?;
    let visit = &Visit { counters: &ReadOnlyCounters(visit.counters), ..*visit };
    let now = fleet.now(reading);
    let compiled = fleet.at(matched, visit, &[], now);
    let compiled: &CompiledInstance = &compiled;
    if !refusal.is_malformed() && !compiled.has_real_credentials {
        return None;
    }
    let context = RequestContext {
        fleet,
        authority,
        visit,
        head,
        segments: None,
        matched,
        compiled,
        elapsed: fleet.clock().elapsed(now),
        now: reading.wall,
        loaded_at: fleet.clock().date(fleet.loaded_at()),
        tokens_lost: false,
    };
    let reply = profile::error(refusal.status(), &context);
    Some(explained(reply, refusal))
}

/// A refusal whose body says why: EC2 knows no such reply, and somebody has to find out what to change.
fn explained(mut reply: Reply, refusal: AccessRefusal) -> Reply {
    let status = refusal.status();
    let phrase = status.canonical_reason().unwrap_or_default();
    let body = format!("{} {phrase}: {}", status.as_u16(), refusal.reason());
    for (name, value) in &mut reply.headers {
        if *name == CONTENT_TYPE {
            *value = HeaderValue::from_static("text/plain; charset=utf-8");
        } else if *name == CONTENT_LENGTH {
            *value = body.len().into();
        }
    }
    Reply { body: body.into(), refusal: Some(refusal), ..reply }
}
