//! The request: what the query API is sent.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::signature::{ApiKeys, RequestToSign, authorization, basic_time};
use crate::model::Timestamp;

/// The version of the API that has prefixes, cards and options of the metadata.
const API_VERSION: &str = "2016-11-15";
/// All but RFC 3986's unreserved characters: some emulators sign a body that they have parsed and written anew.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
pub(super) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Which instance is asked for, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct DescribeRequest {
    pub(crate) instance: String,
    pub(crate) region: String,
    /// None: the request is not signed.
    pub(crate) keys: Option<ApiKeys>,
}

/// The request as it is sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignedRequest {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl DescribeRequest {
    /// For the `Host` header and the time that the request has.
    pub(super) fn signed(&self, host: &str, now: Timestamp) -> SignedRequest {
        let id = utf8_percent_encode(&self.instance, ENCODED);
        let body = format!("Action=DescribeInstances&InstanceId.1={id}&Version={API_VERSION}");
        let mut headers = vec![("content-type", CONTENT_TYPE.to_owned()), ("host", host.to_owned())];
        if let Some(keys) = &self.keys {
            headers.push(("x-amz-date", basic_time(now)));
            if let Some(token) = &keys.session_token {
                headers.push(("x-amz-security-token", token.reveal().to_owned()));
            }
            let request =
                RequestToSign { headers: &headers, body: &body, region: &self.region, service: "ec2", now };
            let authorization = authorization(&request, keys);
            headers.push(("authorization", authorization));
        }
        SignedRequest { headers, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn request(keys: Option<ApiKeys>) -> DescribeRequest {
        DescribeRequest { instance: "i-0 &x".to_owned(), region: "eu-west-1".to_owned(), keys }
    }

    #[test]
    fn without_keys_nothing_is_signed() {
        let found = request(None).signed("127.0.0.1:5000", Timestamp::from_secs(0));
        assert_eq!(found.body, "Action=DescribeInstances&InstanceId.1=i-0%20%26x&Version=2016-11-15");
        assert!(!found.headers.iter().any(|(name, _)| name.starts_with("x-amz") || *name == "authorization"));
    }

    #[test]
    fn a_session_token_is_sent_and_signed() {
        let keys = ApiKeys {
            access_key_id: "ASIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: Secret::new("s"),
            session_token: Some(Secret::new("t")),
        };
        let found = request(Some(keys)).signed("moto:5000", Timestamp::from_secs(1_440_938_160));
        let header = |name: &str| {
            found.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(
            (header("x-amz-security-token"), header("x-amz-date")),
            (Some("t"), Some("20150830T123600Z"))
        );
        let said = header("authorization").unwrap_or_default();
        assert!(
            said.starts_with(
                "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20150830/eu-west-1/ec2/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature="
            ),
            "{said}"
        );
    }
}
