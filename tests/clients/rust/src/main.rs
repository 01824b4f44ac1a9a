//! Prints as JSON what the AWS SDK for Rust finds out about the instance: IMDS client, credentials, region.

use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, imds};
use aws_credential_types::provider::ProvideCredentials as _;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let provided = ProviderConfig::without_region().with_http_client(http.clone());
    let client = imds::Client::builder().configure(&provided).build();
    let get = async |path| client.get(path).await.map(|value| value.as_ref().to_owned());
    let instance_id = get("/latest/meta-data/instance-id").await.expect("the IMDS client gets instance-id");
    let macs =
        get("/latest/meta-data/network/interfaces/macs/").await.expect("the IMDS client gets a listing");
    let missing = get("/latest/meta-data/spot/instance-action").await.expect_err("nothing is interrupted");
    let missing = match missing {
        imds::client::error::ImdsError::ErrorResponse(error) => error.response().status().as_u16(),
        other => panic!("expected an answer with a status, found {other:?}"),
    };
    // All that a program says to get the default chains.
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let credentials = config.credentials_provider().expect("there is a chain").provide_credentials().await;
    let credentials = credentials.expect("the chain finds credentials");
    let expires = credentials.expiry().expect("credentials of a role expire");
    let found = serde_json::json!({
        "instance-id": instance_id,
        "macs": macs,
        "missing": missing,
        "region": config.region().map(ToString::to_string),
        "access-key-id": credentials.access_key_id(),
        "secret-access-key": credentials.secret_access_key(),
        "session-token": credentials.session_token(),
        "expires": expires.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs(),
        "provider": format!("{credentials:?}").split('"').nth(1),
    });
    println!("{found}");
}
