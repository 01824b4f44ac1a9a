//! When the guardian refuses: the sentence, the exit code, and that nothing was changed.

use nix::sys::signal::Signal;
use support::host::Host;
use support::program;

#[test]
fn the_address_on_another_interface() {
    let Some(host) = Host::new() else { return };
    host.run("ip link add eth7 type veth peer name eth8; ip link set eth7 up");
    host.run("ip addr add 169.254.169.254/16 dev eth7");
    let before = host.network();
    for command in ["up", "hold"] {
        host.net(command).ended(
            78,
            &[
                "mock-imds: 169.254.169.254 is on the interface eth7 already",
                "ip addr del 169.254.169.254/16 dev eth7",
            ],
        );
        assert_eq!(host.network(), before, "net {command} changed nothing");
        host.net("down").ended(0, &[]);
        assert_eq!(host.network(), before, "net down after it changed nothing");
    }
}

#[test]
fn a_real_cloud_machine() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    for (file, text, cloud) in [
        ("sys_vendor", "Amazon EC2", "Amazon EC2"),
        ("chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77", "Azure"),
        ("product_name", "Google Compute Engine", "Google Compute Engine"),
        ("product_name", "OpenStack Nova", "OpenStack"),
        ("sys_vendor", "DigitalOcean", "DigitalOcean"),
        ("sys_vendor", "Hetzner", "Hetzner Cloud"),
    ] {
        let path = host.write(&format!("dmi/{file}"), &format!("{text}\n"));
        let sentence = format!("this is a real {cloud} machine ({} is {text:?})", path.display());
        for command in ["up", "hold"] {
            host.net(command).ended(78, &[&sentence, "allow-takeover = true"]);
        }
        assert_eq!(host.network(), before, "nothing was changed on {cloud}");
        std::fs::remove_file(path).expect("the made-up file");
    }
    host.write("dmi/sys_vendor", "Amazon EC2\n");
    host.configure("[host]\nallow-takeover = true\n");
    let mut guardian = host.hold();
    guardian.says("its metadata is hidden");
    assert_eq!(guardian.end(Signal::SIGTERM), Some(0));
    assert_eq!(host.network(), before);
}

/// As in the network namespace of a pod or a compose project on a cloud machine, which hides nobody's service.
#[test]
fn takeover_is_allowed_by_an_option_or_a_variable_too() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    host.write("dmi/sys_vendor", "Hetzner\n");
    let arguments = host.arguments();
    let runtime = host.runtime().display().to_string();
    for (environment, option) in
        [("", "--allow-takeover"), ("MOCK_IMDS_ALLOW_TAKEOVER=1", ""), ("MOCK_IMDS_ALLOW_TAKEOVER=true", "")]
    {
        host.run(&format!("env {environment} {binary} net up {arguments} {option}"));
        assert_eq!(host.addresses(), 1, "net up with {environment:?} and {option:?}");
        host.run(&format!("{binary} net down --runtime {runtime}"));
        assert_eq!(host.network(), before);
    }
    for (value, code, said) in
        [("0", 78, "real Hetzner Cloud machine"), ("", 78, "real"), ("2", 64, "expected 1 or 0")]
    {
        let line = format!("env MOCK_IMDS_ALLOW_TAKEOVER={value} {binary} net up {arguments}");
        host.attempt(&line).ended(code, &[said]);
    }
    // Whoever looks before the start is told.
    let status = format!(
        "{binary} net status --runtime {runtime} --dmi {0}/dmi --config {0}/host.toml",
        host.directory.display()
    );
    host.attempt(&status)
        .ended(78, &["is not set up: this is a real Hetzner Cloud machine", "ALLOW_TAKEOVER=1"]);
    host.attempt(&format!("env MOCK_IMDS_ALLOW_TAKEOVER=1 {status}"))
        .ended(1, &["systemctl start mock-imds"]);
    assert_eq!(host.network(), before);
}

#[test]
fn no_permission() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    let without = "setpriv --bounding-set -net_admin --inh-caps -net_admin";
    for command in ["up", "hold"] {
        let line = format!("{without} {binary} net {command} {}", host.arguments());
        host.attempt(&line).ended(77, &["needs the capability CAP_NET_ADMIN", "systemctl start mock-imds"]);
    }
    let line = format!("{without} {binary} net down --runtime {}", host.runtime().display());
    host.attempt(&line).ended(77, &["needs the capability CAP_NET_ADMIN"]);
    // Whatever else this user may not do.
    host.run(&format!("chmod 755 {0}; install -m 755 {binary} {0}/mock-imds", host.directory.display()));
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    for command in ["up", "hold"] {
        let line = format!("{nobody} ./mock-imds net {command} {}", host.arguments());
        host.attempt(&line).ended(77, &["needs the capability CAP_NET_ADMIN"]);
    }
    assert_eq!(host.network(), before);
}

