//! The program as people and service managers run it: sentences, exit codes, signals, sockets.

mod api_docs;
mod check;
mod control;
mod credentials;
mod follow;
mod help;
mod kept;
mod manager;
mod mistakes;
mod reload;
mod requests;
mod show;
mod start;
mod verb_fault;
mod verb_use;
mod verbs;
mod watch;
