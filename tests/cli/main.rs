//! The program as people and service managers run it: sentences, exit codes, signals, sockets.

mod api_docs;
mod check;
mod control;
mod credentials;
mod fallback;
mod follow;
mod help;
mod journal;
mod manager;
mod mistakes;
mod orders;
mod reload;
mod requests;
mod restart;
mod show;
mod start;
mod verb_clear;
mod verb_clock;
mod verb_fault;
mod verb_use;
mod verbs;
mod wait;
mod wall_clock;
mod watch;
