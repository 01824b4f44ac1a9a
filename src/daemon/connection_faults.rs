//! Connections that are refused or lost: the guardian of the host's network does it, by a list of the faults in force
//! that this server keeps in its runtime directory. The list ends with the process, however that ends.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::compute::compute;
use super::in_force::present;
use super::load::LoadedScenario;
use crate::config::Report;
use crate::files::{HeldFile, remove_staged};
use crate::imds::Fleet;
use crate::model::endpoint::SERVICE_PORT;
use crate::model::fault::{ConnectionFailure, Fault, FaultStart};
use crate::model::{ClientMatcher, ConnectionFault, EventEffect, NamedInstance, Timestamp};
use crate::server::ServiceState;

/// The least time between two looks.
const PAUSE: Duration = Duration::from_millis(5);
/// The longest time to the next look while something is to come: a host may sleep meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Where the list is. Without a place for it this server has no faults of connections.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionFaultPlace(Option<PathBuf>);

impl ConnectionFaultPlace {
    /// `path` is of the runtime directory, if there is one; the guardian redirects to one port alone.
    pub(super) fn new(path: Option<PathBuf>, mut ports: impl Iterator<Item = u16>) -> Self {
        Self(path.filter(|_| ports.any(|port| port == SERVICE_PORT)))
    }

    /// Rejects a scenario with faults that nobody would carry out.
    pub(super) fn check(&self, loaded: &LoadedScenario) -> Result<(), Report> {
        let faults = &loaded.scenario.faults;
        match faults.iter().find(|fault| fault.effect.connection().is_some()) {
            Some(fault) => {
                self.check_one(loaded.origin.name(), &format!("{} has connection, and ", fault.name))
            }
            None => Ok(()),
        }
    }

    /// The same for an order.
    pub(super) fn check_order(&self, name: &str, words: &serde_json::Value) -> Result<(), Report> {
        if words.get("connection").is_some() { self.check_one(name.to_owned(), "") } else { Ok(()) }
    }

    fn check_one(&self, file: String, before: &str) -> Result<(), Report> {
        if self.0.is_some() {
            return Ok(());
        }
        let found = format!("{before}this server cannot refuse or lose connections");
        let help = format!(
            "accepted: by a server at port {SERVICE_PORT} with a runtime directory beside a guardian of the host's \
             network, as mock-imds.service is; here, reset = true or hang = true"
        );
        Err(Report::whole(file, found, help))
    }

    /// Keeps the list as long as this runs. `replaced` is notified when another fleet is served.
    pub(super) async fn run(self, service: Arc<ServiceState>, replaced: Arc<Notify>) {
        let Some(path) = self.0 else { return };
        let mut list = PublishedList { path, faults: vec![], held: None };
        list.forget_former();
        loop {
            let (faults, mut next) = {
                let fleet = service.fleet.load();
                let now = fleet.now(service.read_clocks());
                (in_force(&fleet, now), next_change(&fleet, now))
            };
            if faults != list.faults {
                let published;
                (list, published) = compute(move || {
                    let published = list.publish(faults);
                    (list, published)
                })
                .await;
                // What could not be written is tried again.
                next = next.or((!published).then_some(LONGEST_WAIT));
            }
            match next {
                Some(wait) => tokio::select! {
                    () = replaced.notified() => {}
                    () = sleep(wait.clamp(PAUSE, LONGEST_WAIT)) => {}
                },
                None => replaced.notified().await,
            }
        }
    }
}

/// The list as the guardian sees it.
struct PublishedList {
    path: PathBuf,
    faults: Vec<ConnectionFault>,
    held: Option<HeldFile>,
}

impl PublishedList {
    /// That of a process that was killed.
    fn forget_former(&self) {
        remove_staged(&self.path);
        let _ = fs::remove_file(&self.path);
    }

