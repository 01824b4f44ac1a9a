//! Prints as JSON what the AWS SDK for Rust gets from the endpoint of a container: a second time when the first token has
//! expired, if CLIENT_WAITS is set.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    // All that a program says to get the default chain.
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let chain = config.credentials_provider().expect("there is a chain");
    let mut found = vec![keys(&chain).await];
    if std::env::var_os("CLIENT_WAITS").is_some() {
        let first = token_expires();
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        while now() <= first || token_expires() == first {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        found.push(keys(&chain).await);
    }
    println!("{}", json!({ "keys": found }));
}

async fn keys(chain: &SharedCredentialsProvider) -> Value {
    let found = chain.provide_credentials().await.expect("the chain finds credentials");
    json!({
        "access-key-id": found.access_key_id(),
        "secret-access-key": found.secret_access_key(),
        "session-token": found.session_token(),
    })
}

/// When the token of the file expires, in seconds.
fn token_expires() -> u64 {
    let file = std::env::var("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").expect("the file has a name");
    let token = std::fs::read_to_string(file).expect("the file is there");
    let claims = base64_url(token.split('.').nth(1).expect("a token has claims"));
    let claims: Value = serde_json::from_slice(&claims).expect("claims are JSON");
    claims["exp"].as_u64().expect("a time")
}

fn base64_url(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter).expect("base64");
        bits = bits << 6 | u32::try_from(value).expect("below 64");
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff).try_into().expect("a byte"));
        }
    }
    bytes
}
