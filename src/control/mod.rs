//! Control of a running server: HTTP/JSON on a unix socket, for its owner and its group.
//!
//! [`api`] says the routes and what goes over them.

pub mod api;
mod client;
mod lookup;
mod order;
mod query;
mod routes;
mod socket;

pub use client::{Client, Found};
pub use lookup::{LONGEST_WAIT, Lookup};
pub use order::{Caller, Desk, Movement, Order, Outcome};
pub use routes::serve;
pub use socket::{Refused, Socket};
