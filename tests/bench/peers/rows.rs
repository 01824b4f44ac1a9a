//! The requests that are measured, and the ratio to nginx that each has to reach.

/// A scenario that a server of ours is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    KeepAlive,
    Closing,
    Timeline,
    Faults,
    Derived,
    Clients,
    Containers,
}

impl Setup {
    pub(crate) const ALL: [Self; 7] = [
        Self::KeepAlive,
        Self::Closing,
        Self::Timeline,
        Self::Faults,
        Self::Derived,
        Self::Clients,
        Self::Containers,
    ];

    /// The text of the scenario.
    pub(crate) fn scenario(self) -> String {
        let keep_alive = "[http]\nkeep-alive = true\n".to_owned();
        let repeated = |text: fn(usize) -> String, count| (0..count).map(text).collect::<String>();
        match self {
            Self::Closing => String::new(),
            Self::KeepAlive => keep_alive,
            Self::Timeline => keep_alive + &repeated(event, 20),
            Self::Faults => keep_alive + &repeated(fault, 60),
            Self::Derived => keep_alive + "[instances.fleet]\nclients = [\"127.0.0.0/8\"]\nderive = true\n",
            Self::Clients => keep_alive + &support::hundred_thousand_clients(),
            // The agents of both keep connections, and limit the rate of requests.
            Self::Containers => support::containers(),
        }
    }
}

/// One of the events of a timeline that goes on all the time.
fn event(number: usize) -> String {
    format!("[[event]]\nat = \"{number}s\"\nrepeat = \"20s\"\nrebalance-recommendation = {{}}\n")
}

/// A fault that fits none of the requests.
fn fault(number: usize) -> String {
    format!("[[fault]]\npath = \"/latest/meta-data/tags/**/{number}*\"\nstatus = 503\n")
}

pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) setup: Setup,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) with_token: bool,
    /// The value of the Authorization header.
    pub(crate) authorization: Option<&'static str>,
    /// Requests that are sent at once.
    pub(crate) pipelined: usize,
    /// Set if each request takes a connection of its own.
    pub(crate) closes: bool,
    /// The ratio of our rate to nginx's.
    pub(crate) reach: f64,
}

const LEAF: &str = "/latest/meta-data/instance-id";

const fn get(name: &'static str, path: &'static str, reach: f64) -> Row {
    Row {
        name,
        setup: Setup::KeepAlive,
        method: "GET",
        path,
        with_token: false,
        authorization: None,
        pipelined: 1,
        closes: false,
        reach,
    }
}

pub(crate) const ROWS: &[Row] = &[
    get("leaf", LEAF, 1.0),
    Row { with_token: true, ..get("leaf with a token", LEAF, 1.0) },
    Row { setup: Setup::Closing, closes: true, ..get("leaf, a connection each", LEAF, 1.05) },
    Row { method: "PUT", ..get("token", "/latest/api/token", 0.95) },
    get("listing", "/latest/meta-data/", 0.95),
    get("identity document", "/latest/dynamic/instance-identity/document", 0.95),
    get("credentials", "/latest/meta-data/iam/security-credentials/dev-role", 0.95),
    get("404", "/latest/meta-data/nothing", 0.95),
    Row { setup: Setup::Containers, ..get("credentials of ECS", support::ECS_CREDENTIALS, 0.95) },
    Row {
        setup: Setup::Containers,
        authorization: Some(support::POD_TOKEN),
        ..get("credentials of Pod Identity", support::POD_CREDENTIALS, 0.95)
    },
    Row { setup: Setup::Timeline, ..get("leaf under an active timeline", LEAF, 0.95) },
    Row { setup: Setup::Derived, ..get("leaf of a derived instance", LEAF, 0.95) },
    Row { setup: Setup::Clients, ..get("leaf, one of 100,000 clients", LEAF, 0.9) },
    Row { pipelined: 16, ..get("leaf, 16 pipelined", LEAF, 1.5) },
    Row { setup: Setup::Faults, ..get("leaf under 60 faults", LEAF, 0.9) },
];
