//! What a starter file says of the instance. Pure.

use std::path::Path;

use crate::cli::InitArgs;
use crate::config::{Report, SourceText};
use crate::exit::{ExitStatus, Failure};
use crate::scenario;

/// A key of the starter file that options and answers set.
#[derive(Debug)]
pub(super) struct StarterKey {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) question: &'static str,
    /// The default, as the built-in instance has it.
    pub(super) default: &'static str,
    option: fn(&InitArgs) -> Option<&String>,
}

/// In the order of the file.
pub(super) const KEYS: [StarterKey; 5] = [
    StarterKey {
        table: "instance",
        name: "instance-type",
        question: "Instance type",
        default: "m5.xlarge",
        option: |init| init.instance_type.as_ref(),
    },
    StarterKey {
        table: "instance",
        name: "availability-zone",
        question: "Availability zone",
        default: "us-east-1a",
        option: |init| init.availability_zone.as_ref(),
    },
    StarterKey {
        table: "instance",
        name: "account-id",
        question: "Account id",
        default: "123456789012",
        option: |init| init.account_id.as_ref(),
    },
    StarterKey {
        table: "metadata-options",
        name: "http-tokens",
        question: "Session tokens (IMDSv2), optional or required",
        default: "optional",
        option: |init| init.http_tokens.as_ref(),
    },
    StarterKey {
        table: "credentials",
        name: "role",
        question: "Role whose credentials programs get",
        default: "dev-role",
        option: |init| init.role.as_ref(),
    },
];

/// The values that differ from the built-in instance's.
#[derive(Debug, Default)]
pub(super) struct StarterFacts(Vec<(&'static StarterKey, String)>);

impl StarterFacts {
    /// Fails with the report of an option that the scenario would be rejected for.
    pub(super) fn of_options(init: &InitArgs) -> Result<Self, Failure> {
        let mut facts = Self::default();
        for key in &KEYS {
            let Some(value) = (key.option)(init) else { continue };
            key.check(value).map_err(|report| {
                let problem = Problems(&report);
                Failure::new(ExitStatus::Usage, format!("--{} {value:?}: {problem}", key.name))
            })?;
            facts.add(key, value);
        }
        Ok(facts)
    }

    pub(super) fn add(&mut self, key: &'static StarterKey, value: &str) {
        self.0.push((key, value.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The starter file with these values: their lines, and those of their tables, are no comments any more.
    pub(super) fn written_into(&self, starter: &str) -> String {
        let mut table = "";
        let line = |line: &'_ str| {
            if let Some(name) = line.strip_prefix("#[").and_then(|rest| rest.strip_suffix(']')) {
                table = KEYS.iter().map(|key| key.table).find(|known| *known == name).unwrap_or_default();
                let is_set = self.0.iter().any(|(key, _)| key.table == name);
                return if is_set { format!("[{name}]") } else { line.to_owned() };
            }
            let is_line_of = |key: &StarterKey| {
                key.table == table
                    && line
                        .strip_prefix('#')
                        .is_some_and(|rest| rest.starts_with(&format!("{} = ", key.name)))
            };
            match self.0.iter().find(|(key, _)| is_line_of(key)) {
                Some((key, value)) => key.line(value),
                None => line.to_owned(),
            }
        };
        let lines: Vec<String> = starter.lines().map(line).collect();
        lines.join("\n") + "\n"
    }
}

impl StarterKey {
    /// The report about a value, if a scenario with it would be rejected, or warned of.
    pub(super) fn check(&self, value: &str) -> Result<(), Report> {
        let source = SourceText::new("scenario.toml", format!("[{}]\n{}\n", self.table, self.line(value)));
        scenario::read(&source, Path::new("/"))
            .and_then(|(_, warnings)| if warnings.problems.is_empty() { Ok(()) } else { Err(warnings) })
    }

    fn line(&self, value: &str) -> String {
        format!("{} = {}", self.name, toml::Value::from(value))
    }
}

/// The problems of a value, and what is accepted.
pub(super) struct Problems<'r>(pub(super) &'r Report);

impl std::fmt::Display for Problems<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let problems = self.0.problems.iter();
        let words = problems.map(|problem| {
            let help: Vec<&str> = problem.help.iter().map(String::as_str).collect();
            format!("{}\n  {}", problem.found, help.join("\n  "))
        });
        f.write_str(&words.collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::init::SCENARIO;

    #[test]
    fn defaults_are_those_of_the_built_in_instance() {
        let default: toml::Table =
            include_str!("../../../packaging/scenarios/default.toml").parse().expect("it is TOML");
        for key in &KEYS {
            assert_eq!(default[key.table][key.name].as_str(), Some(key.default), "{key:?}");
        }
    }

    #[test]
    fn each_value_is_a_line_of_the_starter_file() {
        let mut facts = StarterFacts::default();
        assert_eq!(facts.written_into(SCENARIO), SCENARIO);
        let values = ["c7g.large", "eu-west-1b", "210987654321", "required", "web-role"];
        for (key, value) in KEYS.iter().zip(values) {
            facts.add(key, value);
            let written: toml::Table = facts.written_into(SCENARIO).parse().expect("it is TOML");
            assert_eq!(written[key.table][key.name].as_str(), Some(value), "{key:?}");
        }
        let (before, after) = (SCENARIO.lines().count(), facts.written_into(SCENARIO).lines().count());
        assert_eq!(before, after, "comments stay");
    }

    #[test]
    fn a_value_is_judged_as_the_scenario_would_be() {
        for (key, good, bad) in [
            (&KEYS[0], "c7g.large", "c7g large"),
            (&KEYS[1], "eu-west-1b", "us-esat-1a"),
            (&KEYS[2], "210987654321", "12"),
            (&KEYS[3], "required", "Required"),
            (&KEYS[4], "web-role", "a \"role\""),
        ] {
            assert!(key.check(good).is_ok(), "{good}");
            assert!(key.check(bad).is_err(), "{bad}");
        }
    }
}
