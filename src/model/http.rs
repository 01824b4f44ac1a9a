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
