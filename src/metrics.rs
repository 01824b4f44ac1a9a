//! Metrics as Prometheus reads them: its text format, version 0.0.4.
//!
//! Names begin with `mock_imds_`, units are base units, and a counter's name ends in `_total`.

use std::fmt::{Display, Write as _};

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

const PREFIX: &str = "mock_imds_";

/// The text, family by family.
#[derive(Debug, Default)]
pub(crate) struct MetricsText(String);

/// The samples of one name.
pub(crate) struct MetricFamily<'t> {
    text: &'t mut String,
    name: &'static str,
}

impl MetricsText {
    /// A value that only grows, or begins at 0 again.
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) -> MetricFamily<'_> {
        debug_assert!(name.ends_with("_total"), "{name} is a counter");
        self.family(name, "counter", help)
    }

    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> MetricFamily<'_> {
        debug_assert!(!name.ends_with("_total"), "{name} is no counter");
        self.family(name, "gauge", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> MetricFamily<'_> {
        let Self(text) = self;
        let _ = writeln!(text, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}");
        MetricFamily { text, name }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl MetricFamily<'_> {
    pub(crate) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        let _ = write!(self.text, "{PREFIX}{}", self.name);
        for (number, (label, value)) in labels.iter().enumerate() {
            let separator = if number == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{separator}{label}=\"{}\"", escaped(value));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
        self
    }

    /// The only sample of its name.
    pub(crate) fn value(&mut self, value: impl Display) {
        self.sample(&[], value);
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_and_its_samples() {
        let mut text = MetricsText::default();
        text.gauge("start_time_seconds", "Start of the process.").value(1.5);
        let mut hits = text.counter("fault_hits_total", "Requests.");
        hits.sample(&[("fault", "a\"b\\c\nd"), ("kind", "x")], 2).sample(&[("fault", "e")], 0);
        let expected = "\
# HELP mock_imds_start_time_seconds Start of the process.
# TYPE mock_imds_start_time_seconds gauge
mock_imds_start_time_seconds 1.5
# HELP mock_imds_fault_hits_total Requests.
# TYPE mock_imds_fault_hits_total counter
mock_imds_fault_hits_total{fault=\"a\\\"b\\\\c\\nd\",kind=\"x\"} 2
mock_imds_fault_hits_total{fault=\"e\"} 0
";
        assert_eq!(text.into_text(), expected);
    }
}
