//! The repositories of a release, by the lines that `scripts/repositories` prints, on machines without Rust.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use support::machine::{BUILT_IN_ID, Machine, System};
use support::page::{blocks, commands};
use support::{finish, sources};

const SOON: Duration = Duration::from_secs(10);
const URL: &str = "http://127.0.0.1:8000";
/// A key of nobody, in a keyring that is forgotten.
const WITH_A_KEY: &str = "
export GNUPGHOME=$(mktemp -d)
trap 'gpgconf --kill all; rm -rf \"$GNUPGHOME\"' EXIT
gpg --batch --quiet --passphrase '' --quick-generate-key 'test <test@example.org>' ed25519 sign never
gpg --batch --quiet --armor --export-secret-keys >\"$GNUPGHOME/secret.asc\"
export MOCK_IMDS_SIGNING_KEY=$GNUPGHOME/secret.asc
";

#[test]
fn debian_12_installs_from_the_apt_repository() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    installs_by_apt(&machine, WITH_A_KEY);
    a_changed_repository_is_refused(&machine);

    // apt never takes one without a signature for one that had it.
    machine.ok("apt-get purge --quiet --yes mock-imds; rm -r /srv/web /var/lib/apt/lists");
    installs_by_apt(&machine, "");
    let unsigned = machine.ok("cat /etc/apt/sources.list.d/mock-imds.sources");
    machine.expect_in("what an unsigned repository says of itself", &unsigned, "# NOT SIGNED");
}

#[test]
fn debian_13_installs_from_the_apt_repository() {
    let Some(machine) = Machine::boot(System::Debian13) else { return };
    installs_by_apt(&machine, WITH_A_KEY);
}

fn installs_by_apt(machine: &Machine, key: &str) {
    let lines = serve(machine, key);
    // What the machine has came from elsewhere, and from there nothing comes.
    machine.ok("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*");
    follow(machine, &lines, &["apt", "then"]);
    machine.expect(
        "where it came from",
        &machine.ok("apt-cache policy mock-imds | grep -c 'http://127.0.0.1:8000/apt stable/main'"),
        "1",
    );
}

/// Whoever changes a package, its index or the list of indices is found out, also by leaving the signature out.
fn a_changed_repository_is_refused(machine: &Machine) {
    for (change, said) in [
        (
            "sed -i 's/^Maintainer: .*/Maintainer: mallory/' main/binary-*/Packages; gzip -9nf main/binary-*/Packages; apt-get clean",
            "Failed to fetch",
        ),
        ("sed -i 's/^Label: .*/Label: mallory/' InRelease", "invalid"),
        ("rm InRelease Release.gpg", "is not signed"),
    ] {
        machine.ok("cp -a /srv/web /srv/mallory && rm -rf /var/lib/apt/lists/*");
        machine.ok(&format!("cd /srv/web/apt/dists/stable && {change}"));
        let outcome = machine.run("LC_ALL=C apt-get update 2>&1");
        machine.expect_in(&format!("apt-get update after {change}"), &outcome.stdout, said);
        if outcome.succeeded() {
            machine.fail(&format!("apt-get update after {change}, expected a failure\n{outcome}"));
        }
        machine.ok("cp -a /srv/mallory/. /srv/web/ && rm -r /srv/mallory");
    }
    machine.ok("apt-get update");
}

#[test]
fn an_rpm_system_installs_from_the_dnf_repository() {
    let Some(machine) = Machine::boot(System::Rpm) else { return };
    // What stands for the distribution, without the package itself.
    machine.ok(include_str!("repo.sh"));
    machine.ok("rm /srv/repo/mock-imds*.rpm && createrepo_c --quiet /srv/repo");
    let lines = serve(&machine, WITH_A_KEY);
    follow(&machine, &lines, &["dnf", "then"]);
    machine.expect_in(
        "where it came from",
        &machine.ok("dnf --quiet --assumeyes info --installed mock-imds"),
        "From repo    : mock-imds",
    );

    machine.ok("dnf --quiet --assumeyes remove mock-imds && dnf --quiet clean all");
    machine.ok("sed -i 's/<revision>/<revision>1/' /srv/web/rpm/repodata/repomd.xml");
    let outcome = machine.run("dnf --assumeyes install mock-imds 2>&1");
    machine.expect_in(
        "dnf with an index that was changed",
        &outcome.stdout,
        "repomd.xml GPG signature verification error",
    );
    if outcome.succeeded() {
        machine.fail(&format!("dnf with an index that was changed, expected a failure\n{outcome}"));
    }
}

