//! What people see on a terminal: columns, colours, the whole screen of `status -f`, and the lines of `serve`.

use std::os::unix::process::ExitStatusExt as _;

use nix::sys::signal::{Signal, kill};
use support::{PtyProcess, Sandbox, eventually};

use crate::journal::with_token;

const ROLE: &str = "/latest/meta-data/iam/security-credentials/dev-role";
const ROWS: u16 = 50;

/// A command of this sandbox on a terminal.
fn on_terminal(
    sandbox: &Sandbox,
    columns: u16,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> PtyProcess {
    let socket = sandbox.path("c.sock").display().to_string();
    let arguments = [arguments, &["--control", &socket]].concat();
    PtyProcess::start(sandbox, (columns, ROWS), variables, &arguments)
}

/// The screen of a command that ends.
fn screen_of(sandbox: &Sandbox, columns: u16, variables: &[(&str, &str)], arguments: &[&str]) -> PtyProcess {
    let mut process = on_terminal(sandbox, columns, variables, arguments);
    assert_eq!(process.wait().code(), Some(0), "{arguments:?}: {}", process.screen());
    process
}

fn scenario(sandbox: &Sandbox) -> String {
    let text = "\
        [instance]\nlife-cycle = \"spot\"\n\
        [[event]]\nat = \"1h\"\nspot-interruption = { action = \"terminate\", notice = \"2m\" }\n\
        [[fault]]\npath = \"/latest/meta-data/iam/**\"\nfor = \"10m\"\nstatus = 503\n";
    sandbox.write("s.toml", text).display().to_string()
}

#[test]
fn a_status_fits_each_width() {
    let sandbox = Sandbox::new();
    let file = scenario(&sandbox);
    let server = sandbox.serve(&["--scenario", &file]);
    let token = server.token();
    with_token(&server, "GET", ROLE, &token);
    server.get("/latest/meta-data/mac");
    for columns in [60, 80, 120] {
        let process = screen_of(&sandbox, columns, &[], &["status"]);
        let screen = process.screen();
        let labels = [
            "server",
            "instance",
            "address",
            "tokens",
            "scenario",
            "credentials",
            "timeline",
            "faults",
            "requests",
            "last",
        ];
        for label in labels {
            assert!(screen.lines().any(|line| line.starts_with(label)), "{columns}: no {label} in\n{screen}");
        }
        for part in [" 0 ▼", "○ in ", "hit once", "3: 1 v2, 1 v1, 1 for tokens", "1 failed"] {
            assert!(screen.contains(part), "{columns}: no {part:?} in\n{screen}");
        }
        // A line that is wider goes on in the next row, where nothing begins so.
        let broken =
            |line: &&str| !line.starts_with(' ') && !labels.iter().any(|label| line.starts_with(label));
        assert_eq!(screen.lines().find(broken), None, "{columns}:\n{screen}");
        assert!(process.written().contains("\x1b[31m"), "{columns}: the fault is red");
    }
}

#[test]
fn colours_are_asked_for_and_refused() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get("/");
    for variables in [&[("NO_COLOR", "1")][..], &[("TERM", "dumb")], &[("CLICOLOR", "0")]] {
        for arguments in [&["status"][..], &["requests"], &["audit"]] {
            let process = screen_of(&sandbox, 80, variables, arguments);
            assert!(
                !process.written().is_empty() && !process.written().contains('\x1b'),
                "{variables:?} {arguments:?}: {:?}",
                process.written()
            );
        }
    }
    assert!(!sandbox.control(&["status"]).stdout.contains('\x1b'), "a pipe");
    let socket = sandbox.path("c.sock").display().to_string();
    let mut forced = sandbox.command(&["status", "--control", &socket]);
    let forced = support::finish(forced.env("CLICOLOR_FORCE", "1")).stdout;
    assert!(forced.starts_with("\x1b[1mserver\x1b[0m "), "{forced:?}");
    let ascii = screen_of(&sandbox, 40, &[("LANG", "C"), ("LC_ALL", "C")], &["requests"]);
    assert!(
        !ascii.written().is_empty() && ascii.written().is_ascii(),
        "expected ASCII, found {:?}",
        ascii.written()
    );
}

