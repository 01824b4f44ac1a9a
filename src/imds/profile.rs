//! The two services that can be played, behind the same three functions: EC2's own, which both of its generations
//! share, and amazon-ec2-metadata-mock's.

use std::collections::BTreeMap;

use http::StatusCode;
use hyper::body::Bytes;

use super::context::RequestContext;
use super::{Fleet, Reply, aemm, ec2};
use crate::model::{Instance, Profile, Timestamp};

pub(super) fn respond(context: &RequestContext<'_>) -> Reply {
    match context.http().profile {
        Profile::Modern | Profile::Legacy => ec2::respond(context),
        Profile::Aemm => aemm::respond(context),
    }
}

/// The reply with an error, whatever was requested.
pub(super) fn error(status: StatusCode, context: &RequestContext<'_>) -> Reply {
    match context.http().profile {
        Profile::Modern | Profile::Legacy => ec2::error(status, context),
        Profile::Aemm => aemm::error(status, context),
    }
}

/// The body of every path below a version that an instance has at a time.
pub(super) fn bodies(
    fleet: &Fleet,
    instance: Instance,
    version: &str,
    now: Timestamp,
) -> BTreeMap<String, Bytes> {
    match fleet.scenario().http.profile {
        Profile::Modern | Profile::Legacy => ec2::bodies(fleet, instance, version, now),
        Profile::Aemm => aemm::bodies(fleet, &instance, now),
    }
}
