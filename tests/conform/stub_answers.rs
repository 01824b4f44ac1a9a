//! What the stub says of tokens, and of its tree.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use super::stub::{Reply, Request, Service, now, status};
use super::stub_tree::{KEYS, TREE, VERSIONS, identity};

// === tokens ===

impl Service {
    pub(crate) fn token_reply(&self, request: &Request, version: &str) -> Reply {
        if request.method != "PUT" {
            let allow = ("Allow", "OPTIONS, PUT".to_owned());
            return if self.has("token-get") {
                status(200)
            } else {
                Reply { headers: vec![allow], ..status(405) }
            };
        }
        if version != "/latest" || (request.header("X-Forwarded-For").is_some() && !self.has("forwarded")) {
            return status(403);
        }
        if request.header("Expect").is_some() {
            return status(417);
        }
        let ttl = request.header("X-aws-ec2-metadata-token-ttl-seconds").and_then(|ttl| ttl.parse().ok());
        let longest = if self.has("ttl-unchecked") { u64::MAX / 2 } else { 21600 };
        let Some(ttl) = ttl.filter(|ttl| (1..=longest).contains(ttl)) else { return status(400) };
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let token = match self.fault {
            "token-short" => format!("{number:043}="),
            "token-line-feed" => format!("{number:053}==\n"),
            _ => format!("{number:054}=="),
        };
        let ends = now() + if self.has("token-for-ever") { 99_999 } else { ttl };
        self.tokens.lock().expect("nobody panics").insert(token.trim().to_owned(), ends);
        let mut headers = vec![];
        if !self.has("no-ttl") {
            headers.push(("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl.to_string()));
        }
        Reply { headers, body: token, ..status(200) }
    }

    pub(crate) fn remaining(&self, token: &str) -> Option<u64> {
        if self.has("any-token") {
            return Some(60);
        }
        let ends = *self.tokens.lock().expect("nobody panics").get(token)?;
        ends.checked_sub(now()).filter(|left| *left > 0)
    }
}

// === the tree ===

impl Service {
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.listing(path).is_some()
    }

    pub(crate) fn body(&self, path: &str) -> Option<String> {
        if path == "/" {
            return Some(VERSIONS.to_owned());
        }
        let (version, below) = path.strip_prefix('/')?.split_once('/').unwrap_or((&path[1..], ""));
        if !VERSIONS.lines().any(|known| known == version) || (self.has("latest-only") && version != "latest")
        {
            return None;
        }
        self.value(version, below).or_else(|| {
            let feed = if self.has("listing-line-feed") { "\n" } else { "" };
            Some(self.listing(path)? + feed)
        })
    }

    fn value(&self, version: &str, below: &str) -> Option<String> {
        if !VERSIONS.lines().any(|known| known == version) {
            return None;
        }
        let shown =
            |since: &str| version == "latest" || (since == "1.0" || version != "1.0" && since <= version);
        if below == "user-data" {
            return Some("#!/bin/sh\n".to_owned());
        }
        if let Some(name) = below.strip_prefix("dynamic/instance-identity/") {
            return self.identity_value(name).filter(|_| shown("2009-04-04"));
        }
        let (since, _, value) = TREE.iter().find(|(_, path, _)| *path == below)?;
        if !shown(since) || (self.has("no-maintenance") && below.contains("/maintenance/")) {
            return None;
        }
        let keys = below.contains("/security-credentials/");
        let value = if keys { self.keys() } else { (*value).to_owned() };
        Some(match self.fault {
            "value-line-feed" if below.ends_with("/instance-id") => value + "\n",
            "other-region" if below.ends_with("/region") => "us-west-2".to_owned(),
            "same-device" if below.ends_with("/device-number") => "0".to_owned(),
            _ => value,
        })
    }

    fn identity_value(&self, name: &str) -> Option<String> {
        let known = ["document", "pkcs7", "signature", "rsa2048"].contains(&name);
        if !known || (self.has("no-rsa2048") && name == "rsa2048") {
            return None;
        }
        let value = identity(name);
        Some(match name {
            "document" if self.has("document-compact") => value.replace(" : ", ":").replace("  ", ""),
            _ => value.to_owned(),
        })
    }

    fn keys(&self) -> String {
        let ahead = jiff::SignedDuration::from_hours(if self.has("expired-keys") { -1 } else { 6 });
        let time = jiff::Timestamp::from_second(now().try_into().expect("small")).expect("in range");
        let form = if self.has("fractions") { "%Y-%m-%dT%H:%M:%S.000Z" } else { "%Y-%m-%dT%H:%M:%SZ" };
        let time = jiff::fmt::strtime::format(form, time + ahead).expect("a date");
        KEYS.replace("{}", &time)
    }

    /// The names below a path, if there are any.
    fn listing(&self, path: &str) -> Option<String> {
        let (version, directory) = path.strip_prefix('/')?.split_once('/').unwrap_or((&path[1..], ""));
        let identities = ["document", "pkcs7", "rsa2048", "signature"]
            .map(|name| format!("dynamic/instance-identity/{name}"));
        let paths = TREE
            .iter()
            .map(|(_, path, _)| (*path).to_owned())
            .chain(identities)
            .chain(["user-data".to_owned()]);
        let start = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let mut names = BTreeSet::new();
        for path in paths.filter(|path| self.value(version, path).is_some()) {
            if let Some(rest) = path.strip_prefix(&start) {
                names.insert(self.line(&start, rest));
            }
        }
        if self.has("listed-nowhere") && directory == "meta-data" {
            names.insert("recommendations/".to_owned());
        }
        (!names.is_empty()).then(|| names.into_iter().collect::<Vec<_>>().join("\n"))
    }

    /// The line of a path below a directory.
    fn line(&self, directory: &str, rest: &str) -> String {
        let Some((name, _)) = rest.split_once('/') else { return rest.to_owned() };
        match directory {
            "" => name.to_owned(),
            "meta-data/public-keys/" if !self.has("key-as-directory") => format!("{name}=laptop"),
            "meta-data/network/interfaces/macs/" if self.has("mac-without-slash") => name.to_owned(),
            _ => format!("{name}/"),
        }
    }
}
