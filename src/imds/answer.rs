//! A reply as a pure function of its arguments.
//!
//! A fault may replace the reply or change it (see `fault_injection`); otherwise the profile decides it (see `ec2` and
//! `aemm`). An instance that an announced interruption has ended resets every connection (`then = "vanish"`).

use super::context::RequestContext;
use super::fault_injection::{self, FaultInput};
use super::reply::{Delivery, DeliveryEnd};
use super::{Fleet, FleetChange, Reply, RequestHead, TokenAuthority, Visit, path, profile};
use crate::model::ClockReading;

/// Replies to a request. The change, if any, is for the caller to make.
pub fn answer(
    fleet: &Fleet,
    authority: &TokenAuthority,
    visit: &Visit<'_>,
    head: RequestHead<'_>,
    now: impl Into<ClockReading>,
) -> (Reply, Option<FleetChange>) {
    let reading = now.into();
    let now = fleet.now(reading);
    let segments = path::segments(head.path);
    let segments: Option<Vec<&str>> =
        segments.as_ref().map(|segments| segments.iter().map(AsRef::as_ref).collect());
    let segments = segments.as_deref();
    let below = segments.and_then(<[&str]>::split_first).map_or(&[][..], |(_, below)| below);
    let matched = fleet.match_instance(visit.peer, visit.ingress);
    let compiled = &fleet.at(matched, visit, below, now);
    let change = fleet.polled(matched, below, now).map(FleetChange::Polled);
    let clock = fleet.clock();
    let input = FaultInput { head, path: segments, visit, instance: matched.name, clock, now };
    let faults = fault_injection::decide(fleet.faults(), &input);
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
    if compiled.instance.signals.gone_at().is_some_and(|at| at <= clock.effective(now)) {
        reply.delivery = Delivery { end: DeliveryEnd::Reset, ..Delivery::default() };
    }
    (reply, change)
}
