//! JSON documents one after the other. Of a name that stands twice in an object the last counts, and that is told.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::transcribe::account::InputName;

/// The documents of a text, and the names that stand twice.
#[derive(Debug)]
pub(super) struct Documents {
    pub(super) values: Vec<Value>,
    pub(super) twice: Vec<InputName>,
}

pub(super) fn parse(text: &str) -> Result<Documents, serde_json::Error> {
    let twice = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut values = Vec::new();
    while reader.end().is_err() {
        values.push(ValueReader { twice: &twice, at: vec![] }.deserialize(&mut reader)?);
    }
    Ok(Documents { values, twice: twice.into_inner() })
}

struct ValueReader<'t> {
    twice: &'t RefCell<Vec<InputName>>,
    at: InputName,
}

impl ValueReader<'_> {
    fn below(&self, name: String) -> Self {
        Self { twice: self.twice, at: self.at.iter().cloned().chain([name]).collect() }
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(self.below(values.len().to_string()))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let below = self.below(name.clone());
            let at = below.at.clone();
            if object.insert(name, members.next_value_seed(below)?).is_some() {
                self.twice.borrow_mut().push(at);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_read_one_by_one_and_doubles_are_told() {
        let found =
            parse(r#" {"a": 1, "b": [{"c": null, "c": -2}], "a": 1.5} {"d": "e"}"#).expect("it is JSON");
        assert_eq!(found.values, [json!({"a": 1.5, "b": [{"c": -2}]}), json!({"d": "e"})]);
        assert_eq!(found.twice, [vec!["b", "0", "c"], vec!["a"]]);
        assert_eq!(parse(" \n").expect("it is empty").values, [Value::Null; 0]);
        for text in ["{", "{} x", "[1,]", &"[".repeat(100_000)] {
            assert!(parse(text).is_err(), "{text:.20}");
        }
    }
}