/// `CAP_NET_ADMIN` and nothing else is enough: that is what the unit has.
#[test]
fn net_admin_alone_suffices() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    host.run(&format!("chmod 755 {0}; install -m 755 {binary} {0}/mock-imds", host.directory.display()));
    let arguments = host.arguments();
    host.run("install -d -o 65534 -g 65534 run");
    let alone = "setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all,+net_admin \
                 --ambient-caps -all,+net_admin --bounding-set -all,+net_admin --no-new-privs";
    host.run(&format!("{alone} ./mock-imds net up {arguments}"));
    assert_eq!((host.addresses(), host.tables().matches("mock-imds").count()), (1, 2));
    host.run(&format!("{alone} ./mock-imds net down --runtime run"));
    assert_eq!(host.network(), before);
}

/// A kernel without nfnetlink, played by a seccomp filter that answers as one does.
#[test]
fn no_nf_tables() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    host.write("without.py", WITHOUT_NFNETLINK);
    for command in ["up", "hold"] {
        let line = format!("python3 without.py {binary} net {command} {}", host.arguments());
        host.attempt(&line)
            .ended(69, &["this kernel can't do what the redirect needs", "modprobe nf_tables"]);
    }
    let line = format!("python3 without.py {binary} net down --runtime {}", host.runtime().display());
    host.attempt(&line).ended(0, &[]);
    assert_eq!(host.network(), before);
}

/// Makes `socket(AF_NETLINK, …, NETLINK_NETFILTER)` fail with EPROTONOSUPPORT, and becomes the program.
const WITHOUT_NFNETLINK: &str = r#"
import ctypes, os, platform, struct, sys
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
def op(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
program = b"".join([
    op(LOAD, 0, 0, 0), op(EQUAL, 0, 5, SOCKET),
    op(LOAD, 0, 0, 16), op(EQUAL, 0, 3, 16),        # first argument: AF_NETLINK
    op(LOAD, 0, 0, 32), op(EQUAL, 0, 1, 12),        # third argument: NETLINK_NETFILTER
    op(RETURN, 0, 0, 0x00050000 | 93),              # errno EPROTONOSUPPORT
    op(RETURN, 0, 0, 0x7fff0000),                   # allow
])
code = ctypes.create_string_buffer(program, len(program))
filter = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0, "no_new_privs"
assert libc.prctl(22, 2, ctypes.c_char_p(filter), 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[1], sys.argv[1:])
"#;

#[test]
fn a_broken_host_toml() {
    let Some(host) = Host::new() else { return };
    let binary = program().display();
    let before = host.network();
    host.configure("[host]\nipv6 = \"yes\"\nbridge = [\"br-*\"]\n");
    for command in ["up", "hold"] {
        host.net(command).ended(
            78,
            &[
                "host.toml:2:8: error: host.ipv6 is a string",
                "  2 | ipv6 = \"yes\"",
                "did you mean \"bridges\"?",
            ],
        );
    }
    std::fs::remove_file(host.directory.join("host.toml")).expect("host.toml");
    let line = format!("{binary} net up --config {}/host.toml", host.directory.display());
    host.attempt(&line).ended(78, &["host.toml: error: cannot be read: no such file or directory"]);
    host.run(&format!("mkfifo {}/host.toml", host.directory.display()));
    host.attempt(&line).ended(78, &["host.toml: error: is not a regular file but a pipe"]);
    assert_eq!(host.network(), before);
}

/// The lock could be somebody's way to have a file written by root.
#[test]
fn a_lock_that_is_a_link() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.write("victim", "precious");
    host.run(&format!("mkdir {0} && ln -s ../victim {0}/lock", host.runtime().display()));
    host.net("up").ended(71, &["lock", "it is a symbolic link; remove it"]);
    let victim = std::fs::read_to_string(host.directory.join("victim")).expect("it is there");
    assert_eq!((host.network(), victim.as_str()), (before, "precious"));
}

#[test]
fn a_runtime_directory_that_cannot_be() {
    let Some(host) = Host::new() else { return };
    let before = host.network();
    host.write("run", "a file where a directory is expected");
    host.net("up").ended(71, &["run"]);
    assert_eq!(host.network(), before);
}
