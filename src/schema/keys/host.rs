//! host.toml

use crate::host::settings::{Endpoint, InterfacePattern, Redirect};
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, words};

/// The table of host.toml.
pub(crate) const HOST_FILE: &[FileKey] =
    &[key("host", "", Form::Table(&[HOST]), "What mock-imds may do to the network of this host.")];

const HOST: &[FileKey] = &[
    key(
        "redirect",
        r#""nftables""#,
        Form::Choice(words::<Redirect>),
        r#"How requests for port 80 reach the service, which listens on port 1690: by a redirect in nftables tables of its own. "none" adds the address and no tables."#,
    ),
    key("ipv6", "false", Form::Boolean, "true serves [fd00:ec2::254]:80 as well."),
    key(
        "endpoints",
        r#"["imds"]"#,
        Form::List(&ENDPOINT),
        r#"The services of an EC2 host whose addresses are held: "imds" at 169.254.169.254, "ecs" (credentials and task metadata of Amazon ECS) at 169.254.170.2, "pod-identity" (EKS Pod Identity) at 169.254.170.23. The list replaces the default."#,
    ),
    key(
        "allow-takeover",
        "false",
        Form::Boolean,
        "true starts on a real machine of a cloud, too, and hides its metadata service.",
    ),
    key(
        "bridges",
        "",
        Form::List(&PATTERN),
        "The interfaces of containers and virtual machines of this host, from which packets are let in. The list replaces the default.",
    ),
];

const ENDPOINT: Form = Form::Choice(words::<Endpoint>);
const PATTERN: Form = Form::loosely::<InterfacePattern>("^[!-~]{1,15}[*]?$");
