//! The front for users of amazon-ec2-metadata-mock: its flags, environment and files, compiled into a scenario.
//!
//! | step | where |
//! |---|---|
//! | words → [`Asked`], or how it ends | [`parse`], [`Ending`] |
//! | file, by its extension, → keys | [`mod@file`] |
//! | flags over environment over file over defaults → [`Settings`] | [`Settings`] |
//! | [`Settings`] → [`Config`], its kinds loose | [`decode`] |
//! | paths that follow values | [`Placeholders`] |
//! | what is not allowed | [`validate`] |
//! | [`Config`] → a scenario in TOML, with `[http] profile = "aemm"` | [`compile`](compile()) |
//!
//! The scenario is served as any other: there is no second server.

mod address;
mod command_line;
mod compile;
mod config;
mod decode;
mod defaults;
mod ending;
pub mod file;
mod flags;
mod follow;
mod go;
mod placeholders;
pub mod saved;
mod settings;
mod usage;
mod user_data;
pub mod validate;

pub use address::{Place, place};
pub use command_line::{Asked, Misread, Run, parse};
pub use compile::{Compiled, compile};
pub use config::{Config, Events, FileUse, Mode, Server, Spot, Start, Tree, Value};
pub use decode::decode;
pub use ending::Ending;
pub use flags::Command;
pub use follow::follow;
pub use go::plain;
pub use placeholders::Placeholders;
pub use settings::{DEFAULT_FILE, Settings, leaves, names, variable_name};
pub use usage::{help, usage};
pub use user_data::decoded as user_data;

/// The program that this is in the place of.
pub const NAME: &str = "ec2-metadata-mock";
/// The version whose behaviour this is.
pub const VERSION: &str = "v1.13.0";
