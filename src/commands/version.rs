//! `mock-imds version`: the version, and how this program was built.

use std::env::consts::{ARCH, OS};
use std::fmt::Write as _;

use serde::Serialize;

use super::print::{print_bytes, to_json};
use crate::cli::VersionArgs;
use crate::exit::Failure;

/// What is known of the build.
#[derive(Debug, Serialize)]
struct BuildInfo {
    version: &'static str,
    /// The commit that the packages were made of; a tree without git, or with changes, has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'static str>,
    /// Architecture, system and C library: `x86_64-linux-gnu`.
    target: String,
    /// `static`: it needs no library. `debug-assertions`: it is no build for release.
    features: Vec<&'static str>,
}

impl BuildInfo {
    fn of_this_program() -> Self {
        let library = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
        let features =
            [("static", cfg!(target_feature = "crt-static")), ("debug-assertions", cfg!(debug_assertions))];
        Self {
            version: env!("CARGO_PKG_VERSION"),
            // scripts/package sets it.
            commit: option_env!("MOCK_IMDS_COMMIT").filter(|commit| !commit.is_empty()),
            target: format!("{ARCH}-{OS}-{library}"),
            features: features.into_iter().filter_map(|(name, has)| has.then_some(name)).collect(),
        }
    }

    fn text(&self) -> String {
        let features = self.features.join(", ");
        let rows = [("commit", self.commit.unwrap_or("")), ("target", &self.target), ("features", &features)];
        let mut text = format!("mock-imds {}", self.version);
        for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
            write!(text, "\n{name:10}{value}").expect("a string takes everything");
        }
        text
    }
}

pub(crate) fn exec(args: &VersionArgs) -> Result<(), Failure> {
    let build = BuildInfo::of_this_program();
    let text = if args.json { to_json(&build) } else { build.text() };
    print_bytes(format!("{text}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_left_out() {
        let all = BuildInfo {
            version: "1.2.3",
            commit: Some("0123abc"),
            target: "x86_64-linux-musl".to_owned(),
            features: vec!["static", "debug-assertions"],
        };
        let lines = "mock-imds 1.2.3\ncommit    0123abc\ntarget    x86_64-linux-musl\nfeatures  static, debug-assertions";
        assert_eq!(all.text(), lines);
        let some = BuildInfo { commit: None, features: vec![], ..all };
        assert_eq!(some.text(), "mock-imds 1.2.3\ntarget    x86_64-linux-musl");
        let json = r#"{"version":"1.2.3","target":"x86_64-linux-musl","features":[]}"#;
        assert_eq!(to_json(&some), json);
    }
}