#[test]
fn following_a_status_takes_the_screen_and_gives_it_back() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&["--scenario", &scenario(&sandbox)]);
    let mut process = on_terminal(&sandbox, 80, &[], &["status", "-f"]);
    process.shows("q quits");
    assert!(process.is_full_screen());
    process.shows("requests    0");
    server.get("/latest/meta-data/mac");
    process.shows("requests    1: 1 v1");
    assert_eq!(process.screen().matches("requests ").count(), 1, "in place:\n{}", process.screen());
    let cleared = process.written().matches("\x1b[2J").count();
    assert_eq!(cleared, 1, "the screen is erased at the start only, or it would flicker");

    process.resize((60, 12));
    process.shows("more lines below");
    let screen = process.screen();
    assert!(screen.lines().count() <= 12 && screen.starts_with("server "), "{screen}");

    process.press("q");
    assert_eq!(process.wait().code(), Some(0));
    assert!(process.written().ends_with("\x1b[?25h\x1b[?1049l"), "{:?}", process.written());
}

#[test]
fn a_signal_gives_the_screen_back_too() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    for (key, signal) in [(Some("\x03"), Signal::SIGINT), (None, Signal::SIGTERM), (None, Signal::SIGHUP)] {
        let mut process = on_terminal(&sandbox, 80, &[], &["status", "-f"]);
        process.shows("q quits");
        match key {
            Some(key) => process.press(key),
            None => kill(process.pid(), signal).expect("the child is there"),
        }
        assert_eq!(process.wait().signal(), Some(signal as i32));
        assert!(!process.is_full_screen(), "{signal}");
        assert!(process.written().ends_with("\x1b[?25h\x1b[?1049l"), "{signal}: {:?}", process.written());
    }
}

#[test]
fn a_terminal_that_only_prints_gets_blocks() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let process = on_terminal(&sandbox, 80, &[("TERM", "dumb")], &["status", "-f"]);
    process.shows("requests    0");
    server.get("/");
    process.shows("requests    1: 1 v1");
    assert!(!process.written().contains('\x1b'), "{:?}", process.written());
}

#[test]
fn a_stopped_follower_gives_the_screen_back_until_it_goes_on() {
    let sandbox = Sandbox::new();
    let _server = sandbox.serve(&[]);
    let mut process = on_terminal(&sandbox, 80, &[], &["status", "-f"]);
    process.shows("q quits");
    kill(process.pid(), Signal::SIGTSTP).expect("the child is there");
    eventually("the lines from before", || (!process.is_full_screen()).then_some(()));
    kill(process.pid(), Signal::SIGCONT).expect("the child is there");
    eventually("the full screen again", || process.is_full_screen().then_some(()));
    process.press("q");
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn a_server_that_restarts_is_waited_for_on_the_screen() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let mut process = on_terminal(&sandbox, 80, &[], &["status", "-f"]);
    process.shows("q quits");
    assert_eq!(server.stop().code, Some(0));
    process.shows("waiting for the server");
    process.shows("as it was");
    let server = sandbox.serve(&[]);
    process.shows(&format!("process {}", server.pid()));
    assert!(!process.screen().contains("waiting for the server"), "{}", process.screen());
    process.press("q");
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn requests_keep_their_columns_and_say_host() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    server.get(ROLE);
    server.get("/latest/meta-data/nothing");
    for columns in [60, 80, 120] {
        let process = screen_of(&sandbox, columns, &[], &["requests"]);
        let screen = process.screen();
        let lines: Vec<&str> = screen.lines().collect();
        assert_eq!(lines.len(), 3, "a date, and a line for each:\n{screen}");
        assert!(lines[0].starts_with("── 20") && lines[0].ends_with(", UTC ──"), "{screen}");
        assert!(lines[1].contains(" host "), "{screen}");
        let column = |line: &str| line.split(" v1 ").next().map(|before| before.chars().count());
        assert_eq!(column(lines[1]), column(lines[2]), "{screen}");
        assert!(process.written().contains("\x1b[32m200"), "{:?}", process.written());
        assert!(process.written().contains("\x1b[33m404"), "{:?}", process.written());
    }
    let found = sandbox.control(&["requests", "--format", "{client} {status} {path}"]).stdout;
    assert_eq!(found, format!("host 200 {ROLE}\nhost 404 /latest/meta-data/nothing\n"));
    sandbox
        .control(&["requests", "--format", "{stats}"])
        .ended(64, &["there is no field {stats}; did you mean {status}? accepted: {time} "]);
}

