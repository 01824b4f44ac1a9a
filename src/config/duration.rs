//! Durations as files and command lines write them.

use std::time::Duration;

/// The form of durations, for messages.
pub(crate) const DURATIONS: &str = "a duration such as \"30s\", \"1m30s\", \"6h\" or \"2d\"";

/// Parses "1m30s" and the like, up to 100 years; `None` if the text is not a duration.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
    // jiff's units end at hours for absolute durations; a day here is 24 hours.
    let (days, rest) = match text.split_once('d') {
        Some((days, rest)) if !days.is_empty() && days.bytes().all(|b| b.is_ascii_digit()) => {
            (days.parse::<u32>().ok()?, rest)
        }
        _ => (0, text),
    };
    let rest = rest.trim();
    let parsed = if rest.is_empty() && days > 0 {
        Duration::ZERO
    } else {
        Duration::try_from(rest.parse::<jiff::SignedDuration>().ok()?).ok()?
    };
    let whole = parsed.checked_add(Duration::from_secs(u64::from(days) * 86_400))?;
    (whole <= CENTURY).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the manual says.
    #[test]
    fn durations_have_the_documented_forms() {
        for (text, seconds) in [
            ("90s", 90),
            ("1h30m", 5_400),
            ("2d", 172_800),
            ("1d12h", 129_600),
            ("30 seconds", 30),
            ("2min", 120),
            ("1 hour 30 minutes", 5_400),
            ("1.5m", 90),
            ("PT30S", 30),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "30", "-5m", "soon", "101y", "1w"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
