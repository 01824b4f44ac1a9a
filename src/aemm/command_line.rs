//! The command line, read as the original's parser reads it: GNU flags, anywhere among the words.
//!
//! | written | means |
//! |---|---|
//! | `--flag value`, `--flag=value` | a value |
//! | `-f value`, `-fvalue`, `-f=value` | the same by its shorthand |
//! | `--switch`, `--switch=false`, `-s`, `-s=0` | a switch; its value only after `=` |
//! | `-Isw`, `spot -Ip 80` | shorthands in a bundle, the last may take a value: in the same word, or after a command in the next |
//! | `--` | only words from here on |
//!
//! The subcommand is the first word that is no flag's value.

use std::collections::BTreeMap;

use serde_json::Value;

use super::flags::{AemmCommand, Flag, FlagKind};
use super::go;

/// A command line that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Invocation {
    /// `--help` of a command.
    Help(AemmCommand),
    Version,
    /// A command to run, with these flags and words.
    Run(ParsedCommand),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParsedCommand {
    pub command: AemmCommand,
    /// The flags that were given, by their long names.
    pub flags: BTreeMap<&'static str, Value>,
    /// The words that are no flags.
    pub words: Vec<String>,
}

/// Why a command line was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    /// The command whose usage helps; `None`: there is no such command.
    pub command: Option<AemmCommand>,
    pub message: String,
}

/// Reads the words after the program's name.
pub(crate) fn parse(words: &[String]) -> Result<Invocation, Misread> {
    let (command, rest) = find(AemmCommand::Root, words.to_vec());
    if command == AemmCommand::Root
        && let Some(word) = bare(&rest, command).first()
    {
        return Err(Misread { command: None, message: unknown_command(word) });
    }
    let mut parser = Parser { command, flags: BTreeMap::new(), words: vec![] };
    parser.read(&rest).map_err(|message| Misread { command: Some(command), message })?;
    let Parser { mut flags, words, .. } = parser;
    let mut on = |name| flags.remove(name) == Some(Value::Bool(true));
    let (help, version) = (on("help"), on("version"));
    Ok(match command {
        _ if help => Invocation::Help(command),
        _ if version => Invocation::Version,
        _ => Invocation::Run(ParsedCommand { command, flags, words }),
    })
}

/// Follows the words to a command, and gives the words that are left for it.
fn find(command: AemmCommand, words: Vec<String>) -> (AemmCommand, Vec<String>) {
    let places = bare_places(&words, command);
    let next = places.first().and_then(|place| Some((*place, command.below(&words[*place])?)));
    match next {
        Some((place, next)) => {
            let mut rest = words;
            rest.remove(place);
            find(next, rest)
        }
        None => (command, words),
    }
}

fn bare(words: &[String], command: AemmCommand) -> Vec<String> {
    bare_places(words, command).into_iter().map(|place| words[place].clone()).collect()
}

/// Positions of the words that are neither flags nor their values. A flag that the command does not know counts as
/// one that takes a value.
fn bare_places(words: &[String], command: AemmCommand) -> Vec<usize> {
    let switch = |flag: Option<&Flag>| flag.is_some_and(|flag| flag.kind == FlagKind::Switch);
    let mut places = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let takes_next = match word.strip_prefix("--") {
            Some("") => break,
            Some(long) if !long.contains('=') => !switch(command.flags().find(|flag| flag.long == long)),
            Some(_) => false,
            None => match word.strip_prefix('-').map(|rest| rest.chars().collect::<Vec<_>>()) {
                Some(short) if short.len() == 1 && short[0] != '=' => {
                    !switch(command.flags().find(|flag| flag.short == Some(short[0])))
                }
                Some(_) => false,
                None => {
                    if !word.is_empty() {
                        places.push(index);
                    }
                    false
                }
            },
        };
        index += if takes_next { 2 } else { 1 };
    }
    places
}

struct Parser {
    command: AemmCommand,
    flags: BTreeMap<&'static str, Value>,
    words: Vec<String>,
}

