//! The daemon's side of the control socket.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::tree::tree;
use crate::control::{ControlBackend, EnvironmentError, EnvironmentQuery, Order, api};
use crate::scenario::{Library, LibraryScenario};
use crate::server::ServiceState;

pub(super) fn control_backend(
    service: &Arc<ServiceState>,
    orders: mpsc::Sender<Order>,
    status: impl Fn() -> api::ServiceStatus + Send + Sync + 'static,
    metrics: impl Fn() -> String + Send + Sync + 'static,
    environment: impl Fn(&EnvironmentQuery) -> Result<api::EnvironmentListing, EnvironmentError>
    + Send
    + Sync
    + 'static,
    library: Library,
) -> ControlBackend {
    let journal = Arc::clone(&service.journal);
    let (service, listed) = (Arc::clone(service), Arc::clone(service));
    ControlBackend {
        orders,
        status: Box::new(status),
        metrics: Box::new(metrics),
        journal,
        show: Box::new(move |path, client| service.show(path, client)),
        tree: Box::new(move |instance| tree(&listed, instance)),
        environment: Box::new(environment),
        library: Box::new(move || list(&library)),
    }
}

fn list(library: &Library) -> Result<api::LibraryListing, String> {
    let scenarios = library.list().map_err(|error| format!("the library cannot be read: {error}"))?;
    let entry = |LibraryScenario { name, file, summary }| api::LibraryEntry { name, file, summary };
    let scenarios = scenarios.into_iter().map(entry).collect();
    Ok(api::LibraryListing { directory: library.directory.clone(), scenarios })
}
