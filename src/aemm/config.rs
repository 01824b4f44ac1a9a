//! A configuration of amazon-ec2-metadata-mock, after flags, environment, file and defaults were merged.

use super::defaults;
use super::path_table::PathTable;

/// The configuration. The default is that of the original without flags, environment and file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AemmConfig {
    pub mode: AemmMode,
    pub file: FileUse,
    pub server: AemmServer,
    pub imdsv2: bool,
    /// Listings need no token even then, as in the original. A setting of our own.
    pub open_listings: bool,
    /// The number of clients that get notices; negative: all.
    pub mock_ip_count: i64,
    /// The start of spot notices and scheduled events.
    pub mock: StartTime,
    /// The start of the rebalance recommendation.
    pub rebalance: StartTime,
    /// The start of the termination by the Auto Scaling group.
    pub asg_termination: StartTime,
    /// The spot interruption notice and the rebalance recommendation.
    pub spot: SpotConfig,
    pub events: EventsConfig,
    /// Below `/latest/meta-data` unless a path says otherwise.
    pub metadata: PathTable,
    /// Below `/latest/dynamic` unless a path says otherwise.
    pub dynamic: PathTable,
    /// User data; its value is base64.
    pub userdata: PathTable,
}

/// The mocks that are served beside the static tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AemmMode {
    #[default]
    All,
    Spot,
    Events,
    AsgLifecycle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileUse {
    /// Write the settings in force to a file.
    pub save: bool,
    /// Follow changes of the configuration file.
    pub watch: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AemmServer {
    /// An address or a name; empty: every address of both families.
    pub hostname: String,
    /// The port, not validated.
    pub port: String,
}

/// The start of a mock: the trigger time, else a delay after the start of the process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartTime {
    /// Seconds after the start of the process; negative: at once.
    pub delay_sec: i64,
    /// RFC 3339, as given. One that cannot be read counts as past.
    pub trigger_time: Option<String>,
}

/// The spot notices. Times are as given, and sent unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotConfig {
    /// `terminate`, `hibernate` or `stop`.
    pub action: String,
    /// The time of the action; unless set, two minutes after each request.
    pub time: Option<String>,
    /// The time of the recommendation; unless set, the time of each request.
    pub rebalance_rec_time: Option<String>,
}

/// The scheduled event. Times are RFC 3339, as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsConfig {
    /// Such as `system-reboot`.
    pub code: String,
    /// `active`, `completed` or `canceled`.
    pub state: String,
    /// Unless set, the start of the process.
    pub not_before: Option<String>,
    /// Unless set, 7 days after the start of the process.
    pub not_after: Option<String>,
    /// Unless set, 9 days after the start of the process.
    pub not_before_deadline: Option<String>,
}

impl Default for AemmConfig {
    fn default() -> Self {
        Self {
            mode: AemmMode::All,
            file: FileUse::default(),
            server: AemmServer { hostname: "0.0.0.0".into(), port: "1338".into() },
            imdsv2: false,
            open_listings: false,
            mock_ip_count: 2,
            mock: StartTime::default(),
            rebalance: StartTime::default(),
            asg_termination: StartTime::default(),
            spot: SpotConfig { action: "terminate".into(), time: None, rebalance_rec_time: None },
            events: EventsConfig {
                code: "system-reboot".into(),
                state: "active".into(),
                not_before: None,
                not_after: None,
                not_before_deadline: None,
            },
            metadata: defaults::metadata(),
            dynamic: defaults::dynamic(),
            userdata: defaults::userdata(),
        }
    }
}
