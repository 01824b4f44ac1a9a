//! What the service answers, byte for byte: golden files, a crawler, tables of cases.
//!
//! Replies are made by the pure `answer` at a fixed time. `tests/server` shows that the server sends these
//! very bytes.

mod cases;
mod crawl;
mod endpoints;
mod golden;
mod requests;
