//! What CI systems and development containers run: the action's script, and the feature's.

use support::machine::BUILT_IN_ID;
use support::machine::{Machine, System};

const MINE: &str = "i-0cccccccccccccccc";
const ACTION: &str = "/srv/source/packaging/github-action/install.sh";

/// A hosted runner is a machine of Azure's.
const RUNNER: &str = "
mkdir -p /opt/dmi /etc/systemd/system/mock-imds-net.service.d /srv/releases
echo 7783-7084-3265-9085-8269-3286-77 >/opt/dmi/chassis_asset_tag
printf '[Service]\\nEnvironment=MOCK_IMDS_DMI_DIR=/opt/dmi\\n' >/etc/systemd/system/mock-imds-net.service.d/dmi.conf
cp /srv/mock-imds.deb /srv/releases/mock-imds_1.2.3_$(dpkg --print-architecture).deb
install -D /srv/mock-imds.deb /srv/releases/owner/imds/releases/download/v1.2.4/mock-imds_1.2.4_$(dpkg --print-architecture).deb
systemd-run --quiet --unit=releases python3 -m http.server --bind 127.0.0.1 --directory /srv/releases 8000
for try in {1..100}; do curl -s -o /dev/null http://127.0.0.1:8000/ && break; sleep 0.1; done";

#[test]
fn the_action_makes_a_runner_answer() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok(RUNNER);
    let run = |inputs: &str| machine.run(&format!("cd /srv && env {inputs} bash {ACTION}"));
    let succeeds = |inputs: &str| {
        let said = run(inputs);
        if said.code != Some(0) {
            machine.fail(&format!("the action with {inputs}, expected success\n{said}"));
        }
    };
    let refused = |inputs: &str, reason: &str| {
        let said = run(inputs);
        machine.expect(&format!("exit code with {inputs}"), &format!("{:?}", said.code), "Some(1)");
        machine.expect_in(
            &format!("what it says of {inputs}"),
            &format!("{}{}", said.stdout, said.stderr),
            reason,
        );
    };
    refused("", "expected the input 'package'");
    refused("INPUT_PACKAGE=none.deb", "names none.deb, which is not there");
    refused("INPUT_PACKAGE=mock-imds.deb INPUT_TOKENS=maybe", "accepted: optional, required");
    refused("INPUT_PACKAGE=mock-imds.deb INPUT_TAKEOVER=false", "this is a real Azure machine");

    succeeds("INPUT_PACKAGE=mock-imds.deb INPUT_TAKEOVER=true");
    machine.expect("the built-in instance", &machine.instance_id().unwrap_or_else(|why| why), BUILT_IN_ID);
    let scenario = format!("$'[instance]\\ninstance-id = \"{MINE}\"'");
    let url = "INPUT_URL=http://127.0.0.1:8000/mock-imds_VERSION_ARCHITECTURE.deb";
    succeeds(&format!("{url} INPUT_VERSION=1.2.3 INPUT_TAKEOVER=true INPUT_SCENARIO={scenario}"));
    machine.expect("a scenario as text", &machine.instance_id().unwrap_or_else(|why| why), MINE);
    refused(&format!("{url} INPUT_VERSION=3.2.1"), "cannot download http://127.0.0.1:8000/mock-imds_3.2.1_");

    // As `uses: owner/imds/packaging/github-action@v1.2.4` is: the release of that tag, and nothing else is said.
    machine.ok("DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet purge mock-imds");
    let used_as = "GITHUB_SERVER_URL=http://127.0.0.1:8000 ACTION_REPOSITORY=owner/imds INPUT_TAKEOVER=true";
    succeeds(&format!("{used_as} ACTION_REF=v1.2.4"));
    machine.expect("a release", &machine.instance_id().unwrap_or_else(|why| why), BUILT_IN_ID);
    let released = concat!("releases/download/v", env!("CARGO_PKG_VERSION"), "/mock-imds_");
    refused(&format!("{used_as} ACTION_REF=main"), released);

    machine.ok("printf '[instance]\\ninstance-type = \"c7g.large\"\\n' >/srv/s.toml");
    succeeds("INPUT_PACKAGE=mock-imds.deb INPUT_TAKEOVER=true INPUT_SCENARIO=s.toml INPUT_TOKENS=required");
    let code = machine.ok("curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/");
    machine.expect("without a token", &code, "401");
    machine.expect("a scenario by name", &machine.ok("mock-imds show meta-data/instance-type"), "c7g.large");
    refused("INPUT_PACKAGE=mock-imds.deb INPUT_SCENARIO=$'[instance]\\nx = 1'", "unknown key");
}

