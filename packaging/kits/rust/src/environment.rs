//! The variables that lead AWS SDKs to a server.

use std::env;

const HOST: &str = "127.0.0.1";

/// What AWS SDKs would ask before an instance.
const UNSET: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

pub(crate) fn of_sdk(url: &str) -> Vec<(&'static str, Option<String>)> {
    let mut variables: Vec<_> = UNSET.iter().map(|name| (*name, None)).collect();
    variables.push(("AWS_EC2_METADATA_SERVICE_ENDPOINT", Some(url.to_owned())));
    // The keys of a profile go before those of an instance.
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        variables.push((name, Some("/dev/null".to_owned())));
    }
    // Clients read one of the two: where only one is set it counts for both.
    for (name, other) in [("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")] {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let given = set(name).or_else(|| set(other)).unwrap_or_default();
        if given.trim() == "*" {
            // A star, which stands for all hosts, does so only alone.
            variables.push((name, Some(given)));
            continue;
        }
        let others = given.split(',').filter(|other| !other.is_empty() && *other != HOST);
        variables.push((name, Some(others.chain([HOST]).collect::<Vec<_>>().join(","))));
    }
    variables
}
