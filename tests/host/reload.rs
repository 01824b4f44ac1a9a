//! SIGHUP: a new host.toml or a new binary without a gap; a broken one changes nothing.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use nix::sys::signal::Signal;
use support::host::{Host, METADATA, SERVICE, ask, serve};
use support::program;

#[test]
fn a_reload_under_load_loses_nothing_and_applies_the_change() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold();
    serve("imds", SERVICE);
    let pid = guardian.pid();
    let (stop, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let client = {
        let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut lost = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                match ask(METADATA) {
                    Ok(answer) if answer == "imds sees 169.254.169.254" => {}
                    other => lost.push(format!("{other:?}")),
                }
                asked.fetch_add(1, Ordering::Relaxed);
            }
            lost
        })
    };
    for round in 0..10 {
        let before = asked.load(Ordering::Relaxed);
        host.configure(&format!("[host]\nbridges = [\"round{round}\"]\n"));
        guardian.reload();
        let rules = host.our_rules();
        assert!(rules.contains(&format!("iifname \"round{round}\" accept")), "{rules}");
        assert_eq!(host.status()["settings"]["bridges"][0], format!("round{round}"));
        host.eventually("requests went on", support::DEADLINE, || asked.load(Ordering::Relaxed) > before + 5);
    }
    stop.store(true, Ordering::Relaxed);
    let lost = client.join().expect("the client");
    let asked = asked.load(Ordering::Relaxed);
    assert!(lost.is_empty(), "{} of {asked} lost: {lost:?}\n{}", lost.len(), guardian.log());
    assert_eq!(guardian.pid(), pid);
    assert_eq!(host.status()["pid"], pid, "the same process");
    assert_eq!(host.run("nft list ruleset").matches("flags owner").count(), 2);
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
}

#[test]
fn a_reload_runs_the_binary_that_is_installed_now() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    let installed = host.directory.join("mock-imds");
    host.run(&format!("install -m 755 {binary} mock-imds"));
    let mut guardian = host.hold_by(&installed, "");
    let since = host.status()["since"].clone();
    let running = format!("/proc/{}/exe", guardian.pid());
    let inode = |path: &str| std::fs::metadata(path).expect("a file").ino();
    // As dpkg does it: a new file under the old name. Twice, since the second upgrade starts from a reloaded one.
    for upgrade in ["first", "second"] {
        host.run(&format!("install -m 755 {binary} mock-imds.new; mv mock-imds.new mock-imds"));
        let target = std::fs::read_link(&running).expect("a link");
        assert!(target.to_string_lossy().ends_with(" (deleted)"), "{target:?}");
        // Taken anew each time: once nobody runs a removed file, the next one may get its number.
        let old = inode(&running);
        guardian.reload();
        assert_eq!(inode(&running), inode(&installed.display().to_string()), "after the {upgrade} upgrade");
        assert_ne!(inode(&running), old, "after the {upgrade} upgrade");
    }
    assert_eq!(host.status()["since"], since, "it is up since the first start");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn a_reload_without_a_binary_goes_on_with_the_running_one() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    host.run(&format!("install -m 755 {binary} mock-imds"));
    let mut guardian = host.hold_by(&host.directory.join("mock-imds"), "");
    host.run("rm mock-imds");
    host.configure("[host]\nbridges = [\"lab0\"]\n");
    guardian.reload();
    assert!(host.our_rules().contains("iifname \"lab0\" accept"), "{}", host.our_rules());
    guardian.says("can't be run");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn a_broken_host_toml_keeps_the_old_state() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.configure("[host]\nbridges = [\"lab0\"]\n");
    let mut guardian = host.hold();
    let rules = host.our_rules();
    host.configure("[host]\nbridges = [\"lab0\", 7]\nipv7 = true\n");
    let told = guardian.reload();
    assert!(told.contains("STATUS=Reload rejected, previous settings stay in force:"), "{told}");
    assert!(told.contains("host.toml:2:20: error: host.bridges[2] is an integer"), "{told}");
    for expected in
        ["  2 | bridges = [\"lab0\", 7]", "unknown key \"ipv7\"", "the previous settings stay in force"]
    {
        guardian.says(expected);
    }
    assert_eq!((host.our_rules(), host.addresses()), (rules.clone(), 1));
    assert!(host.status()["rejected"].is_string());

    // A machine that turned out to be a real cloud is refused in the same way.
    host.configure("[host]\nbridges = [\"lab1\"]\n");
    host.write("dmi/sys_vendor", "Amazon EC2\n");
    assert!(guardian.reload().contains("STATUS=Reload rejected"), "{}", guardian.log());
    assert_eq!(host.our_rules(), rules);
    std::fs::remove_dir_all(host.directory.join("dmi")).expect("the made-up DMI");

    let told = guardian.reload();
    assert!(told.contains("STATUS=169.254.169.254/32 on lo"), "{told}");
    assert!(host.our_rules().contains("lab1"), "{}", host.our_rules());
    assert!(host.status()["rejected"].is_null());
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

#[test]
fn a_reload_keeps_ordinary_tables_and_goes_on_watching() {
    let Some(host) = Host::new() else { return };
    let mut guardian = host.hold_by(program(), "--ordinary-tables");
    guardian.reload();
    host.run("nft flush ruleset");
    host.eventually("the tables are back", support::host::HEALED, || {
        host.tables().matches("mock-imds").count() == 2
    });
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.tables(), "");
}

/// Signals that come in bursts, also while the new image starts, neither end it nor are lost.
#[test]
fn a_burst_of_signals_is_survived() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    let mut guardian = host.hold();
    for _ in 0..200 {
        guardian.signal(Signal::SIGHUP);
        guardian.drain();
    }
    assert_eq!(host.addresses(), 1);
    guardian.signal(Signal::SIGHUP);
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0), "{}", guardian.log());
    assert_eq!(host.network(), before);
}
