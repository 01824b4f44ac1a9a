//! Forms of values. None allows a line feed at the end unless it says so: cloud-init makes a list of a value with one.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use serde_json::Value;

/// What a text has to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueForm {
    pub(super) what: &'static str,
    pub(super) holds: fn(&str) -> bool,
}

pub(super) const fn form(what: &'static str, holds: fn(&str) -> bool) -> ValueForm {
    ValueForm { what, holds }
}

/// `prefix` and 8 or 17 hexadecimal digits.
fn id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn each_line(text: &str, holds: impl Fn(&str) -> bool) -> bool {
    !text.is_empty() && text.split('\n').all(holds)
}

pub(super) const AMI: ValueForm = form("ami- and 8 or 17 hexadecimal digits", |t| id(t, "ami-"));
pub(super) const AMIS: ValueForm = form("lines of AMI ids", |t| each_line(t, |line| id(line, "ami-")));
pub(super) const INSTANCE: ValueForm = form("i- and 8 or 17 hexadecimal digits", |t| id(t, "i-"));
pub(super) const KERNEL: ValueForm = form("aki- and hexadecimal digits", |t| id(t, "aki-"));
pub(super) const RAMDISK: ValueForm = form("ari- and hexadecimal digits", |t| id(t, "ari-"));
pub(super) const RESERVATION: ValueForm = form("r- and 8 or 17 hexadecimal digits", |t| id(t, "r-"));
pub(super) const ENI: ValueForm = form("eni- and 8 or 17 hexadecimal digits", |t| id(t, "eni-"));
pub(super) const SUBNET: ValueForm = form("subnet- and 8 or 17 hexadecimal digits", |t| id(t, "subnet-"));
pub(super) const VPC: ValueForm = form("vpc- and 8 or 17 hexadecimal digits", |t| id(t, "vpc-"));
pub(super) const GROUP_IDS: ValueForm =
    form("lines of sg- and 8 or 17 hexadecimal digits", |t| each_line(t, |line| id(line, "sg-")));
pub(super) const HOST: ValueForm = form("h- and 8 or 17 hexadecimal digits", |t| id(t, "h-"));
pub(super) const ACCOUNT: ValueForm = form("12 digits", |t| t.len() == 12 && digits(t));
pub(super) const NUMBER: ValueForm = form("decimal digits", digits);

pub(super) const LINE: ValueForm = form("one line, not empty, without a line feed", is_line);
pub(super) const LINES: ValueForm =
    form("lines, none empty, without a final line feed", |t| each_line(t, is_line));
/// A tag may be empty.
pub(super) const VALUE: ValueForm = form("text without a final line feed", |t| !t.ends_with('\n'));
pub(super) const HOST_NAME: ValueForm =
    form("a DNS name, or several with blanks between them", |t| !t.is_empty() && t.split(' ').all(is_name));
/// Captures have an empty one where the VPC gives no names.
pub(super) const PUBLIC_NAME: ValueForm = form("a DNS name, or nothing", |t| t.is_empty() || is_name(t));
pub(super) const MANIFEST: ValueForm = form("a path, or (unknown)", is_line);
pub(super) const INSTANCE_TYPE: ValueForm = form("family and size with a dot, as m5.large", |t| {
    t.split_once('.').is_some_and(|(family, size)| is_word(family) && is_word(size))
});
pub(super) const ACTION: ValueForm =
    form("none, shutdown or bundle-pending", |t| ["none", "shutdown", "bundle-pending"].contains(&t));
pub(super) const LIFE_CYCLE: ValueForm = form("on-demand, spot, scheduled or capacity-block", |t| {
    ["on-demand", "spot", "scheduled", "capacity-block"].contains(&t)
});
pub(super) const PROFILE: ValueForm =
    form("default- and the virtualization", |t| t.strip_prefix("default-").is_some_and(is_word));
pub(super) const SYSTEM: ValueForm =
    form("nitro, xen or xen-on-nitro", |t| ["nitro", "xen", "xen-on-nitro"].contains(&t));
