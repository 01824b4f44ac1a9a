use std::time::Duration;
use std::{error, fmt, io};

use crate::request::Request;

/// As many of the last requests are shown.
const SHOWN: usize = 20;

/// What can go wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server did not start. The text has its log.
    NotStarted(String),
    /// The server cannot be asked, or its answer is not understood.
    Unreachable(io::Error),
    /// The server did not understand: its sentence.
    Refused(String),
    /// A scenario, an event or a fault was rejected; nothing has changed. The server's report, with lines and carets.
    Rejected(String),
    /// No such request came in time.
    NoRequest {
        /// The path that was waited for, and the other conditions.
        wanted: String,
        /// How long.
        timeout: Duration,
        /// All requests that came, or why that is not known.
        came: Result<Vec<Request>, String>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "mock-imds did not start: {why}"),
            Self::Unreachable(error) => write!(f, "mock-imds cannot be asked: {error}"),
            Self::Refused(sentence) | Self::Rejected(sentence) => f.write_str(sentence),
            Self::NoRequest { wanted, timeout, came: Err(why) } => {
                write!(f, "no request for {wanted} within {timeout:?}; what came is not known: {why}")
            }
            Self::NoRequest { wanted, timeout, came: Ok(came) } => {
                let count = came.len();
                write!(f, "no request for {wanted} within {timeout:?}; {count} came, the last ones:")?;
                if came.is_empty() {
                    return f.write_str(" none");
                }
                came[count.saturating_sub(SHOWN)..].iter().try_for_each(|request| write!(f, "\n  {request}"))
            }
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Unreachable(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error)
    }
}
