//! The instances that a document lists, as `aws ec2 describe-instances` does, whole or of a query.

use serde_json::Value;

use crate::transcribe::observations::clip;

/// The lists around an instance.
const LISTS: [&str; 2] = ["Reservations", "Instances"];
/// Lists inside each other: those of a query have no names.
const DEPTH: usize = 4;
/// Ids in one sentence.
const SHOWN: usize = 20;

/// An instance's place in the document, and its id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListedInstance {
    pub(super) at: Vec<String>,
    pub(super) id: String,
}

/// The instances of a document, in its order.
pub(super) fn of(document: &Value) -> Vec<ListedInstance> {
    let mut found = Vec::new();
    collect(document, &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Value, at: &mut Vec<String>, found: &mut Vec<ListedInstance>) {
    if let Some(id) = value.get("InstanceId").and_then(Value::as_str) {
        return found.push(ListedInstance { at: at.clone(), id: id.to_owned() });
    }
    let mut within = |name: String, value: &Value| {
        at.push(name);
        if at.len() <= DEPTH {
            collect(value, at, found);
        }
        at.pop();
    };
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(number, element)| within(number.to_string(), element));
        }
        Value::Object(members) => {
            let lists = LISTS.iter().filter_map(|name| Some((*name, members.get(*name)?)));
            lists.for_each(|(name, list)| within(name.to_owned(), list));
        }
        _ => {}
    }
}

/// "i-1, i-2 and 3 more".
pub(super) fn names<'i>(ids: impl Iterator<Item = &'i str>) -> String {
    let ids: Vec<String> = ids.map(clip).collect();
    let more = ids.len().saturating_sub(SHOWN);
    let shown = ids[..ids.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instances_are_found_in_every_form_of_the_list() {
        let (a, b) = (json!({"InstanceId": "i-a"}), json!({"InstanceId": "i-b"}));
        for (document, expected) in [
            (
                json!({"Reservations": [{"Instances": [a, b]}, {"Instances": []}, {"Instances": [a]}]}),
                "Reservations.0.Instances.0 i-a, Reservations.0.Instances.1 i-b, Reservations.2.Instances.0 i-a",
            ),
            (json!({"Instances": [b]}), "Instances.0 i-b"),
            (json!([{"Instances": [b, a]}]), "0.Instances.0 i-b, 0.Instances.1 i-a"),
            (json!([[a], [b]]), "0.0 i-a, 1.0 i-b"),
            (json!([a, b]), "0 i-a, 1 i-b"),
            (b.clone(), " i-b"),
            (json!([[[[[a]]]]]), ""),
            (json!({"InstanceId": 7, "Other": [a]}), ""),
        ] {
            let found: Vec<String> =
                of(&document).iter().map(|found| format!("{} {}", found.at.join("."), found.id)).collect();
            assert_eq!(found.join(", "), expected, "{document}");
        }
    }

    #[test]
    fn many_ids_are_counted() {
        let ids: Vec<String> = (0..23).map(|number| format!("i-{number}")).collect();
        let said = names(ids.iter().map(String::as_str));
        assert!(said.starts_with("i-0, i-1, ") && said.ends_with("i-19 and 3 more"), "{said}");
        assert_eq!(names(["i-a", "i-b"].into_iter()), "i-a, i-b");
    }
}
