//! The role, as its path answered.

use std::time::Duration;

use serde_json::Value;

use crate::model::{Keys, Secret, Timestamp, json};

/// A role; its keys are there only if the policy carries credentials.
#[derive(Debug)]
pub(super) struct ObservedRole {
    pub(super) name: String,
    /// `Code` of the answer, if there was one.
    pub(super) code: Option<String>,
    /// From `LastUpdated` to `Expiration`.
    pub(super) lifetime: Option<Duration>,
    pub(super) expiration: Option<Timestamp>,
    pub(super) keys: Option<Keys>,
    /// True if the answer had keys that the policy does not carry.
    pub(super) keys_left_out: bool,
    /// True if the keys cannot be real.
    pub(super) are_examples: bool,
}

impl ObservedRole {
    /// A role that is listed and has not answered yet.
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            code: None,
            lifetime: None,
            expiration: None,
            keys: None,
            keys_left_out: false,
            are_examples: false,
        }
    }

    pub(super) fn of(name: &str, answer: &[u8], with_keys: bool) -> Self {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let time = |key: &str| text(key)?.parse::<jiff::Timestamp>().ok().map(Timestamp::from);
        let expiration = time("Expiration");
        let lifetime = time("LastUpdated").zip(expiration).map(|(from, to)| to.since(from));
        let keys = || {
            Some(Keys {
                access_key_id: text("AccessKeyId")?.to_owned(),
                secret_access_key: Secret::new(text("SecretAccessKey")?),
                token: Secret::new(text("Token").unwrap_or_default()),
                expiration,
            })
        };
        let found = keys();
        let keys_left_out = found.is_some() && !with_keys;
        let keys = found.filter(|_| with_keys);
        Self {
            name: name.to_owned(),
            code: text("Code").map(str::to_owned),
            lifetime,
            expiration,
            keys,
            keys_left_out,
            are_examples: false,
        }
    }
}

/// An answer with the same outcome and times, but keys that are examples. It has the form of amazon-ec2-metadata-mock's,
/// and nothing else of the answer is in it.
pub(super) fn with_example_keys(answer: &[u8]) -> Vec<u8> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    let is_word =
        |text: &&str| text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-');
    let is_time = |text: &&str| text.parse::<jiff::Timestamp>().is_ok();
    let members = [
        ("Code", text("Code").filter(is_word).or(Some("Success"))),
        ("LastUpdated", text("LastUpdated").filter(is_time)),
        ("Type", text("Type").filter(is_word).or(Some("AWS-HMAC"))),
        ("AccessKeyId", Some("ASIAIOSFODNN7EXAMPLE")),
        ("SecretAccessKey", Some("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
        ("Token", Some("EXAMPLETOKEN")),
        ("Expiration", text("Expiration").filter(is_time)),
    ];
    let line = |(key, text): (&str, Option<&str>)| Some(format!("\t\"{key}\": {}", json::string(text?)));
    let lines: Vec<String> = members.into_iter().filter_map(line).collect();
    format!("{{\n{}\n}}", lines.join(",\n")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_keys_have_the_times_and_nothing_else() {
        let answer = br#"{"Code": "Success", "LastUpdated": "2020-04-02T18:50:40Z", "Type": "SECRET0123", "AccessKeyId":
            "SECRET", "SecretAccessKey": "SECRET", "Token": "SECRET", "Other": "SECRET", "Expiration": "2020-04-02T00:49:51Z"}"#;
        let expected = "{\n\t\"Code\": \"Success\",\n\t\"LastUpdated\": \"2020-04-02T18:50:40Z\",\n\t\"Type\": \
                        \"AWS-HMAC\",\n\t\"AccessKeyId\": \"ASIAIOSFODNN7EXAMPLE\",\n\t\"SecretAccessKey\": \
                        \"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\",\n\t\"Token\": \"EXAMPLETOKEN\",\n\t\
                        \"Expiration\": \"2020-04-02T00:49:51Z\"\n}";
        assert_eq!(String::from_utf8(with_example_keys(answer)).as_deref(), Ok(expected));
        let failed = with_example_keys(br#"{"Code": "AssumeRole-Failed"}"#);
        assert!(String::from_utf8_lossy(&failed).contains("\"Code\": \"AssumeRole-Failed\""));
        let bare = String::from_utf8(with_example_keys(b"SECRET")).expect("it is text");
        assert!(bare.contains("EXAMPLEKEY") && !bare.contains("SECRET\""), "{bare}");
    }
}
