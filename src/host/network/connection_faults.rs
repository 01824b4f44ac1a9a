//! Connections that the server wants to fail: a chain of our table that the plan does not have.

use super::Network;
use crate::host::HostError;
use crate::host::nft;
use crate::host::plan::Plan;
use crate::model::ConnectionFault;

impl Network {
    /// These are in the tables that are applied next.
    pub(crate) fn expect_connection_faults(&mut self, faults: Vec<ConnectionFault>) {
        self.state.connection_faults = faults;
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
        self.apply(self.state.plan.clone()).inspect_err(|_| self.state.connection_faults = before)?;
        Ok(self.state.refused_faults.is_none())
    }

    /// Applies a plan, with the faults of connections unless the kernel refuses them.
    pub(super) fn install_with_faults(
        &mut self,
        plan: &Plan,
    ) -> Result<(nft::KernelSupport, nft::TablesSnapshot), HostError> {
        let whole = plan.clone().with_connection_faults(&self.state.connection_faults);
        let (installed, is_refused) = whole_or_without_faults(&whole, plan, |plan| self.install(plan));
        if is_refused {
            self.state.refused_faults = Some(std::mem::take(&mut self.state.connection_faults));
        }
        installed
    }
}

/// Installs the whole plan, or else the one without faults of connections: a kernel need not be able to reject, and the
/// service goes on. True with the latter.
fn whole_or_without_faults<T>(
    whole: &Plan,
    without: &Plan,
    mut install: impl FnMut(&Plan) -> Result<T, HostError>,
) -> (Result<T, HostError>, bool) {
    match install(whole) {
        Err(error @ (HostError::Kernel { .. } | HostError::NoNfTables(_))) if whole != without => {
            tracing::error!("connections are neither refused nor lost: {error}");
            (install(without), true)
        }
        installed => (installed, false),
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;
    use crate::host::settings::HostSettings;
    use crate::model::fault::ConnectionFailure;

    /// How many plans are installed, with these errors as answers, and what comes of it.
    fn installed(whole: &Plan, without: &Plan, errors: [Option<HostError>; 2]) -> (usize, bool, bool) {
        let (mut answers, mut plans) = (errors.into_iter(), vec![]);
        let (installed, is_refused) = whole_or_without_faults(whole, without, |plan| {
            plans.push(plan.clone());
            answers.next().expect("two answers").map_or(Ok(()), Err)
        });
        assert_eq!(&plans[0], whole);
        assert!(plans.get(1).is_none_or(|second| second == without), "{plans:?}");
        (plans.len(), installed.is_ok(), is_refused)
    }

    #[test]
    fn a_kernel_that_refuses_the_faults_gets_the_plan_without_them() {
        let without = Plan::new(&HostSettings::default().addresses(), &[], &[]);
        let lost = ConnectionFault { failure: ConnectionFailure::Lost, service: None, clients: vec![] };
        let whole = without.clone().with_connection_faults(&[lost]);
        let kernel = || Some(HostError::kernel("add a rule", Errno::ENOENT));
        assert_eq!(installed(&whole, &without, [None, None]), (1, true, false));
        assert_eq!(installed(&whole, &without, [kernel(), None]), (2, true, true));
        assert_eq!(installed(&whole, &without, [kernel(), kernel()]), (2, false, true));
        let lacking = Some(HostError::NoNfTables("no reject".into()));
        assert_eq!(installed(&whole, &without, [lacking, None]), (2, true, true));
        let other = Some(HostError::NotPermitted);
        assert_eq!(installed(&whole, &without, [other, None]), (1, false, false), "nothing about the faults");
        let plain = installed(&without, &without, [kernel(), None]);
        assert_eq!(plain, (1, false, false), "there are no faults");
    }
}
