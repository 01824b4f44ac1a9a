//! Walks a metadata service as a careful client does, and collects what it answers.
//!
//! [`Crawl`] decides which request is next, when, and what a response means. It knows no socket and no clock.
//! [`exchange()`] sends one request on a connection of its own, as EC2 wants it. The answers go to
//! [`crate::transcribe`].
//!
//! The walk: a token (`PUT /latest/api/token`), or none where the service has none; a request without a token, to find
//! out whether the service requires one; the versions; then everything that listings below `/latest/` lead to, and
//! some paths that hosts answer without listing them. The listings at the top tell amazon-ec2-metadata-mock: its notices
//! are requested twice, since their times may move, and one of its listings without a token.

mod client;
mod crawl;
mod exchange;
mod interpret;
mod limit;
mod listing;
mod pace;
mod progress;
mod target;
mod time_out;

#[cfg(test)]
mod tests;

pub(crate) use client::exchange;
pub use crawl::Crawl;
pub use exchange::{CrawlRequest, CrawlResponse, CrawlStep, ExchangeOutcome};
pub(crate) use pace::{Pace, Rate};
pub(crate) use target::{InvalidTarget, Target};
