//! Forms that several keys share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

use super::form::{FileKey, Form, Literal, key};
use crate::config::SingleLine;
use crate::model::PathGlob;
use crate::model::{
    AccountId, AllowedHost, AmiId, AvailabilityZone, ClientMatcher, ContentType, FaultName, FixedToken,
    HostId, HostName, InstanceId, InstanceType, InterfaceId, InterfaceName, KernelId, LifeCycle, MacAddress,
    MaintenanceCode, MaintenanceState, NodeName, OpenList, ProfileId, RamdiskId, Region, ReservationId,
    RoleName, SecurityGroupId, SubnetId, VpcId,
};

/// An id: EC2's form is in the key's description, since other ones are taken too.
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$";

macro_rules! ipv4 {
    ($after:literal) => {
        concat!(
            "(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}",
            "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])",
            $after
        )
    };
}

macro_rules! ipv6 {
    ($after:literal) => {
        concat!("[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,44}", $after)
    };
}

macro_rules! dns_name {
    ($letters:literal) => {
        concat!(
            "[",
            $letters,
            "0-9](?:[",
            $letters,
            "0-9-]{0,61}[",
            $letters,
            "0-9])?",
            "(?:[.][",
            $letters,
            "0-9](?:[",
            $letters,
            "0-9-]{0,61}[",
            $letters,
            "0-9])?)*"
        )
    };
}

pub(super) const INSTANCE_ID: Form = Form::parsed::<InstanceId>(ID);
pub(super) const AMI_ID: Form = Form::parsed::<AmiId>(ID);
pub(super) const RESERVATION_ID: Form = Form::parsed::<ReservationId>(ID);
pub(super) const KERNEL_ID: Form = Form::parsed::<KernelId>(ID);
pub(super) const RAMDISK_ID: Form = Form::parsed::<RamdiskId>(ID);
pub(super) const HOST_ID: Form = Form::parsed::<HostId>(ID);
pub(super) const INTERFACE_ID: Form = Form::parsed::<InterfaceId>(ID);
pub(super) const INTERFACE_NAME: Form =
    Form::parsed::<InterfaceName>("^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|eni-(?:[0-9a-f]{8}|[0-9a-f]{17}))$");
pub(super) const SUBNET_ID: Form = Form::parsed::<SubnetId>(ID);
pub(super) const VPC_ID: Form = Form::parsed::<VpcId>(ID);
pub(super) const SECURITY_GROUP_ID: Form = Form::parsed::<SecurityGroupId>(ID);
pub(super) const ACCOUNT_ID: Form = Form::parsed::<AccountId>(ID);
pub(super) const INSTANCE_TYPE: Form = Form::parsed::<InstanceType>("^[a-z0-9-]{1,32}[.][a-z0-9-]{1,31}$");
pub(super) const MAC: Form = Form::parsed::<MacAddress>("^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$");
pub(super) const PROFILE_ID: Form = Form::parsed::<ProfileId>("^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$");
/// A list that EC2 lengthens: an editor offers the words that are known.
macro_rules! open_list {
    ($list:ty) => {
        Form::Any(&[
            Form::Choice(|| <$list>::KNOWN.to_vec()),
            Form::parsed::<$list>("^[a-z][a-z0-9]{0,31}(?:-[a-z0-9]{1,15}){0,2}$"),
        ])
    };
}
pub(super) const LIFE_CYCLE: Form = open_list!(LifeCycle);
pub(super) const MAINTENANCE_CODE: Form = open_list!(MaintenanceCode);
pub(super) const MAINTENANCE_STATE: Form = open_list!(MaintenanceState);
pub(super) const ROLE: Form = Form::parsed::<RoleName>("^[A-Za-z0-9+=,.@_-]{1,64}$");
pub(super) const REGION: Form = Form::parsed::<Region>("^[a-z]+(?:-[a-z]+)+-[0-9]+$");
pub(super) const ZONE: Form =
    Form::parsed::<AvailabilityZone>("^[a-z]+(?:-[a-z]+)+-[0-9]+(?:[a-z]|(?:-[a-z0-9]+)+)$");
pub(super) const HOST_NAME: Form =
    Form::loosely::<HostName>(concat!("^", dns_name!("A-Za-z"), "(?: ", dns_name!("A-Za-z"), ")*$"));
pub(super) const NODE_NAME: Form = Form::loosely::<NodeName>(concat!("^", dns_name!("a-z"), "$"));
pub(super) const ALLOWED_HOST: Form = Form::loosely::<AllowedHost>("^[A-Za-z0-9][A-Za-z0-9_.-]*$");
pub(super) const TOKEN: Form = Form::parsed::<FixedToken>("^[!-~]{1,256}$");
pub(super) const IPV4: Form = Form::parsed::<Ipv4Addr>(concat!("^", ipv4!("$")));
pub(super) const IPV6: Form = Form::loosely::<Ipv6Addr>(concat!("^", ipv6!("$")));
pub(super) const IPV4_NET: Form = Form::parsed::<Ipv4Net>(concat!("^", ipv4!("/(?:3[0-2]|[12]?[0-9])$")));
pub(super) const IPV6_NET: Form = Form::loosely::<Ipv6Net>(concat!("^", ipv6!("/[0-9]{1,3}$")));
pub(super) const FAULT_NAME: Form = Form::parsed::<FaultName>("^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$");
pub(super) const CLIENT_ADDRESS: Form =
    Form::loosely::<IpAddr>(concat!("^(?:", ipv4!(""), "|", ipv6!(""), ")$"));