/// Of the same packages the same bytes, in another directory and 40 days later; with a tarball that is made of them.
#[test]
fn the_same_packages_make_the_same_repositories_and_tarball() {
    for system in [System::Debian12, System::Rpm] {
        let Some(setup) = system.find() else { return };
        let name = format!("target/repeated-{}", std::process::id());
        let tarball = if system == System::Rpm { "true" } else { "scripts/tarball" };
        host(&format!(
            "set -e
            make() {{
                mkdir -p \"$1\" && cp '{package}' \"$1/\"
                $2 scripts/repositories \"$1\" {URL}
                $2 {tarball} '{package}' \"$1\"
            }}
            trap 'rm -rf {name}' EXIT
            make {name}/first ''
            make {name}/deeper/second 'faketime -f +40d env NO_FAKE_STAT=1'
            diff --recursive {name}/first {name}/deeper/second",
            package = setup.package.display()
        ));
    }
}

/// Makes the repositories of this package, serves a copy of them in the machine, and gives the lines that were printed.
fn serve(machine: &Machine, key: &str) -> String {
    let package = &machine.setup().package;
    let name = format!("target/repositories-{}", machine.leader());
    let made = sources().join(&name);
    let script = format!(
        "set -e\nmkdir -p '{name}' && cp '{}' '{name}/'\n{key}\nscripts/repositories '{name}' {URL}",
        package.display()
    );
    let printed = host(&script);
    machine.ok(&format!("cp -a /srv/source/{name} /srv/web"));
    std::fs::remove_dir_all(&made).expect("the directory was just made");
    machine.ok(
        "systemctl stop --quiet web.service 2>/dev/null; systemd-run --quiet --collect --unit web python3 -m http.server --directory /srv/web --bind 127.0.0.1 8000",
    );
    machine.within(SOON, "the repositories are served", || {
        let said = machine.run(&format!("curl --silent --show-error --fail {URL}/INSTALL.md"));
        if said.succeeded() { Ok(()) } else { Err(said.to_string()) }
    });
    let page = machine.ok("cat /srv/web/INSTALL.md");
    machine.expect_in("what scripts/repositories prints", &printed, &page);
    page + "\n"
}

/// Runs the page's lines for these: its three blocks are for apt, for dnf, and for what comes then.
fn follow(machine: &Machine, page: &str, parts: &[&str]) {
    let blocks: Vec<_> = blocks(page).into_iter().filter(|block| block.language == "console").collect();
    if blocks.len() != 3 {
        machine.fail(&format!("expected three blocks of lines: for apt, for dnf, and then; found {page}"));
    }
    for (block, _) in blocks.iter().zip(["apt", "dnf", "then"]).filter(|(_, part)| parts.contains(part)) {
        for command in commands(block) {
            // The machine has no sudo, and one user.
            let run = format!("sudo() {{ \"$@\"; }}\n{}", command.text);
            let (said, _) = machine.within(SOON, &command.text, || {
                let said = machine.run(&run);
                if said.succeeded() || !command.text.starts_with("curl") {
                    Ok(said)
                } else {
                    Err(said.to_string())
                }
            });
            if !said.succeeded() {
                machine.fail(&format!("expected success of the printed line: {}\n{said}", command.text));
            }
            if !command.prints.is_empty() {
                machine.expect(&command.text, said.text(), &command.prints.join("\n"));
            }
        }
    }
    machine.expect(
        "the service at its address",
        &machine.instance_id().unwrap_or_else(|why| why),
        BUILT_IN_ID,
    );
}

/// Runs a script in the sources, on this host.
fn host(script: &str) -> String {
    let outcome = finish(Command::new("bash").args(["-c", script]).current_dir(Path::new(sources())));
    assert!(outcome.succeeded(), "expected success of:\n{script}\n{outcome}");
    outcome.stdout
}
