//! Control of a running server: HTTP/JSON on a unix socket, for its owner and its group.
//!
//! [`api`] has the routes and the types that go over them.

mod admission;
pub(crate) mod api;
mod callers;
mod client;
mod connect;
mod environment_query;
mod exchange;
mod handlers;
mod journal_handler;
#[cfg(test)]
mod openapi;
mod order;
mod query;
mod request_query;
mod routes;
mod server;
mod servers;
mod socket;

pub(crate) use client::{ControlClient, OrderError, RequestPage};
pub(crate) use environment_query::{EnvironmentError, EnvironmentQuery};
pub(crate) use order::{ClockMovement, ControlBackend, Order, OrderSource, ScenarioChoice};
pub(crate) use request_query::{LONGEST_WAIT, RequestQuery};
pub(crate) use server::serve;
pub(crate) use servers::{server_called, server_names, usual_server};
pub(crate) use socket::{BindError, ControlSocket};

#[cfg(test)]
mod tests;
