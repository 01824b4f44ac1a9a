//! YAML's first document as JSON, its plain scalars as the original's library takes them: `yes` and times are texts.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Number, Value};

use crate::aemm::go;

/// Levels of a document: what is nested is dropped level by level on the stack.
const DEPTH: usize = 64;

/// Values that a document may become, each counted on every level: aliases of aliases grow without end.
const VALUES: usize = 100_000;

pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { events: Parser::new_from_str(text), anchors: HashMap::new(), values: 0 };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => return Ok(Value::Null),
            event => {
                let value = reader.value(event, 0)?;
                // Errors in the rest of the document are errors.
                while !matches!(reader.next()?, Event::StreamEnd | Event::DocumentStart(_)) {}
                return Ok(value);
            }
        }
    }
}

struct Reader<'t> {
    events: Parser<'t, saphyr_parser::StrInput<'t>>,
    anchors: HashMap<usize, Value>,
    values: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<Event<'t>, String> {
        match self.events.next() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(format!("yaml: {error}")),
            None => Ok(Event::StreamEnd),
        }
    }

    fn value(&mut self, event: Event<'t>, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err(format!("yaml: more than {DEPTH} levels"));
        }
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref()), anchor),
            Event::SequenceStart(anchor, _) => (self.sequence(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.mapping(depth)?, anchor),
            Event::Alias(anchor) => (self.anchors.get(&anchor).cloned().unwrap_or_default(), 0),
            other => return Err(format!("yaml: {other:?} where a value was expected")),
        };
        self.values += count(&value);
        if self.values > VALUES {
            return Err("yaml: document contains excessive aliasing".to_owned());
        }
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, String> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::Array(values)),
                event => values.push(self.value(event, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, String> {
        let (mut fields, mut merged) = (Map::new(), Map::new());
        loop {
            let event = self.next()?;
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, ..) => text.into_owned(),
                Event::Alias(_) => go::plain(&self.value(event, depth + 1)?),
                _ => return Err("yaml: a key is no text".to_owned()),
            };
            let event = self.next()?;
            match (key.as_str(), self.value(event, depth + 1)?) {
                ("<<", Value::Object(more)) => merged.extend(more),
                // Of several, the first goes before the others.
                ("<<", Value::Array(several)) => {
                    for more in several.into_iter().rev() {
                        if let Value::Object(more) = more {
                            merged.extend(more);
                        }
                    }
                }
                (_, value) => {
                    if fields.insert(key.clone(), value).is_some() {
                        return Err(format!("yaml: mapping key {key:?} already defined"));
                    }
                }
            }
        }
        merged.extend(fields);
        Ok(Value::Object(merged))
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let tag = tag.filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_str());
    if style != ScalarStyle::Plain || tag == Some("str") {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Some(integer) = go::parse_int(text) {
        return Some(integer.into());
    }
    let decimal = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(decimal).then(|| text.parse().ok().and_then(Number::from_f64)).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_are_what_they_look_like() {
        let text = "a: yes\nb: 0x10\nc: 1e3\nd: ~\ne: 0e:49:61:0f:c3:11\nf: 2020-01-01\ng: !!str 7\nh: 'true'\ni: 1.2.3\nj: -\u{a0}\n";
        let expected = json!({
            "a": "yes", "b": 16, "c": 1000.0, "d": null, "e": "0e:49:61:0f:c3:11", "f": "2020-01-01", "g": "7",
            "h": "true", "i": "1.2.3", "j": "-\u{a0}",
        });
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let text = "base: &b {x: 1, y: 2}\nall:\n  <<: *b\n  y: 3\nlist: [*b]\n";
        assert_eq!(
            parse(text),
            Ok(
                json!({ "base": { "x": 1, "y": 2 }, "all": { "x": 1, "y": 3 }, "list": [{ "x": 1, "y": 2 }] })
            )
        );
    }

    #[test]
    fn a_document_that_grows_without_end_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let list = vec![format!("*a{}", level - 1); 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{list}]\n");
        }
        assert_eq!(parse(&text), Err("yaml: document contains excessive aliasing".into()));
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        let why = parse("a: [1\nb: 2\n").unwrap_err();
        assert!(why.contains("line"), "{why}");
        assert!(parse("a: 1\na: 2\n").unwrap_err().contains("already defined"));
    }
}
