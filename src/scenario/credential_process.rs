//! The JSON that a credential process prints, and that a credentials file holds.
//!
//! `{"Version": 1, "AccessKeyId": …, "SecretAccessKey": …, "SessionToken": …, "Expiration": RFC 3339}`, the last
//! two optional. Source: AWS SDKs and Tools Reference Guide, "Process credential provider".

use serde::Deserialize;

use crate::model::{Keys, Secret};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Reads the JSON. The error says what is wrong, and never quotes the text: it may hold secrets.
pub(crate) fn parse(text: &[u8]) -> Result<Keys, String> {
    let output: Output = serde_json::from_slice(text).map_err(|error| {
        // Of the message only the kind and the place: the rest may quote a value.
        let (line, column) = (error.line(), error.column());
        let keys = "Version, AccessKeyId and SecretAccessKey, optionally SessionToken and Expiration";
        match error.classify() {
            serde_json::error::Category::Data => {
                format!("JSON whose keys or types are not {keys} (line {line}, column {column})")
            }
            _ => format!("no JSON object (line {line}, column {column}); expected {keys}"),
        }
    })?;
    if output.version != 1 {
        return Err(format!("Version {}; expected Version 1", output.version));
    }
    let printable = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if !printable(&output.access_key_id) || !printable(&output.secret_access_key) {
        return Err("an AccessKeyId or SecretAccessKey that is empty or not printable ASCII".into());
    }
    let expiration =
        output.expiration.filter(|text| !text.is_empty()).map(|text| text.parse::<jiff::Timestamp>());
    let expiration =
        expiration.transpose().map_err(|_| "an Expiration that is no RFC 3339 timestamp".to_owned())?;
    Ok(Keys {
        access_key_id: output.access_key_id,
        secret_access_key: Secret::new(output.secret_access_key),
        token: Secret::new(output.session_token.unwrap_or_default()),
        expiration: expiration.map(Into::into),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_credential_process_prints_is_read() {
        let text =
            br#"{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret", "SessionToken": "t0ken",
            "Expiration": "2026-01-15T12:00:00+00:00", "Extra": true}"#;
        let keys = parse(text).expect("the documented form");
        assert_eq!(keys.access_key_id, "ASIAX");
        assert_eq!(
            keys.expiration.map(crate::model::Timestamp::rfc3339).as_deref(),
            Some("2026-01-15T12:00:00Z")
        );
        assert!(
            !format!("{keys:?}").contains("s3cret") && !format!("{keys:?}").contains("t0ken"),
            "{keys:?}"
        );
    }

    #[test]
    fn errors_do_not_quote_the_text() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "no JSON object"),
            (b"s3cret", "no JSON object"),
            (br#"{"Version": "s3cret"}"#, "JSON whose keys or types"),
            (br#"{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "s3cret"}"#, "Version 2"),
            (br#"{"Version": 1, "AccessKeyId": "", "SecretAccessKey": "s3cret"}"#, "an AccessKeyId"),
            (
                br#"{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s3cret", "Expiration": "soon"}"#,
                "an Expiration",
            ),
        ];
        for (text, expected) in cases {
            let found = parse(text).expect_err(expected);
            assert!(
                found.starts_with(expected) && !found.contains("s3cret"),
                "expected {expected:?}, found {found:?}"
            );
        }
    }
}
