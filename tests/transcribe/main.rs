//! Scenarios that are written from what a service answers: they answer the same, path by path.

mod absences;
mod account;
mod aemm;
mod categories;
mod command;
mod dump;
mod dump_files;
mod files;
mod import_page;
mod instance_data;
mod overrides;
mod page;
mod record;
mod refused;
mod service;
mod test_server;
