//! HTTP behaviour. Where the real service is not documented, the behaviour is a choice here with a safe default.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// The HTTP behaviour of the service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Http {
    /// Whether a connection takes several requests. EC2 answers one and closes.
    pub keep_alive: bool,
    /// The generation of hosts that is imitated.
    pub profile: Profile,
    /// The response to a directory without the slash at its end.
    pub directory_without_slash: DirectoryWithoutSlash,
    /// The response to a request with `Expect`.
    pub expect: Expect,
    /// The response to a bad token while tokens are optional.
    pub invalid_token: InvalidToken,
    /// The condition for `user-data` in the listing of `/VERSION/`.
    pub user_data_listed: UserDataListed,
    /// Whether listings below a category need no token where one is required. For the `aemm` profile only.
    pub open_listings: bool,
    /// The versions that are served, in order, without `latest`; all known ones unless set.
    pub versions: Option<Vec<String>>,
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
