//! Values and rules: what an instance is. std and serde only; no tokio, no clock, no I/O.

pub mod endpoint;
mod scenario;
mod time;

pub use scenario::Scenario;
pub use time::Timestamp;
