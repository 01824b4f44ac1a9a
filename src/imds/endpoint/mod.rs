//! Requests to the endpoints of containers: Amazon ECS' and EKS Pod Identity's.

mod context;
mod credential_path;
mod memory;
mod select;

pub(crate) use context::EndpointContext;
pub use context::EndpointRequest;
pub(crate) use credential_path::credential_path_shortened;
pub(crate) use memory::ReadOnlyMemory;
pub use memory::{EndpointMemory, NetworkFault, RateBucket};
pub(crate) use select::{may_be_endpoint, selected, takes_body};
