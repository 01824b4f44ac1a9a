//! The shipped scenarios, played.

#[path = "../support/stage.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod play;
mod scenarios;