impl Parser {
    fn read(&mut self, words: &[String]) -> Result<(), String> {
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.strip_prefix('-') {
                Some("-") => {
                    self.words.extend(rest.cloned());
                    return Ok(());
                }
                Some(flag) if flag.starts_with('-') => self.long(word, &flag[1..], &mut rest)?,
                Some(shorts) if !shorts.is_empty() => self.bundle(shorts, &mut rest)?,
                _ => self.words.push(word.clone()),
            }
        }
        Ok(())
    }

    fn long<'w>(
        &mut self,
        word: &str,
        text: &str,
        rest: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), String> {
        if text.starts_with(['-', '=']) {
            return Err(format!("bad flag syntax: {word}"));
        }
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let flag = self
            .command
            .flags()
            .find(|flag| flag.long == name)
            .ok_or_else(|| format!("unknown flag: --{name}"))?;
        let value = match (value, flag.kind) {
            (Some(value), _) => value,
            (None, FlagKind::Switch) => "true",
            (None, _) => rest.next().ok_or_else(|| format!("flag needs an argument: {word}"))?,
        };
        self.set(flag, value)
    }

    fn bundle<'w>(
        &mut self,
        shorts: &str,
        rest: &mut impl Iterator<Item = &'w String>,
    ) -> Result<(), String> {
        let mut left = shorts;
        while let Some(short) = left.chars().next() {
            let after = &left[short.len_utf8()..];
            let flag = self
                .command
                .flags()
                .find(|flag| flag.short == Some(short))
                .ok_or_else(|| format!("unknown shorthand flag: {short:?} in -{left}"))?;
            let said = after.strip_prefix('=').filter(|value| !value.is_empty());
            match (said, flag.kind) {
                (Some(value), _) => return self.set(flag, value),
                (None, FlagKind::Switch) => self.set(flag, "true")?,
                (None, _) if !after.is_empty() => return self.set(flag, after),
                (None, _) => {
                    let needs = || format!("flag needs an argument: {short:?} in -{left}");
                    return self.set(flag, rest.next().ok_or_else(needs)?);
                }
            }
            left = after;
        }
        Ok(())
    }

    fn set(&mut self, flag: &'static Flag, text: &str) -> Result<(), String> {
        let value = match flag.kind {
            FlagKind::Text => Ok(Value::from(text)),
            FlagKind::Integer => go::parse_int(text).map(Value::from).ok_or(go::INTEGER),
            FlagKind::Switch => go::parse_bool(text).map(Value::from).ok_or(go::BOOLEAN),
        };
        let value = value.map_err(|accepted| {
            let short = flag.short.map(|short| format!("-{short}, ")).unwrap_or_default();
            format!("invalid argument {text:?} for \"{short}--{}\" flag: it must be {accepted}", flag.long)
        })?;
        self.flags.insert(flag.long, value);
        Ok(())
    }
}

