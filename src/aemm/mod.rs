//! The front for users of amazon-ec2-metadata-mock: its flags, environment and files, compiled into a scenario.
//!
//! | step | where |
//! |---|---|
//! | flags, environment, file, defaults → [`Config`] | the front |
//! | [`Config`] → a scenario in TOML, with `[http] profile = "aemm"` | the compiler |
//!
//! The scenario is served as any other: there is no second server.

mod compile;
mod config;
mod defaults;

pub use compile::{Compiled, compile};
pub use config::{Config, Events, Mode, Server, Spot, Start, Tree, Value};
