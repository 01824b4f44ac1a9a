//! Errors of EKS Auth, which the agent passes on with their status.

use http::StatusCode;
use sha2::{Digest as _, Sha256};

use crate::imds::Reply;
use crate::imds::endpoint::EndpointContext;
use crate::imds::go_replies::GoReplies;
use crate::imds::keys::uuid;

/// An exception of `AssumeRoleForPodIdentity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthException {
    AccessDenied,
    InvalidToken,
    ResourceNotFound,
    Throttling,
    InternalServer,
    ServiceUnavailable,
}

impl AuthException {
    /// The exception with this status.
    pub(super) fn of_status(status: StatusCode) -> Option<Self> {
        Some(match status {
            StatusCode::BAD_REQUEST => Self::AccessDenied,
            StatusCode::NOT_FOUND => Self::ResourceNotFound,
            StatusCode::TOO_MANY_REQUESTS => Self::Throttling,
            StatusCode::INTERNAL_SERVER_ERROR => Self::InternalServer,
            StatusCode::SERVICE_UNAVAILABLE => Self::ServiceUnavailable,
            _ => return None,
        })
    }

    /// Status, name and message.
    fn words(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::AccessDenied => (
                StatusCode::BAD_REQUEST,
                "AccessDeniedException",
                "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
            ),
            Self::InvalidToken => (
                StatusCode::BAD_REQUEST,
                "InvalidTokenException",
                "The token included in the request is invalid.",
            ),
            Self::ResourceNotFound => (
                StatusCode::NOT_FOUND,
                "ResourceNotFoundException",
                "No association was found for the service account of the token.",
            ),
            Self::Throttling => (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", "Rate exceeded"),
            Self::InternalServer => {
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerException", "Internal server error")
            }
            Self::ServiceUnavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", "Service unavailable")
            }
        }
    }
}

/// The reply with an exception.
pub(super) fn exception(context: &EndpointContext<'_>, replies: &GoReplies, known: AuthException) -> Reply {
    let (status, name, message) = known.words();
    let fault = if status.is_server_error() { "server" } else { "client" };
    let request = uuid(&Sha256::digest(context.visit.nonce));
    replies.error(status, &format!("[{request}]: ({name}): {message}, fault: {fault}"))
}
