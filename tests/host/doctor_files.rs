//! `mock-imds doctor` on settings, files and variables with one thing wrong each.

use crate::examined_host::ExaminedHost;

// === settings, versions, files, variables ===

#[test]
fn doctor_finds_settings_and_versions_that_do_not_agree() {
    let Some(mut examined) = ExaminedHost::new() else {
        return;
    };
    examined.host.configure("[host]\nipv6 = \"yes\"\n");
    examined.finds("", "settings", "host.ipv6 is a string", "editor /etc/mock-imds/host.toml");
    examined.host.configure("[host]\nbridges = [\"br-*\"]\n");
    examined.finds("", "settings", "was changed since", "systemctl reload mock-imds-net");
    examined.guardian.reload();
    examined.healthy("after its cure");

    let status = examined.host.runtime().join("status.json");
    let text = std::fs::read_to_string(&status).expect("status.json");
    let older = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1);
    std::fs::write(&status, older).expect("status.json");
    examined.finds("", "version", "the guardian is mock-imds 0.0.1", "systemctl reload mock-imds-net");
    examined.guardian.reload();
    examined.healthy("after its cure");

    // The scenario: its whole report.
    examined.host.write("root/etc/mock-imds/scenario.toml", "[instance]\ninstance-tipe = \"m5.large\"\n");
    examined.finds("", "scenario", "^^^^^^^^^^^^^", "editor /etc/mock-imds/scenario.toml");
    examined.host.write("root/etc/mock-imds/scenario.toml", "");
    examined.healthy("after its cure");

    // A real cloud machine.
    examined.host.write("dmi/sys_vendor", "Amazon EC2\n");
    examined.finds("", "cloud", "real Amazon EC2 machine", "systemctl disable --now mock-imds");
}

#[test]
fn doctor_finds_faults_in_files() {
    let Some(examined) = ExaminedHost::new() else { return };
    let ruleset = examined.host.run("nft list ruleset");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/mock-imds.service");
    let unit = std::fs::read_to_string(shipped).expect("the unit");
    let enabled = [
        ("lib/systemd/system/mock-imds.service", unit.as_str()),
        ("etc/systemd/system/multi-user.target.wants/mock-imds.service", ""),
    ];
    let long = "datasource_list: [ NoCloud, ConfigDrive, Ec2, None ]\n";
    let good: [(&str, Files<'_>); 4] = [
        (
            "cloud-init with the distribution's list",
            &[("etc/cloud/cloud.cfg", ""), ("etc/cloud/cloud.cfg.d/90_dpkg.cfg", long)],
        ),
        (
            "cloud-init disabled",
            &[("etc/cloud/cloud.cfg", "datasource_list: [ Ec2 ]\n"), ("etc/cloud/cloud-init.disabled", "")],
        ),
        ("a firewall's own file", &[("etc/nftables.conf", "table inet filter {\n}\n")]),
        ("an enabled unit", &enabled),
    ];
    for (name, files) in good {
        with_files(&examined, files, || examined.healthy(name));
    }
    let bad: [(Files<'_>, &str, &str, &str); 8] = [
        (
            &[("etc/nftables.conf", &ruleset)],
            "saved",
            "etc/nftables.conf holds our tables",
            "nft list ruleset > ",
        ),
        (
            &[("etc/sysconfig/nftables.conf", &ruleset)],
            "saved",
            "etc/sysconfig/nftables.conf holds",
            "systemctl stop mock-imds",
        ),
        (
            &[("etc/cloud/cloud.cfg", "datasource_list: [ Ec2, None ]\n")],
            "cloud-init",
            "cloud.cfg names the data source Ec2",
            "touch /etc/cloud/cloud-init.disabled",
        ),
        (
            &[
                ("etc/cloud/cloud.cfg", long),
                ("etc/cloud/cloud.cfg.d/99-ec2.cfg", "datasource:\n  Ec2:\n    strict_id: false\n"),
            ],
            "cloud-init",
            "Ec2",
            "99-no-ec2.cfg",
        ),
        (
            &[("etc/environment", "AWS_EC2_METADATA_DISABLED=\"true\"\n")],
            "disabled",
            "AWS_EC2_METADATA_DISABLED is true in",
            "sed -i /AWS_EC2_METADATA_DISABLED/d",
        ),
        (
            &[("etc/systemd/system/mock-imds-net.service", "[Unit]\n")],
            "leftover",
            "mock-imds-net.service is there",
            "systemctl daemon-reload",
        ),
        (
            &[("usr/bin/mock-imds", ""), ("usr/local/bin/mock-imds", "")],
            "leftover",
            "usr/local/bin/mock-imds is there",
            "rm ",
        ),
        (
            &[("lib/systemd/system/mock-imds.service", &unit)],
            "units",
            "mock-imds.service is disabled",
            "systemctl enable --now mock-imds",
        ),
    ];
    for (files, check, found, cure) in bad {
        with_files(&examined, files, || drop(examined.finds("", check, found, cure)));
    }
    with_files(&examined, &[("lib/systemd/system/mock-imds.service", &unit)], || {
        examined.host.run(
            "mkdir -p root/etc/systemd/system; ln -s /dev/null root/etc/systemd/system/mock-imds.service",
        );
        examined.finds("", "units", "mock-imds.service is masked", "systemctl unmask mock-imds.service");
    });
    examined.healthy("without any of that");
}

/// Paths below the root, and what the files say.
type Files<'a> = &'a [(&'a str, &'a str)];

/// Does something while these files are below the root, and nothing else is.
fn with_files(examined: &ExaminedHost, files: Files<'_>, what: impl FnOnce()) {
    for (path, text) in files {
        examined.host.write(&format!("root/{path}"), text);
    }
    what();
    examined.host.run("rm -r root; mkdir root");
}

#[test]
fn doctor_finds_variables_that_keep_clients_away() {
    let Some(examined) = ExaminedHost::new() else { return };
    for (variables, check, cure) in [
        ("http_proxy=http://proxy:3128", "proxy", "export NO_PROXY=\"169.254.169.254"),
        ("ALL_PROXY=socks5://proxy NO_PROXY=localhost,10.0.0.0/8", "proxy", "no_proxy=\"169.254.169.254"),
        ("AWS_EC2_METADATA_DISABLED=true", "disabled", "unset AWS_EC2_METADATA_DISABLED"),
    ] {
        examined.finds(variables, check, variables.split('=').next().expect("a name"), cure);
    }
    for harmless in [
        "http_proxy=http://proxy no_proxy=localhost,169.254.0.0/16",
        "http_proxy= AWS_EC2_METADATA_DISABLED=false",
    ] {
        let (code, report) = examined.report(harmless);
        assert_eq!(code, Some(0), "{harmless}: {report:#}");
    }
}