/// In a network namespace, as a container has one, on a host that is a machine of a cloud.
#[test]
fn the_feature_makes_a_development_container_answer() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.ok("mkdir /opt/dmi && echo DigitalOcean >/opt/dmi/sys_vendor");
    machine.ok(&format!("printf '[instance]\\ninstance-id = \"{MINE}\"\\n' >/srv/s.toml"));
    machine.ok("cp -r /srv/source/packaging/devcontainer-feature /srv/feature && cd /srv/feature && \
                cp /srv/mock-imds.deb mock-imds_1.2.3_$(dpkg --print-architecture).deb && SCENARIO=/srv/s.toml ./install.sh");
    machine.ok("systemctl disable --now mock-imds");
    let ask = "for try in $(seq 100); do curl -sf http://169.254.169.254/latest/meta-data/instance-id && break; sleep 0.1; done; \
               mock-imds status >/dev/null && ps -o user= -C mock-imds";
    let found = machine.ok(&format!(
        "MOCK_IMDS_DMI_DIR=/opt/dmi unshare --net --mount --pid --fork --mount-proc --kill-child bash -c \
         'ip link set lo up; exec /usr/local/share/mock-imds/entrypoint.sh sh -c \"$1\"' - '{ask}'"
    ));
    machine.expect(
        "what a program of the container sees, and who serves it",
        &found,
        &format!("{MINE}mock-imds"),
    );
}

/// The same from a release's repository.
#[test]
fn the_feature_installs_a_release() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    let name = format!("target/feature-{}", machine.leader());
    let made = support::sources().join(&name);
    let script = format!(
        "set -e\nmkdir -p '{name}' && cp '{}' '{name}/'\nscripts/repositories '{name}' http://127.0.0.1:8000",
        machine.setup().package.display()
    );
    let outcome = support::finish(
        std::process::Command::new("bash").args(["-c", &script]).current_dir(support::sources()),
    );
    assert!(outcome.succeeded(), "expected success of:\n{script}\n{outcome}");
    machine.ok(&format!("cp -a /srv/source/{name} /srv/web"));
    std::fs::remove_dir_all(&made).expect("the directory was just made");
    machine.ok("systemd-run --quiet --unit=web python3 -m http.server --bind 127.0.0.1 --directory /srv/web 8000
                for try in $(seq 100); do curl -s -o /dev/null http://127.0.0.1:8000/ && break; sleep 0.1; done
                rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
                cp -r /srv/source/packaging/devcontainer-feature /srv/feature");
    let refused = machine.run("REPOSITORY=http://127.0.0.1:8000/none /srv/feature/install.sh");
    machine.expect("the exit code without a repository there", &format!("{:?}", refused.code), "Some(1)");
    machine.expect_in(
        "what is said",
        &refused.stderr,
        "the option 'repository' is 'http://127.0.0.1:8000/none'",
    );
    machine.ok("REPOSITORY=http://127.0.0.1:8000/ /srv/feature/install.sh");
    machine.expect(
        "where it came from",
        &machine.ok("apt-cache policy mock-imds | grep -c 'http://127.0.0.1:8000/apt stable/main'"),
        "1",
    );
    machine.ok("test -x /usr/local/share/mock-imds/entrypoint.sh");
}
