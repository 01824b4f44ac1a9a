//! `mock-imds serve` as programs and units call it, without a command line parser: it would take a tenth of a start.
//!
//! Only lines are read here whose meaning is plain. Whatever is not, mistakes included, is for the whole parser.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum as _;

use super::global::GlobalArgs;
use super::parsers::{endpoint_address, inherited_descriptor};
use super::serve::{FallbackArg, ServeArgs};
use super::{Cli, CliCommand};
use crate::observe::Level;

/// Variables that stand for options.
const VARIABLES: [&str; 3] = ["MOCK_IMDS_LOG", "MOCK_IMDS_NODE", "MOCK_IMDS_NODE_ADDRESSES"];

/// What the words after `serve` ask for; `None` if that is for the whole parser.
pub(super) fn parse(words: &[OsString]) -> Option<Cli> {
    if VARIABLES.into_iter().any(|name| env::var_os(name).is_some()) {
        return None;
    }
    let mut line = PlainLine::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let word = word.to_str()?;
        let Some(option) = word.strip_prefix("--") else {
            line.take_file(word)?;
            continue;
        };
        if line.set_flag(option).is_some() {
            continue;
        }
        let (name, value) = match option.split_once('=') {
            Some(both) => both,
            None => (option, words.next()?.to_str().filter(|value| !value.starts_with('-'))?),
        };
        line.set_value(name, value).filter(|()| !value.is_empty())?;
    }
    line.into_cli()
}

/// What is read so far.
#[derive(Default)]
struct PlainLine {
    serve: ServeArgs,
    log_level: Option<Level>,
}

impl PlainLine {
    /// The one word that is no option.
    fn take_file(&mut self, word: &str) -> Option<()> {
        let is_file = !word.is_empty() && !word.starts_with('-');
        is_file.then(|| set(&mut self.serve.file, PathBuf::from(word))).flatten()
    }

    /// Sets an option without a value that is not set yet.
    fn set_flag(&mut self, name: &str) -> Option<()> {
        let serve = &mut self.serve;
        let flag = match name {
            "quiet" => &mut serve.quiet,
            "watch" => &mut serve.watch,
            "require-network" => &mut serve.require_network,
            "ready-json" => &mut serve.ready_json,
            "until-stdin-closes" => &mut serve.until_stdin_closes,
            _ => return None,
        };
        (!std::mem::replace(flag, true)).then_some(())
    }

    /// Sets an option that has a value, and is not set yet or may be repeated.
    fn set_value(&mut self, name: &str, value: &str) -> Option<()> {
        let serve = &mut self.serve;
        match name {
            "scenario" => set(&mut serve.scenario, value.into()),
            "control" => set(&mut serve.control, value.into()),
            "state" => set(&mut serve.state, value.into()),
            "library" => set(&mut serve.library, value.into()),
            "ready-fd" => set(&mut serve.ready_fd, inherited_descriptor(value).ok()?),
            "fallback" => set(&mut serve.fallback, FallbackArg::from_str(value, false).ok()?),
            "log-level" => set(&mut self.log_level, Level::from_str(value, false).ok()?),
            "listen" => {
                serve.listen.push(endpoint_address(value).ok()?);
                Some(())
            }
            _ => None,
        }
    }

    fn into_cli(self) -> Option<Cli> {
        let Self { serve, log_level } = self;
        if serve.scenario.is_some() && serve.file.is_some() {
            return None;
        }
        let global = GlobalArgs { log_level: log_level.unwrap_or_default() };
        Some(Cli { global, command: CliCommand::Serve(serve) })
    }
}

/// Sets what is not set yet.
fn set<T>(option: &mut Option<T>, value: T) -> Option<()> {
    option.replace(value).is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn lines_of_units_and_kits_are_plain() {
        for line in [
            "--listen 127.0.0.1:0 --state s --control c --ready-json --ready-fd 7 --until-stdin-closes",
            "--require-network --fallback last-good --watch --quiet --log-level=debug",
            "a.toml --listen=ecs=127.0.0.1:1 --listen 1338 --library l",
            "--scenario a.toml",
        ] {
            assert!(parse(&words(line)).is_some(), "serve {line}");
        }
        for line in
            ["--help", "-q", "--quiet --quiet", "a b", "--scenario a b", "--listen x", "--state", "--", "-"]
        {
            assert!(parse(&words(line)).is_none(), "serve {line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_plain_means_what_it_means_to_the_whole_parser(
            line in proptest::collection::vec(word(), 0..6),
        ) {
            let Some(plain) = parse(&line) else { return Ok(()) };
            let whole = ["mock-imds", "serve"].map(OsString::from).into_iter().chain(line);
            let whole = Cli::try_parse_from(whole).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(format!("{plain:?}"), format!("{whole:?}"));
        }
    }

    /// A word that a line for `serve` may have, or one that is near to it.
    fn word() -> impl Strategy<Value = OsString> {
        let options = prop::sample::select(vec![
            "scenario",
            "listen",
            "control",
            "state",
            "quiet",
            "watch",
            "fallback",
            "require-network",
            "node",
            "node-address",
            "ready-json",
            "ready-fd",
            "until-stdin-closes",
            "library",
            "log-level",
            "scen",
            "help",
            "",
        ]);
        let values = prop::sample::select(vec![
            "a",
            "b.toml",
            "",
            "-",
            "-q",
            "--",
            "help",
            "serve",
            "3",
            "2",
            ":1338",
            "127.0.0.1:0",
            "[::1]:80",
            "ecs=1",
            "ecs=",
            "debug",
            "DEBUG",
            "last-good",
            "last",
            "true",
            "a=b",
            " ",
            "1,2",
        ]);
        let both = (options.clone(), values.clone());
        prop_oneof![
            3 => options.prop_map(|name| format!("--{name}")),
            3 => values.prop_map(str::to_owned),
            1 => both.prop_map(|(name, value)| format!("--{name}={value}")),
        ]
        .prop_map(OsString::from)
    }
}
