//! The configuration of amazon-ec2-metadata-mock: its flags, environment and files, compiled into a scenario.
//!
//! | step | where |
//! |---|---|
//! | arguments → [`Invocation`], or output and status | [`parse`], [`EarlyExit`] |
//! | file, by its extension, → keys | [`mod@file`] |
//! | flags over environment over file over defaults → [`AemmSettings`] | [`AemmSettings`] |
//! | [`AemmSettings`] → [`AemmConfig`], converting between kinds | [`decode()`] |
//! | paths that follow values | [`Placeholders`] |
//! | refused values | [`validate`] |
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
pub(crate) mod file;
mod file_answers;
mod flags;
mod follow;
mod go;
mod path_table;
mod placeholders;
pub(crate) mod save_config;
mod settings;
mod usage;
mod user_data;
pub(crate) mod validate;

pub(crate) use address::{ListenAddress, place};
pub(crate) use command_line::{Invocation, ParsedCommand, parse};
pub use compile::{CompiledConfig, compile};
pub(crate) use compile::{NoticeSet, events};
pub use config::{AemmConfig, AemmMode, AemmServer, EventsConfig, FileUse, SpotConfig, StartTime};
pub(crate) use decode::decode;
pub(crate) use early_exit::EarlyExit;
pub(crate) use file_answers::{FileAnswers, answers_of_file, mentioned, replace_live_keys};
pub(crate) use flags::AemmCommand;
pub(crate) use follow::follow;
pub(crate) use go::plain;
pub use path_table::{ConfigValue, PathTable};
pub(crate) use placeholders::Placeholders;
pub(crate) use settings::{AemmSettings, DEFAULT_FILE, leaves, names};
pub(crate) use usage::{help, usage};
pub(crate) use user_data::decoded as user_data;

/// The name of the program that this one replaces.
pub(crate) const NAME: &str = "ec2-metadata-mock";
/// The version whose behaviour is copied.
pub(crate) const VERSION: &str = "v1.13.0";

#[cfg(test)]
mod tests;
