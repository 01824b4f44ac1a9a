//! One request, as the journal keeps and prints it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hyper::Method;
use serde::{Deserialize, Serialize};

use crate::imds::{AccessRefusal, Ingress, Protocol};
use crate::model::Timestamp;

/// The bytes of a path that are kept.
const PATH_BYTES: usize = 1024;
/// The bytes of a method that are kept; the longest registered one has 17.
const METHOD_BYTES: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The journal's number of the record, from 1 on.
    pub number: u64,
    /// The time at which the request's head was complete.
    #[serde(with = "millis")]
    pub at: Timestamp,
    pub client: IpAddr,
    pub ingress: Ingress,
    /// The method: 32 bytes of it at most.
    pub method: Cow<'static, str>,
    /// The path as the client wrote it, without the query: 1 KiB of it at most. What is not visible ASCII is
    /// percent-encoded, so that it can't act on a terminal.
    pub path: Box<str>,
    #[serde(rename = "version")]
    pub protocol: Protocol,
    /// The status of the reply; `None` if there was none.
    pub status: Option<u16>,
    /// The time from the end of the head until the reply was passed to the socket, in whole microseconds.
    #[serde(rename = "latency_us", with = "micros")]
    pub latency: Duration,
    /// The number of the fault that was injected.
    pub fault: Option<u32>,
    /// Why it was refused, if it was for its Host or for a browser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<AccessRefusal>,
    /// The instance that the client was served, if it has a name.
    pub instance: Option<Box<str>>,
}

/// A method as records have it.
pub(crate) fn method(method: &Method) -> Cow<'static, str> {
    known_method(method.as_str())
        .map_or_else(|| sanitize(method.as_str(), METHOD_BYTES).into_string().into(), Cow::Borrowed)
}

/// A method that clients use.
pub(super) fn known_method(name: &str) -> Option<&'static str> {
    ["GET", "PUT", "HEAD", "OPTIONS", "POST"].into_iter().find(|known| *known == name)
}

/// A path as records have it.
pub(crate) fn path(path: &str) -> Box<str> {
    sanitize(path, PATH_BYTES)
}

/// A text percent-encoded to visible ASCII, cut to this many bytes; an ellipsis stands for the rest.
fn sanitize(text: &str, limit: usize) -> Box<str> {
    if text.len() <= limit && text.bytes().all(|byte| byte.is_ascii_graphic()) {
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

impl fmt::Display for RequestRecord {
    /// One line for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, client) = (self.at.rfc3339_millis(), self.client.to_string());
        write!(f, "{at} {client:<15} {:<4} {:<42} ", self.method, self.path)?;
        let status = self.status.map_or_else(|| "-".into(), |status| status.to_string());
        write!(f, "{:<5} {status:>3} {:>7}", self.protocol, Latency(self.latency).to_string())?;
        if let Some(instance) = &self.instance {
            write!(f, " instance {instance}")?;
        }
        if let Some(fault) = self.fault {
            write!(f, " fault {fault}")?;
        }
        if let Some(refusal) = self.refused {
            write!(f, " refused: {}", refusal.reason())?;
        }
        Ok(())
    }
}

/// A duration in three digits or so.
struct Latency(Duration);

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_micros() {
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

mod micros {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(span.as_micros().try_into().unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> RequestRecord {
        RequestRecord {
            number: 7,
            at: Timestamp::from_millis(1_795_230_851_250),
            client: "172.17.0.2".parse().unwrap(),
            ingress: Ingress::Bridge,
            method: method(&Method::GET),
            path: path("/latest/meta-data/mac"),
            protocol: Protocol::V2,
            status: Some(200),
            latency: Duration::from_micros(142),
            fault: None,
            refused: None,
            instance: None,
        }
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
    fn an_entry_reads_as_a_line_and_as_json() {
        let line = "2026-11-21T03:14:11.250Z 172.17.0.2      GET  /latest/meta-data/mac                      v2    200  142 µs";
        assert_eq!(entry().to_string(), line);
        let json = r#"{"number":7,"at":"2026-11-21T03:14:11.250Z","client":"172.17.0.2","ingress":"bridge","method":"GET","path":"/latest/meta-data/mac","version":"v2","status":200,"latency_us":142,"fault":null,"instance":null}"#;
        assert_eq!(serde_json::to_string(&entry()).unwrap(), json);
        assert_eq!(serde_json::from_str::<RequestRecord>(json).unwrap(), entry());
        let odd = RequestRecord {
            status: None,
            fault: Some(2),
            instance: Some("web".into()),
            latency: Duration::from_millis(2_345),
            protocol: Protocol::Token,
            ..entry()
        };
        assert!(odd.to_string().ends_with(" token   -   2.3 s instance web fault 2"), "{odd}");
        assert_eq!(Latency(Duration::from_micros(1_290)).to_string(), "1.2 ms");
    }
}
