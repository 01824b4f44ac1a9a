//! The server's metrics. They are made of counts that are there already, whenever somebody asks.

use std::sync::Arc;

use strum::VariantArray as _;
use tokio::sync::watch;

use super::credential_status::credential_status;
use super::in_force::in_force;
use super::load_tally::LoadCause;
use super::status::StatusInputs;
use crate::clock;
use crate::imds::{Fleet, Protocol};
use crate::journal::{RequestOutcome, RequestTally};
use crate::metrics::{MetricFamily, MetricsText};
use crate::model::{StringEnum as _, Timestamp};
use crate::server::ServiceState;

/// The fault whose hits are those of all faults that are not of the file: no name of one has a pair of brackets.
const ORDERED: &str = "(ordered)";

/// The text, made whenever it is called.
pub(super) fn metrics(
    service: Arc<ServiceState>,
    inputs: watch::Receiver<StatusInputs>,
) -> impl Fn() -> String + Send + Sync {
    let started = clock::now();
    move || {
        let mut text = MetricsText::default();
        let build = &mut text.gauge("build_info", "The version of the server, as a label.");
        build.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        text.gauge("start_time_seconds", "Start of the server, in seconds since 1970.")
            .value(seconds(started));
        requests(&mut text, &service.journal.tally());
        let fleet = service.fleet.load();
        faults(&mut text, &service, &fleet);
        loads(&mut text, &inputs.borrow());
        scenario(&mut text, &service, &fleet);
        text.into_text()
    }
}

fn requests(text: &mut MetricsText, tally: &RequestTally) {
    let mut family = text.counter("requests_total", "Requests that are over.");
    for (protocol, outcome, category, count) in tally.iter() {
        let protocol = protocol.to_string();
        let labels =
            [("protocol", &*protocol), ("outcome", outcome.as_str()), ("category", category.as_str())];
        family.sample(&labels, count);
    }
    let containers: Vec<_> = tally.of_containers().collect();
    if !containers.is_empty() {
        let mut family = text.counter(
            "container_requests_total",
            "Requests to the endpoints of Amazon ECS and EKS Pod Identity that are over.",
        );
        for (service, outcome, count) in containers {
            family.sample(&[("endpoint", service.name()), ("outcome", outcome.as_str())], count);
        }
    }
    let help = "Requests without a token that were answered: MetadataNoToken of EC2.";
    text.counter("requests_without_token_total", help).value(tally.sum(Protocol::V1, RequestOutcome::Ok));
    let missing = tally.sum(Protocol::V1, RequestOutcome::Unauthorized);
    let help = "Requests without a token that were rejected for it: MetadataNoTokenRejected of EC2.";
    text.counter("requests_without_token_rejected_total", help).value(missing);
    let token = |outcome| tally.sum(Protocol::Token, outcome);
    text.counter("token_errors_total", "Requests that failed for their token, or asked for one in vain.")
        .sample(&[("reason", "missing")], missing)
        .sample(&[("reason", "invalid")], tally.sum(Protocol::V2, RequestOutcome::Unauthorized))
        .sample(&[("reason", "refused")], token(RequestOutcome::Forbidden))
        .sample(&[("reason", "unauthorized")], token(RequestOutcome::Unauthorized))
        .sample(&[("reason", "not_found")], token(RequestOutcome::NotFound))
        .sample(&[("reason", "malformed")], token(RequestOutcome::ClientError))
        .sample(&[("reason", "failed")], token(RequestOutcome::ServerError))
        .sample(&[("reason", "unanswered")], token(RequestOutcome::Unanswered));
}

fn faults(text: &mut MetricsText, service: &ServiceState, fleet: &Fleet) {
    let help = "Requests that a fault had an effect on, by the faults of the file; all others are one.";
    let mut family = text.counter("fault_hits_total", help);
    for (index, fault) in fleet.faults().iter().enumerate() {
        if !fleet.fault_list().is_ordered(index) {
            family.sample(&[("fault", fault.name.as_str())], service.fault_hits(index));
        }
    }
    family.sample(&[("fault", ORDERED)], service.ordered_fault_hits());
}

fn loads(text: &mut MetricsText, inputs: &StatusInputs) {
    let mut family = text.counter("scenario_loads_total", "Scenarios that were loaded after the start.");
    for cause in LoadCause::VARIANTS {
        let [accepted, rejected] = inputs.loads.of(*cause);
        family.sample(&[("cause", cause.as_str()), ("result", "accepted")], accepted);
        family.sample(&[("cause", cause.as_str()), ("result", "rejected")], rejected);
    }
    let accepted = inputs.last_reload.as_ref().is_none_or(|reload| reload.accepted);
    let help = "1 unless the last reload was rejected.";
    text.gauge("last_reload_successful", help).value(u8::from(accepted));
    let help = "1 if the file was rejected at the start, and another scenario is served for it.";
    text.gauge("scenario_fallback", help).value(u8::from(inputs.scenario.fallback.is_some()));
    let help = "When the scenario was loaded, in seconds since 1970.";
    text.gauge("scenario_load_time_seconds", help).value(seconds(inputs.scenario.at));
}

fn scenario(text: &mut MetricsText, service: &ServiceState, fleet: &Fleet) {
    let reading = service.read_clocks();
    let now = fleet.now(reading);
    text.gauge("instances", "Instances of the scenario.").value(fleet.instances().len());
    let help = "Differences between the instances and the file, and notices.";
    text.gauge("changes_in_force", help).value(in_force(fleet, now).len());
    let clock = fleet.clock();
    let help = "Position of the scenario's clock.";
    text.gauge("clock_position_seconds", help).value(clock.elapsed(now).as_secs_f64());
    text.gauge("clock_paused", "1 while the scenario's clock is paused.")
        .value(u8::from(clock.paused.is_some()));
    let mut expiry: MetricFamily<'_> =
        text.gauge("credentials_expiry_time_seconds", "When the credentials expire, in seconds since 1970.");
    if let Some(expires) = credential_status(fleet, reading).and_then(|credentials| credentials.expires) {
        expiry.value(seconds(expires));
    }
}

/// In whole milliseconds, which a number of this size holds.
#[expect(clippy::cast_precision_loss, reason = "until the year 287,396 none is lost")]
fn seconds(time: Timestamp) -> f64 {
    time.as_millis() as f64 / 1e3
}
