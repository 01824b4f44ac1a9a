//! Files of the packaged service: root reads them as the service does.

use std::path::Path;

use support::{Outcome, Sandbox, finish, is_root, program};

/// In a mount namespace whose /etc has the service's user and directory.
fn as_root_on_an_installed_host(sandbox: &Sandbox, script: &str) -> Outcome {
    let setup = "mount -t tmpfs tmpfs /etc
        echo root:x:0:0::/root:/bin/sh >/etc/passwd
        echo mock-imds:x:994:994::/nonexistent:/bin/false >>/etc/passwd
        printf 'root:x:0:\\nmock-imds:x:994:\\n' >/etc/group
        mkdir /etc/mock-imds; cd /etc/mock-imds; umask 022";
    let program = program().display();
    let line = format!("set -e\n{setup}\nmock_imds() {{ '{program}' \"$@\"; }}\n{script}");
    finish(&mut sandbox.prepared(Path::new("unshare"), &["--mount", "sh", "-c", &line]))
}

#[test]
fn root_reads_the_services_files_as_the_service() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let keys = r#"{"Version": 1, "AccessKeyId": "ASIAX", "SecretAccessKey": "s3cret"}"#;
    let scenario = "[credentials]\nsource = \"file\"\nfile = \"keys.json\"\n";
    let write = format!("printf '%s' '{keys}' >keys.json\nprintf '%s' '{scenario}' >scenario.toml\n");
    let run = |script: &str| as_root_on_an_installed_host(&sandbox, &format!("{write}{script}"));

    let closed = "keys.json: cannot be read: permission denied";
    run("chmod 0640 keys.json\nmock_imds check scenario.toml").ended(0, &[closed]);
    run("chmod 0600 keys.json\nmock_imds check /etc/mock-imds/scenario.toml").ended(0, &[closed]);
    let good = run("chgrp mock-imds keys.json\nchmod 0640 keys.json\nmock_imds check scenario.toml");
    assert_eq!((good.code, good.stderr.as_str()), (Some(0), ""), "{good:#?}");

    run("chmod 0600 scenario.toml\nmock_imds check scenario.toml").ended(
        78,
        &["scenario.toml: error: cannot be read: permission denied", "read as the user mock-imds"],
    );
    run("echo 'user-data = {file = \"ud\"}' | sed '1i [instance]' >scenario.toml; echo x >ud; chmod 0600 ud
        mock_imds check scenario.toml")
    .ended(78, &["ud cannot be read: permission denied"]);
    // Elsewhere a file is root's own.
    let own = run("mkdir /etc/own; mv keys.json scenario.toml /etc/own; chmod 0600 /etc/own/*
        mock_imds check /etc/own/scenario.toml");
    assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""), "{own:#?}");
    // What the unit hides is not there for the service, whatever its mode.
    run("sed -i s,keys.json,/tmp/keys.json, scenario.toml; mount -t tmpfs tmpfs /tmp; mv keys.json /tmp
        mock_imds check scenario.toml")
    .ended(0, &["the service does not see /tmp/keys.json: its unit hides /tmp"]);
}
