//! The AWS SDKs and the AWS CLI: credentials, region, the metadata client.

use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use support::{ClientHost, Keys, TOKENS, given, installed, installed_program};

const INSTANCE_ID: &str = "i-0a1b2c3d4e5f60718";
const REGION: &str = "eu-west-1";
const MACS: &str = "02:01:02:03:04:bb/\n06:01:02:03:04:aa/\n0a:01:02:03:04:cc/";
const PROFILE: &str = "arn:aws:iam::210987654321:instance-profile/team/build-profile";

/// Seconds since 1970 of an expiration.
fn seconds(keys: &Keys) -> i64 {
    keys.expiration.parse::<jiff::Timestamp>().expect("an RFC 3339 time").as_second()
}

/// Runs a client with each kind of tokens and compares the JSON object that it prints.
fn check(words: &[&Path], expected: impl Fn(&ClientHost, &Keys) -> Value) {
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        host.with_keys(|| host.run(words), |run, keys| run.prints(&expected(&host, keys)));
    }
}

#[test]
fn boto3() {
    let Some(python) = installed("python/bin/python") else { return };
    check(&[&python, &given("python/instance.py")], |_, keys| {
        json!({
            "method": "iam-role",
            "access-key-id": keys.id,
            "secret-access-key": keys.secret,
            "session-token": keys.token,
            "needs-refresh": false,
            "region": REGION,
            "signed-by": keys.id,
            "signed-token": keys.token,
        })
    });
}

#[test]
fn aws_cli() {
    let Some(aws) = installed("python/bin/aws") else { return };
    let aws = aws.to_str().expect("the repository's path is UTF-8");
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        let list = || host.run(&[aws, "configure", "list"]);
        host.with_keys(list, |list, keys| {
            // Version 1 takes no region from the instance here.
            let end = |secret: &str| secret[secret.len() - 4..].to_owned();
            let text = list.ended(0).text();
            let rows: Vec<Vec<&str>> =
                text.lines().skip(2).map(|row| row.split_whitespace().collect()).collect();
            let expected = json!([
                ["profile", "<not", "set>", "None", "None"],
                ["access_key", format!("****************{}", end(&keys.id)), "iam-role"],
                ["secret_key", format!("****************{}", end(&keys.secret)), "iam-role"],
                ["region", "<not", "set>", "None", "None"],
            ]);
            list.same(&json!(rows), &expected);
        });
        // It signs a URL without asking anybody else.
        let presign = || host.run(&[aws, "s3", "presign", "s3://a-bucket/a-key"]);
        host.with_keys(presign, |presign, keys| {
            let url = presign.ended(0).text();
            let token = utf8_percent_encode(&keys.token, NON_ALPHANUMERIC).to_string();
            for part in [format!("AWSAccessKeyId={}&", keys.id), format!("x-amz-security-token={token}&")] {
                if !url.contains(&part) {
                    presign.differs(&format!("a URL with {part}"), &url);
                }
            }
        });
    }
}

#[test]
fn rust_aws_config() {
    let Some(client) = installed("rust/debug/aws-config-client") else { return };
    check(&[&client], |_, keys| {
        json!({
            "instance-id": INSTANCE_ID,
            "macs": MACS,
            "missing": 404,
            "region": REGION,
            "provider": "IMDSv2",
            "access-key-id": keys.id,
            "secret-access-key": keys.secret,
            "session-token": keys.token,
            "expires": seconds(keys),
        })
    });
}

#[test]
fn javascript() {
    let (Some(node), Some(script)) = (installed_program("node"), installed("js/instance.mjs")) else {
        return;
    };
    check(&[&node, &script], |host, keys| {
        let credentials = json!({
            "access-key-id": keys.id,
            "secret-access-key": keys.secret,
            "session-token": keys.token,
            "expires": seconds(keys),
        });
        json!({
            "region": REGION,
            "instance-id": INSTANCE_ID,
            "macs": MACS,
            "document": host.served_json("/latest/dynamic/instance-identity/document"),
            "missing": 404,
            "token-length": 56,
            "instance-metadata": credentials,
            "default-chain": credentials,
            // This one asks without a token and takes a 401 for no answer.
            "mode": if host.needs_token() { "standard" } else { "in-region" },
        })
    });
}

#[test]
fn go_version_1() {
    go("go/v1");
}

#[test]
fn go_version_2() {
    go("go/v2");
}

fn go(program: &str) {
    let Some(client) = installed(program) else { return };
    check(&[&client], |host, keys| {
        json!({
            "instance-id": INSTANCE_ID,
            "macs": MACS,
            "region": REGION,
            "document": host.served_json("/latest/dynamic/instance-identity/document"),
            "profile": PROFILE,
            "provider": "EC2RoleProvider",
            "access-key-id": keys.id,
            "secret-access-key": keys.secret,
            "session-token": keys.token,
            "user-data-length": 23,
        })
    });
}
