//! `[[event]]`

use super::live;
use crate::model::MOST_CLIENTS;
use crate::model::{
    AfterNotice, ClearTarget, CredentialState, InstanceAction, Monitoring, SettleTarget, SpotAction,
    TargetLifecycleState,
};
use crate::schema::form::{FileKey, key};
use crate::schema::form::{Form, Literal, words};
use crate::schema::forms;

/// The time and the effects of an event. No client, 0, is for the profile of amazon-ec2-metadata-mock.
pub(crate) const EVENT: &[FileKey] = &[
    key(
        "at",
        r#""0s""#,
        forms::TIME,
        r#"A duration after the load, "start+30s" after the daemon's start, or an RFC 3339 timestamp. The timeline is monotonic: a timestamp means the wall clock as it is when the scenario is loaded, and whoever sets that clock later moves no event and no fault. Dates that are written, and tokens and credentials, follow the wall clock."#,
    ),
    key("after-poll", "", forms::PATH, "A path; `at` then counts from the first request for it."),
    key("repeat", "", Form::Duration, "How long until it happens again."),
    key("until", "", forms::TIME, "After this, written as `at`, it does not happen again."),
    key(
        "first-n-clients",
        "",
        Form::Any(&[Form::Integer(1, MOST_CLIENTS), Form::Integer(0, MOST_CLIENTS)]),
        "Only so many clients see it: the first that ask below spot, events or autoscaling.",
    ),
    key("instance", "", forms::LINE, "The name of the instance that it happens to. All unless set."),
    key(
        "client",
        "",
        forms::CLIENT_ADDRESS,
        r#"An address: it happens only to the instance that this client meets. Where each client meets an instance of its own (`derive`), to that one. Not with `instance`, and not with the profile "aemm"."#,
    ),
    key(
        "spot-interruption",
        "",
        Form::Table(&[SPOT]),
        r#"{ action = "terminate" | "stop" | "hibernate", notice = "2m", time = a timestamp instead of a notice, then = "stay" | "vanish", moving = false }. With moving = true the notice counts from each request. With "vanish" every connection is reset once the time has come."#,
    ),
    key(
        "rebalance-recommendation",
        "",
        Form::Table(&[REBALANCE]),
        "{ notice-time = a timestamp }; the time of the event unless set, or { moving = true }: that of each request.",
    ),
    key(
        "maintenance",
        "",
        Form::Table(&[MAINTENANCE]),
        r#"{ id, code = "instance-reboot" | "system-reboot" | "system-maintenance" | "instance-retirement" | "instance-stop", state = "active" | "completed" | "canceled", description, not-before, not-after, not-before-deadline }. Times are durations after the event, "start+1h" after the daemon's start, or timestamps. An event with a known id updates that event; one that is completed or canceled moves to the history."#,
    ),
    key(
        "target-lifecycle-state",
        "",
        Form::Choice(words::<TargetLifecycleState>),
        r#""Detached", "InService", "Standby", "Terminated", "Warmed:Hibernated", "Warmed:Running", "Warmed:Stopped" or "Warmed:Terminated"."#,
    ),
    key("instance-action", "", Form::Choice(words::<InstanceAction>), "As in `[instance]`."),
    key("life-cycle", "", forms::LIFE_CYCLE, "As in `[instance]`."),
    key(
        "credentials",
        "",
        Form::Table(&[CREDENTIALS]),
        "{ state = as in `[credentials]`, rotate = true for new generated keys }.",
    ),
    key("set", "", super::service::OVERRIDES, "Path = content, as in `[metadata]`."),
    key(
        "unset",
        "",
        Form::List(&forms::PATH),
        "A list of paths whose overrides by earlier events are removed; one of `[metadata]` is in effect again, and cannot be removed by it.",
    ),
    key("tags", "", TAGS, "Tag = value; false removes the tag."),
    key(
        "metadata-options",
        "",
        Form::Table(&[super::service::METADATA_OPTIONS]),
        "As the table of that name.",
    ),
    key(
        "facts",
        "",
        Form::Table(&[FACTS]),
        "{ instance-type, ami-id, monitoring, public-ipv4s, security-groups, user-data }: facts that change while an instance runs, or over a stop and start.",
    ),
    key(
        "attach-interface",
        "",
        Form::Table(&[super::interface::NETWORK_INTERFACE]),
        "An interface, as in `[[instance.network-interface]]`, is attached. What is left out follows from the primary interface; the device number is the first free one, the groups are those of the instance.",
    ),
    key(
        "detach-interface",
        "",
        Form::Table(&[live::INTERFACE]),
        "{ interface = its MAC address or its id }. The primary interface stays.",
    ),
    key(
        "assign",
        "",
        Form::Table(&[live::INTERFACE, live::ADDRESSES]),
        "{ interface, private-ipv4s, public-ipv4s, ipv6s, ipv4-prefixes, ipv6-prefixes }: addresses and prefixes that it gets, behind those that it has.",
    ),
    key(
        "unassign",
        "",
        Form::Table(&[live::INTERFACE, live::ADDRESSES]),
        "The same: addresses and prefixes that it loses, with the public address of a private one. A primary address stays.",
    ),
    key(
        "modify-interface",
        "",
        Form::Table(&[live::INTERFACE, live::GROUPS]),
        "{ interface, security-groups, security-group-ids }: other groups.",
    ),
    key(
        "hide-interface",
        "",
        Form::Table(&[live::INTERFACE, live::HIDE]),
        r#"{ interface, for = "90s" }: an attached interface that is not in the tree for a while; without `for` until it is settled."#,
    ),
    key(
        "instance-profile",
        "",
        Form::Any(&[Form::Table(&[live::PROFILE]), Form::Only(Literal::Word("none"))]),
        r#"{ role, name, change = "associate" | "role-in-profile" }, or "none". Another instance profile is associated; the name of the profile is the role's unless set. With "role-in-profile" the profile stays and gets another role, or role = "none": `iam/` shows the old one, with its keys, until the next refresh of the keys."#,
    ),
    key(
        "stop-start",
        "",
        Form::Table(&[live::STOP_START]),
        r#"{ down = "10s", instance-type, user-data, public-ipv4s }: every connection is reset for this time; then the instance has these facts, `pendingTime` in the identity document is that of the start, and nothing is late any more."#,
    ),
    key(
        "managed-ssh-key",
        "",
        Form::Table(&[live::MANAGED_SSH_KEY]),
        r#"{ user, key, for = "1m" }: a key that EC2 Instance Connect pushes, and that goes again."#,
    ),
    key(
        "settle",
        "",
        Form::Choice(words::<SettleTarget>),
        r#""network", "instance-profile", "tags", "metadata-options", "facts" or "all": whatever is late of it, hidden or never visible, is visible now."#,
    ),
    key(
        "propagation",
        "",
        Form::Any(&[
            Form::Duration,
            Form::Only(Literal::Word("never")),
            Form::map("^[a-z0-9-]+$", &super::propagation::DELAY),
        ]),
        r#"How late this event is visible: a duration, "never", or a table of leaves, as those of `[propagation]`. It takes precedence over that table."#,
    ),
    key(
        "clear",
        "",
        Form::Any(&[CLEAR, Form::List(&CLEAR)]),
        r#"What to clear, one or a list of: "spot-interruption", "rebalance-recommendation", "maintenance", "target-lifecycle-state", "instance-action", "life-cycle", "credentials", "metadata", "tags", "metadata-options", "network", "facts", "ecs", "pod-identity" or "all". "network" gives the interfaces of the scenario back."#,
    ),
];

