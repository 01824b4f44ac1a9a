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
        let leads_out = |then: &Uplink| self.state.uplinks.iter().any(|now| now.name == then.name);
        Ok(Some(UplinkChange { removed: then.into_iter().filter(|uplink| !leads_out(uplink)).collect() }))
    }
}
