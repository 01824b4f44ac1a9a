//! `mock-imds import ec2 ID`: a scenario of what an EC2 API says of an instance.

use std::time::Duration;

use super::event_loop;
use super::output;
use super::print::warn;
use super::progress::while_working;
use super::transcript::{self, TranscriptSource};
use crate::cli::ImportEc2Args;
use crate::clock::now;
use crate::ec2_api::{Answer, ApiKeys, DescribeRequest, describe};
use crate::exit::{ExitStatus, Failure};
use crate::files;
use crate::model::{Secret, format_duration};
use crate::transcribe::SecretsPolicy;
use crate::transcribe::shapes::{self, Reading, Unread};

const DEFAULT_REGION: &str = "us-east-1";
/// The time to read an answer that is there.
const READ_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn exec(args: &ImportEc2Args) -> Result<(), Failure> {
    exec_with(args, |name| usable(&std::env::var(name).ok()?))
}

/// A variable without the blanks and line ends that a file of keys leaves around it; None if nothing is left.
fn usable(value: &str) -> Option<String> {
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn exec_with(args: &ImportEc2Args, variable: impl Fn(&str) -> Option<String>) -> Result<(), Failure> {
    output::check_writable(&args.output)?;
    let region = args.region.clone().or_else(|| variable("AWS_REGION"));
    let region = region.or_else(|| variable("AWS_DEFAULT_REGION"));
    let request = DescribeRequest {
        instance: args.instance.clone(),
        region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        keys: if args.no_sign_request { None } else { Some(keys(variable)?) },
    };
    warn(&format!("asking {} for {} in {}", args.endpoint, request.instance, request.region));
    let of_endpoint =
        |failure: Failure| Failure::new(failure.status, format!("{} {}", args.endpoint, failure.message));
    let answer = event_loop::run(describe(&args.endpoint, &request, now()))?.map_err(of_endpoint)?;
    let instance = request.instance.clone();
    let reading = read_within(READ_LIMIT, move || read(&answer, &instance)).map_err(of_endpoint)?;
    let mut observations = reading.observations;
    observations.add_region_asked_for(&request.region);
    let origin = TranscriptSource {
        line: format!(
            "Written by `mock-imds import ec2` from {} of {} at {}.",
            request.instance,
            args.endpoint,
            now().rfc3339()
        ),
        subject: format!("{} cannot be imported", request.instance),
        accepted: "an instance that DescribeInstances shows",
        silent: ExitStatus::Unavailable,
    };
    transcript::write(observations, &origin, &args.output)
}

/// Reads within a limit. A reader that takes longer is left behind, and ends with the process.
fn read_within<T: Send + 'static>(
    limit: Duration,
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let late = || {
        format!(
            "gives an answer that cannot be read within {}; check that --endpoint names an EC2 API",
            format_duration(limit)
        )
    };
    while_working(|| "reading the answer".to_owned(), || files::within(limit, read))
        .unwrap_or_else(|| Err(Failure::new(ExitStatus::Unavailable, late())))
}

/// The keys of the environment.
fn keys(variable: impl Fn(&str) -> Option<String>) -> Result<ApiKeys, Failure> {
    let needed = |name: &str| {
        let missing = format!(
            "{name} is not set; set it, to anything for an emulator that checks no keys, or use --no-sign-request"
        );
        variable(name).ok_or_else(|| Failure::new(ExitStatus::Config, missing))
    };
    Ok(ApiKeys {
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: Secret::new(needed("AWS_SECRET_ACCESS_KEY")?),
        session_token: variable("AWS_SESSION_TOKEN").map(Secret::new),
    })
}

/// The instance in an answer. Failures are predicates of the endpoint.
fn read(answer: &Answer, instance: &str) -> Result<Reading, Failure> {
    let Answer { status, body } = answer;
    if *status != 200 {
        let said = std::str::from_utf8(body).ok().and_then(shapes::ec2_error);
        let said = said.map_or_else(|| "it says no error of EC2's".to_owned(), |error| shown(&error));
        return Err(Failure::new(ExitStatus::Unavailable, format!("answers {status}: {said}")));
    }
    if !std::str::from_utf8(body).is_ok_and(shapes::is_ec2_answer) {
        let found = "gives no answer to DescribeInstances: it is no XML of EC2's; check that --endpoint names an EC2 API";
        return Err(Failure::new(ExitStatus::Unavailable, found));
    }
    let policy = SecretsPolicy::default();
    shapes::read_instance(body, policy, Some(instance)).map_err(|unread| {
        let found = match unread {
            Unread::NoInstance(found) | Unread::Other(found) => shown(&found),
            Unread::NoList => format!("it shows no {}", shown(instance)),
            Unread::Aemm => "it is of another kind".to_owned(),
        };
        Failure::new(
            ExitStatus::Unavailable,
            format!("gives no answer to DescribeInstances that can be read: {found}"),
        )
    })
}

/// What an API says may move the cursor of whoever reads it.
fn shown(text: &str) -> String {
    const LONGEST: usize = 300;
    text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn answers_without_the_instance_get_a_sentence() {
        let error = "<Response><Errors><Error><Code>AuthFailure</Code><Message>no\u{9b} key</Message></Error></Errors></Response>";
        let empty = "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>";
        let other = "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-2</instanceId></item>\
                     </instancesSet></item></reservationSet></DescribeInstancesResponse>";
        for (status, body, expected) in [
            (401, error, "answers 401: AuthFailure: no\u{fffd} key"),
            (503, "busy", "answers 503: it says no error of EC2's"),
            (200, error, "it is an error of the API: AuthFailure"),
            (200, empty, "it shows no i-1"),
            (200, other, "it has no instance i-1; accepted: i-2"),
            (200, "<html></html>", "it is no XML of EC2's"),
            (200, "\u{feff}{}", "it is no XML of EC2's"),
        ] {
            let found = read(&Answer { status, body: body.into() }, "i-1").expect_err("there is no i-1");
            assert!(
                found.status == ExitStatus::Unavailable && found.message.contains(expected),
                "expected {expected:?}, found {found:?}\nrerun: cargo test --lib import_ec2"
            );
        }
    }

    #[test]
    fn an_answer_that_cannot_be_read_in_time_is_given_up() {
        let (_keep, never) = mpsc::channel::<()>();
        let found = read_within(Duration::from_millis(5), move || Ok(never.recv().is_ok()));
        let failure = found.expect_err("it never ends");
        assert!(
            failure.status == ExitStatus::Unavailable && failure.message.contains("cannot be read within"),
            "{failure}"
        );
        assert_eq!(read_within(READ_LIMIT, || Ok(7)).expect("it ends"), 7);
    }

    #[test]
    fn blanks_around_a_variable_are_no_part_of_it() {
        assert_eq!(usable(" AKIA\r\n").as_deref(), Some("AKIA"));
        assert_eq!(usable(" \n"), None);
    }

    #[test]
    fn keys_are_those_of_the_environment() {
        let all = |name: &str| Some(format!("a {name}"));
        let found = keys(all).expect("they are there");
        assert_eq!(found.secret_access_key.reveal(), "a AWS_SECRET_ACCESS_KEY");
        assert_eq!(
            found.session_token.map(|token| token.reveal().to_owned()).as_deref(),
            Some("a AWS_SESSION_TOKEN")
        );
        for missing in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let failure = keys(|name| all(name).filter(|_| name != missing)).expect_err("one is missing");
            assert!(failure.message.starts_with(&format!("{missing} is not set; ")), "{failure}");
        }
        assert!(keys(|name| all(name).filter(|_| name != "AWS_SESSION_TOKEN")).is_ok());
    }
}
