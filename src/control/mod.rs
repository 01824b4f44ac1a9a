//! Control of a running server: HTTP/JSON on a unix socket, for its owner and its group.
//!
//! [`api`] says the routes and what goes over them.

pub mod api;
mod client;
mod order;
mod query;
mod request_query;
mod routes;
mod socket;

pub use client::{ControlClient, RequestPage};
pub use order::{ClockMovement, ControlBackend, Order, OrderReply, OrderSource};
pub use request_query::{LONGEST_WAIT, RequestQuery};
pub use routes::serve;
pub use socket::{BindError, ControlSocket};
