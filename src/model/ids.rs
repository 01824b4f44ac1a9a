//! Identifiers, validated when they are parsed. The error of each `FromStr` names the accepted form.

use std::fmt;
use std::str::FromStr;

/// The error of a rejected text: the accepted form, which follows "accepted: " in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted(pub &'static str);

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Accepted {}

/// Makes a struct around a `String` an identifier, with its rule and the accepted form.
macro_rules! identifier {
    ($name:ident, $rule:expr, $accepted:expr) => {
        impl $name {
            #[allow(dead_code, reason = "not every identifier is asked for its text")]
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Accepted;

            fn from_str(text: &str) -> Result<Self, Accepted> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.to_owned())) } else { Err(Accepted($accepted)) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(super) use identifier;

/// The name of a fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultName(String);
identifier!(
    FaultName,
    |t| (1..=64).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && t.as_bytes()[0].is_ascii_alphanumeric(),
    "up to 64 letters, digits, - _ and . that start with a letter or a digit, such as \"slow-keys\""
);

impl FaultName {
    /// That of a fault of the file which has none: by its place among the faults there, from 1.
    pub(crate) fn in_file(number: usize) -> Self {
        Self(format!("fault-{number}"))
    }

    /// That of a fault which was ordered without one.
    pub(crate) fn ordered(number: usize) -> Self {
        Self(format!("injected-{number}"))
    }
}

/// An instance type: a family and a size, `m5.xlarge`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceType(String);
identifier!(InstanceType, instance_type, "FAMILY.SIZE in lower case, such as \"m5.xlarge\"");

impl InstanceType {
    /// The family: `m5` of `m5.xlarge`.
    pub(super) fn family(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }
}

/// Six pairs of lower-case hexadecimal digits between colons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(String);
identifier!(
    MacAddress,
    mac_address,
    "six pairs of lower-case hexadecimal digits between colons, such as \"0e:49:61:0f:c3:11\""
);

/// The id of an instance profile: `AIPA` and 17 capitals and digits on EC2, another token elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileId(String);
identifier!(
    ProfileId,
    |t| is_token(t, 128),
    "up to 128 letters, digits and - _ . : that start with a letter or a digit, such as \"AIPAIOSFODNN7EXAMPLE0\""
);

/// An IAM role name: 1 to 64 letters, digits and `+=,.@_-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);
identifier!(
    RoleName,
    |t| (1..=64).contains(&t.len())
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b)),
    "1 to 64 letters, digits and + = , . @ _ - (IAM's rule for role names)"
);

/// A tag key that EC2 allows while tags in instance metadata are enabled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagKey(String);
identifier!(
    TagKey,
    tag_key,
    "1 to 128 letters, digits and + - = . , _ : @, but not \".\", \"..\" or \"_index\" (EC2 refuses other keys while tags in instance metadata are on)"
);

/// A host name: one or more DNS names separated by single blanks, as DHCP option sets with several domains give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);
identifier!(
    HostName,
    |t| t.len() <= 253 && t.split(' ').all(dns_name),
    "a DNS name of letters, digits, hyphens and dots such as \"ip-172-16-34-43.ec2.internal\" (several between single blanks are allowed)"
);

/// The name of a node of a cluster, as Kubernetes has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);
identifier!(
    NodeName,
    |t| t.len() <= 253 && dns_name(t) && !t.contains(|c: char| c.is_ascii_uppercase()),
    "the name of a node, of lower-case letters, digits, hyphens and dots, such as \"worker-1\""
);

/// A host that requests may name. Container engines take underscores in names, which DNS does not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AllowedHost(String);
identifier!(
    AllowedHost,
    |t| t.len() <= 253 && dns_name(&t.replace('_', "-")),
    "a host's name without a port, such as \"mock-imds\" or \"imds.test\"; addresses are always allowed"
);

/// A session token that is always the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedToken(String);
identifier!(
    FixedToken,
    |t| (1..=256).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_graphic()),
    "1 to 256 visible characters of ASCII, such as \"token\""
);

/// A name of Amazon ECS or EKS: 1 to 255 letters, digits, hyphens and underscores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EcsName(String);
identifier!(
    EcsName,
    |t| (1..=255).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
    "1 to 255 letters, digits, hyphens and underscores, such as \"app\""
);

impl EcsName {
    /// A name that is written in this program.
    pub(super) fn fixed(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

/// The id of a task of Amazon ECS: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(String);
identifier!(
    TaskId,
    |t| t.len() == 32 && t.bytes().all(lower_hex),
    "32 lower-case hexadecimal digits, such as \"0123456789abcdef0123456789abcdef\""
);

/// The id in the path of a task's credentials: a UUID in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialId(String);
identifier!(CredentialId, is_uuid, "a UUID in lower case, such as \"01234567-89ab-4cde-8f01-23456789abcd\"");

impl fmt::Debug for CredentialId {
    /// Whoever knows it gets the credentials: it never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The name of a namespace or a service account of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesName(String);
identifier!(
    KubernetesName,
    |t| t.len() <= 253 && dns_name(t) && !t.contains(|c: char| c.is_ascii_uppercase()),
    "a name of Kubernetes, of lower-case letters, digits, hyphens and dots, such as \"default\""
);

impl KubernetesName {
    /// A name that is written in this program.
    pub(super) fn fixed(name: &'static str) -> Self {
        Self(name.to_owned())
    }
}

/// Whether a text can be an id wherever ids are shown: in JSON, in ARNs, in names and in paths.
pub(super) fn is_token(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
        && text.as_bytes()[0].is_ascii_alphanumeric()
}

fn lower_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || lower_hex(byte))
}

fn instance_type(text: &str) -> bool {
    let word = |w: &str| {
        !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 64 && text.split_once('.').is_some_and(|(family, size)| word(family) && word(size))
}

fn mac_address(text: &str) -> bool {
    let pair = |p: &str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    text.split(':').count() == 6 && text.split(':').all(pair)
}

fn tag_key(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+-=.,_:@".contains(c);
    (1..=128).contains(&text.len()) && text.chars().all(allowed) && !matches!(text, "." | ".." | "_index")
}

fn dns_name(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_what_ec2_gives_and_nothing_else() {
        for right in ["m5.xlarge", "u-6tb1.56xlarge", "mac2-m2pro.metal"] {
            assert!(right.parse::<InstanceType>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["m5", "m5.", ".xlarge", "M5.xlarge", "m5 .xlarge"] {
            assert!(wrong.parse::<InstanceType>().is_err(), "{wrong:?} was accepted as an instance type");
        }
        assert!("0E:49:61:0f:c3:11".parse::<MacAddress>().is_err());
        assert!("0e:49:61:0f:c3".parse::<MacAddress>().is_err());
    }

    #[test]
    fn tag_keys_follow_the_rule_for_instance_metadata() {
        for right in ["Name", "aws:autoscaling:groupName", "a+b-c=d.e,f_g:h@i"] {
            assert!(right.parse::<TagKey>().is_ok(), "{right:?} was refused");
        }
        for wrong in ["", ".", "..", "_index", "a b", "a/b", "ü"] {
            assert!(wrong.parse::<TagKey>().is_err(), "{wrong:?} was accepted as a tag key");
        }
    }
}
