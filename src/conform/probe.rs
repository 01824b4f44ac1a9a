//! Requests that checks send.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// A request of a table. In its path `{mac}` is the primary interface's, and `{role}` the role's name.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckProbe {
    pub(super) method: ProbeMethod,
    pub(super) path: &'static str,
    pub(super) token: ProbeToken,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) form: RequestForm,
}

/// Those that change nothing. PUT is sent to the path of tokens alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub(super) enum ProbeMethod {
    Get,
    Head,
    Put,
}

/// The token of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeToken {
    /// The one of this run, if the service gives any.
    OfTheRun,
    /// The same, in a header of small letters.
    InSmallLetters,
    None,
    /// A made-up one.
    Literal(&'static str),
}

/// How the request is written, and the answer read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum RequestForm {
    /// HTTP/1.1. The end of the connection is not waited for.
    Usual,
    /// The same; what follows the answer, and the end, are waited for.
    UntilClosed,
    /// Two requests at once, and the end is waited for.
    Twice,
    /// With an empty chunked body.
    EmptyChunk,
}

/// The header that asks for a token.
pub(super) const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds";
/// The header that has a token.
pub(super) const TOKEN: &str = "X-aws-ec2-metadata-token";
/// The header of answers with the remaining seconds, as it is written there.
pub(super) const TTL_ANSWERED: &str = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
pub(super) const TOKEN_PATH: &str = "/latest/api/token";

const fn probe(method: ProbeMethod, path: &'static str) -> CheckProbe {
    CheckProbe { method, path, token: ProbeToken::OfTheRun, headers: &[], form: RequestForm::Usual }
}

pub(super) const fn get(path: &'static str) -> CheckProbe {
    probe(ProbeMethod::Get, path)
}

pub(super) const fn head(path: &'static str) -> CheckProbe {
    probe(ProbeMethod::Head, path)
}

/// Asks for a token, with these headers.
pub(super) const fn put(path: &'static str, headers: &'static [(&'static str, &'static str)]) -> CheckProbe {
    probe(ProbeMethod::Put, path).with_token(ProbeToken::None).with_headers(headers)
}

impl CheckProbe {
    pub(super) const fn with_token(self, token: ProbeToken) -> Self {
        Self { token, ..self }
    }

    pub(super) const fn with_headers(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    pub(super) const fn in_form(self, form: RequestForm) -> Self {
        Self { form, ..self }
    }
}

impl fmt::Display for CheckProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method: &str = self.method.into();
        write!(f, "{method} {}", self.path)?;
        for (name, value) in self.headers {
            write!(f, ", {name}: {value}")?;
        }
        f.write_str(match self.token {
            ProbeToken::OfTheRun => "",
            ProbeToken::InSmallLetters => ", the token's header in small letters",
            ProbeToken::None if self.method == ProbeMethod::Put => "",
            ProbeToken::None => ", without a token",
            ProbeToken::Literal(_) => ", with a token that nobody issued",
        })?;
        f.write_str(match self.form {
            RequestForm::Usual | RequestForm::UntilClosed => "",
            RequestForm::Twice => ", twice on one connection",
            RequestForm::EmptyChunk => ", with an empty chunked body",
        })
    }
}

/// Bytes that a path can only have in their percent-encoded form, but for the percent sign: a path may be encoded.
const NO_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request as it is sent, and remembered.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ProbeRequest {
    pub(super) method: ProbeMethod,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) form: RequestForm,
}

impl ProbeRequest {
    /// Its bytes.
    pub(super) fn bytes(&self, authority: &str) -> Vec<u8> {
        let method: &str = self.method.into();
        // Names come from the service's listings: they end no line, and no path.
        let path = utf8_percent_encode(&self.path, NO_PATH);
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {authority}\r\n");
        head.push_str(concat!("User-Agent: mock-imds/", env!("CARGO_PKG_VERSION"), "\r\nAccept: */*\r\n"));
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        match (self.form, self.method) {
            (RequestForm::EmptyChunk, _) => head.push_str("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (_, ProbeMethod::Put) => head.push_str("Content-Length: 0\r\n\r\n"),
            _ => head.push_str("\r\n"),
        }
        if self.form == RequestForm::Twice { head.repeat(2).into_bytes() } else { head.into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_listing_ends_neither_the_path_nor_the_line() {
        let line = |path: &str| {
            let request = ProbeRequest {
                method: ProbeMethod::Get,
                path: path.to_owned(),
                headers: vec![],
                form: RequestForm::Usual,
            };
            let bytes = String::from_utf8(request.bytes("x")).expect("text");
            bytes.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(line("/latest/custom/my key"), "GET /latest/custom/my%20key HTTP/1.1");
        assert_eq!(line("/x HTTP/1.1\r\nEvil: 1/"), "GET /x%20HTTP/1.1%0D%0AEvil:%201/ HTTP/1.1");
        assert_eq!(line("/a%20b/0a:49/?x=y"), "GET /a%20b/0a:49/?x=y HTTP/1.1");
    }
}
