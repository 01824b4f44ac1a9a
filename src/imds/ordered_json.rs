//! JSON as Go's encoder writes it: compact, members in a given order, harmless within HTML.

use std::fmt;

use crate::model::json::{harmless, string};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(u64),
    /// With a fraction only where there is one.
    Number(f64),
    Text(String),
    /// JSON already.
    Raw(String),
    Array(Vec<Self>),
    Object(Members),
}

/// The members of an object, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Members(Vec<(String, Json)>);

impl Members {
    #[must_use]
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<Json>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// The same, if there is a value.
    #[must_use]
    pub(crate) fn with_some(self, name: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Replaces a value where it stands. One that is new comes before those that follow it in the order, else last.
    pub(crate) fn set(&mut self, name: &str, value: Json, order: &[&str]) {
        if let Some((_, old)) = self.0.iter_mut().find(|(other, _)| other == name) {
            *old = value;
            return;
        }
        let place = order.iter().position(|other| *other == name);
        let following = place.map_or(&[][..], |place| &order[place..]);
        let at = self.0.iter().position(|(other, _)| following.contains(&other.as_str()));
        self.0.insert(at.unwrap_or(self.0.len()), (name.to_owned(), value));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }
}

impl FromIterator<(String, Json)> for Members {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}:{value}", harmless(&string(name)))?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(text) => f.write_str(&harmless(&string(text))),
            Self::Raw(json) => f.write_str(json),
            Self::Array(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => write!(f, "{members}"),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<Members> for Json {
    fn from(members: Members) -> Self {
        Self::Object(members)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_kind() {
        let mut members = Members::default()
            .with("b", "<x>")
            .with("a", 1_u32)
            .with_some("c", None::<bool>)
            .with("d", Json::Number(2.0))
            .with("e", vec![Json::Number(0.25), Json::Null]);
        members.set("a", Json::from(true), &[]);
        members.set("f", Json::Raw("{}".into()), &[]);
        assert_eq!(members.to_string(), r#"{"b":"\u003cx\u003e","a":true,"d":2,"e":[0.25,null],"f":{}}"#);
        members.remove("a");
        assert!(!members.to_string().contains("true"));
    }
}
