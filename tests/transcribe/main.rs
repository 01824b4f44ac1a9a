//! Scenarios that are written from what a service answers: they answer the same, path by path.

#[path = "../support/page.rs"]
mod blocks;
#[path = "../support/stage.rs"]
mod stage;
#[path = "../support/mod.rs"]
mod support;

mod aemm;
mod categories;
mod command;
mod dump;
mod instance_data;
mod overrides;
mod page;
mod record;
mod service;
