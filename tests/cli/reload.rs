//! Reloads, good and bad, by signal and by command. A bad one changes nothing but what is said.

use nix::sys::signal::Signal;
use nix::unistd::{User, getuid};
use support::{Sandbox, ServerProcess, eventually};

const BAD: &str = "[instance]\ninstance-type = 3\n";

fn small(kind: &str) -> String {
    format!("[instance]\ninstance-type = \"{kind}\"\n")
}

fn kind(server: &ServerProcess) -> String {
    server.get("/latest/meta-data/instance-type").body
}

#[test]
fn the_command_says_what_changed() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    assert_eq!(kind(&server), "t3.micro");
    sandbox.write("s.toml", small("t3.large") + "ami-launch-index = 2\n");
    let found = sandbox.control(&["reload"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert_eq!(found.stdout, "reloaded: changed: instance.ami-launch-index, instance.instance-type\n");
    assert_eq!(kind(&server), "t3.large");
    server.says("INFO reload by mock-imds (process ");
    let again = sandbox.control(&["reload"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "reloaded: nothing changed\n"));
}

#[test]
fn the_command_prints_the_report_and_the_old_scenario_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    sandbox.write("s.toml", BAD);
    let found = sandbox.control(&["reload"]);
    found.ended(
        78,
        &[
            "s.toml:2:17: error: instance.instance-type is an integer\n  2 | instance-type = 3\n    |                 ^\n",
            "mock-imds: reload rejected; still serving what was loaded ",
        ],
    );
    assert_eq!(kind(&server), "t3.micro");
    server.says("ERROR reload by mock-imds (process ");
    let status = sandbox.control(&["status"]).stdout;
    assert!(status.contains("\nreload      REJECTED ") && status.contains("s.toml:2:17: "), "{status}");

    sandbox.write("s.toml", small("t3.large"));
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    assert_eq!(kind(&server), "t3.large", "a good file ends it");
}

#[test]
fn sighup_does_the_same_and_logs_the_report() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    sandbox.write("s.toml", small("t3.large"));
    server.signal(Signal::SIGHUP);
    eventually("the new instance type", || (kind(&server) == "t3.large").then_some(()));

    sandbox.write("s.toml", BAD);
    server.signal(Signal::SIGHUP);
    server.says("ERROR reload by SIGHUP rejected: ");
    server.says("2 | instance-type = 3");
    server.says("|                 ^");
    assert_eq!(kind(&server), "t3.large");
}

#[test]
fn a_file_that_has_gone_does_not_bring_the_built_in_scenario() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    std::fs::remove_file(file).expect("it is ours");
    sandbox.control(&["reload"]).ended(78, &["cannot be read: no such file or directory"]);
    assert_eq!(kind(&server), "t3.micro");
}

#[test]
fn a_file_that_has_come_is_found() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    assert_eq!(kind(&server), "m5.xlarge");
    std::fs::create_dir_all(sandbox.path(".config/mock-imds")).expect("the directory is writable");
    sandbox.write(".config/mock-imds/scenario.toml", small("t3.nano"));
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    assert_eq!(kind(&server), "t3.nano");
}

#[test]
fn what_took_the_files_place_is_named() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("s.toml", "");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let cases = [("is larger than 1 MiB", vec![b'#'; 10 << 20]), ("is not UTF-8", vec![0xff])];
    for (sentence, content) in cases {
        sandbox.write("s.toml", content);
        sandbox.control(&["reload"]).ended(78, &[sentence]);
    }
    std::fs::remove_file(&file).expect("it is ours");
    std::fs::create_dir(&file).expect("the directory is writable");
    sandbox.control(&["reload"]).ended(78, &["is a directory"]);
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn tokens_survive_a_reload() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", "[metadata-options]\nhttp-tokens = \"required\"\n");
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    let token = server.token();
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {token}\r\n\r\n");
    assert_eq!(support::http::exchange(server.address, request).status, 200);
}

#[test]
fn reloads_at_the_same_time_are_all_answered() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(sandbox.control(&["reload"]).code, Some(0)));
        }
        for _ in 0..50 {
            assert_eq!(kind(&server), "t3.micro");
        }
    });
}

#[test]
fn who_gave_an_order_has_a_name() {
    let sandbox = Sandbox::new();
    sandbox.write("s.toml", small("t3.micro"));
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    assert_eq!(sandbox.control(&["reload"]).code, Some(0));
    let user = User::from_uid(getuid())
        .expect("the users are known")
        .map_or_else(|| format!("user {}", getuid()), |user| user.name);
    server.says(&format!(") of {user}: nothing changed"));
    let status = sandbox.control(&["status"]).stdout;
    assert!(status.contains(&format!(") of {user}: nothing changed")), "expected {user:?}, found {status}");
}
