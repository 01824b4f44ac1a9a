//! EC2's own service, in its two generations (`modern` and `legacy`).

mod bodies;
mod credentials;
mod handler;
#[cfg(test)]
mod late_tests;
mod leaf_context;
mod replies;
mod signals;
mod tree;
mod version;

use http::StatusCode;

use super::Reply;
use super::context::RequestContext;
pub(crate) use bodies::is_signature;
pub(super) use bodies::{DOCUMENT, SIGNATURES, bodies, latest_bodies};
use handler::Ec2Handler;
use replies::Ec2Replies;
pub(super) use tree::Directory;
pub use tree::category_paths;
pub use version::SERVED as SERVED_VERSIONS;

pub(super) fn respond(context: &RequestContext<'_>) -> Reply {
    Ec2Handler::new(context).respond()
}

pub(super) fn error(status: StatusCode, context: &RequestContext<'_>) -> Reply {
    Ec2Replies::new(context).error(status)
}
