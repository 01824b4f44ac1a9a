//! Real web pages in a real browser, Debian's Chromium: what DNS rebinding gets from the service.
//!
//! The service runs at its true address in a network namespace. A page of `www.evil.example` comes from a server of the
//! test, at an address of its own; once the browser has it, the name leads to the service: every further connection does,
//! byte for byte. To the browser the service is then the page's own origin, as after a change of the name's DNS records.
//! The page does what an attacker's does, and reports what it got.
//!
//! Root only. `scripts/test browser` installs the browser and runs the tests.

mod attacker;
mod browser;
mod driver;
mod foreign_page;
mod forms;
mod page;
mod panels;
mod screenshots;
mod use_file;
mod view;

use page::{Found, visit};

const STATIC: &str = r#"
[credentials]
source = "static"
access-key-id = "ASIAIOSFODNN7EXAMPLE"
secret-access-key = "wJalrXUtnFEMI/SECRET/bPxRfiCYEXAMPLEKEY"
session-token = "AQoDYXdzEJrSECRET"
"#;

/// What no page may have.
const SECRET: &str = "SECRET";

#[test]
fn a_page_that_was_rebound_gets_no_real_credentials() {
    let Some((found, requests)) = visit(STATIC) else { return };
    found.all_refused(&["token", "keys with a token", "keys without one", "instance id"]);
    found.has_no(SECRET);
    // It was the service that refused, not the browser that never asked.
    for request in ["PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/dev-role"] {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let refused = requests.iter().any(|entry| {
            entry["method"] == method && entry["path"] == path && entry["refused"] == "host-not-allowed"
        });
        assert!(refused, "expected {request:?} to be refused for its Host, found {requests:#?}");
    }
}

#[test]
fn a_page_of_an_allowed_name_gets_no_token_either() {
    let scenario = format!("{STATIC}[http]\nallowed-hosts = [\"www.evil.example\"]\n");
    let Some((found, requests)) = visit(&scenario) else { return };
    found.all_refused(&["token"]);
    found.has_no(SECRET);
    let refused = requests.iter().any(|entry| entry["method"] == "PUT" && entry["refused"] == "origin");
    assert!(refused, "expected the PUT to be refused for its Origin, found {requests:#?}");
}

#[test]
fn real_credentials_without_tokens_are_kept_from_pages_too() {
    let scenario = format!("{STATIC}[metadata-options]\nhttp-tokens = \"optional\"\n");
    let Some((found, _)) = visit(&scenario) else { return };
    found.all_refused(&["token", "keys with a token", "keys without one", "instance id"]);
    found.has_no(SECRET);
}

#[test]
fn a_page_may_have_generated_credentials_which_are_worthless() {
    let Some((found, _)) = visit("[metadata-options]\nhttp-tokens = \"required\"\n") else { return };
    // So the attack itself works: what refuses it above is the policy.
    found.answered("token", 200, "");
    found.answered("keys with a token", 200, "\"Code\" : \"Success\"");
    found.answered("keys without one", 401, "");
    found.blocked_by_the_browser(&["token of another origin", "keys of another origin"]);
}

impl Found {
    /// The browser itself kept these answers from the page: nothing of the service allows another origin.
    #[track_caller]
    fn blocked_by_the_browser(&self, names: &[&str]) {
        for name in names {
            let found = self.outcome(name);
            assert!(found.starts_with("error "), "expected that {name:?} fails, found {found:?}");
        }
    }

    #[track_caller]
    fn all_refused(&self, names: &[&str]) {
        for name in names {
            self.answered(name, 403, "");
        }
        self.blocked_by_the_browser(&["token of another origin", "keys of another origin"]);
    }

    /// The page got this status, and a body with this in it.
    #[track_caller]
    fn answered(&self, name: &str, status: u16, part: &str) {
        let found = self.outcome(name);
        let fits = found.strip_prefix(&format!("{status} ")).is_some_and(|body| body.contains(part));
        assert!(fits, "expected {status} with {part:?} for {name:?}, found {found:?}");
    }

    #[track_caller]
    fn has_no(&self, secret: &str) {
        let found = self.0.to_string();
        assert!(!found.contains(secret), "expected nothing with {secret:?}, found {found}");
    }

    #[track_caller]
    fn outcome(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("expected an outcome of {name:?}, found {}", self.0))
    }
}
