//! Names that others give the program.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use support::finish;

fn named(name: &str, variable: Option<&str>, arguments: &[&str]) -> support::Outcome {
    let mut command = Command::new(support::program());
    command.arg0(name).args(arguments).env_remove("MOCK_IMDS_AS");
    if let Some(value) = variable {
        command.env("MOCK_IMDS_AS", value);
    }
    finish(&mut command)
}

#[test]
fn a_variable_makes_any_name_good() {
    for (name, variable) in
        [("ec2-metadata-mock-linux-amd64", None), ("imds-mock", Some("aemm")), ("mock-imds", Some("aemm"))]
    {
        let found = named(name, variable, &["--version"]);
        assert_eq!(
            (found.code, found.stdout.trim()),
            (Some(0), "v1.13.0"),
            "{name}, {variable:?}: {found:#?}"
        );
    }
    named("imds-mock", Some("ec2"), &["--version"])
        .ended(64, &["MOCK_IMDS_AS is \"ec2\"; accepted: \"aemm\""]);
}

#[test]
fn another_name_gets_a_hint_with_the_error() {
    let hint = "called imds-mock: with MOCK_IMDS_AS=aemm in the environment, or as `mock-imds aemm`";
    named("/usr/bin/imds-mock", None, &["--config-file", "x.json"]).ended(64, &["--config-file", hint]);
    let own = named("mock-imds", None, &["--config-file", "x.json"]);
    assert!(own.code == Some(64) && !own.stderr.contains("MOCK_IMDS_AS"), "{own:#?}");
}
