//! `mock-imds fault`: sends a fault, in the words of `[[fault]]`, to a running server.

use serde_json::{Map, Value, json as object};

use super::print::{print_line, print_reply_in_flags, to_json};
use crate::cli::FaultArgs;
use crate::control::ControlClient;
use crate::control::api::LiveOrder;
use crate::exit::Failure;

pub(crate) fn exec(args: &FaultArgs) -> Result<(), Failure> {
    let client = ControlClient::new(args.control.path.as_deref());
    if args.clear {
        let cleared = client.clear_faults()?;
        print_line(&if args.json { to_json(&cleared) } else { cleared.message });
        return Ok(());
    }
    let outcome = client.add(&LiveOrder::Fault(words(args)));
    print_reply_in_flags(outcome, args.json)
}

fn words(args: &FaultArgs) -> Value {
    let latency = args.latency.as_ref().map(|latency| match latency.split_once("..") {
        Some((min, max)) => object!({ "min": min, "max": max }),
        None => object!(latency),
    });
    let throttle = args.throttle.map(|per_second| {
        let then =
            args.then.as_ref().map(|then| then.parse::<u16>().map_or_else(|_| object!(then), Value::from));
        let mut words = Map::from_iter([("per-second".to_owned(), object!(per_second))]);
        words.extend(then.map(|then| ("then".to_owned(), then)));
        Value::Object(words)
    });
    let several = |values: &[String]| (!values.is_empty()).then(|| object!(values));
    let text = |value: &Option<String>| value.as_ref().map(|value| object!(value));
    let words = [
        ("latency", latency),
        ("status", args.status.map(Value::from)),
        ("body", text(&args.body)),
        ("tokens", args.tokens_lost.then(|| object!("lost"))),
        ("clock-skew", text(&args.clock_skew)),
        ("reset", args.reset.then_some(Value::Bool(true))),
        ("hang", args.hang.then_some(Value::Bool(true))),
        ("throttle", throttle),
        ("path", text(&args.path)),
        ("methods", several(&args.method)),
        ("clients", several(&args.client)),
        ("count", args.count.map(Value::from)),
        ("probability", args.probability.map(Value::from)),
        ("seed", args.seed.map(Value::from)),
        ("for", text(&args.lasts)),
        ("in", text(&args.within)),
        ("from", text(&args.at)),
        ("instance", text(&args.instance)),
    ];
    words.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>().into()
}
