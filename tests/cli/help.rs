//! The help texts: an example in each, which the parser accepts, and the options of that subcommand first.

use clap::Command;
use mock_imds::command_line;
use serde_json::Value;
use support::Sandbox;

/// Each command that has a help text, with its words: `mock-imds clock seek`.
fn commands() -> Vec<(String, Command)> {
    fn collect(command: &Command, path: &str, into: &mut Vec<(String, Command)>) {
        let path = format!("{path} {}", command.get_name()).trim().to_owned();
        into.push((path.clone(), command.clone()));
        let subcommands = command.get_subcommands().filter(|command| command.get_name() != "help");
        subcommands.for_each(|command| collect(command, &path, into));
    }
    let (mut root, mut all) = (command_line(), Vec::new());
    root.build();
    collect(&root, "", &mut all);
    assert!(all.len() > 25, "expected every command, found {all:#?}");
    all
}

fn help(command: &Command) -> String {
    command.clone().render_long_help().to_string()
}

fn examples(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    lines.map(str::trim).collect()
}

/// A line split as a shell splits it: quotes of both kinds, and a comment at its end.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_help_text_has_examples_that_parse() {
    let mut wrong = Vec::new();
    for (path, command) in commands() {
        let help = help(&command);
        let examples = examples(&help);
        if examples.is_empty() {
            wrong.push(format!("{path} --help has no examples"));
        }
        for example in examples {
            if !example.starts_with(&path) || example.chars().count() > 78 {
                wrong.push(format!(
                    "{path} --help: expected a short line with that command, found {example:?}"
                ));
            }
            if let Err(error) = command_line().try_get_matches_from(words(example))
                && error.use_stderr()
            {
                wrong.push(format!("{path} --help: {example}\n{error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn global_options_come_after_those_of_the_subcommand() {
    for (path, command) in commands() {
        let help = help(&command);
        let (before, global) = help
            .split_once("\nGlobal options:\n")
            .unwrap_or_else(|| panic!("{path} --help has no \"Global options:\":\n{help}"));
        let wanted: &[&str] = if path == "mock-imds aemm" {
            &[]
        } else {
            &["--log-level <LEVEL>", "-h, --help", "-V, --version"]
        };
        for option in wanted {
            assert!(global.contains(option) && !before.contains(option), "{path}: {option}\n{help}");
        }
        assert!(!global.contains("Options:\n"), "{path} --help has further options at its end:\n{help}");
    }
}

#[test]
fn help_and_version_are_asked_of_any_subcommand() {
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["-V"],
        &["spot", "--help"],
        &["clock", "seek", "-h"],
        &["net", "hold", "--version"],
        &["import", "aemm", "--help"],
        &["import", "aemm", "-V"],
        &["help", "clock", "seek"],
        &["help", "aemm"],
    ] {
        let answer = command_line().try_get_matches_from([&["mock-imds"], arguments].concat());
        let answer = answer.expect_err("help ends the parse");
        assert!(!answer.use_stderr(), "{arguments:?} gave:\n{answer}");
    }
}

/// The list of all commands has headings, and no command is lost by them.
#[test]
fn the_commands_are_listed_in_groups() {
    let (sandbox, program) = (Sandbox::new(), command_line());
    let names: Vec<&str> = program.get_subcommands().map(Command::get_name).chain(["help"]).collect();
    for words in [&["--help"][..], &["-h"], &["help"]] {
        let found = sandbox.run(words);
        assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{words:?}: {found:#?}");
        let lines: Vec<&str> = found.stdout.lines().collect();
        let place = |line: &str| {
            let found = lines.iter().position(|found| *found == line);
            found.unwrap_or_else(|| panic!("{words:?}: expected {line:?}, found:\n{}", lines.join("\n")))
        };
        let (first, options) = (place("Serve and look:"), place("Global options:"));
        let listed = &lines[first..options];
        let titles: Vec<&str> = listed.iter().copied().filter(|line| line.ends_with(':')).collect();
        assert!(titles.contains(&"Change what is served:") && titles.len() >= 5, "{words:?}: {titles:?}");
        let commands =
            listed.iter().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
        let commands: Vec<&str> = commands.filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(commands, names, "{words:?}: each once, in the order of the parser");
        assert!(options < place("Examples:"), "{words:?}");
        assert!(!found.stdout.contains('\x1b'), "{words:?}: no colours in a pipe");
    }
}

#[test]
fn the_version_says_how_the_program_was_built() {
    let sandbox = Sandbox::new();
    let short = sandbox.run(&["--version"]).stdout;
    let text = sandbox.run(&["version"]);
    assert_eq!((text.code, text.stderr.as_str()), (Some(0), ""), "{text:#?}");
    assert!(text.stdout.starts_with(&short), "expected {short:?} first, found {text:#?}");
    let json: Value = serde_json::from_str(&sandbox.run(&["version", "--json"]).stdout).expect("JSON");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"), "{json:#}");
    let target = json["target"].as_str().expect("a target");
    assert!(
        target.starts_with(std::env::consts::ARCH)
            && text.stdout.contains(&format!("\ntarget    {target}\n")),
        "{text:#?}"
    );
    assert!(json["features"].is_array(), "{json:#}");
    if let Some(commit) = json.get("commit") {
        let commit = commit.as_str().expect("text");
        assert!(commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{json:#}");
    }
}