    /// Without a fault there is no list. False if it cannot be written.
    fn publish(&mut self, faults: Vec<ConnectionFault>) -> bool {
        if faults.is_empty() {
            self.held = None;
        } else {
            match HeldFile::place(&self.path, &ConnectionFault::write_all(&faults)) {
                Ok(held) => {
                    if let Some(former) = self.held.replace(held) {
                        former.replaced();
                    }
                }
                Err(error) => {
                    let path = self.path.display();
                    tracing::error!(
                        "connections are neither refused nor lost: {path} cannot be written: {error}"
                    );
                    return false;
                }
            }
        }
        self.faults = faults;
        true
    }
}

/// The faults of connections that are on, in their order, and then the instances that are stopped.
fn in_force(fleet: &Fleet, now: Timestamp) -> Vec<ConnectionFault> {
    let (elapsed, effective) = (fleet.clock().elapsed(now), fleet.clock().effective(now));
    let on = fleet.faults().iter().filter(|fault| fault.is_on(elapsed, effective));
    on.filter_map(|fault| ConnectionFault::of(fault)).chain(stopped(fleet, now)).collect()
}

/// Nothing answers on an instance that is stopped. Where the list cannot say whose connections those are, the server
/// resets them itself, as it does without a list.
fn stopped(fleet: &Fleet, now: Timestamp) -> Vec<ConnectionFault> {
    if !has_stops(fleet) {
        return vec![];
    }
    let named = &fleet.scenario().named_instances;
    let refused = |clients| ConnectionFault { failure: ConnectionFailure::Refused, service: None, clients };
    let is_stopped = |name, base| present(fleet, name, base, now).signals.starts_at.is_some();
    if named.is_empty() {
        return is_stopped(None, &fleet.scenario().instance).then(|| refused(vec![])).into_iter().collect();
    }
    let all_clients = |instance: &NamedInstance| {
        let host = instance.host.then_some(ClientMatcher::Host).into_iter();
        let networks = instance.networks.iter().copied().map(ClientMatcher::Network);
        host.chain(networks).collect::<Vec<ClientMatcher>>()
    };
    let stopped = named.iter().filter(|instance| is_apart(instance, named));
    let stopped = stopped.filter(|instance| is_stopped(Some(instance.name.as_str()), &instance.instance));
    stopped.map(all_clients).filter(|clients| !clients.is_empty()).map(refused).collect()
}

fn has_stops(fleet: &Fleet) -> bool {
    let is_stop = |effect: &EventEffect| matches!(effect, EventEffect::StopStart(_));
    fleet.events().iter().any(|event| event.effects.iter().any(is_stop))
}

/// Whether no client of its networks is another instance's.
fn is_apart(instance: &NamedInstance, all: &[NamedInstance]) -> bool {
    let others = all.iter().filter(|other| other.name != instance.name).flat_map(|other| &other.networks);
    let mut others = others.filter(|other| instance.networks.iter().any(|own| own.contains(*other)));
    others.next().is_none()
}

