//! Protocol semantics: the reply to a request. No sockets, no clock.

mod aemm;
mod answer;
mod cache;
mod client_routes;
mod context;
mod derive;
mod ec2;
mod fault_injection;
mod fleet;
mod fleet_item;
mod node;
mod path;
mod prepare;
mod preview;
mod profile;
mod protocol;
mod rebinding;
mod reply;
mod request;
mod show;
mod successors;
mod token;

pub use answer::answer;
pub use ec2::{SERVED_VERSIONS, category_paths};
pub use fleet::{Fleet, FleetChange};
pub use fleet_item::FleetItem;
pub(crate) use node::on_node;
pub(crate) use path::segments;
pub(crate) use preview::{EventPreview, PathChange};
pub(crate) use protocol::Protocol;
pub use rebinding::AccessRefusal;
pub(crate) use rebinding::check_access;
pub use reply::{Delivery, DeliveryEnd, Reply};
pub use request::{Counters, Ingress, RequestHead, Visit};
pub(crate) use show::{absolute, show};
pub use token::TokenAuthority;
