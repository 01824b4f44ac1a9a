//! Protocol semantics: the reply to a request. No sockets, no clock.

mod aemm;
mod answer;
mod cache;
mod client_routes;
mod context;
mod derive;
mod ec2;
mod fault_injection;
mod fault_list;
mod fleet;
mod fleet_item;
mod node;
mod past_events;
mod path;
mod prepare;
mod preview;
mod profile;
mod protocol;
mod rebinding;
mod reply;
mod request;
mod request_headers;
mod shared_value;
mod show;
mod successors;
#[cfg(test)]
pub(crate) mod tests;
mod token;

pub use answer::answer;
pub(crate) use ec2::generated_expiration;
pub use ec2::{SERVED_VERSIONS, category_paths};
pub use fleet::{Fleet, FleetChange};
pub use fleet_item::FleetItem;
pub(crate) use node::on_node;
pub(crate) use path::segments;
pub(crate) use preview::{EventPreview, PathChange};
pub(crate) use protocol::Protocol;
pub use rebinding::AccessRefusal;
pub use reply::{Delivery, DeliveryEnd, Reply};
pub use request::{Counters, Ingress, RequestHead, Visit};
pub use request_headers::RequestHeaders;
pub(crate) use show::{absolute, show};
pub use token::TokenAuthority;
