//! The Vagrant example. Vagrant needs a hypervisor and a box; what the Vagrantfile asks of it is done here, in a booted
//! machine: twice, as `vagrant provision` may be called at any time.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime};

use support::machine::{Machine, System};

/// What the provisioners of the example do, as a script, with these words of the Vagrantfile replaced.
fn provisioners(machine: &Machine, replaced: (&str, &str)) -> String {
    let sources = support::sources();
    let example = sources.join("packaging/vagrant");
    let directory = sources.join(format!("target/machines/vagrant-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("target/ is writable");
    let vagrantfile = fs::read_to_string(example.join("Vagrantfile")).expect("the example is there");
    assert!(vagrantfile.contains(replaced.0), "expected {:?} in the Vagrantfile", replaced.0);
    fs::write(directory.join("Vagrantfile"), vagrantfile.replace(replaced.0, replaced.1)).expect("writable");
    fs::copy(example.join("provision.sh"), directory.join("provision.sh")).expect("the example is there");
    let package = &machine.setup().package;
    let name = package.file_name().expect("a package has a name");
    fs::copy(package, directory.join(name)).expect("the package is there");
    // Neither of another architecture, nor older, though its version sorts last.
    fs::write(directory.join("mock-imds_9.0.0_riscv64.deb"), "").expect("writable");
    let older =
        fs::File::create(directory.join(name.to_string_lossy().replace("_0.", "_9."))).expect("writable");
    older.set_modified(SystemTime::UNIX_EPOCH).expect("its own file");
    let stub = sources.join("tests/package/vagrant.rb");
    let ruby = Command::new("ruby").arg("-w").arg(stub).arg(directory.join("Vagrantfile")).output();
    let output = ruby.expect("ruby is there: apt-get install ruby");
    let said = String::from_utf8_lossy(&output.stderr);
    let chosen = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
    assert!(
        chosen.contains(&*name.to_string_lossy()),
        "expected that {} is chosen, found {chosen:?}",
        name.display()
    );
    fs::remove_dir_all(&directory).expect("it was made here");
    assert!(output.status.success() && said.is_empty(), "ruby on the Vagrantfile said:\n{said}");
    String::from_utf8(output.stdout).expect("the example is UTF-8")
}

/// States of the package besides installed and absent, each of which a `vagrant provision` mends.
#[test]
fn a_removed_or_half_installed_package_is_installed() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    let script = provisioners(&machine, ("web.example.test", "web.example.test"));
    machine.ok(&script);
    let states = ["dpkg --remove mock-imds", "dpkg --unpack /srv/mock-imds.deb", "dpkg --purge mock-imds"];
    for state in states {
        machine.ok(state);
        machine.ok(&script);
        let found = machine.ok("dpkg-query --show --showformat='${db:Status-Status}' mock-imds");
        machine.expect(&format!("the package after {state} and another run"), &found, "installed");
        let name = machine.get("meta-data/public-hostname");
        machine.expect(
            &format!("the name after {state}"),
            &name.unwrap_or_else(|why| why),
            "web.example.test",
        );
    }
    // What was written in the guest is not Vagrant's to replace.
    machine.ok("echo '# mine' >/etc/mock-imds/scenario.toml");
    let said = machine.ok(&script);
    machine.expect_in("what it says", &said, "was not written by Vagrant and stays as it is");
    machine.expect("the file of the guest", &machine.ok("cat /etc/mock-imds/scenario.toml"), "# mine");
}

/// The drop-in, with a folder that is there at the start, and with one that is mounted later, as Vagrant mounts.
#[test]
fn a_scenario_in_a_shared_folder_is_served_as_it_is_edited() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    let serves = |when: &str, expected: &str| {
        let found = || match machine.get("meta-data/instance-type") {
            Ok(found) if found == expected => Ok(()),
            other => Err(format!("{other:?}")),
        };
        machine.within(Duration::from_secs(20), &format!("{expected} is served {when}"), found);
    };
    let write = |name: &str| {
        machine
            .ok(&format!("printf '[instance]\\ninstance-type = \"{name}\"\\n' >/srv/folder/scenario.toml"));
    };
    machine.ok("mkdir /srv/folder /vagrant");
    write("c7g.large");
    machine.ok("mount --bind /srv/folder /vagrant");
    machine.install();
    machine.ok("install -D -m 0644 /usr/share/mock-imds/dropins/shared-scenario.conf \
                /etc/systemd/system/mock-imds.service.d/shared-scenario.conf
                systemctl daemon-reload && systemctl restart mock-imds");
    serves("from the folder", "c7g.large");
    write("c7g.xlarge");
    serves("as soon as it is edited", "c7g.xlarge");

    machine.ok("systemctl stop mock-imds && umount /vagrant && systemctl start mock-imds");
    serves("without the folder: the last good one", "c7g.xlarge");
    write("c7g.2xlarge");
    machine.ok("mount --bind /srv/folder /vagrant");
    serves("from a folder that comes late", "c7g.2xlarge");
}

#[test]
fn vagrant_makes_the_machine_what_the_vagrantfile_says() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    let script = provisioners(&machine, ("web.example.test", "web.example.test"));
    machine.ok(&script);
    let public = |machine: &Machine| {
        ["public-hostname", "public-ipv4"].map(|leaf| machine.get(&format!("meta-data/{leaf}")))
    };
    let expected = ["web.example.test", "192.168.56.10"].map(|value| Ok(value.to_owned()));
    assert_eq!(public(&machine), expected, "after the first run");

    let before = machine.incarnations();
    machine.ok("mock-imds rebalance");
    machine.ok(&script);
    assert_eq!(public(&machine), expected, "after the second run");
    assert_eq!(machine.incarnations(), before, "the second run restarts nothing");
    let rebalance = machine.get("meta-data/events/recommendations/rebalance");
    assert!(rebalance.is_ok(), "the second run reloads nothing, so changes stay; found {rebalance:?}");

    machine.ok(&provisioners(&machine, ("web.example.test", "api.example.test")));
    let found = machine.get("meta-data/public-hostname");
    assert_eq!(found.as_deref(), Ok("api.example.test"), "after a change of the Vagrantfile");
    assert_eq!(machine.incarnations(), before, "a change is a reload");
}
