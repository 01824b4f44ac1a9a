//! The daemon's state for others: the status, the service manager's line, and the state file.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::load_tally::LoadCause;
use super::notify;
use super::state_file::{SavedState, StateFile};
use super::status::StatusInputs;
use crate::config::Report;
use crate::control::api::{Rejected, ReloadStatus, ScenarioStatus};
use crate::server::ServiceState;

pub(super) struct Publisher {
    service: Arc<ServiceState>,
    inputs: watch::Sender<StatusInputs>,
    state_file: StateFile,
}

impl Publisher {
    pub(super) fn new(
        service: Arc<ServiceState>,
        inputs: watch::Sender<StatusInputs>,
        state_file: StateFile,
    ) -> Self {
        Self { service, inputs, state_file }
    }

    pub(super) fn scenario(&self) -> ScenarioStatus {
        self.inputs.borrow().scenario.clone()
    }

    /// The rejection of an order for what it says itself.
    pub(super) fn rejection(&self, report: &Report) -> Rejected {
        Rejected::new(report, None, self.scenario())
    }

    /// The rejection of a scenario; `file` has it, unless it is from no file.
    pub(super) fn scenario_rejection(&self, report: &Report, file: Option<PathBuf>) -> Rejected {
        Rejected::new(report, file, self.scenario())
    }

    pub(super) fn accepted(&self, scenario: ScenarioStatus, reload: ReloadStatus, cause: LoadCause) {
        self.inputs.send_modify(|inputs| {
            inputs.loads.count(cause, true);
            inputs.scenario = scenario;
            inputs.last_reload = Some(reload);
        });
    }

    pub(super) fn rejected(&self, reload: ReloadStatus) {
        self.inputs.send_modify(|inputs| inputs.last_reload = Some(reload));
        self.count_rejected(LoadCause::Reload);
    }

    pub(super) fn count_rejected(&self, cause: LoadCause) {
        self.inputs.send_modify(|inputs| inputs.loads.count(cause, false));
    }

    /// Saves the state where there is a place for it.
    pub(super) async fn save(&mut self, state: impl FnOnce() -> SavedState) {
        self.state_file.save(state).await;
    }

    pub(super) fn notify_ready(&self) {
        notify::ready(&self.line());
    }

    pub(super) fn notify_status(&self) {
        notify::status(&self.line());
    }

    fn line(&self) -> String {
        self.inputs.borrow().line(&self.service.fleet.load())
    }
}
