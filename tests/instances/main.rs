//! Further instances: who meets which, what they inherit, identities derived from clients, and events for some of
//! them. `many.rs` is a program of its own: it measures its memory.

#[path = "../support/stage.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod derived;
mod events;
mod meeting;
mod served;
