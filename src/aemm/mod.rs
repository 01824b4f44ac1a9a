//! The front for users of amazon-ec2-metadata-mock: its flags, environment and files, compiled into a scenario.
//!
//! | step | where |
//! |---|---|
//! | words → [`Invocation`], or how it ends | [`parse`], [`EarlyExit`] |
//! | file, by its extension, → keys | [`mod@file`] |
//! | flags over environment over file over defaults → [`AemmSettings`] | [`AemmSettings`] |
//! | [`AemmSettings`] → [`AemmConfig`], its kinds loose | [`decode`] |
//! | paths that follow values | [`Placeholders`] |
//! | what is not allowed | [`validate`] |
//! | [`AemmConfig`] → a scenario in TOML, with `[http] profile = "aemm"` | [`compile`](compile()) |
//!
//! The scenario is served as any other: there is no second server.

mod address;
mod command_line;
mod compile;
mod config;
mod decode;
mod defaults;
mod early_exit;
pub mod file;
mod flags;
mod follow;
mod go;
mod placeholders;
pub mod save_config;
mod settings;
mod usage;
mod user_data;
pub mod validate;

pub use address::{ListenAddress, place};
pub use command_line::{Invocation, Misread, ParsedCommand, parse};
pub use compile::{CompiledConfig, compile};
pub use config::{
    AemmConfig, AemmMode, AemmServer, ConfigValue, EventsConfig, FileUse, PathTable, SpotConfig, StartTime,
};
pub use decode::decode;
pub use early_exit::EarlyExit;
pub use flags::AemmCommand;
pub use follow::follow;
pub use go::plain;
pub use placeholders::Placeholders;
pub use settings::{AemmSettings, DEFAULT_FILE, leaves, names, variable_name};
pub use usage::{help, usage};
pub use user_data::decoded as user_data;

/// The program that this is in the place of.
pub const NAME: &str = "ec2-metadata-mock";
/// The version whose behaviour this is.
pub const VERSION: &str = "v1.13.0";
