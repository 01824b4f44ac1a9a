//! How the service speaks HTTP. What the real one does where nothing says so is a choice here, with a safe default.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// How the service speaks HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Http {
    /// Several requests on one connection. EC2 answers one and closes.
    pub keep_alive: bool,
    /// Which generation of hosts answers.
    pub profile: Profile,
    /// What a directory without the slash at the end answers.
    pub directory_without_slash: DirectoryWithoutSlash,
    /// What a request with `Expect` gets.
    pub expect: Expect,
    /// What a bad token gets while tokens are optional.
    pub invalid_token: InvalidToken,
    /// Whether `/VERSION/` lists `user-data` when there is none.
    pub user_data_listed: UserDataListed,
    /// Whether listings below a category need no token where one is required; the `aemm` profile only.
    pub open_listings: bool,
    /// The versions that are served, in their order, without `latest`; all that are known unless said.
    pub versions: Option<Vec<String>>,
}

/// Which generation of hosts answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Profile {
    /// Nitro hosts from 2019 on.
    #[default]
    Modern,
    /// Older hosts: an HTTP/1.0 status line, pages in errors, other headers.
    Legacy,
    /// Not EC2's: the forms of amazon-ec2-metadata-mock.
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

/// What a directory without the slash at the end answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum DirectoryWithoutSlash {
    /// Its listing, as hosts do from 2021 on.
    #[default]
    Listing,
    /// 301 to the path with the slash, as hosts did until 2018. Some clients do not follow it.
    Redirect,
}

/// What a request with `Expect` gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Expect {
    /// 417.
    #[default]
    Refuse,
    /// The answer that it gets without.
    Ignore,
}

/// What a bad token gets while tokens are optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InvalidToken {
    /// 401.
    #[default]
    Refuse,
    /// The answer that the request gets without a token.
    Ignore,
}

/// Whether `/VERSION/` lists `user-data` when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum UserDataListed {
    /// No: what is listed answers.
    #[default]
    WhenSet,
    /// Yes, though it answers 404.
    Always,
}
