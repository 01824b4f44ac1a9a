//! Which endpoints of the settings this host can have: a refused one leaves the others alone.

use super::Network;
use crate::host::HostError;
use crate::host::conflicts::{self, RefusedEndpoint};
use crate::host::settings::HostSettings;

/// Other endpoints than before are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusalChange {
    /// No longer refused, or for another reason.
    pub(crate) lifted: Vec<RefusedEndpoint>,
}

impl Network {
    /// The endpoints of these settings that must not be served on this host as it is now. Asks nothing of a host that
    /// serves IMDS alone.
    pub(super) fn refusals(&mut self, settings: &HostSettings) -> Result<Vec<RefusedEndpoint>, HostError> {
        if !conflicts::possible(settings) {
            return Ok(vec![]);
        }
        let facts = conflicts::gather(&mut self.addresses, &mut self.links, Some(&mut self.tables))?;
        Ok(conflicts::refusals(settings, &facts))
    }

    /// Looks again, and converges if other endpoints are refused now.
    pub(crate) fn follow_refusals(&mut self) -> Result<Option<RefusalChange>, HostError> {
        let settings = self.state.settings.clone();
        let now = self.refusals(&settings)?;
        if now == self.state.refused {
            return Ok(None);
        }
        let mut lifted = std::mem::take(&mut self.state.refused);
        self.converge(&settings)?;
        lifted.retain(|then| !self.state.refused.contains(then));
        Ok(Some(RefusalChange { lifted }))
    }

    /// No address is held: every endpoint is refused, or unavailable.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.assigned.is_empty()
    }

    /// The refused endpoints as an error; `None` if there are none.
    pub(crate) fn refusal(&self) -> Option<HostError> {
        let sentences: Vec<String> = self.state.refused.iter().map(RefusedEndpoint::sentence).collect();
        (!sentences.is_empty()).then(|| HostError::Refused(sentences.join("\n")))
    }
}
