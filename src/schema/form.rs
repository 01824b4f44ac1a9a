//! Keys and the forms of their values, and what a JSON Schema says of each.

use std::str::FromStr;

use serde_json::{Value, json};

use crate::model::StringEnum;

/// The form of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// Any text.
    Text,
    Boolean,
    Integer(i64, i64),
    /// A number from 0 to 1.
    Fraction,
    /// A number from the one to the other.
    Number(f64, f64),
    /// Text that matches a regular expression.
    Pattern(&'static str),
    /// Text that one of the readers of [`crate::model`] parses.
    Parsed(TextRule),
    /// One of these words.
    Choice(fn() -> Vec<&'static str>),
    Duration,
    SignedDuration,
    /// A date with a time, TOML's own or as text.
    Instant,
    /// This number, this word, or `false`.
    Only(Literal),
    List(&'static Self),
    /// A table with these keys and no others.
    Table(&'static [&'static [FileKey]]),
    /// Tables of an array.
    Tables(&'static [&'static [FileKey]]),
    /// A table whose keys are the user's own.
    Map(Map),
    /// A form that the schema defines once, under a name.
    Defined(&'static str),
    /// One of several forms.
    Any(&'static [Form]),
}

/// Text with a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextRule {
    /// A regular expression for all texts that are accepted, and hardly any other; ECMA 262, as JSON Schema has it.
    pub pattern: &'static str,
    /// Whether the pattern matches nothing that is rejected.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare the pattern with the reader"))]
    pub exact: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare the pattern with the reader"))]
    pub accepts: fn(&str) -> bool,
    /// The name of the type that the reader makes of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare the form with the reader"))]
    pub kind: fn() -> &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Literal {
    False,
    Number(i64),
    Word(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Map {
    /// A regular expression that keys match.
    pub names: &'static str,
    /// Keys that an editor offers.
    pub known: fn() -> Vec<&'static str>,
    pub values: &'static Form,
}

impl Form {
    /// Text that this type parses: all that match the pattern.
    pub(super) const fn parsed<T: FromStr>(pattern: &'static str) -> Self {
        Self::of::<T>(pattern, true)
    }

    /// Text that this type parses: not all that match the pattern, but no others.
    pub(super) const fn loosely<T: FromStr>(pattern: &'static str) -> Self {
        Self::of::<T>(pattern, false)
    }

    const fn of<T: FromStr>(pattern: &'static str, exact: bool) -> Self {
        Self::Parsed(TextRule {
            pattern,
            exact,
            accepts: |text| text.parse::<T>().is_ok(),
            kind: std::any::type_name::<T>,
        })
    }

    pub(super) const fn map(names: &'static str, values: &'static Self) -> Self {
        Self::Map(Map { names, known: Vec::new, values })
    }

    /// The schema of values of this form.
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Boolean => json!({"type": "boolean"}),
            Self::Integer(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
            Self::Number(least, most) => json!({"type": "number", "minimum": least, "maximum": most}),
            Self::Fraction => json!({"type": "number", "minimum": 0, "maximum": 1}),
            Self::Pattern(pattern) | Self::Parsed(TextRule { pattern, .. }) => {
                json!({"type": "string", "pattern": pattern})
            }
            Self::Choice(words) => json!({"type": "string", "enum": words()}),
            Self::Duration => json!({"type": "string", "pattern": DURATION}),
            Self::SignedDuration => {
                json!({"type": "string", "pattern": format!("^[-+]?(?:{})", &DURATION[1..])})
            }
            // To JSON Schema a date of TOML is text.
            Self::Instant => json!({"type": "string", "pattern": INSTANT}),
            Self::Only(Literal::False) => json!({"const": false}),
            Self::Only(Literal::Number(number)) => json!({"const": number}),
            Self::Only(Literal::Word(word)) => json!({"const": word}),
            Self::List(element) => json!({"type": "array", "items": element.schema()}),
            Self::Table(groups) => table(groups),
            Self::Tables(groups) => json!({"type": "array", "items": table(groups)}),
            Self::Map(map) => map.schema(),
            Self::Defined(name) => json!({"$ref": format!("#/definitions/{name}")}),
            Self::Any(forms) => json!({"anyOf": forms.iter().map(|form| form.schema()).collect::<Vec<_>>()}),
        }
    }
}

impl Map {
    fn schema(self) -> Value {
        let names = json!({"pattern": self.names});
        let known = (self.known)();
        if known.is_empty() {
            return json!({
                "type": "object", "propertyNames": names, "additionalProperties": self.values.schema(),
            });
        }
        // An editor offers a key once for each form that its own schema has: the forms are those of all keys.
        let known = known.into_iter().map(|name| (name.to_owned(), json!({})));
        let known: serde_json::Map<String, Value> = known.collect();
        json!({
            "type": "object",
            "propertyNames": names,
            "properties": known,
            "patternProperties": {"^": self.values.schema()},
        })
    }
}

/// What [`crate::config::parse_duration`] accepts begins with a number or with ISO 8601's P, and has a unit.
const DURATION: &str = r"^(?:\+?\s*[0-9.]+.*[A-Za-zµμ:].*|[+]?[Pp].+)$";
/// A duration, one after the daemon's start, or an instant, which looks like a duration to the pattern of these.
pub(super) const TIME: &str = r"^(?:start\+)?(?:\+?\s*[0-9.]+.*[A-Za-zµμ:].*|[+]?[Pp].+)$";
const INSTANT: &str = r"^[-+]?[0-9]{4,6}-?[0-9]{2}-?[0-9]{2}.*[0-9].*$";

/// The words of an enum, as files write them.
pub(super) fn words<T: StringEnum>() -> Vec<&'static str> {
    T::VARIANTS.iter().map(|variant| variant.as_str()).collect()
}

// === Keys ===

/// A key of a table.
#[derive(Debug)]
pub(crate) struct FileKey {
    pub name: &'static str,
    /// The default as TOML; empty if the key is absent by default, or follows from others.
    pub default: &'static str,
    pub form: Form,
    /// One or more sentences for users. Names of keys, tables and paths are between backquotes.
    pub about: &'static str,
}

/// A key that has a default.
pub(super) const fn key(
    name: &'static str,
    default: &'static str,
    form: Form,
    about: &'static str,
) -> FileKey {
    FileKey { name, default, form, about }
}

/// The schema of a table with these keys.
pub(super) fn table(groups: &[&[FileKey]]) -> Value {
    let properties: serde_json::Map<String, Value> =
        groups.iter().copied().flatten().map(|key| (key.name.to_owned(), key.schema())).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

impl FileKey {
    /// The schema of the value, with what an editor shows of the key.
    fn schema(&self) -> Value {
        let mut schema = described(self.form.schema(), self.about);
        if let Some(default) = self.default() {
            schema["default"] = default;
        }
        schema
    }

    /// The default as JSON.
    pub(super) fn default(&self) -> Option<Value> {
        if self.default.is_empty() {
            return None;
        }
        let text = format!("value = {}", self.default);
        let table: toml::Table = text.parse().expect("defaults are TOML, a test says");
        Some(as_json(&table["value"]))
    }
}

fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(instant) => json!(instant.to_string()),
        toml::Value::Array(elements) => elements.iter().map(as_json).collect(),
        value => json!(value),
    }
}

/// A schema with a description where language servers look for it: with a single form of value.
fn described(mut schema: Value, about: &str) -> Value {
    // What stands beside a reference is ignored.
    if schema.get("$ref").is_some() {
        return json!({"allOf": [schema, {"description": about}]});
    }
    match schema.get_mut("anyOf").and_then(|forms| forms.get_mut(0)) {
        Some(first) => *first = described(first.take(), about),
        None => schema["description"] = json!(about),
    }
    schema
}
