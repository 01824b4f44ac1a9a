//! Walks a metadata service as a careful client does, and keeps what it answers.
//!
//! [`Crawl`] decides: what to ask next, when, and what an answer means. It knows no socket and no clock. [`exchange()`]
//! asks one question on a connection of its own, as EC2 wants it. What is kept goes to [`crate::transcribe`].
//!
//! How the walk goes: a token (`PUT /latest/api/token`), or none where the service has none; a question without token,
//! which tells whether the service wants one; the versions; then everything that listings below `/latest/` lead to, and
//! some paths that hosts answer without listing them. The listings at the top tell amazon-ec2-metadata-mock: its notices
//! are asked for twice, since their times may move, and one of its listings without a token.

mod client;
mod crawl;
mod exchange;
mod interpret;
mod listing;
mod pace;
mod target;

#[cfg(test)]
mod tests;

pub(crate) use client::exchange;
pub use crawl::Crawl;
pub use exchange::{CrawlRequest, CrawlResponse, CrawlStep, ExchangeOutcome};
pub(crate) use pace::Rate;
pub(crate) use target::{InvalidTarget, Target};
