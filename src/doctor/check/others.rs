//! Files and variables of other programs.

use std::net::Ipv4Addr;

use crate::doctor::facts::{CloudInit, HostFacts, Variable};
use crate::doctor::report::{CheckName, Finding};
use crate::files::DAMAGED;

/// Saved rulesets that contain our tables.
pub(super) fn saved_rulesets(facts: &HostFacts) -> Vec<Finding> {
    let finding = |file: &std::path::PathBuf| {
        let file = file.display();
        Finding::problem(CheckName::Saved, format!("{file} holds our tables"))
            .meaning("they were saved while the service ran; every load of the file fails whole as long as the guardian owns them, and leaves them behind when it does not")
            .repair(format!("systemctl stop mock-imds && nft list ruleset > {file} && systemctl start mock-imds"))
            .repair(format!("editor {file}   # or: remove \"table inet mock-imds\" and \"table arp mock-imds\""))
    };
    facts.saved_rulesets.iter().map(finding).collect()
}

/// cloud-init that would take this host for an EC2 instance.
pub(super) fn cloud_init(facts: &HostFacts) -> Vec<Finding> {
    match &facts.cloud_init {
        None => vec![],
        Some(CloudInit { disabled: true, .. }) => {
            vec![Finding::ok(CheckName::CloudInit, "installed, and disabled")]
        }
        Some(CloudInit { sources: Some((sources, file)), strict_id_disabled: lax, .. })
            if uses_ec2(sources, *lax) =>
        {
            vec![Finding::problem(CheckName::CloudInit, format!("{} names the data source Ec2", file.display()))
                .meaning("at the next boot cloud-init asks 169.254.169.254: it takes our instance for this host (host name, ssh keys, user data), or waits for it for minutes")
                .repair("touch /etc/cloud/cloud-init.disabled")
                .repair("echo 'datasource_list: [ NoCloud, None ]' > /etc/cloud/cloud.cfg.d/99-no-ec2.cfg   # or: keep cloud-init without Ec2")]
        }
        Some(_) => vec![Finding::ok(CheckName::CloudInit, "installed, and does not take this host for EC2")],
    }
}

/// A short list is used as it is; of a longer one, ds-identify keeps Ec2 only where DMI says so, or where
/// `strict_id` is false.
fn uses_ec2(sources: &[String], lax: bool) -> bool {
    let named = |name: &str| sources.iter().any(|source| source.eq_ignore_ascii_case(name));
    named("Ec2") && (lax || sources.len() == 1 || (sources.len() == 2 && named("None")))
}

/// Variables that keep clients away from the service.
pub(super) fn environment(facts: &HostFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let endpoints = facts.applied_settings().endpoints;
    let addresses: Vec<Ipv4Addr> = endpoints.iter().map(|endpoint| endpoint.service().ipv4()).collect();
    let mut sources: Vec<&str> = facts.variables.iter().map(|variable| variable.source.as_str()).collect();
    sources.dedup();
    for source in sources {
        let here: Vec<&Variable> =
            facts.variables.iter().filter(|variable| variable.source == source).collect();
        let set = |name: &str| {
            here.iter()
                .find(|variable| variable.name.eq_ignore_ascii_case(name) && !variable.value.is_empty())
        };
        let proxy = set("http_proxy").or(set("all_proxy"));
        let excluded = |address: Ipv4Addr| {
            here.iter().any(|variable| {
                variable.name.eq_ignore_ascii_case("no_proxy") && excludes(&variable.value, address)
            })
        };
        let proxied = addresses.iter().filter(|address| !excluded(**address)).map(ToString::to_string);
        let proxied = proxied.collect::<Vec<_>>().join(",");
        if let Some(proxy) = proxy.filter(|_| !proxied.is_empty()) {
            findings.push(
                Finding::problem(CheckName::Proxy, format!("{} is {} in {source}, and NO_PROXY does not exclude {proxied}", proxy.name, proxy.value))
                    .meaning("curl, requests and others send metadata requests to the proxy, tokens included")
                    .repair(format!("export NO_PROXY=\"{proxied}${{NO_PROXY:+,$NO_PROXY}}\" no_proxy=\"{proxied}${{no_proxy:+,$no_proxy}}\"")),
            );
        }
        if let Some(variable) =
            set("AWS_EC2_METADATA_DISABLED").filter(|variable| variable.value.eq_ignore_ascii_case("true"))
        {
            findings.push(
                Finding::problem(
                    CheckName::Disabled,
                    format!("{} is {} in {source}", variable.name, variable.value),
                )
                .meaning("the SDKs and the AWS CLI ask no metadata service at all")
                .repair(if source.starts_with('/') {
                    format!("sed -i /{}/d {source}", variable.name)
                } else {
                    format!("unset {}", variable.name)
                }),
            );
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CheckName::Environment, "no proxy and no variable keeps clients away"));
    }
    findings
}

/// A `NO_PROXY` contains the address.
fn excludes(list: &str, address: Ipv4Addr) -> bool {
    list.split([',', ' ']).map(str::trim).any(|entry| {
        let network = entry.parse::<ipnet::Ipv4Net>();
        entry == "*"
            || entry == address.to_string()
            || network.is_ok_and(|network| network.contains(&address))
    })
}

pub(super) fn leftovers(facts: &HostFacts) -> Vec<Finding> {
    let finding = |file: &std::path::PathBuf| {
        let name = file.display().to_string();
        let program = name.ends_with("bin/mock-imds");
        if name.contains("systemd") || program {
            let what = if program {
                "hides the installed program in most shells"
            } else {
                "hides the unit of the package"
            };
            let after = if program {
                String::new()
            } else {
                " && systemctl daemon-reload && systemctl restart mock-imds".to_owned()
            };
            return Finding::problem(CheckName::Leftover, format!("{name} is there"))
                .meaning(format!("a file of an older install, it {what}; upgrades do not reach it"))
                .repair(format!("rm {name}{after}"));
        }
        if name.contains(DAMAGED) {
            let found = format!("{name} is there: it was damaged, or not the service's, and was made anew");
            return Finding::note(CheckName::Leftover, found);
        }
        Finding::note(CheckName::Leftover, format!("{name} is there: what an upgrade put aside"))
    };
    facts.leftovers.iter().map(finding).collect()
}
