//! Following the interfaces: a bridge that gets a port to the LAN is no bridge of guests any more.

use super::Network;
use crate::host::HostError;
use crate::host::plan::Plan;
use crate::host::uplinks::{Uplink, uplinks};

/// Other interfaces than before lead out of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UplinkChange {
    /// Guests again, or gone.
    pub(crate) removed: Vec<Uplink>,
}

impl Network {
    /// Compares the interfaces with those of the last time, and replaces the tables if other ones lead out now.
    pub(crate) fn follow_links(&mut self) -> Result<Option<UplinkChange>, HostError> {
        let now = uplinks(&self.links.list()?, &self.state.settings.bridges);
        if now == self.state.uplinks {
            return Ok(None);
        }
        let plan = Plan::of(&self.state.settings, &self.state.plan.addresses, &now);
        if plan != self.state.plan {
            self.apply(plan)?;
        }
        let then = std::mem::replace(&mut self.state.uplinks, now);
        Ok(Some(UplinkChange::between(then, &self.state.uplinks)))
    }
}

impl UplinkChange {
    fn between(then: Vec<Uplink>, now: &[Uplink]) -> Self {
        let leads_out = |then: &Uplink| now.iter().any(|now| now.name == then.name);
        Self { removed: then.into_iter().filter(|uplink| !leads_out(uplink)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_removed_when_none_of_its_name_leads_out() {
        let uplink = |name: &str, reason: &str| Uplink { name: name.into(), reason: reason.into() };
        let then = vec![uplink("br-a", "its port eth0 is a network card"), uplink("br-b", "x")];
        let now = [uplink("br-a", "its port eth1 is a network card"), uplink("br-c", "x")];
        assert_eq!(UplinkChange::between(then, &now).removed, [uplink("br-b", "x")]);
    }
}
