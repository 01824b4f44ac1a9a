//! The query of a control route, written and read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::model::Accepted;

/// All but the characters that stand for themselves: RFC 3986's unreserved characters, and those that keep a path readable.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':')
    .remove(b',')
    .remove(b'*');

#[derive(Debug)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    taken: Vec<&'static str>,
}

impl Query {
    /// Reads a query. A plus stands for itself.
    pub(super) fn read(query: Option<&str>) -> Self {
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self { pairs: pairs.collect(), taken: Vec::new() }
    }

    pub(super) fn write(route: &str, pairs: impl Iterator<Item = (&'static str, String)>) -> String {
        let pairs: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(&value, ENCODED))).collect();
        if pairs.is_empty() { route.to_owned() } else { format!("{route}?{}", pairs.join("&")) }
    }

    /// Takes a value out. `Err` is a sentence.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, Accepted>,
    ) -> Result<Option<T>, String> {
        self.taken.push(name);
        let Some(at) = self.pairs.iter().position(|(known, _)| known == name) else { return Ok(None) };
        let (_, value) = self.pairs.remove(at);
        parse(&value).map(Some).map_err(|expected| format!("{name} is {value:?}; accepted: {expected}"))
    }

    /// Refuses parameters that nobody took: misspelled, or given twice.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) if self.taken.contains(&name.as_str()) => Err(format!("{name} is given twice")),
            Some((name, _)) => {
                Err(format!("there is no parameter {name:?}; accepted: {}", self.taken.join(", ")))
            }
        }
    }
}

/// A whole number.
pub(super) fn whole<T: std::str::FromStr>(text: &str) -> Result<T, Accepted> {
    text.parse().map_err(|_| Accepted("a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let values = ["/latest/*/a b&c=d%", "10.0.0.0/8,::1", "ü+", ""];
        for value in values {
            let route = Query::write("/x", [("a", value.to_owned()), ("b", "1".into())].into_iter());
            let (_, query) = route.split_once('?').unwrap();
            let mut query = Query::read(Some(query));
            assert_eq!(query.take("a", |a| Ok(a.to_owned())).unwrap().as_deref(), Some(value), "{route}");
            assert_eq!(query.take("b", whole::<u64>).unwrap(), Some(1));
            assert_eq!(query.take("c", whole::<u64>).unwrap(), None);
            assert_eq!(query.finish(), Ok(()));
        }
        assert_eq!(Query::write("/x", std::iter::empty()), "/x");
    }

    #[test]
    fn what_is_not_understood_is_refused_in_a_sentence() {
        let refused = |query: &str| {
            let mut query = Query::read(Some(query));
            query.take("limit", whole::<u64>).err().or_else(|| query.finish().err()).unwrap()
        };
        assert_eq!(refused("limit=x"), "limit is \"x\"; accepted: a whole number");
        assert_eq!(refused("limit=1&limit=2"), "limit is given twice");
        assert_eq!(refused("limt=1"), "there is no parameter \"limt\"; accepted: limit");
    }
}
