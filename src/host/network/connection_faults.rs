//! Connections that the server wants to fail: a chain of our table that the plan does not have.

use super::Network;
use crate::host::HostError;
use crate::host::nft;
use crate::host::plan::{MAX_RULES, Plan, rule_count};
use crate::model::ConnectionFault;

impl Network {
    /// These are in the tables that are applied next.
    pub(crate) fn expect_connection_faults(&mut self, faults: Vec<ConnectionFault>) {
        self.state.connection_faults = faults;
        self.warn_of_faults_without_effect();
    }

    /// Replaces the tables if other connections fail now; says whether they do.
    pub(crate) fn follow_connection_faults(&mut self, faults: &[ConnectionFault]) -> Result<bool, HostError> {
        if faults.is_empty() {
            self.state.refused_faults = None;
        }
        // What the kernel refused once is not tried again until the list is another one.
        if faults == self.state.connection_faults || self.state.refused_faults.as_deref() == Some(faults) {
            return Ok(false);
        }
        let before = std::mem::replace(&mut self.state.connection_faults, faults.to_vec());
        self.state.refused_faults = None;
        self.warn_of_faults_without_effect();
        self.apply(self.state.plan.clone()).inspect_err(|_| self.state.connection_faults = before)?;
        Ok(self.state.refused_faults.is_none())
    }

    /// Applies a plan, with the faults of connections unless the kernel refuses them: it need not be able to reject, and
    /// the service goes on.
    pub(super) fn install_with_faults(
        &mut self,
        plan: &Plan,
    ) -> Result<(nft::KernelSupport, nft::TablesSnapshot), HostError> {
        let whole = plan.clone().with_connection_faults(&self.state.connection_faults);
        match self.install(&whole) {
            Err(error @ (HostError::Kernel { .. } | HostError::NoNfTables(_))) if whole != *plan => {
                tracing::error!("connections are neither refused nor lost: {error}");
                self.state.refused_faults = Some(std::mem::take(&mut self.state.connection_faults));
                self.install(plan)
            }
            installed => installed,
        }
    }

    fn warn_of_faults_without_effect(&self) {
        let faults = &self.state.connection_faults;
        let count = rule_count(faults, &self.state.plan.addresses);
        if count > MAX_RULES {
            tracing::warn!(
                "the faults of connections take {count} rules; only the first {MAX_RULES} are applied"
            );
        }
    }
}
