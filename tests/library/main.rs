//! The shipped scenarios, played; and clients that watch them as well-known programs do.

#[path = "../support/stage.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod handlers;
mod play;
mod scenarios;
mod served;
mod watching;
