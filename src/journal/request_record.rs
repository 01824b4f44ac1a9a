//! One request, as the journal keeps it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use hyper::Method;
use serde::{Deserialize, Serialize};

use super::recorded_path::RecordedPath;
use crate::imds::{AccessRefusal, Ingress, Protocol};
use crate::model::{Service, Timestamp};

/// The bytes of a path that are kept.
const PATH_BYTES: usize = 1024;
/// The bytes of a method that are kept; the longest registered one has 17.
const METHOD_BYTES: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RequestRecord {
    /// The journal's number of the record, from 1 on.
    pub number: u64,
    /// The time at which the request's head was complete.
    #[serde(with = "millis")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub at: Timestamp,
    pub client: IpAddr,
    pub ingress: Ingress,
    /// The method: 32 bytes of it at most.
    pub method: Cow<'static, str>,
    /// The path as the client wrote it, without the query: 1 KiB of it at most. What is not visible ASCII is
    /// percent-encoded, so that it can't act on a terminal.
    #[cfg_attr(test, schemars(with = "String"))]
    pub path: RecordedPath,
    /// The endpoint that was asked, unless it is the metadata service.
    #[serde(default = "endpoint::imds", skip_serializing_if = "endpoint::is_imds", with = "endpoint")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub endpoint: Service,
    /// It tells something about requests to the metadata service only.
    #[serde(rename = "version")]
    pub protocol: Protocol,
    /// The status of the reply; `None` if there was none.
    pub status: Option<u16>,
    /// The time from the end of the head until the reply was passed to the socket, in whole microseconds.
    pub latency_us: u64,
    /// The number of the fault that was injected, which orders about faults change.
    pub fault: Option<u32>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault_name: Option<Box<str>>,
    /// Why it was refused, if it was for its Host or for a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<AccessRefusal>,
    /// The instance that the client was served, if it has a name.
    pub instance: Option<Box<str>>,
    /// The lifetime that was asked for a token, in seconds, if it is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_ttl: Option<u32>,
    /// It had a token, and none that was valid, whatever was answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid_token: bool,
    /// What was shown in the place of what is true, while a change was not visible yet: "as it was", "absent",
    /// "listed, and 404", "a meanwhile value" or "hidden".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Box<str>>,
    /// The client left before a reply, or before the end of the delay of a fault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_left: bool,
}

/// A method as records have it.
pub(crate) fn method(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => "GET".into(),
        Method::PUT => "PUT".into(),
        Method::HEAD => "HEAD".into(),
        Method::OPTIONS => "OPTIONS".into(),
        Method::POST => "POST".into(),
        _ => sanitize(method.as_str(), METHOD_BYTES).into_owned().into(),
    }
}

/// A path as records have it.
pub(crate) fn path(path: &str) -> RecordedPath {
    RecordedPath::from(&*sanitize(path, PATH_BYTES))
}

/// A text percent-encoded to visible ASCII, cut to this many bytes; an ellipsis stands for the rest.
fn sanitize(text: &str, limit: usize) -> Cow<'_, str> {
    // Without a way out of the loop it takes several bytes at a time.
    if text.len() <= limit && text.bytes().fold(true, |visible, byte| visible & byte.is_ascii_graphic()) {
        return text.into();
    }
    let mut sanitized = String::with_capacity(text.len().min(limit) + '…'.len_utf8());
    for byte in text.bytes() {
        let room = limit - sanitized.len();
        if byte.is_ascii_graphic() && room >= 1 {
            sanitized.push(byte.into());
        } else if !byte.is_ascii_graphic() && room >= 3 {
            sanitized.push_str(percent_encoding::percent_encode_byte(byte));
        } else {
            sanitized.push('…');
            break;
        }
    }
    sanitized.into()
}

/// Microseconds in three digits or so.
pub(super) struct LatencyText(pub(super) u64);

impl fmt::Display for LatencyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            micros @ 0..1_000 => write!(f, "{micros} µs"),
            micros @ 1_000..1_000_000 => write!(f, "{}.{} ms", micros / 1_000, micros % 1_000 / 100),
            micros => write!(f, "{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        }
    }
}

/// `2026-11-21T03:14:11.250Z`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes references")]
mod millis {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::model::Timestamp;

    pub(super) fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.rfc3339_millis())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        Ok(time.into())
    }
}

/// The name of the service.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes references")]
mod endpoint {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::model::Service;

    pub(super) fn imds() -> Service {
        Service::Imds
    }

    pub(super) fn is_imds(service: &Service) -> bool {
        *service == Service::Imds
    }

    pub(super) fn serialize<S: Serializer>(service: &Service, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(service.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Service, D::Error> {
        let name = String::deserialize(deserializer)?;
        let service = Service::ALL.into_iter().find(|service| service.name() == name);
        service.ok_or_else(|| D::Error::custom(format!("there is no endpoint {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::tests::record as usual;

    fn entry() -> RequestRecord {
        let at = Timestamp::from_millis(1_795_230_851_250);
        RequestRecord { number: 7, at, latency_us: 142, ..usual("/latest/meta-data/mac") }
    }

    #[test]
    fn what_is_not_visible_is_encoded_and_what_is_long_is_clipped() {
        let cases = [
            ("/latest/%20", "/latest/%20"),
            ("/\u{1b}[2J", "/%1B[2J"),
            ("/a b\n", "/a%20b%0A"),
            ("/\u{202e}", "/%E2%80%AE"),
        ];
        for (text, expected) in cases {
            assert_eq!(&*path(text), expected, "{text:?}");
        }
        assert_eq!(path(&"x".repeat(1024)).len(), 1024);
        assert_eq!(&*path(&"x".repeat(16_384)), format!("{}…", "x".repeat(1024)));
        assert_eq!(&*path(&"\u{7f}".repeat(1024)), format!("{}…", "%7F".repeat(341)));
        let long = Method::from_bytes(&[b'X'; 100]).unwrap();
        assert_eq!(method(&long), format!("{}…", "X".repeat(32)));
    }

    #[test]
    fn an_entry_reads_as_json() {
        let json = r#"{"number":7,"at":"2026-11-21T03:14:11.250Z","client":"172.17.0.2","ingress":"bridge","method":"GET","path":"/latest/meta-data/mac","version":"v2","status":200,"latency_us":142,"fault":null,"instance":null}"#;
        assert_eq!(serde_json::to_string(&entry()).unwrap(), json);
        assert_eq!(serde_json::from_str::<RequestRecord>(json).unwrap(), entry());
    }

    #[test]
    fn an_endpoint_that_is_not_the_metadata_service_is_named() {
        let record = RequestRecord { endpoint: Service::PodIdentity, ..entry() };
        let json = serde_json::to_string(&record).unwrap();
        assert!(json.contains(r#""endpoint":"pod-identity""#), "{json}");
        assert_eq!(serde_json::from_str::<RequestRecord>(&json).unwrap(), record);
    }

    #[test]
    fn a_latency_has_three_digits_or_so() {
        for (micros, expected) in [(142, "142 µs"), (1_290, "1.2 ms"), (2_345_000, "2.3 s")] {
            assert_eq!(LatencyText(micros).to_string(), expected);
        }
    }
}
