//! Orders as others may see them: in a status, and in the answer to an order, which ends up in logs.

use serde_json::{Map, Value};

use crate::model::secrets;

/// Stands in the place of a value that is a secret.
const REDACTED: &str = "(redacted)";

/// The order of an event without the values that are secrets: those of paths with keys, user data, and whatever else
/// looks like a key.
pub(super) fn event(order: &Value) -> Value {
    let mut order = order.clone();
    if let Some(set) = order.get_mut("set").and_then(Value::as_object_mut) {
        hide(set, secrets::is_secret);
    }
    if let Some(facts) = order.get_mut("facts").and_then(Value::as_object_mut) {
        hide(facts, |fact| fact == "user-data");
    }
    if let Some(started) = order.get_mut("stop-start").and_then(Value::as_object_mut) {
        hide(started, |fact| fact == "user-data");
    }
    order
}

/// The order of a fault without what its response has that is a secret.
pub(super) fn fault(order: &Value) -> Value {
    let mut order = order.clone();
    let of_keys = order.get("path").and_then(Value::as_str).is_some_and(secrets::is_secret);
    if let Some(body) = order.get_mut("body").and_then(Value::as_object_mut) {
        hide(body, |_| of_keys);
    }
    if let Some(headers) = order.get_mut("headers").and_then(Value::as_object_mut) {
        hide(headers, |name| of_keys || is_of_a_login(name));
    }
    order
}

/// Whether a header has such a name that its value lets somebody in.
fn is_of_a_login(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["authorization", "cookie", "secret", "password"].iter().any(|part| name.contains(part))
}

fn hide(values: &mut Map<String, Value>, is_secret: impl Fn(&str) -> bool) {
    for (name, value) in values {
        // A removal tells nothing.
        if !value.is_boolean() && (is_secret(name) || secrets::looks_secret(value.to_string().as_bytes())) {
            *value = REDACTED.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_a_response_are_hidden() {
        let body = |path: &str, text: &str| {
            fault(&json!({"path": path, "body": {"text": text}}))["body"]["text"].clone()
        };
        assert_eq!(body("/**", "busy"), "busy");
        assert_eq!(body("/**", "{\"SecretAccessKey\": \"x\"}"), REDACTED);
        assert_eq!(body("meta-data/iam/security-credentials/r", "x"), REDACTED);
        assert_eq!(body("user-data", "x"), REDACTED);
        let order =
            json!({"headers": {"Retry-After": "1", "Set-Cookie": "a=b", "Server": false}, "body": "empty"});
        let expected = json!({"headers": {"Retry-After": "1", "Set-Cookie": REDACTED, "Server": false}, "body": "empty"});
        assert_eq!(fault(&order), expected);
    }

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        let order = json!({
            "at": "30s",
            "set": {
                "meta-data/iam/security-credentials/r": "{\"Code\": \"x\"}",
                "meta-data/identity-credentials/ec2/security-credentials/ec2-instance": {"text": "x"},
                "meta-data/iam/security-credentials/gone": false,
                "user-data": {"base64": "aHVudGVyMg=="},
                "meta-data/elsewhere": "{\"secretAccessKey\": \"x\"}",
                "meta-data/key-id": "AKIAIOSFODNN7REALKEY",
                "meta-data/public-ipv4": "203.0.113.9",
            },
            "facts": {"user-data": "hunter2", "instance-type": "t3.micro"},
            "stop-start": {"user-data": "hunter2", "down": "5s"},
        });
        let expected = json!({
            "at": "30s",
            "set": {
                "meta-data/iam/security-credentials/r": REDACTED,
                "meta-data/identity-credentials/ec2/security-credentials/ec2-instance": REDACTED,
                "meta-data/iam/security-credentials/gone": false,
                "user-data": REDACTED,
                "meta-data/elsewhere": REDACTED,
                "meta-data/key-id": REDACTED,
                "meta-data/public-ipv4": "203.0.113.9",
            },
            "facts": {"user-data": REDACTED, "instance-type": "t3.micro"},
            "stop-start": {"user-data": REDACTED, "down": "5s"},
        });
        assert_eq!(event(&order), expected);
    }
}
