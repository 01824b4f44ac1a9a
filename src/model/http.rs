//! HTTP behaviour. Where the real service is not documented, the behaviour is a choice here with a safe default.

use std::collections::BTreeMap;

use super::content::Content;
use super::ids::{AllowedHost, FixedToken};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The HTTP behaviour of the service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Http {
    /// Whether a connection takes several requests. EC2 answers one and closes.
    pub keep_alive: bool,
    /// The service that is played: EC2's, of one of two generations of hosts, or amazon-ec2-metadata-mock.
    pub profile: Profile,
    /// The response to a directory without the slash at its end.
    pub directory_without_slash: DirectoryWithoutSlash,
    /// The response to a request with `Expect`.
    pub expect: Expect,
    /// The response to a bad token while tokens are optional.
    pub invalid_token: InvalidToken,
    /// The response to a GET or HEAD with `X-Forwarded-For`.
    pub forwarded_for: ForwardedFor,
    /// The condition for `user-data` in the listing of `/VERSION/`.
    pub user_data_listed: UserDataListed,
    /// The session token that every request for one gets; one of its own unless set.
    pub token: Option<FixedToken>,
    /// Whether listings below a category need no token where one is required. For the `aemm` profile only.
    pub open_listings: bool,
    /// The names by which clients may reach the service while it has real credentials, beside its own.
    pub allowed_hosts: Vec<AllowedHost>,
    /// The versions that are served, in order, without `latest`; all known ones unless set.
    pub versions: Option<Vec<String>>,
    /// Answers by whole paths, from the root: `/`, `/health`, `/2009-04-04/meta-data/ami-id`. They take precedence over
    /// all else; `None` is a 404. Not for the `aemm` profile.
    pub paths: BTreeMap<String, Option<Content>>,
}

impl Http {
    /// The answer of the path with these segments, if it is one of those.
    pub(crate) fn fixed_path(&self, segments: &[&str]) -> Option<&Option<Content>> {
        // Nearly every scenario has none.
        if self.paths.is_empty() { None } else { self.paths.get(&format!("/{}", segments.join("/"))) }
    }
}

/// The generation of hosts that is imitated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Profile {
    /// Nitro hosts from 2019 on.
    #[default]
    Modern,
    /// Older hosts: an HTTP/1.0 status line, pages in errors, other headers.
    Legacy,
    /// The replies of amazon-ec2-metadata-mock instead of EC2's.
    Aemm,
}

impl Profile {
    /// True if paths follow from `[instance]`; otherwise `[metadata]` and events are all there is.
    pub(crate) fn follows_instance(self) -> bool {
        self != Self::Aemm
    }

    /// True if `[metadata]` may name any path: from the root, below a value, in the place of a notice.
    pub(crate) fn takes_any_path(self) -> bool {
        self == Self::Aemm
    }

    /// True if `first-n-clients` counts the clients that request the event's notice; the other profiles count those
    /// that request any path of the kind. With this one there may be none.
    pub(crate) fn admits_clients_by_notice(self) -> bool {
        self == Self::Aemm
    }

    /// True if a maintenance event may have any id.
    pub(crate) fn takes_any_event_id(self) -> bool {
        self == Self::Aemm
    }

    /// True if listings may need no token though values do.
    pub(crate) fn may_open_listings(self) -> bool {
        self == Self::Aemm
    }

    /// True if a notice is listed before its event has happened.
    pub(crate) fn lists_notices_ahead(self) -> bool {
        self == Self::Aemm
    }

    /// True if the time in a notice may be that of the request.
    pub(crate) fn dates_notices_by_request(self) -> bool {
        self == Self::Aemm
    }

    /// The profile whose listing of `/` or `/latest/` this is; `None` of EC2's.
    pub(crate) fn of_listing(path: &str, listing: &[u8]) -> Option<Self> {
        let original = match path {
            "/" => AEMM_VERSIONS,
            "/latest/" => AEMM_CATEGORIES,
            _ => return None,
        };
        (listing == original.as_bytes()).then_some(Self::Aemm)
    }
}

/// amazon-ec2-metadata-mock's listing of `/`, whatever its configuration is: EC2 lists dates, and has no newline at the
/// end. A proxy may add headers and change connections, but not this.
pub(crate) const AEMM_VERSIONS: &str = "latest\n";
/// The same of `/latest/`.
pub(crate) const AEMM_CATEGORIES: &str = "dynamic\nmeta-data\nuser-data\n";

/// The response to a directory without the slash at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum DirectoryWithoutSlash {
    /// The listing, as from hosts since 2021.
    #[default]
    Listing,
    /// 301 to the path with the slash, as from hosts until 2018. Some clients do not follow it.
    Redirect,
}

/// The response to a request with `Expect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Expect {
    /// 417.
    #[default]
    Refuse,
    /// The response without this header.
    Ignore,
}

/// The response to a bad token while tokens are optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InvalidToken {
    /// 401.
    #[default]
    Refuse,
    /// The response without a token.
    Ignore,
}

/// The response to a GET or HEAD with `X-Forwarded-For`. A PUT for a token with it is 403 in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ForwardedFor {
    /// The response without this header.
    #[default]
    Ignore,
    /// 403, as one user of a proxy saw.
    Refuse,
}

/// The condition for `user-data` in the listing of `/VERSION/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum UserDataListed {
    /// Listed only if there is user data, so that all listed paths answer.
    #[default]
    WhenSet,
    /// Always listed, though it may answer 404.
    Always,
}
