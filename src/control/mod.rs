//! Control of a running server: HTTP/JSON on a unix socket, for its owner and its group.
//!
//! [`api`] says the routes and what goes over them.

pub(crate) mod api;
mod client;
mod order;
mod query;
mod request_query;
mod routes;
mod socket;

pub(crate) use client::{ControlClient, RequestPage};
pub(crate) use order::{ClockMovement, ControlBackend, Order, OrderSource};
pub(crate) use request_query::{LONGEST_WAIT, RequestQuery};
pub(crate) use routes::serve;
pub(crate) use socket::{BindError, ControlSocket};
