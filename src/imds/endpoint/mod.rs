//! Requests to the endpoints of containers: Amazon ECS' and EKS Pod Identity's.

mod context;
mod memory;
mod select;

pub(crate) use context::EndpointContext;
pub use context::EndpointRequest;
pub use memory::{EndpointMemory, NetworkFault, RateBucket};
pub(crate) use select::{credential_path_shortened, may_be_endpoint, selected};