pub(super) const XML: ValueForm =
    form("the XML declaration alone", |t| t == "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
pub(super) const SWITCH: ValueForm = form("enabled or disabled", |t| matches!(t, "enabled" | "disabled"));
pub(super) const BOOLEAN: ValueForm = form("true or false", |t| matches!(t, "true" | "false"));

pub(super) const IPV4: ValueForm = form("an IPv4 address", is_ipv4);
pub(super) const IPV6: ValueForm = form("an IPv6 address", is_ipv6);
pub(super) const IPV4S: ValueForm = form("lines of IPv4 addresses", |t| each_line(t, is_ipv4));
pub(super) const IPV6S: ValueForm = form("lines of IPv6 addresses", |t| each_line(t, is_ipv6));
pub(super) const CIDR4: ValueForm = form("an IPv4 network, as 10.0.0.0/16", is_cidr4);
pub(super) const CIDR4S: ValueForm = form("lines of IPv4 networks", |t| each_line(t, is_cidr4));
pub(super) const CIDR6S: ValueForm =
    form("lines of IPv6 networks", |t| each_line(t, |line| line.parse::<Ipv6Net>().is_ok()));
pub(super) const MAC: ValueForm = form("a MAC address of small letters with colons", is_mac);

pub(super) const ZONE: ValueForm =
    form("an Availability Zone, as us-east-2b", |t| region_of(t).is_some_and(is_region));
pub(super) const ZONE_ID: ValueForm = form("an Availability Zone id, as use2-az2", |t| {
    t.rsplit_once("-az").is_some_and(|(region, number)| {
        digits(number) && region.split('-').all(|part| part.len() > 2 && is_word(part))
    })
});
pub(super) const REGION: ValueForm = form("a region, as us-east-2", is_region);
pub(super) const DOMAIN: ValueForm =
    form("the domain of a partition, as amazonaws.com", |t| is_name(t) && t.contains('.'));
pub(super) const PARTITION: ValueForm =
    form("a partition, as aws", |t| t == "aws" || t.starts_with("aws-") && is_word(t));
pub(super) const DEVICE: ValueForm =
    form("a device's name, as sda1 or /dev/xvda", |t| is_line(t) && is_device(t));

pub(super) const INSTANT: ValueForm =
    form("a time of UTC in whole seconds, as 2026-01-15T12:00:00Z", is_instant);
pub(super) const LIFECYCLE: ValueForm = form("a lifecycle state, as InService", |t| {
    ["Detached", "InService", "Standby", "Terminated"].contains(&t)
        || ["Warmed:Hibernated", "Warmed:Running", "Warmed:Stopped", "Warmed:Terminated"].contains(&t)
});
pub(super) const PUBLIC_KEY: ValueForm = form("a public key and one line feed", |t| {
    t.strip_suffix('\n').is_some_and(|key| is_line(key) && key.contains(' '))
});
pub(super) const JSON_OBJECT: ValueForm = form("a JSON object, without a final line feed", |t| {
    !t.ends_with('\n') && parsed(t).is_some_and(|v| v.is_object())
});
pub(super) const JSON_ARRAY: ValueForm = form("a JSON array, without a final line feed", |t| {
    !t.ends_with('\n') && parsed(t).is_some_and(|v| v.is_array())
});
pub(super) const BASE64: ValueForm = form("lines of base64, without a final line feed", |t| {
    each_line(t, |line| {
        !line.is_empty() && line.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
    })
});

pub(super) fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_line(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(['\n', '\r'])
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

fn is_device(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-'))
}

fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

fn is_cidr4(text: &str) -> bool {
    text.parse::<Ipv4Net>().is_ok()
}

pub(super) fn is_mac(text: &str) -> bool {
    let is_byte =
        |part: &str| part.len() == 2 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    text.split(':').count() == 6 && text.split(':').all(is_byte)
}

fn is_region(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(area, number)| {
        digits(number)
            && area.contains('-')
            && area.split('-').all(|part| part.bytes().all(|b| b.is_ascii_lowercase()))
    })
}

/// The region of a zone: a local zone has two more parts, and its letter.
pub(super) fn region_of(zone: &str) -> Option<&str> {
    let without = zone.strip_suffix(|c: char| c.is_ascii_lowercase())?;
    if is_region(without) {
        return Some(without);
    }
    let mut parts = without.rmatch_indices('-').map(|(at, _)| at);
    let at = parts.nth(1)?;
    is_region(&without[..at]).then(|| &without[..at])
}

pub(super) fn is_instant(text: &str) -> bool {
    text.len() == 20
        && text.ends_with('Z')
        && text.as_bytes()[10] == b'T'
        && text.parse::<jiff::Timestamp>().is_ok()
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}
