//! The shipped scenarios, played; and clients that watch them as well-known programs do.

mod behaviour;
mod handlers;
mod play;
mod scenarios;
mod served;
mod watching;
