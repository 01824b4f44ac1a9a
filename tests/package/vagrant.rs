//! The Vagrant example. Vagrant needs a hypervisor and a box; what the Vagrantfile asks of it is done here, in a booted
//! machine: twice, as `vagrant provision` may be called at any time.

use std::fs;
use std::process::Command;

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
    fs::copy(&machine.setup().package, directory.join("mock-imds_test.deb")).expect("the package is there");
    let stub = sources.join("tests/package/vagrant.rb");
    let ruby = Command::new("ruby").arg("-w").arg(stub).arg(directory.join("Vagrantfile")).output();
    let output = ruby.expect("ruby is there: apt-get install ruby");
    let said = String::from_utf8_lossy(&output.stderr);
    fs::remove_dir_all(&directory).expect("it was made here");
    assert!(output.status.success() && said.is_empty(), "ruby on the Vagrantfile said:\n{said}");
    String::from_utf8(output.stdout).expect("the example is UTF-8")
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
