//! Debian's cloud-init, data source Ec2: the strictest crawler. One listed path that is missing, or one newline too many,
//! and it has no metadata, or other metadata.

use std::fs;

use serde_json::{Value, json};
use support::{At, ClientHost, ClientRun, TOKENS, given, installed};

/// Runs the data source; on a machine that says that it is EC2, or on another one.
fn crawl(host: &ClientHost, modules: &std::path::Path, machine: &str) -> ClientRun {
    let (wrapper, script) = (given("cloud-init/machine.sh"), given("cloud-init/crawl.py"));
    let words = [wrapper.as_os_str(), machine.as_ref(), "/usr/bin/python3".as_ref(), script.as_os_str()];
    host.run_with(&words, |command| {
        command.env("PYTHONPATH", modules);
    })
}

/// What cloud-init is expected to make of a scenario.
fn expected(name: &str) -> Value {
    let path = given("cloud-init").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Replaces what depends on the clock.
fn without_times(mut found: Value) -> Value {
    for path in ["/metadata/iam/info/LastUpdated", "/metadata/identity-credentials/ec2/info/LastUpdated"] {
        if let Some(value) = found.pointer_mut(path) {
            let time = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
            *value = time.map_or(json!("no time"), |_| json!("a time"));
        }
    }
    found
}

#[test]
fn cloud_init() {
    let Some(modules) = installed("debian/root/usr/lib/python3/dist-packages") else { return };
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        // The interfaces that the scenario speaks of; one without.
        for (name, mac) in
            [("nic1", "02:01:02:03:04:bb"), ("nic0", "06:01:02:03:04:aa"), ("nic2", "0a:01:02:03:04:cc")]
        {
            host.prepare(&format!("ip link add {name} address {mac} type veth peer name {name}-peer"));
        }
        let mut on_ec2 = expected("instance.json");
        let run = crawl(&host, &modules, "ec2");
        run.same(&without_times(run.json()), &on_ec2);

        // On any other machine it never asks for a token, and takes the metadata without identity document.
        if !host.needs_token() {
            on_ec2["cloud"] = json!("unknown");
            on_ec2["identity"] = json!({});
            let run = crawl(&host, &modules, "other");
            run.same(&without_times(run.json()), &on_ec2);
        }
    }
}

/// An instance without any IPv4 address; the service answers at its IPv6 address only.
#[test]
fn cloud_init_ipv6_only() {
    let Some(modules) = installed("debian/root/usr/lib/python3/dist-packages") else { return };
    if !std::path::Path::new("/proc/sys/net/ipv6").exists() {
        support::skip("needs a kernel with IPv6");
        return;
    }
    for tokens in TOKENS {
        let Some(host) = ClientHost::at(At::Ipv6, "ipv6-only.toml", tokens) else { return };
        host.prepare("ip link add nic0 address 06:66:66:66:66:66 type veth peer name nic0-peer");
        let run = crawl(&host, &modules, "ec2");
        run.same(&without_times(run.json()), &expected("ipv6-only.json"));
    }
}
