//! Each command that prints for people, on terminals of three widths: no line is wider than the terminal, and what does not fit goes on
//! in a further line, or is cut with a mark.

use std::fs;

use support::{PtyProcess, Sandbox, ServerProcess};

const WIDTHS: [u16; 3] = [60, 80, 120];

/// Rows enough that nothing scrolls.
const ROWS: u16 = 400;

fn served() -> (Sandbox, ServerProcess) {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[instance]\nlife-cycle = \"spot\"\n\
         [instances.a-worker-with-a-rather-long-name]\nclients = [\"10.1.0.0/16\", \"10.2.0.0/16\", \"10.3.0.0/16\"]\n\
         [[event]]\nat = \"1h\"\nspot-interruption = { action = \"terminate\", notice = \"2m\" }\n\
         [[fault]]\nname = \"slow-tokens-of-the-big-cluster\"\npath = \"/latest/api/token\"\n\
         latency = { min = \"1ms\", max = \"2ms\" }\nprobability = 0.25\n",
    );
    let server = sandbox.serve(&["--scenario", "s.toml"]);
    server.get("/latest/meta-data/iam/security-credentials/dev-role");
    server.get(&format!("/latest/meta-data/{}", "a-long-path-".repeat(12)));
    fs::create_dir(sandbox.path("dump")).expect("the sandbox is writable");
    sandbox.write("dump/instance-id", "i-0123456789abcdef0");
    (sandbox, server)
}

/// What was written, in lines: of a line that is drawn anew the last state.
fn lines(written: &str) -> Vec<String> {
    let (mut plain, mut is_escape) = (String::new(), false);
    for c in written.chars() {
        match c {
            '\x1b' => is_escape = true,
            _ if is_escape => is_escape = !(c.is_ascii_alphabetic()),
            _ => plain.push(c),
        }
    }
    plain
        .lines()
        .map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default().to_owned())
        .collect()
}

/// What is copied, or stays below something else, keeps its line: commands, lines of a file with their carets, and a word that is
/// wider by itself.
fn may_be_wider(line: &str) -> bool {
    let text = line.trim_start();
    let words = text.split('`').enumerate().any(|(index, part)| index % 2 == 0 && part.trim().contains(' '));
    text.contains(" | ") || text.starts_with("| ") || text.starts_with("$ ") || !words
}

/// The program on a terminal of this width, to its end.
#[track_caller]
fn fits(sandbox: &Sandbox, columns: u16, words: &[&str], code: i32, part: &str) {
    let mut process = PtyProcess::start(sandbox, (columns, ROWS), &[], words);
    let ended = process.wait();
    let written = process.written();
    assert_eq!(ended.code(), Some(code), "{words:?}: {written}");
    let lines = lines(&written);
    let wide = lines.iter().find(|line| line.chars().count() > usize::from(columns) && !may_be_wider(line));
    assert_eq!(
        wide,
        None,
        "{words:?} at {columns} columns: a line is wider; all of it:\n{}",
        lines.join("\n")
    );
    let all: String = lines.iter().flat_map(|line| [line.trim(), " "]).collect();
    assert!(all.contains(part), "{words:?} at {columns} columns: expected {part:?} in\n{}", lines.join("\n"));
}

#[test]
fn what_a_server_tells_fits() {
    let (sandbox, server) = served();
    let socket = sandbox.path("c.sock").display().to_string();
    let url = format!("http://{}", server.address);
    for columns in WIDTHS {
        let fits = |words: &[&str], code: i32, part: &str| {
            fits(&sandbox, columns, &[words, &["--control", &socket]].concat(), code, part);
        };
        fits(&["status"], 0, "spot interruption: terminate");
        fits(&["audit"], 0, "with IMDSv2 only");
        fits(&["requests"], 0, "…");
        fits(&["wait", "**", "--since", "start"], 0, "host");
        fits(&["fault", "list"], 0, "as long as the file has it; scenario;");
        fits(&["spot", "--in", "30m"], 0, "and termination-time answer from");
        fits(&["set", "meta-data/instance-type", "t3.micro"], 0, "and the identity document keep");
        fits(&["use", "nosuch"], 78, "is not a scenario of the library");
        fits(&["use", "./s.toml"], 0, "until the next reload");
        fits(&["clear"], 0, "nothing changed");
        fits(&["reload"], 0, "reloaded");
        fits(&["show", "meta-data/nosuch"], 1, "lists what there is");
        self::fits(
            &sandbox,
            columns,
            &["status", "--control", "./none.sock"],
            69,
            "or choose one with --server",
        );
        self::fits(
            &sandbox,
            columns,
            &["conform", &url, "--only", "tokens", "--rate", "1000"],
            0,
            "passed of http",
        );
        let file = format!("recorded-{columns}.toml");
        let record = ["record", &url, "--rate", "1000", "-o", &file];
        self::fits(&sandbox, columns, &record, 0, "facts, and overrides of");
    }
}

#[test]
fn what_needs_no_server_fits() {
    let (sandbox, server) = served();
    server.stop();
    let root = sandbox.path("root");
    fs::create_dir(&root).expect("the sandbox is writable");
    let root = root.display().to_string();
    for columns in WIDTHS {
        let fits = |words: &[&str], code: i32, part: &str| fits(&sandbox, columns, words, code, part);
        fits(&["use", "--list"], 0, "notice after 30 seconds and is terminated two minutes later");
        fits(&["check", "s.toml"], 0, "programs cannot tell the two apart");
        fits(
            &["import", "dump", "dump", "-o", &format!("out-{columns}.toml")],
            0,
            "1 path: 2 facts, and overrides of 0 paths",
        );
        fits(&["doctor", "--root", &root, "--control", "none.sock"], 1, "or choose one with --server");
        fits(&["--help"], 0, "Usage: mock-imds");
        fits(&["status", "--bogus"], 64, "unexpected argument");
    }
}

/// Examples are copied, so they have a width of their own.
#[test]
fn each_help_fits_80_columns() {
    fn below(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        for command in command.get_subcommands().filter(|command| command.get_name() != "aemm") {
            let path = [path, &[command.get_name().to_owned()]].concat();
            below(command, &path, found);
            found.push(path);
        }
    }
    let (sandbox, mut commands) = (Sandbox::new(), vec![]);
    below(&mock_imds::command_line(), &[], &mut commands);
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        fits(&sandbox, 80, &words, 0, &format!("Usage: mock-imds {}", command.join(" ")));
    }
}

#[test]
fn what_follows_fits() {
    let (sandbox, server) = served();
    let socket = sandbox.path("c.sock").display().to_string();
    for columns in WIDTHS {
        let process =
            PtyProcess::start(&sandbox, (columns, ROWS), &[], &["requests", "-f", "--control", &socket]);
        process.shows("── 20");
        server.get(&format!("/latest/meta-data/{}", "a-long-path-".repeat(12)));
        process.shows("…");
        let lines = lines(&process.written());
        let wide = lines.iter().find(|line| line.chars().count() > usize::from(columns));
        assert_eq!(wide, None, "requests -f at {columns} columns");
        let mut process =
            PtyProcess::start(&sandbox, (columns, 60), &[], &["status", "-f", "--control", &socket]);
        process.shows("q quits");
        let screen = process.screen();
        assert!(screen.lines().all(|line| line.chars().count() <= usize::from(columns)), "{screen}");
        process.press("q");
        assert_eq!(process.wait().code(), Some(0));
    }
}