/// A word that is close to a command is taken for a slip.
fn unknown_command(word: &str) -> String {
    let lower = word.to_lowercase();
    let close = |name: &&str| strsim::levenshtein(&lower, name) <= 2 || name.starts_with(&lower);
    let names = AemmCommand::SUBCOMMANDS.map(AemmCommand::name);
    // Help is no answer to a slip.
    let meant: Vec<&str> =
        names.into_iter().filter(|name| *name != "help").filter(|name| close(name)).collect();
    let mut message = format!("unknown command {word:?} for \"{}\"", AemmCommand::Root.name());
    if !meant.is_empty() {
        message += "\n\nDid you mean this?";
        for name in meant {
            message += "\n\t";
            message += name;
        }
        message.push('\n');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> ParsedCommand {
        let words: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        match parse(&words) {
            Ok(Invocation::Run(run)) => run,
            other => panic!("{line}: expected something to run, found {other:?}"),
        }
    }

    fn flags(line: &str) -> Vec<String> {
        run(line).flags.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    fn misread(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        parse(&words).expect_err("expected an error").message
    }

    #[test]
    fn every_spelling_of_a_flag_is_read() {
        for line in ["-p 80", "-p80", "-p=80", "--port 80", "--port=80"] {
            assert_eq!(flags(line), ["port=\"80\""], "{line}");
        }
        for line in ["-I", "--imdsv2", "--imdsv2=true", "-I=t", "--imdsv2=1", "-I=TRUE"] {
            assert_eq!(flags(line), ["imdsv2=true"], "{line}");
        }
        for line in ["-I=false", "--imdsv2=f", "-I=0"] {
            assert_eq!(flags(line), ["imdsv2=false"], "{line}");
        }
        assert_eq!(flags("-Isw"), ["imdsv2=true", "save-config-to-file=true", "watch-config-file=true"]);
        assert_eq!(flags("-Ip80"), ["imdsv2=true", "port=\"80\""]);
        assert_eq!(flags("--mock-ip-count=-1"), ["mock-ip-count=-1"]);
        assert_eq!(flags("-x=1"), ["mock-ip-count=1"]);
        assert_eq!(flags("-x -1"), ["mock-ip-count=-1"]);
        assert_eq!(flags("-d 0x10"), ["mock-delay-sec=16"]);
    }

    #[test]
    fn flags_stand_anywhere_and_mean_what_the_command_says() {
        assert_eq!(run("-p 80 spot --imdsv2").command, AemmCommand::Spot);
        assert_eq!(flags("-a stop spot -t now"), ["action=\"stop\"", "time=\"now\""]);
        assert_eq!(flags("se -a later -t active"), ["not-after=\"later\"", "state=\"active\""]);
        for (word, command) in [
            ("se", AemmCommand::Events),
            ("scheduledevents", AemmCommand::Events),
            ("asg", AemmCommand::AsgLifecycle),
            ("autoscaling", AemmCommand::AsgLifecycle),
        ] {
            assert_eq!(run(word).command, command, "{word}");
        }
        let extra = run("spot one -I two");
        assert_eq!((extra.words, extra.flags.len()), (vec!["one".to_owned(), "two".to_owned()], 1));
        // A switch takes no separate value: the word stands alone.
        assert_eq!(run("spot --imdsv2 false").words, ["false"]);
        assert_eq!(run("-- spot -I").words, ["spot", "-I"]);
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_original() {
        let cases = [
            ("--nosuch", "unknown flag: --nosuch"),
            ("spot -Iz", "unknown shorthand flag: 'z' in -z"),
            ("spot -v", "unknown shorthand flag: 'v' in -v"),
            ("--port", "flag needs an argument: --port"),
            ("-p", "flag needs an argument: 'p' in -p"),
            ("---x", "bad flag syntax: ---x"),
            ("--=x", "bad flag syntax: --=x"),
            (
                "-x two",
                "invalid argument \"two\" for \"-x, --mock-ip-count\" flag: it must be a whole number of 64 bits",
            ),
            (
                "--rebalance-delay-sec=99999999999999999999",
                "invalid argument \"99999999999999999999\" for \"--rebalance-delay-sec\" flag: it must be a whole number of 64 bits",
            ),
            ("-I=maybe", "invalid argument \"maybe\" for \"-I, --imdsv2\" flag: it must be true or false"),
            ("start", "unknown command \"start\" for \"ec2-metadata-mock\""),
            ("spt", "unknown command \"spt\" for \"ec2-metadata-mock\"\n\nDid you mean this?\n\tspot\n"),
        ];
        for (line, expected) in cases {
            assert_eq!(misread(line), expected, "{line}");
        }
    }

    #[test]
    fn help_and_version_are_asked_for_by_flags() {
        let asked = |line: &str| parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap();
        assert_eq!(asked("spot --help"), Invocation::Help(AemmCommand::Spot));
        assert_eq!(asked("-h"), Invocation::Help(AemmCommand::Root));
        assert_eq!(asked("-v"), Invocation::Version);
    }
}
