//! Scenarios that are written from what a service answers: they answer the same, path by path.

mod absences;
mod account;
mod aemm;
mod categories;
mod command;
mod described;
mod dump;
mod dump_command;
mod dump_files;
mod faults;
mod files;
mod import_command;
mod import_page;
mod instance_data;
mod instance_list;
mod overrides;
mod page;
mod random_documents;
mod record;
mod record_secrets;
mod refused;
mod service;
mod test_server;
