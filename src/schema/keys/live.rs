//! Changes of `[[event]]` that EC2's API makes.

use crate::model::RoleChange;
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, Literal, words};
use crate::schema::forms;

/// The interface that a change is of.
pub(super) const INTERFACE: &[FileKey] =
    &[key("interface", "", forms::INTERFACE_NAME, "The MAC address of the interface, or its id.")];

/// Addresses of an interface.
pub(super) const ADDRESSES: &[FileKey] = &[
    key("private-ipv4s", "", forms::IPV4S, "Secondary private addresses."),
    key(
        "public-ipv4s",
        "",
        forms::IPV4S,
        "Public addresses. The nth of the interface maps to the nth private one.",
    ),
    key("ipv6s", "", Form::List(&forms::IPV6), "IPv6 addresses."),
    key("ipv4-prefixes", "", Form::List(&forms::IPV4_NET), "Delegated prefixes."),
    key("ipv6-prefixes", "", Form::List(&forms::IPV6_NET), "Delegated prefixes."),
];

pub(super) const GROUPS: &[FileKey] = &[
    key("security-groups", "", forms::LINES, "Names of the groups."),
    key("security-group-ids", "", Form::List(&forms::SECURITY_GROUP_ID), "Their ids."),
];

pub(super) const HIDE: &[FileKey] =
    &[key("for", "", Form::Duration, "How long it is hidden; until it is settled unless set.")];

pub(super) const PROFILE: &[FileKey] = &[
    key("role", "", Form::Any(&[forms::ROLE, Form::Only(Literal::Word("none"))]), "The role, or \"none\"."),
    key("name", "", forms::LINE, "Name, or path/name, of the profile; the role's name unless set."),
    key(
        "change",
        r#""associate""#,
        Form::Choice(words::<RoleChange>),
        "Another profile, or another role in the same one.",
    ),
];

pub(super) const STOP_START: &[FileKey] = &[
    key("down", r#""0s""#, Form::Duration, "How long the instance is stopped."),
    key("instance-type", "", forms::INSTANCE_TYPE, "The type that it is started with."),
    key(
        "user-data",
        "",
        Form::Any(&[forms::CONTENT, Form::Only(Literal::False)]),
        "The user data that it is started with; false removes it.",
    ),
    key("public-ipv4s", "", forms::IPV4S, "The public addresses of the primary interface from then on."),
];

pub(super) const MANAGED_SSH_KEY: &[FileKey] = &[
    key("user", "", forms::LINE, "The user, as in `managed-ssh-keys/active-keys/`."),
    key("key", "", Form::Text, "The key."),
    key("for", r#""1m""#, Form::Duration, "How long it is there."),
];
