//! The form of a request's line, as people write it: `{time} {client} {path}`.

use std::fmt::Write as _;
use std::str::FromStr;

use jiff::tz::TimeZone;
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::request_line::{client, fault};
use super::request_record::{LatencyText, RequestRecord};
use crate::model::{Service, StringEnum as _};
use crate::terminal::local_time;

/// A line with fields in it. `{{` and `}}` are braces, `\t` and `\n` a tab and a new line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestFormat(Vec<FormatPart>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum FormatPart {
    Text(String),
    Field(RequestField),
}

/// A field of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum RequestField {
    /// The time of the day, in the time zone of this host.
    Time,
    /// RFC 3339 in UTC.
    Timestamp,
    /// The address, or `host`.
    Client,
    /// The address, of this host too.
    Address,
    Method,
    Path,
    /// `imds`, `ecs` or `pod-identity`.
    Endpoint,
    /// `v1`, `v2` or `token`, of requests to the metadata service.
    Version,
    Status,
    Latency,
    /// The name of the fault that was injected.
    Fault,
    Instance,
    Number,
}

impl FromStr for RequestFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' | '}' if chars.next_if_eq(&c).is_some() => literal.push(c),
                '\\' if chars.next_if_eq(&'t').is_some() => literal.push('\t'),
                '\\' if chars.next_if_eq(&'n').is_some() => literal.push('\n'),
                '{' => {
                    let mut is_closed = false;
                    let until_end = chars.by_ref().take_while(|c| {
                        is_closed = *c == '}';
                        !is_closed
                    });
                    let name: String = until_end.collect();
                    if !is_closed {
                        return Err(format!(
                            "{{{name} has no }} at its end; a brace as text is {{{{ or }}}}"
                        ));
                    }
                    parts.push(FormatPart::Text(std::mem::take(&mut literal)));
                    parts.push(FormatPart::Field(field(&name)?));
                }
                c => literal.push(c),
            }
        }
        parts.push(FormatPart::Text(literal));
        Ok(Self(parts))
    }
}

fn field(name: &str) -> Result<RequestField, String> {
    name.trim().parse().map_err(|_| {
        let names = RequestField::VARIANTS.iter().map(|field| field.as_str());
        let near = names.clone().min_by_key(|known| strsim::damerau_levenshtein(name, known));
        let near = near.filter(|near| strsim::damerau_levenshtein(name, near) <= 2);
        let hint = near.map(|near| format!("did you mean {{{near}}}? ")).unwrap_or_default();
        let names: Vec<String> = names.map(|name| format!("{{{name}}}")).collect();
        format!("there is no field {{{name}}}; {hint}accepted: {}", names.join(" "))
    })
}

impl RequestFormat {
    /// The line of a request. A field without a value is `-`.
    pub(crate) fn line(&self, record: &RequestRecord, zone: &TimeZone) -> String {
        self.0.iter().fold(String::new(), |mut line, part| {
            match part {
                FormatPart::Text(text) => line.push_str(text),
                FormatPart::Field(field) => {
                    let _ = write!(line, "{}", value(*field, record, zone));
                }
            }
            line
        })
    }
}

fn value(field: RequestField, record: &RequestRecord, zone: &TimeZone) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    match field {
        RequestField::Time => local_time(record.at, zone, true),
        RequestField::Timestamp => record.at.rfc3339_millis(),
        RequestField::Client => client(record).into_owned(),
        RequestField::Address => record.client.to_string(),
        RequestField::Method => record.method.to_string(),
        RequestField::Path => record.path.to_string(),
        RequestField::Endpoint => record.endpoint.name().to_owned(),
        RequestField::Version => {
            or_dash((record.endpoint == Service::Imds).then(|| record.protocol.to_string()))
        }
        RequestField::Status => or_dash(record.status.map(|status| status.to_string())),
        RequestField::Latency => LatencyText(record.latency_us).to_string(),
        RequestField::Fault => or_dash(fault(record)),
        RequestField::Instance => or_dash(record.instance.as_deref().map(str::to_owned)),
        RequestField::Number => record.number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_replaced_and_the_rest_is_text() {
        let json = r#"{"number":7,"at":"2026-11-21T03:14:11.250Z","client":"127.0.0.1","ingress":"host","method":"GET","path":"/a","version":"v2","status":null,"latency_us":142,"fault":null,"instance":null}"#;
        let record: RequestRecord = serde_json::from_str(json).unwrap();
        let faulty = json.replace(r#""fault":null"#, r#""fault":0,"fault_name":"slow-keys""#);
        let format: RequestFormat = "{fault}".parse().unwrap();
        let fault = |json| format.line(&serde_json::from_str(json).unwrap(), &TimeZone::UTC);
        assert_eq!([fault(json), fault(&faulty)], ["-", "slow-keys"]);
        for (format, expected) in [
            ("{time} {client}\\t{status}", "03:14:11.250 host\t-"),
            ("{{{path}}} {address} {number}", "{/a} 127.0.0.1 7"),
            ("{timestamp} {method} {version} {latency}", "2026-11-21T03:14:11.250Z GET v2 142 µs"),
            ("", ""),
        ] {
            let format: RequestFormat = format.parse().unwrap();
            assert_eq!(format.line(&record, &TimeZone::UTC), expected);
        }
    }

    #[test]
    fn an_unknown_field_is_corrected() {
        let error = "{stauts}".parse::<RequestFormat>().unwrap_err();
        assert!(
            error.starts_with("there is no field {stauts}; did you mean {status}? accepted: {time} "),
            "{error}"
        );
        let error = "{weather}".parse::<RequestFormat>().unwrap_err();
        assert!(error.starts_with("there is no field {weather}; accepted: {time} "), "{error}");
        for text in ["{path} {status", "{"] {
            let error = text.parse::<RequestFormat>().unwrap_err();
            assert!(error.ends_with(" has no } at its end; a brace as text is {{ or }}"), "{error}");
        }
    }
}
