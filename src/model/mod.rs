//! Values and rules: what an instance is. std and serde only; no tokio, no clock, no I/O.

pub mod endpoint;
mod time;

pub use time::Timestamp;
