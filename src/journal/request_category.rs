//! What a request asks for, as one of a few categories.

use strum::{IntoStaticStr, VariantArray};

/// A group of paths. Metrics have it as a label, so there are few, whatever clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum RequestCategory {
    Token,
    Iam,
    IdentityCredentials,
    Spot,
    Events,
    Autoscaling,
    Placement,
    Network,
    Tags,
    /// Whatever else is below `meta-data`, and its listing.
    MetaData,
    UserData,
    Dynamic,
    /// Listings of versions, other paths, and what is no path of the service.
    Other,
}

impl RequestCategory {
    pub(crate) const COUNT: usize = Self::VARIANTS.len();

    /// The category of a path with its version. Of each request it costs a few comparisons.
    pub(super) fn of(path: &[u8]) -> Self {
        let below = path.strip_prefix(b"/latest/").or_else(|| below_version(path)).unwrap_or_default();
        let below = without_slashes(below);
        match below.first() {
            Some(b'm') => below.strip_prefix(b"meta-data").map_or(Self::Other, Self::of_meta_data),
            Some(b'u') if begins(below, b"user-data") => Self::UserData,
            Some(b'd') if begins(below, b"dynamic") => Self::Dynamic,
            Some(b'a') if begins(below, b"api/token") => Self::Token,
            _ => Self::Other,
        }
    }

    fn of_meta_data(below: &[u8]) -> Self {
        let name = match below {
            [] => return Self::MetaData,
            [b'/', name @ ..] => without_slashes(name),
            _ => return Self::Other,
        };
        match name.first() {
            Some(b'i') if begins(name, b"iam") => Self::Iam,
            Some(b'i') if begins(name, b"identity-credentials") => Self::IdentityCredentials,
            Some(b's') if begins(name, b"spot") => Self::Spot,
            Some(b'e') if begins(name, b"events") => Self::Events,
            Some(b'a') if begins(name, b"autoscaling") => Self::Autoscaling,
            Some(b'p') if begins(name, b"placement") => Self::Placement,
            Some(b'n') if begins(name, b"network") => Self::Network,
            Some(b't') if begins(name, b"tags") => Self::Tags,
            _ => Self::MetaData,
        }
    }
}

/// What is below the first segment, with the slashes that are between.
fn below_version(path: &[u8]) -> Option<&[u8]> {
    let path = without_slashes(path.strip_prefix(b"/")?);
    let end = path.iter().position(|byte| *byte == b'/')?;
    Some(&path[end..])
}

/// A client whose endpoint ends in a slash asks for `//latest/…`, and is answered.
fn without_slashes(mut path: &[u8]) -> &[u8] {
    while let [b'/', rest @ ..] = path {
        path = rest;
    }
    path
}

/// Whether the first segments are these.
fn begins(path: &[u8], segments: &[u8]) -> bool {
    path.strip_prefix(segments).is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_of_few_categories() {
        use RequestCategory as C;
        for (path, expected) in [
            ("/latest/api/token", C::Token),
            ("/latest/meta-data/iam/security-credentials/r", C::Iam),
            ("/2021-07-15/meta-data/iam", C::Iam),
            ("/latest/meta-data/iamx", C::MetaData),
            ("/latest/meta-data/identity-credentials/ec2/info", C::IdentityCredentials),
            ("/latest/meta-data/instance-id", C::MetaData),
            ("/latest/meta-data/spot/instance-action", C::Spot),
            ("/latest/meta-data/events/maintenance/scheduled", C::Events),
            ("/latest/meta-data/autoscaling/target-lifecycle-state", C::Autoscaling),
            ("/latest/meta-data/placement/region", C::Placement),
            ("/latest/meta-data/network/interfaces/macs/", C::Network),
            ("/latest/meta-data/tags/instance/Name", C::Tags),
            ("/latest/meta-data", C::MetaData),
            ("/latest/meta-data/", C::MetaData),
            ("/latest/meta-data/security-groups", C::MetaData),
            ("/latest/meta-data/events-x", C::MetaData),
            ("/latest/meta-data/ami-id", C::MetaData),
            ("/latest/meta-data/public-ipv4", C::MetaData),
            ("/latest/meta-data/networks", C::MetaData),
            ("/latest/meta-data/tagged", C::MetaData),
            ("/latest/meta-dataset", C::Other),
            ("/latest/user-dataset", C::Other),
            ("/latest/dynamics", C::Other),
            ("/latest/api", C::Other),
            ("/latest/api/tokens", C::Other),
            ("/latest/user-data", C::UserData),
            ("/latest/dynamic/instance-identity/document", C::Dynamic),
            ("//latest/meta-data/iam/info", C::Iam),
            ("/latest//meta-data//spot/instance-action", C::Spot),
            ("//", C::Other),
            ("/latest/", C::Other),
            ("/latest", C::Other),
            ("/", C::Other),
            ("", C::Other),
            ("*", C::Other),
        ] {
            assert_eq!(C::of(path.as_bytes()), expected, "{path:?}");
        }
    }
}
