//! Further instances: who meets which, what they inherit, identities derived from clients, and events for some of
//! them.

mod derived;
mod events;
mod matching;
mod nodes;
mod served;
