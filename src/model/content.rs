//! Contents of paths: bytes with a media type.

use std::str::FromStr;

use hyper::body::Bytes;

use super::fault::HeaderChange;

/// A value with its media type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "content-type is the header's name")]
pub struct Content {
    /// The body, which everything that has it shares.
    pub bytes: Bytes,
    /// The media type; the service's own one for the path unless set.
    pub content_type: Option<ContentType>,
    /// Headers that the answer has, or has no more.
    pub headers: Vec<HeaderChange>,
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), content_type: None, headers: vec![] }
    }
}

/// A media type: `application/json`, with or without parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType(String);

impl ContentType {
    /// The value of the header.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContentType {
    type Err = &'static str;

    /// Parses a media type. Source: RFC 9110, 8.3.1; parameters are not parsed.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        let fits = essence.split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub));
        if fits && parameters.bytes().all(|b| matches!(b, b' '..=b'~')) {
            Ok(Self(text.to_owned()))
        } else {
            Err("a media type such as \"application/json\"")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_has_two_parts_and_perhaps_parameters() {
        for text in ["text/plain", "application/vnd.api+json", "text/plain; charset=utf-8"] {
            assert_eq!(text.parse::<ContentType>().as_ref().map(ContentType::as_str), Ok(text));
        }
        for text in ["", "json", "text/", "/plain", "text/plain/x", "text/plain; a=\n", "text /plain"] {
            assert!(text.parse::<ContentType>().is_err(), "{text:?}");
        }
    }
}
