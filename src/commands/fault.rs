//! `mock-imds fault`: has something go wrong in a running server, in the words of `[[fault]]`.

use serde_json::{Map, Value, json as object};

use super::print::{print_line, print_reply_in_flags, to_json};
use crate::cli::FaultArgs;
use crate::control::ControlClient;
use crate::exit::Failure;

/// Runs the subcommand.
pub(crate) fn exec(asked: &FaultArgs) -> Result<(), Failure> {
    let client = ControlClient::new(asked.control.path.as_deref());
    if asked.clear {
        let cleared = client.clear_faults()?;
        print_line(&if asked.json { to_json(&cleared) } else { cleared.message });
        return Ok(());
    }
    let outcome = client.fault(&words(asked))?;
    print_reply_in_flags(outcome, asked.json, |accepted| (&accepted.problems, &accepted.message))
}

fn words(asked: &FaultArgs) -> Value {
    let latency = asked.latency.as_ref().map(|latency| match latency.split_once("..") {
        Some((min, max)) => object!({ "min": min, "max": max }),
        None => object!(latency),
    });
    let throttle = asked.throttle.map(|per_second| {
        let then =
            asked.then.as_ref().map(|then| then.parse::<u16>().map_or_else(|_| object!(then), Value::from));
        let mut words = Map::from_iter([("per-second".to_owned(), object!(per_second))]);
        words.extend(then.map(|then| ("then".to_owned(), then)));
        Value::Object(words)
    });
    let several = |values: &[String]| (!values.is_empty()).then(|| object!(values));
    let text = |value: &Option<String>| value.as_ref().map(|value| object!(value));
    let said = [
        ("latency", latency),
        ("status", asked.status.map(Value::from)),
        ("body", text(&asked.body)),
        ("tokens", asked.tokens_lost.then(|| object!("lost"))),
        ("clock-skew", text(&asked.clock_skew)),
        ("reset", asked.reset.then_some(Value::Bool(true))),
        ("hang", asked.hang.then_some(Value::Bool(true))),
        ("throttle", throttle),
        ("path", text(&asked.path)),
        ("methods", several(&asked.method)),
        ("clients", several(&asked.client)),
        ("count", asked.count.map(Value::from)),
        ("probability", asked.probability.map(Value::from)),
        ("seed", asked.seed.map(Value::from)),
        ("for", text(&asked.lasts)),
        ("in", text(&asked.within)),
        ("from", text(&asked.at)),
        ("instance", text(&asked.instance)),
    ];
    said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>().into()
}
