//! The `aemm` profile: the replies of amazon-ec2-metadata-mock 1.13. docs/aemm.md lists the intended differences.
//!
//! The tree is that of `[metadata]`, the user data, and the notices of events; nothing follows from `[instance]`.
//!
//! | path | reply |
//! |---|---|
//! | `/`, `/latest` | fixed listings, with a newline at the end |
//! | `/latest/meta-data`, `/latest/dynamic` | what is directly below, with a newline at the end |
//! | a path of `[metadata]`, wherever it is | its value |
//! | a notice that an event announces | 404 until the event has happened; `InService` instead, for a life cycle |
//! | a directory below the two | what is directly below, without a newline at the end |
//! | `/latest/api/token` | a token to a PUT, nothing to other methods |
//! | a path that is not clean | 301 to the clean one |
//! | anything else | 404 |
//!
//! Any method reads, except where the table says otherwise. Notices are listed before their event has happened. A
//! token is looked at only where tokens are required, and there on every path that answers.
//!
//! Behaviour of the original that harms its users is not copied:
//!
//! - it dies when two clients ask for tokens at once, and its tokens are from a weak generator in a table without
//!   bounds: ours are sealed, the same under every profile;
//! - it lists directories below the categories without a token though tokens are required: here they need one, unless
//!   `[http] open-listings` says otherwise;
//! - it lists paths that contain the requested text anywhere, and its listings depend on earlier requests: here a
//!   listing has the children of its directory, and a path without any is 404;
//! - it mixes up the bodies of two replies that it makes at one time, and hangs on certain brackets in the identity
//!   document;
//! - it labels the wall-clock time of any zone GMT: here it is that of GMT.
//!
//! The service's own limits stay: on heads (16 KiB and 100 headers, where the original takes 1 MiB), on bodies, times
//! and connections. So do the HTTP library's replies to malformed requests.

mod bodies;
mod handler;
mod notices;
mod path;
mod replies;
mod tree;

use http::StatusCode;

use super::Reply;
use super::context::RequestContext;
pub(super) use bodies::bodies;
use handler::AemmHandler;

pub(super) fn respond(context: &RequestContext<'_>) -> Reply {
    AemmHandler::new(context).respond()
}

pub(super) fn error(status: StatusCode, context: &RequestContext<'_>) -> Reply {
    replies::error(status, context.now)
}
