//! Prints as JSON whose keys the provider of the AWS SDK for Rust has at each of these times of the service's clock.

use std::process::{Command, Stdio};

use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials as _;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let provided = ProviderConfig::without_region().with_http_client(http);
    let provider = ImdsCredentialsProvider::builder().configure(&provided).build();
    let seek = std::env::var("SEEK").expect("the test sets SEEK");
    let mut words = seek.split(' ');
    let program = words.next().expect("a program");
    let words: Vec<&str> = words.collect();
    let mut report = serde_json::Map::new();
    let mut seen: Vec<(String, Option<std::time::SystemTime>)> = vec![];
    for at in std::env::args().skip(1) {
        let moved = Command::new(program).args(&words).arg(&at).stdout(Stdio::null()).status();
        assert!(moved.expect("the program starts").success(), "{seek} {at}");
        let found = match provider.provide_credentials().await {
            Ok(keys) => {
                let id = keys.access_key_id();
                let number = seen.iter().position(|known| known.0 == id).unwrap_or_else(|| {
                    seen.push((id.to_owned(), keys.expiry()));
                    seen.len() - 1
                });
                let moved = if seen[number].1 == keys.expiry() { "" } else { ", expiration moved" };
                format!("keys {}{moved}", number + 1)
            }
            Err(_) => "none".to_owned(),
        };
        report.insert(at, found.into());
    }
    println!("{}", serde_json::Value::Object(report));
}
