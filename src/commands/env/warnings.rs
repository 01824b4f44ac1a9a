//! What in the caller's own environment keeps programs from the endpoint.

use crate::control::api::EnvironmentListing;

/// They come first in the chains of all SDKs.
const FIRST: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];
const PROXIES: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Sentences without a full stop. `variable` is the caller's.
pub(super) fn of(listing: &EnvironmentListing, variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let is_set = |name: &&&str| variable(name).is_some_and(|value| !value.is_empty());
    let first = FIRST.iter().filter(is_set);
    let mut found: Vec<String> =
        first.map(|name| format!("{name} is set here: SDKs use it before this endpoint; unset it")).collect();
    let Some(host) = host(listing) else { return found };
    let exceptions: Vec<String> = NO_PROXY.iter().filter_map(|name| variable(name)).collect();
    let is_excepted = exceptions.iter().flat_map(|list| list.split(',')).any(|name| {
        let name = name.trim();
        name == "*" || name.trim_matches(['[', ']']) == host
    });
    if let (Some(proxy), false) = (PROXIES.iter().find(is_set), is_excepted) {
        found.push(format!(
            "{proxy} is set here: requests for {host} go to the proxy; add {host} to NO_PROXY"
        ));
    }
    found
}

/// The host that requests go to.
fn host(listing: &EnvironmentListing) -> Option<String> {
    let url = listing.variables.iter().find_map(|variable| variable.value.strip_prefix("http://"))?;
    let authority = url.split('/').next()?;
    Some(match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address.to_owned(),
        None => authority.split(':').next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::api::EnvironmentSetting;

    fn warnings(url: &str, environment: &[(&str, &str)]) -> Vec<String> {
        let variables = vec![EnvironmentSetting { name: "X".into(), value: url.into() }];
        let listing = EnvironmentListing { endpoint: "ecs".into(), variables, token_file: None };
        of(&listing, |name| {
            environment.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn what_comes_first_and_what_leads_away_is_told() {
        let url = "http://169.254.170.2/v4/x";
        assert_eq!(warnings(url, &[("AWS_PROFILE", "")]), [""; 0]);
        assert_eq!(warnings(url, &[("AWS_PROFILE", "dev"), ("AWS_ACCESS_KEY_ID", "x")]).len(), 2);
        let proxy = ("HTTP_PROXY", "http://proxy:3128");
        let found = warnings(url, &[proxy]);
        assert!(found[0].contains("add 169.254.170.2 to NO_PROXY"), "{found:?}");
        assert_eq!(warnings(url, &[proxy, ("no_proxy", "x, 169.254.170.2")]), [""; 0]);
        let v6 = "http://[fd00:ec2::23]/v1/credentials";
        assert_eq!(warnings(v6, &[proxy]).len(), 1);
        assert_eq!(warnings(v6, &[proxy, ("NO_PROXY", "[fd00:ec2::23]")]), [""; 0]);
    }
}
