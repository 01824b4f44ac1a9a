//! `mock-imds fault`: sends a fault, in the words of `[[fault]]`, to a running server.

use serde_json::{Map, Value, json as object};

use super::print::{print_line, print_reply_in_flags, to_json};
use crate::cli::FaultArgs;
use crate::control::ControlClient;
use crate::control::api::LiveOrder;
use crate::exit::Failure;
use crate::model::StringEnum as _;

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
    let effects = args.effects().entries().map(|(key, value)| (key.as_str().to_owned(), value));
    let several = |values: &[String]| (!values.is_empty()).then(|| object!(values));
    let text = |value: &Option<String>| value.as_ref().map(|value| object!(value));
    let others = [
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
    let others = others.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    effects.chain(others).collect::<Map<_, _>>().into()
}
