//! The scenarios of packaging/scenarios, in the program. A test compares the names with the directory.

macro_rules! scenarios {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../packaging/scenarios/", $name, ".toml")))),+]
    };
}

/// Name and text, by name.
pub(super) const SHIPPED: &[(&str, &str)] = scenarios![
    "aemm",
    "asg-termination",
    "asg-warm-pool",
    "credentials-expired",
    "credentials-outage",
    "default",
    "eks-node",
    "endpoint-disabled",
    "eni-detached-listed",
    "eni-device-number-zero",
    "eni-efa-only",
    "eni-hotplug",
    "eni-late-network-card",
    "eni-late-subnet",
    "eni-phantom",
    "eni-vanishes",
    "fleet",
    "govcloud",
    "hanging-credentials",
    "ip-stale-same-length",
    "ipv4s-fail-mid-refresh",
    "ipv6-only",
    "maintenance-canceled",
    "maintenance-reboot",
    "maintenance-retirement",
    "no-role",
    "role-attached-late",
    "role-detached-late",
    "role-not-assumable",
    "role-removed-from-profile",
    "role-replaced",
    "slow-and-flaky",
    "spot-hibernate",
    "spot-idle",
    "spot-interruption",
    "spot-on-first-poll",
    "spot-rebalance",
    "spot-stop",
    "spot-vanish",
    "throttled",
    "tokens-required",
    "tokens-rollout",
    "two-instances",
];