#[test]
fn a_server_on_a_terminal_shows_each_request() {
    for (arguments, shown) in [(&[][..], true), (&["--quiet"], false), (&["--log-level", "warn"], false)] {
        let sandbox = Sandbox::new();
        let own = sandbox.serve_arguments();
        let all: Vec<&str> = own.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
        let mut process = PtyProcess::start(&sandbox, (100, ROWS), &[], &all);
        // With the end of the address.
        process.shows("/: i-");
        let screen = process.screen();
        let address = screen.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.and_then(|address| address.parse().ok()).expect("an address");
        let ask = |path: &str| {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            support::exchange(address, request).status
        };
        assert_eq!((ask("/latest/meta-data/mac"), ask("/latest/nothing")), (200, 404));
        if shown {
            process.shows("/latest/nothing");
            let screen = process.screen();
            let line = screen.lines().find(|line| line.contains("/latest/meta-data/mac")).unwrap_or_default();
            for part in [" host ", " GET ", " v1 ", " 200 "] {
                assert!(line.contains(part), "expected {part:?}, found {line:?}");
            }
        }
        // The log is written in order, so what is not there by its end does not come.
        process.press("\x03");
        process.wait();
        eventually("the end of the log", || {
            let is_over = process.written().contains("stopping") || arguments.contains(&"warn");
            is_over.then_some(())
        });
        assert_eq!(
            process.written().contains("/latest/nothing"),
            shown,
            "{arguments:?}: {}",
            process.screen()
        );
    }
}

/// Its requests and its log, which go to stdout and stderr.
#[test]
fn a_server_on_a_terminal_has_colours_unless_they_are_refused() {
    for (variables, coloured) in
        [(&[][..], true), (&[("NO_COLOR", "1")], false), (&[("TERM", "dumb")], false)]
    {
        let sandbox = Sandbox::new();
        let own = sandbox.serve_arguments();
        let arguments: Vec<&str> = own.iter().map(String::as_str).collect();
        let process = PtyProcess::start(&sandbox, (100, ROWS), variables, &arguments);
        process.shows("/: i-");
        assert_eq!(sandbox.control(&["spot"]).code, Some(0));
        process.shows("INFO mock-imds (process");
        assert_eq!(
            process.written().contains("\x1b["),
            coloured,
            "{variables:?}: {:?}\nrerun: cargo test --test cli a_server_on_a_terminal_has",
            process.written()
        );
    }
}

/// What takes more than a second has a sign of life, at five requests a second.
#[test]
fn a_walk_through_a_service_shows_how_far_it_is() {
    let sandbox = Sandbox::new();
    let server = sandbox.serve(&[]);
    let url = format!("http://{}", server.address);
    let mut process = PtyProcess::start(&sandbox, (80, ROWS), &[], &["record", &url, "-o", "walk.toml"]);
    process.shows(" paths to go, now /latest/");
    process.press("\x03");
    process.wait();
}
