//! Help and usage: the sections that scripts look for, in words of our own.

use std::fmt::Write as _;

use super::flags::{AemmCommand, Flag, FlagKind, GLOBAL};

/// The output of `--help`.
pub(crate) fn help(command: AemmCommand) -> String {
    format!("{}\n\n{}", about(command), usage(command))
}

/// The usage line of a command, and its flags.
pub(crate) fn usage(command: AemmCommand) -> String {
    let path = command.path();
    let mut text = String::from("Usage:\n");
    let _ = writeln!(text, "  {path} [flags]");
    let below = command.all_below();
    if !below.is_empty() {
        let _ = writeln!(text, "  {path} [command]");
    }
    if !command.aliases().is_empty() {
        let _ = writeln!(text, "\nAliases:\n  {}, {}", command.name(), command.aliases().join(", "));
    }
    if let Some(example) = example(command) {
        let _ = writeln!(text, "\nExamples:\n  {example}");
    }
    if !below.is_empty() {
        text += "\nAvailable Commands:\n";
        for sub in below {
            let _ = writeln!(text, "  {:<12} {}", sub.name(), about(*sub));
        }
    }
    let mut flags = command.own_flags();
    if command == AemmCommand::Root {
        flags.extend(GLOBAL);
        flags.sort_by_key(|flag| flag.long);
        section(&mut text, "Flags", &flags);
        let _ = writeln!(text, "\nUse \"{path} [command] --help\" for more information about a command.");
    } else {
        section(&mut text, "Flags", &flags);
        section(&mut text, "Global Flags", &GLOBAL.iter().collect::<Vec<_>>());
    }
    text
}

fn section(text: &mut String, title: &str, flags: &[&Flag]) {
    let names: Vec<String> = flags.iter().map(|flag| spelled(flag)).collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    let _ = writeln!(text, "\n{title}:");
    for (name, flag) in names.iter().zip(flags) {
        let _ = writeln!(text, "  {name:<width$}   {}", flag.about);
    }
}

fn spelled(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let kind = match flag.kind {
        FlagKind::Text => " string",
        FlagKind::Integer => " int",
        FlagKind::Switch => "",
    };
    format!("{short}--{}{kind}", flag.long)
}

fn about(command: AemmCommand) -> &'static str {
    match command {
        AemmCommand::Root => {
            "mock-imds in the place of amazon-ec2-metadata-mock: serves EC2 instance metadata, and with it spot \
             interruptions, scheduled events and the target lifecycle state of an Auto Scaling group."
        }
        AemmCommand::Spot => "Serve spot interruption notices and rebalance recommendations only",
        AemmCommand::Events => "Serve scheduled maintenance events only",
        AemmCommand::AsgLifecycle => "Serve the target lifecycle state of an Auto Scaling group only",
        AemmCommand::Help => "Say how a command is used",
    }
}

fn example(command: AemmCommand) -> Option<&'static str> {
    match command {
        AemmCommand::Root => Some("ec2-metadata-mock --mock-delay-sec 10"),
        AemmCommand::Spot => Some("ec2-metadata-mock spot --action stop --imdsv2"),
        AemmCommand::Events => Some("ec2-metadata-mock events --code instance-stop --state active"),
        AemmCommand::AsgLifecycle => Some("ec2-metadata-mock asglifecycle --asg-termination-delay-sec 30"),
        AemmCommand::Help => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_flag_has_its_line() {
        let root = help(AemmCommand::Root);
        for command in AemmCommand::SUBCOMMANDS {
            assert!(root.contains(&format!("\n  {:<12} ", command.name())), "{}", command.name());
            let text = help(command);
            for flag in command.flags() {
                let name = format!("--{}", flag.long);
                assert!(text.lines().any(|line| line.split_whitespace().any(|word| word == name)), "{name}");
            }
        }
        assert!(root.contains("-v, --version"), "{root}");
        assert!(!help(AemmCommand::Spot).contains("--version"));
        assert!(help(AemmCommand::Events).contains("Aliases:\n  events, se, scheduledevents\n"));
    }
}
