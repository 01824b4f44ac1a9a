//! `DescribeInstances` of an EC2 API: one request to an emulator on this host or in a private network, signed as AWS asks for it.
//!
//! | step | where |
//! |---|---|
//! | a URL → where to connect, or why not | [`ApiEndpoint`] |
//! | instance, region, keys and the time → a request | [`DescribeRequest`] |
//! | the request → the answer's XML | [`describe`] |
//!
//! Without TLS nothing may leave the host's networks: an address of the internet is refused.

mod client;
mod endpoint;
mod request;
mod signature;

pub(crate) use client::{Answer, describe};
pub(crate) use endpoint::{ApiEndpoint, InvalidEndpoint};
pub(crate) use request::DescribeRequest;
pub(crate) use signature::ApiKeys;
