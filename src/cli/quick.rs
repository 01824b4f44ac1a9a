//! Parses the commands that other programs start and wait for, without building the arguments of all the others.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Args as _, Command, Error, FromArgMatches as _, Parser as _};

use super::check::CheckArgs;
use super::global::GlobalArgs;
use super::serve::{ReloadArgs, ServeArgs};
use super::{Cli, CliCommand, plain_serve, program};

/// Parses a command line. What the small parser doesn't take as it stands, help and mistakes included, is for the whole
/// one, so that nobody sees which of them it was.
pub(crate) fn parse(line: Vec<OsString>) -> Result<Cli, Error> {
    if let [_, name, words @ ..] = &line[..]
        && name == "serve"
        && let Some(cli) = plain_serve::parse(words)
    {
        return Ok(cli);
    }
    let parsed = match line.get(1).and_then(|name| name.to_str()).and_then(command) {
        Some(command) => parse_with(command, &line).or_else(|_| Cli::try_parse_from(line)),
        None if asks_for_help(&line) => parse_with(program(), &line),
        None => Cli::try_parse_from(line),
    };
    parsed.map_err(without_password)
}

/// A mistake in a URL, without the name and password that may be in it.
fn without_password(mut mistake: Error) -> Error {
    let text = |kind| match mistake.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let value = text(ContextKind::InvalidValue);
    if !text(ContextKind::InvalidArg).contains("URL") {
        return mistake;
    }
    if let Some((before, host)) = value.rsplit_once('@') {
        let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
        let shown = ContextValue::String(format!("{scheme}***@{host}"));
        mistake.insert(ContextKind::InvalidValue, shown);
    }
    mistake
}

/// The help text of the program may be wanted, which takes more than all the rest to make.
fn asks_for_help(line: &[OsString]) -> bool {
    line.get(1).is_none_or(|word| word == "help" || word.as_encoded_bytes().starts_with(b"-"))
}

fn parse_with(command: Command, line: &[OsString]) -> Result<Cli, Error> {
    let mut matches = command.try_get_matches_from(line)?;
    Ok(Cli {
        global: GlobalArgs::from_arg_matches_mut(&mut matches)?,
        command: CliCommand::from_arg_matches_mut(&mut matches)?,
    })
}

/// The program as if it had this subcommand only.
fn command(name: &str) -> Option<Command> {
    let bare = |name: &'static str| Command::new(name).disable_help_flag(true).disable_version_flag(true);
    let subcommand = match name {
        "check" => CheckArgs::augment_args(bare("check")),
        "reload" => ReloadArgs::augment_args(bare("reload")),
        "serve" => ServeArgs::augment_args(bare("serve")),
        _ => return None,
    };
    let program = Command::new("mock-imds").disable_help_flag(true).disable_help_subcommand(true);
    Some(GlobalArgs::augment_args(program).subcommand_required(true).subcommand(subcommand))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        for line in [
            "mock-imds import ec2 i-1 --endpoint http://me:hunter2@moto:5000",
            "mock-imds import ec2 i-1 --endpoint=me:hunter2@moto:5000",
            "mock-imds import ec2 i-1 --endpoint https://me:hunt/er2@moto:5000",
            "mock-imds record http://me:hunter2@moto:5000",
        ] {
            let said = parse(words(line)).expect_err("a name is no part of it").to_string();
            assert!(
                said.contains("***@moto:5000") && !said.contains("er2"),
                "expected no password of {line:?}, found {said}\nrerun: cargo test --lib quick"
            );
        }
    }

    #[test]
    fn both_parsers_read_the_same() {
        for (line, is_quick) in [
            ("mock-imds serve", true),
            ("mock-imds serve a.toml --listen 1338 --listen [::1]:80 --watch --log-level debug", true),
            (
                "mock-imds serve --log-level=warn --scenario a.toml --state s --control c --fallback last-good",
                true,
            ),
            ("mock-imds serve --require-network --node n --node-address 10.0.0.1,10.0.0.2 --library l", true),
            ("mock-imds serve --listen 127.0.0.1:0 --ready-json --ready-fd 7 --until-stdin-closes", true),
            ("mock-imds serve --ready-fd 2", false),
            ("mock-imds check a.toml b.toml", true),
            ("mock-imds check -- --help", true),
            ("mock-imds reload --keep --json --control c", true),
            ("mock-imds --log-level debug serve", false),
            ("mock-imds serve --help", false),
            ("mock-imds serve -h", false),
            ("mock-imds serve --version", false),
            ("mock-imds serve a.toml --scenario b.toml", false),
            ("mock-imds serve --listne 1", false),
            ("mock-imds check", false),
            ("mock-imds check --log-level loud a.toml", false),
            ("mock-imds reload x", false),
            ("mock-imds help serve", false),
            ("mock-imds help srve", false),
            ("mock-imds --log-level", false),
            ("mock-imds --version", false),
            ("mock-imds status", false),
            ("mock-imds status --help", false),
            ("mock-imds status --jsno", false),
            ("mock-imds srve", false),
            ("mock-imds fault", false),
            ("mock-imds fault help", false),
            ("mock-imds import ec2", false),
            ("mock-imds spot --in x", false),
            ("mock-imds", false),
        ] {
            let line_words = words(line);
            let text = |parsed: Result<Cli, Error>| match parsed {
                Ok(cli) => format!("{cli:?}"),
                Err(error) => error.to_string(),
            };
            let quick = line_words.get(1).and_then(|name| command(name.to_str().expect("UTF-8")));
            let quick = quick.map(|command| parse_with(command, &line_words));
            assert_eq!(quick.is_some_and(|parsed| parsed.is_ok()), is_quick, "{line}");
            assert_eq!(text(parse(line_words.clone())), text(parse_with(program(), &line_words)), "{line}");
        }
    }
}
