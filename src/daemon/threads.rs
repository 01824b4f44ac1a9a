//! The threads of the process that wait for events: the main one, and those that answer.

use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::exit::{ExitStatus, Failure};
use crate::server::ServingRuntimes;

/// Requests are answered on the first and on these; more gain nothing measurable.
const OTHERS: usize = 1;

/// The runtime of the main thread: everything but requests.
pub(super) fn main_runtime() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))
}

/// The threads that answer, each with a runtime of its own. They end with this.
pub(super) struct AnsweringThreads(Vec<Runtime>);

impl AnsweringThreads {
    /// Starts the threads, and gives the runtimes for a server.
    pub(super) fn start() -> Result<(Self, ServingRuntimes), Failure> {
        let start = || Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let first = start().map_err(|error| failed(&error))?;
        let others = (0..OTHERS).map(|_| start()).collect::<io::Result<Vec<_>>>();
        let others = others.map_err(|error| failed(&error))?;
        let handles = others.iter().map(|other| other.handle().clone()).collect();
        let serving = ServingRuntimes::new(first.handle().clone(), handles);
        Ok((Self(std::iter::once(first).chain(others).collect()), serving))
    }
}

impl Drop for AnsweringThreads {
    fn drop(&mut self) {
        for runtime in self.0.drain(..) {
            runtime.shutdown_background();
        }
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(ExitStatus::OsError, format!("cannot start the event loop: {error}"))
}