pub(super) const CLIENT: Form = Form::loosely::<ClientMatcher>(concat!(
    "^(?:host|",
    ipv4!("(?:/(?:3[0-2]|[12]?[0-9]))?"),
    "|",
    ipv6!("(?:/[0-9]{1,3})?"),
    ")$"
));
pub(super) const GLOB: Form = Form::loosely::<PathGlob>(r"^[^\u0000-\u001f]+$");
pub(super) const CONTENT_TYPE: Form =
    Form::loosely::<ContentType>("^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:;[ -~]*)?$");
pub(super) const LINE: Form = Form::parsed::<SingleLine>(
    r"^[^\s\u0000-\u001f\u007f-\u009f](?:[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$",
);
/// A path below the version; under the profile of amazon-ec2-metadata-mock also one from the root.
pub(super) const PATH: Form = Form::Pattern(PATHS);
pub(super) const PATHS: &str = "^(?:/*(?:latest/)?(?:meta-data|dynamic|user-data)(?:/.*)?|/.+)$";
/// The name of a header.
pub(super) const HEADER_NAME: &str = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$";
/// The value of a header; `false` removes it.
pub(super) const HEADER_VALUE: Form =
    Form::Any(&[HEADER_TEXT, Form::List(&HEADER_TEXT), Form::Only(Literal::False)]);
const HEADER_TEXT: Form = Form::Pattern("^[\\t -~]*$");
/// A tag's key.
pub(super) const TAG: &str = "^[A-Za-z0-9+=.,_:@-]{1,128}$";
/// Text that is a part of a path.
pub(super) const SEGMENT: &str = r"^[^/\u0000-\u001f]+$";

pub(super) const LINES: Form = Form::List(&LINE);
pub(super) const IPV4S: Form = Form::List(&IPV4);
pub(super) const CLIENTS: Form = Form::List(&CLIENT);

const TEXT: FileKey = key("text", "", Form::Text, "The value itself.");
const FILE: FileKey = key(
    "file",
    "",
    Form::Text,
    "A file that holds the value; its path is relative to the scenario's directory.",
);
const BASE64: FileKey = key(
    "base64",
    "",
    Form::Text,
    "The value in standard base64 with padding; blanks and newlines are skipped.",
);

/// Text, or one of the other forms of bytes.
pub(super) const CONTENT: Form = Form::Defined("content");
const CONTENT_FORMS: Form =
    Form::Any(&[Form::Text, Form::Table(&[&[TEXT]]), Form::Table(&[&[FILE]]), Form::Table(&[&[BASE64]])]);

/// The statistics of containers: a word, or JSON.
pub(super) const STATS: Form = Form::Any(&[
    Form::Choice(super::form::words::<crate::scenario::StatsWord>),
    Form::Table(&[&[TEXT]]),
    Form::Table(&[&[FILE]]),
    Form::Table(&[&[BASE64]]),
]);

const TYPE: FileKey = key("content-type", "", CONTENT_TYPE, "The media type that the value is sent with.");
const HEADERS: FileKey = key(
    "headers",
    "",
    Form::map(HEADER_NAME, &HEADER_VALUE),
    "Headers that the answer has; a list sets several values of one, and false removes one.",
);
const MOVED: FileKey = key(
    "moved-from",
    "",
    Form::Choice(super::form::words::<crate::model::Notice>),
    "With `profile` = \"aemm\": answers what this path would, which then answers nothing.",
);

/// The override of a path.
pub(super) const OVERRIDE: Form = Form::Defined("override");
const OVERRIDE_FORMS: Form = Form::Any(&[
    Form::Text,
    Form::Only(Literal::False),
    Form::Table(&[&[TEXT, TYPE, HEADERS]]),
    Form::Table(&[&[FILE, TYPE, HEADERS]]),
    Form::Table(&[&[BASE64, TYPE, HEADERS]]),
    Form::Table(&[&[MOVED]]),
]);

/// The answer of a path from the root.
pub(super) const FIXED_ANSWER: Form = Form::Any(&[
    Form::Text,
    Form::Only(Literal::False),
    Form::Table(&[&[TEXT, TYPE, HEADERS]]),
    Form::Table(&[&[FILE, TYPE, HEADERS]]),
    Form::Table(&[&[BASE64, TYPE, HEADERS]]),
]);
/// Such a path.
pub(super) const FROM_THE_ROOT: &str = "^/";

/// The forms that a schema defines once.
pub(super) const DEFINED: [(&str, Form); 2] = [("content", CONTENT_FORMS), ("override", OVERRIDE_FORMS)];

/// A duration after something, or after the daemon's start, or an instant.
pub(super) const TIME: Form = Form::Any(&[Form::Pattern(super::form::TIME), Form::Duration, Form::Instant]);