const CLEAR: Form = Form::Choice(words::<ClearTarget>);
/// A tag is set, or removed by false.
const TAGS: Form = Form::map(forms::TAG, &Form::Any(&[Form::Text, Form::Only(Literal::False)]));

const SPOT: &[FileKey] = &[
    key(
        "action",
        r#""terminate""#,
        Form::Choice(words::<SpotAction>),
        "What the interruption does to the instance.",
    ),
    key(
        "notice",
        r#""2m""#,
        Form::Duration,
        "The time from the notice to the interruption; none before hibernation.",
    ),
    key("time", "", Form::Instant, "The time of the interruption, instead of `notice`."),
    key(
        "then",
        r#""stay""#,
        Form::Choice(words::<AfterNotice>),
        "What follows: the service keeps answering, or resets every connection.",
    ),
    key("moving", "false", Form::Boolean, "true counts the notice from each request."),
];

const REBALANCE: &[FileKey] = &[
    key("notice-time", "", Form::Instant, "The time in the notice; that of the event unless set."),
    key("moving", "false", Form::Boolean, "true: the time of each request."),
];

const MAINTENANCE: &[FileKey] = &[
    key(
        "id",
        "",
        forms::LINE,
        r#""instance-event-" and 17 lower-case hexadecimal digits. A known id updates that event."#,
    ),
    key(
        "code",
        "",
        forms::MAINTENANCE_CODE,
        "What will be done. Another word than those is accepted with a warning.",
    ),
    key(
        "state",
        r#""active""#,
        forms::MAINTENANCE_STATE,
        "An event that is completed or canceled moves to the history.",
    ),
    key("description", "", forms::LINE, "The text of the event."),
    key("not-before", "", forms::TIME, "The earliest start: a duration after the event, or a timestamp."),
    key("not-after", "", forms::TIME, "The latest end, in the same forms."),
    key(
        "not-before-deadline",
        "",
        forms::TIME,
        "The deadline for a start that is put off, in the same forms.",
    ),
];

const CREDENTIALS: &[FileKey] = &[
    key("state", "", Form::Choice(words::<CredentialState>), "As in `[credentials]`."),
    key(
        "rotate",
        "",
        Form::Boolean,
        "true gives new generated keys. With state = \"expired\" they are the last ones, and pass their Expiration.",
    ),
];

const FACTS: &[FileKey] = &[
    key("instance-type", "", forms::INSTANCE_TYPE, "FAMILY.SIZE."),
    key("ami-id", "", forms::AMI_ID, "The image."),
    key("monitoring", "", Form::Choice(words::<Monitoring>), "Detailed monitoring."),
    key(
        "public-ipv4s",
        "",
        forms::IPV4S,
        "Of the primary interface. The nth maps to the nth private address.",
    ),
    key("security-groups", "", forms::LINES, "Names of the groups."),
    key(
        "user-data",
        "",
        Form::Any(&[forms::CONTENT, Form::Only(Literal::False)]),
        "The user data; false removes it.",
    ),
];