/// The time until one of them begins or ends, if the clock goes on.
fn next_change(fleet: &Fleet, now: Timestamp) -> Option<Duration> {
    let clock = fleet.clock();
    if clock.paused.is_some() {
        return None;
    }
    let (elapsed, effective) = (clock.elapsed(now), clock.effective(now));
    let until = |fault: &Fault| match fault.since(elapsed, effective) {
        Some(since) => fault.lasts?.checked_sub(since).filter(|left| !left.is_zero()),
        None => Some(match fault.from {
            FaultStart::AfterLoad(offset) => offset.saturating_sub(elapsed),
            FaultStart::At(instant) => instant.since(effective),
        }),
    };
    let faults = fleet.faults().iter().filter(|fault| fault.effect.connection().is_some());
    let event = if has_stops(fleet) { fleet.next_occurrence(now).map(|at| at.since(now)) } else { None };
    faults.filter_map(|fault| until(fault)).chain(event).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SourceText;
    use crate::identity::KeyRing;
    use crate::scenario::read;

    const LOAD: Timestamp = Timestamp::from_secs(1_795_230_851);

    #[test]
    fn a_fault_of_connections_is_listed_while_it_is_on() {
        let text = "[[fault]]\nfrom = \"10s\"\nfor = \"20s\"\nconnection = \"refused\"\nclients = [\"host\"]\n\
             [[fault]]\nstatus = 503\n[[fault]]\nfrom = \"15s\"\nconnection = \"lost\"\nendpoint = \"ecs\"\n";
        let (scenario, _) = read(&SourceText::new("test", text), "/".as_ref()).expect("it is accepted");
        let fleet = Fleet::compile(scenario, &Arc::new(KeyRing::generate([0; 32])), LOAD, LOAD);
        let refused = "refused to host";
        let lost = "lost by ecs";
        let secs = |seconds| Some(Duration::from_secs(seconds));
        for (second, faults, next) in [
            (0, vec![], secs(10)),
            (9, vec![], secs(1)),
            (10, vec![refused], secs(5)),
            (15, vec![refused, lost], secs(15)),
            (29, vec![refused, lost], secs(1)),
            (30, vec![lost], None),
        ] {
            let now = LOAD.plus(Duration::from_secs(second));
            let words: Vec<String> = in_force(&fleet, now).iter().map(ToString::to_string).collect();
            assert_eq!(words, faults, "after {second} s");
            assert_eq!(next_change(&fleet, now), next, "after {second} s");
        }
    }

    #[test]
    fn an_instance_that_is_stopped_refuses_connections() {
        let stop = "stop-start = { down = \"20s\" }\n";
        let instances = "[instances.a]\nclients = [\"10.0.0.0/24\", \"host\"]\n[instances.b]\nclients = [\"10.0.1.0/24\"]\n\
                         [instances.c]\nclients = [\"10.0.0.9\"]\n";
        let (of_a, of_b) = (format!("instance = \"a\"\n{stop}"), format!("instance = \"b\"\n{stop}"));
        for (instances, event, expected) in [
            ("", stop, vec!["refused"]),
            (instances, of_b.as_str(), vec!["refused to 10.0.1.0/24"]),
            // One of its clients is another instance's.
            (instances, of_a.as_str(), vec![]),
        ] {
            let text = format!("{instances}[[event]]\nat = \"10s\"\n{event}");
            let (scenario, _) = read(&SourceText::new("test", text), "/".as_ref()).expect("it is accepted");
            let fleet = Fleet::compile(scenario, &Arc::new(KeyRing::generate([0; 32])), LOAD, LOAD);
            let secs = |seconds| Some(Duration::from_secs(seconds));
            for (second, is_stopped, next) in
                [(9, false, secs(1)), (10, true, secs(20)), (29, true, secs(1)), (30, false, None)]
            {
                let now = LOAD.plus(Duration::from_secs(second));
                let words: Vec<String> = in_force(&fleet, now).iter().map(ToString::to_string).collect();
                let expected = if is_stopped { expected.clone() } else { vec![] };
                assert_eq!(words, expected, "{event} after {second} s");
                assert_eq!(next_change(&fleet, now), next, "{event} after {second} s");
            }
        }
    }

    #[test]
    fn only_a_server_that_the_guardian_redirects_to_has_a_list() {
        let path = || Some(PathBuf::from("/run/x/connection-faults.json"));
        for (path, ports, expected) in [
            (path(), vec![SERVICE_PORT], true),
            (path(), vec![80, SERVICE_PORT], true),
            (path(), vec![1338], false),
            (None, vec![SERVICE_PORT], false),
        ] {
            let place = ConnectionFaultPlace::new(path, ports.iter().copied());
            let order = serde_json::json!({"connection": "lost"});
            assert_eq!(place.check_order("the fault", &order).is_ok(), expected, "{place:?}");
            assert!(place.check_order("the fault", &serde_json::json!({"hang": true})).is_ok());
        }
    }
}
