//! What docs/conformance.md says of services: its table "Who passes".

use std::fs;

use support::sources;

use super::Judged;

/// A row of the table.
pub(crate) struct Row {
    service: String,
    /// Passed, failed and skipped, as the page has them.
    counts: String,
    /// Seconds at 20 requests a second, and at 1,000.
    seconds: [f64; 2],
}

pub(crate) fn read() -> String {
    fs::read_to_string(sources().join("docs/conformance.md")).expect("the page is there")
}

impl Row {
    pub(crate) fn of(service: &str, profile: &str) -> Self {
        let start = format!("| {service} | `{profile}` | ");
        let page = read();
        let row = page.lines().find_map(|line| line.strip_prefix(&start));
        let row = row.unwrap_or_else(|| panic!("expected a row {start}… in docs/conformance.md"));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let seconds = |cell: usize| {
            let said = cells.get(cell).and_then(|text| text.strip_suffix(" s")?.parse().ok());
            said.unwrap_or_else(|| panic!("expected seconds, as \"3.5 s\", in column {cell} of {start}{row}"))
        };
        Self {
            service: service.to_owned(),
            counts: cells[..3].join(" | "),
            seconds: [seconds(3), seconds(4)],
        }
    }

    /// Whether a judgement at 1,000 requests a second is the one of the page.
    ///
    /// On a busy machine it takes longer, and never shorter: the pauses between requests, and what checks wait for, are as
    /// long as they are.
    pub(crate) fn agrees_with(&self, judged: &Judged) {
        let Self { service, counts, seconds: [slow, quick] } = self;
        let found = format!("{} | {} | {}", judged.passed.len(), judged.failed.len(), judged.skipped);
        let why = format!("failed: {:#?}\nrerun: cargo test --test conform", judged.failed);
        assert_eq!(&found, counts, "{service}: passed, failed and skipped, and what the page says; {why}");
        let code = i32::from(!judged.failed.is_empty());
        assert_eq!(judged.outcome.code, Some(code), "{service}: {}", judged.outcome);

        let took = Seconds(judged.milliseconds);
        assert!(took.value() > quick * 0.8, "{service}: took {took}, the page says {quick} s at 1000/s");
        let pauses = Seconds((judged.requests - 1) * 50);
        let range = pauses.value()..=pauses.value() + quick + 1.0;
        assert!(
            range.contains(slow),
            "{service}: {} requests have pauses of {pauses} at 20/s, and take {quick} s without; the page says {slow} s",
            judged.requests
        );
    }
}

/// Milliseconds, shown as seconds.
struct Seconds(u64);

impl Seconds {
    fn value(&self) -> f64 {
        std::time::Duration::from_millis(self.0).as_secs_f64()
    }
}

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} s", self.value())
    }
}
