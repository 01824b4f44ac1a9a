//! Files and variables of other programs.

use super::{assert_is, assert_problem, finding, findings};
use crate::doctor::facts::{CloudInit, HostFacts, Variable};
use crate::doctor::report::FindingLevel::{Note, Ok as Healthy};

#[test]
fn a_saved_ruleset_with_our_tables_is_a_problem() {
    let saved = finding("saved", |facts| facts.saved_rulesets = vec!["/etc/nftables.conf".into()]);
    assert_problem(&saved, "/etc/nftables.conf holds our tables", "nft list ruleset > /etc/nftables.conf");
}

#[test]
fn cloud_init_is_a_problem_only_where_it_would_ask() {
    let with = |sources: &[&str], lax: bool| {
        finding("cloud-init", |facts| {
            let sources = sources.iter().map(|&source| source.into()).collect();
            facts.cloud_init = Some(CloudInit {
                disabled: false,
                sources: Some((sources, "/etc/cloud/cloud.cfg".into())),
                strict_id_disabled: lax,
            });
        })
    };
    let asks =
        [with(&["Ec2"], false), with(&["ec2", "None"], false), with(&["NoCloud", "Ec2", "None"], true)];
    for asks in asks {
        assert_problem(
            &asks,
            "/etc/cloud/cloud.cfg names the data source Ec2",
            "touch /etc/cloud/cloud-init.disabled",
        );
    }
    let stays =
        [with(&["NoCloud", "None"], false), with(&["NoCloud", "Ec2"], false), with(&["NoCloud"], true)];
    for stays in stays {
        assert_is(&stays, Healthy, "installed, and does not take this host for EC2");
    }
    let disabled = finding("cloud-init", |facts| {
        facts.cloud_init = Some(CloudInit { disabled: true, ..CloudInit::default() });
    });
    assert_is(&disabled, Healthy, "installed, and disabled");
    assert!(findings("cloud-init", |_| {}).is_empty());
}

fn variables(set: &[(&str, &str, &str)]) -> impl FnOnce(&mut HostFacts) + use<> {
    let variable = |&(name, value, source): &(&str, &str, &str)| Variable {
        name: name.into(),
        value: value.into(),
        source: source.into(),
    };
    let set: Vec<Variable> = set.iter().map(variable).collect();
    move |facts| facts.variables = set
}

#[test]
fn a_proxy_is_a_problem_unless_the_address_is_excluded() {
    let here = "this environment";
    let proxy = ("http_proxy", "http://proxy:3128", here);
    let found =
        "http_proxy is http://proxy:3128 in this environment, and NO_PROXY does not exclude 169.254.169.254";
    assert_problem(&finding("proxy", variables(&[proxy])), found, "export NO_PROXY=");
    let other = [proxy, ("NO_PROXY", "localhost,10.0.0.0/8", here)];
    assert_problem(&finding("proxy", variables(&other)), found, "export NO_PROXY=");
    let elsewhere = [proxy, ("NO_PROXY", "*", "/etc/environment")];
    assert_problem(&finding("proxy", variables(&elsewhere)), found, "export NO_PROXY=");
    for excludes in ["*", "localhost, 169.254.169.254", "169.254.0.0/16", "a 169.254.169.254"] {
        let set = [proxy, ("no_proxy", excludes, here)];
        assert_is(
            &finding("environment", variables(&set)),
            Healthy,
            "no proxy and no variable keeps clients away",
        );
    }
    assert!(findings("proxy", variables(&[("HTTP_PROXY", "", here)])).is_empty());
    assert_eq!(findings("proxy", variables(&[("ALL_PROXY", "socks5://p", here)])).len(), 1);
}

#[test]
fn a_variable_that_disables_clients_is_unset_where_it_is_set() {
    let disabled = |value, source| variables(&[("AWS_EC2_METADATA_DISABLED", value, source)]);
    let here = finding("disabled", disabled("true", "this environment"));
    assert_problem(
        &here,
        "AWS_EC2_METADATA_DISABLED is true in this environment",
        "unset AWS_EC2_METADATA_DISABLED",
    );
    let file = finding("disabled", disabled("TRUE", "/etc/environment"));
    assert_eq!(file.repair, ["sed -i /AWS_EC2_METADATA_DISABLED/d /etc/environment"]);
    assert!(findings("disabled", disabled("false", "this environment")).is_empty());
}

#[test]
fn a_leftover_is_told_by_what_it_is() {
    let left = |file: &str| finding("leftover", |facts| facts.leftovers = vec![file.into()]);
    let unit = left("/etc/systemd/system/mock-imds.service");
    assert_problem(
        &unit,
        "/etc/systemd/system/mock-imds.service is there",
        "systemctl daemon-reload && systemctl restart mock-imds",
    );
    assert!(unit.meaning.contains("hides the unit of the package"), "{unit}");
    let program = left("/usr/local/bin/mock-imds");
    assert_eq!(program.repair, ["rm /usr/local/bin/mock-imds"]);
    assert!(program.meaning.contains("hides the installed program"), "{program}");
    let aside = left("/etc/mock-imds/scenario.toml.dpkg-old");
    assert_is(&aside, Note, "/etc/mock-imds/scenario.toml.dpkg-old is there: what an upgrade put aside");
    let damaged = format!("/var/lib/mock-imds/orders.json{}", crate::files::DAMAGED);
    let found = format!("{damaged} is there: it was damaged, or not the service's, and was made anew");
    assert_is(&left(&damaged), Note, &found);
}
