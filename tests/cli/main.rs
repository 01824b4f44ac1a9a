//! The program as people and service managers run it: sentences, exit codes, signals, sockets.

mod api_docs;
mod check;
mod control;
mod credentials;
mod damaged_state;
mod damages;
mod follow;
mod help;
mod journal;
mod links;
mod manager;
mod mistakes;
mod odd_files;
mod orders;
mod reload;
mod requests;
mod restart;
mod show;
mod start;
mod verb_clock;
mod verb_fault;
mod verb_use;
mod verbs;
mod wait;
mod watch;
