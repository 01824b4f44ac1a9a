//! Signature Version 4 of a POST without a query: AWS General Reference, "Create a signed AWS API request".

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::model::{Secret, Timestamp};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";

/// Keys of whoever asks.
#[derive(Debug, Clone)]
pub(crate) struct ApiKeys {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: Secret,
    pub(crate) session_token: Option<Secret>,
}

/// A POST to `/`. Headers are in lower case and in order.
#[derive(Debug)]
pub(super) struct RequestToSign<'r> {
    pub(super) headers: &'r [(&'static str, String)],
    pub(super) body: &'r str,
    pub(super) region: &'r str,
    pub(super) service: &'r str,
    pub(super) now: Timestamp,
}

/// The value of the `Authorization` header.
pub(super) fn authorization(request: &RequestToSign<'_>, keys: &ApiKeys) -> String {
    let time = basic_time(request.now);
    let day = &time[..8];
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let headers = headers.concat();
    let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", digest(request.body));
    let scope = format!("{day}/{}/{}/{TERMINATOR}", request.region, request.service);
    let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", digest(&canonical));
    let key = signing_key(keys.secret_access_key.reveal(), day, request.region, request.service);
    let signature = hexadecimal(&hmac(&key, &to_sign));
    format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.access_key_id
    )
}

/// "20150830T123600Z".
pub(super) fn basic_time(now: Timestamp) -> String {
    now.rfc3339().replace(['-', ':'], "")
}

fn signing_key(secret: &str, day: &str, region: &str, service: &str) -> Vec<u8> {
    let first = format!("AWS4{secret}").into_bytes();
    [day, region, service, TERMINATOR].iter().fold(first, |key, text| hmac(&key, text))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn digest(text: &str) -> String {
    hexadecimal(&Sha256::digest(text))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of AWS' documentation and of its test suite for the algorithm.
    #[test]
    fn signatures_are_those_of_the_published_examples() {
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let key = signing_key(secret, "20150830", "us-east-1", "iam");
        assert_eq!(hexadecimal(&key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
        let keys = ApiKeys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: None,
        };
        let now = Timestamp::from_secs(1_440_938_160);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("host", "example.amazonaws.com".to_owned()),
            ("x-amz-date", basic_time(now)),
        ];
        let request = RequestToSign {
            headers: &headers,
            body: "Param1=value1",
            region: "us-east-1",
            service: "service",
            now,
        };
        let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                        SignedHeaders=content-type;host;x-amz-date, \
                        Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
        assert_eq!(authorization(&request, &keys), expected);
    }
}
