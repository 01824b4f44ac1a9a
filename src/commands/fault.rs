//! `mock-imds fault`: has something go wrong in a running server, in the words of `[[fault]]`.

use serde_json::{Map, Value, json as object};

use super::print::{print_line, print_reply_in_flags, to_json};
use crate::cli::FaultArgs;
use crate::control::ControlClient;
use crate::exit::Failure;
use crate::model::StringEnum as _;

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
    let effects = asked.effects().entries().map(|(key, value)| (key.as_str().to_owned(), value));
    let several = |values: &[String]| (!values.is_empty()).then(|| object!(values));
    let text = |value: &Option<String>| value.as_ref().map(|value| object!(value));
    let said = [
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
    let said = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    effects.chain(said).collect::<Map<_, _>>().into()
}
