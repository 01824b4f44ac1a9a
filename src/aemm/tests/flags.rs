//! The command line and its help.

use super::*;
use crate::aemm::flags::AemmCommand;

#[test]
fn help_says_what_a_command_is_for_and_gives_an_example() {
    let commands = AemmCommand::SUBCOMMANDS.into_iter().chain([AemmCommand::Root]);
    for (command, about) in commands.map(|command| (command, help(command))) {
        let name = command.path();
        let (first, rest) = about.split_once("\n\nUsage:\n").expect("it has a usage");
        assert!(first.contains(' ') && !first.contains('\n'), "{name}: {first}");
        assert!(rest.starts_with(&format!("  {name} [flags]\n")), "{name}: {rest}");
        let example = rest.split_once("\nExamples:\n  ").and_then(|(_, rest)| rest.lines().next());
        if command == AemmCommand::Help {
            assert_eq!(example, None);
            continue;
        }
        let words: Vec<String> =
            example.expect("it has an example").split(' ').skip(1).map(str::to_owned).collect();
        assert!(parse(&words).is_ok_and(|said| said != Invocation::Help(command)), "{name}: {words:?}");
        assert!(
            example.is_some_and(|example| example.starts_with(&format!("{name} "))),
            "{name}: {example:?}"
        );
    }
    let root = help(AemmCommand::Root);
    assert!(
        root.contains("\nUsage:\n  ec2-metadata-mock [flags]\n  ec2-metadata-mock [command]\n"),
        "{root}"
    );
    for (command, about) in [
        (AemmCommand::Spot, "Serve spot interruption notices and rebalance recommendations only"),
        (AemmCommand::Events, "Serve scheduled maintenance events only"),
        (AemmCommand::AsgLifecycle, "Serve the target lifecycle state of an Auto Scaling group only"),
    ] {
        assert!(help(command).starts_with(about), "{}", help(command));
        assert!(root.contains(about), "{root}");
    }
}

#[test]
fn a_dash_alone_is_a_word_and_a_short_flag_has_its_value_beside_it() {
    let parse = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match parse(&words) {
            Ok(Invocation::Run(parsed)) => (parsed.command, parsed.words),
            other => panic!("{line}: expected a command, found {other:?}"),
        }
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(parse("spot -"), (AemmCommand::Spot, words(&["-"])));
    assert_eq!(parse("- spot"), (AemmCommand::Spot, words(&["-"])));
    assert_eq!(parse("-p80 spot"), (AemmCommand::Spot, vec![]));
    assert_eq!(parse("-p 80 spot"), (AemmCommand::Spot, vec![]));
    assert_eq!(parse("-I spot"), (AemmCommand::Spot, vec![]));
}
