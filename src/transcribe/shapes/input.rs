//! A JSON document that is taken apart. What nobody takes stays, so nothing is lost without a word.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::transcribe::account::InputName;

/// The document, without what has been taken.
pub(super) struct JsonInput {
    root: Value,
    /// The names of the document itself, if the file has several.
    name: InputName,
    /// Objects of which something was taken.
    touched: BTreeSet<InputName>,
    /// The id of the instance that is wanted, if there are several.
    instance: Option<String>,
}

/// What was taken, and where it was.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) at: InputName,
    pub(super) value: Value,
}

impl JsonInput {
    pub(super) fn new(root: Value, name: InputName) -> Self {
        Self { root, name, touched: BTreeSet::new(), instance: None }
    }

    /// Sets which one of several instances is wanted; without it the first is.
    pub(super) fn choosing(self, instance: Option<&str>) -> Self {
        Self { instance: instance.map(str::to_owned), ..self }
    }

    pub(super) fn wanted_instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    pub(super) fn get(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(&self.root, |value, name| member(value, name))
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path)?.as_str()
    }

    pub(super) fn has(&self, path: &[&str]) -> bool {
        self.get(path).is_some_and(|value| !value.is_null())
    }

    /// The names of an object's members.
    pub(super) fn members(&self, path: &[&str]) -> Vec<String> {
        let object = self.get(path).and_then(Value::as_object);
        object.map(|members| members.keys().cloned().collect()).unwrap_or_default()
    }

    /// Takes a value out. That of an element of a list leaves null there, so that the others keep their numbers.
    pub(super) fn take(&mut self, path: &[&str]) -> Option<Part> {
        let Some((last, above)) = path.split_last() else {
            let value = std::mem::take(&mut self.root);
            return Some(Part { at: self.name.clone(), value });
        };
        let parent = above.iter().try_fold(&mut self.root, |value, name| match value {
            Value::Array(elements) => elements.get_mut(name.parse::<usize>().ok()?),
            other => other.get_mut(*name),
        })?;
        let value = match parent {
            Value::Array(elements) => std::mem::take(elements.get_mut(last.parse::<usize>().ok()?)?),
            other => other.as_object_mut()?.remove(*last)?,
        };
        for length in 0..path.len() {
            self.touched.insert(self.named(&path[..length]));
        }
        self.touched.insert(self.named(path));
        Some(Part { at: self.named(path), value })
    }

    /// The name of a member, be it there or not.
    pub(super) fn name_of(&self, path: &[&str]) -> InputName {
        self.named(path)
    }

    fn named(&self, path: &[&str]) -> InputName {
        self.name.iter().cloned().chain(path.iter().map(|name| (*name).to_owned())).collect()
    }

    /// What is left: the topmost objects and values of which nothing was taken.
    pub(super) fn rest(self) -> Vec<InputName> {
        let mut left = Vec::new();
        if self.touched.is_empty() && self.root.is_null() {
            return left;
        }
        collect(&self.root, &self.name, &self.touched, &mut left);
        left
    }
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Array(elements) => elements.get(name.parse::<usize>().ok()?),
        other => other.get(name),
    }
}

fn collect(value: &Value, at: &InputName, touched: &BTreeSet<InputName>, left: &mut Vec<InputName>) {
    let below = |name: String| at.iter().cloned().chain([name]).collect::<InputName>();
    match value {
        // What was taken out of a list left null.
        Value::Null if touched.contains(at) => {}
        Value::Object(members) if touched.contains(at) => {
            members.iter().for_each(|(name, value)| collect(value, &below(name.clone()), touched, left));
        }
        Value::Array(elements) if touched.contains(at) => {
            let numbered = elements.iter().enumerate();
            numbered.for_each(|(number, value)| collect(value, &below(number.to_string()), touched, left));
        }
        _ => left.push(at.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_of_which_nothing_is_taken_is_left_as_a_whole() {
        let name = vec!["document 2".to_owned()];
        assert_eq!(JsonInput::new(json!({"a": 1}), name.clone()).rest(), [name]);
        assert!(JsonInput::new(json!(null), vec![]).rest().is_empty());
        let mut taken = JsonInput::new(json!({"a": 1}), vec![]);
        assert_eq!(taken.take(&[]).map(|part| part.value), Some(json!({"a": 1})));
        assert!(taken.rest().is_empty());
    }

    #[test]
    fn what_is_not_taken_is_left() {
        let mut input = JsonInput::new(
            json!({"a": {"b": 1, "c": {"d": 2}}, "e": [{"f": 3, "g": 4}, 5, 6, null], "h": null}),
            vec![],
        );
        assert_eq!(
            input.take(&["a", "b"]).map(|part| (part.at, part.value)),
            Some((vec!["a".into(), "b".into()], json!(1)))
        );
        assert!(input.take(&["a", "x"]).is_none() && input.take(&["e", "7"]).is_none());
        assert_eq!(input.take(&["e", "0", "f"]).map(|part| part.value), Some(json!(3)));
        assert_eq!(input.take(&["e", "2"]).map(|part| part.value), Some(json!(6)));
        let left: Vec<String> = input.rest().iter().map(|name| name.join(".")).collect();
        // What was taken from the list left nothing; what is null was so.
        assert_eq!(left, ["a.c", "e.0.g", "e.1", "e.3", "h"]);
    }
}
