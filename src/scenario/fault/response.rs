//! The parts of a response that a fault sets: its status, headers and body. An override sets headers, too.

use http::header::HeaderValue;

use crate::config::Item;
use crate::model::fault::{BodyAlteration, BodyDamage, HeaderChange, ReplyStatus};
use crate::model::secrets;

/// Headers that one fault, or one value, may set or remove.
const MOST_HEADERS: usize = 64;

pub(super) fn read_status(item: &Item<'_>) -> Option<ReplyStatus> {
    let (first, last) = (*ReplyStatus::RANGE.start(), *ReplyStatus::RANGE.end());
    item.integer(first.into()..=last.into()).and_then(|status| ReplyStatus::new(status.try_into().ok()?))
}

/// Reads `{ Retry-After = "1", Set-Cookie = ["a=1", "b=2"], Server = false }`.
pub(in crate::scenario) fn read_headers(item: &Item<'_>) -> Option<Vec<HeaderChange>> {
    let entries = item.section()?.entries();
    if !(1..=MOST_HEADERS).contains(&entries.len()) {
        item.error(
            format!("{} has {} headers", item.name(), entries.len()),
            format!("accepted: 1 to {MOST_HEADERS}, such as {{ Retry-After = \"1\" }}"),
        );
    }
    let changes: Vec<_> = entries.into_iter().map(|(name, value)| read_header(name, &value)).collect();
    let changes = changes.into_iter().collect::<Option<Vec<_>>>()?.concat();
    if changes.len() > MOST_HEADERS {
        item.error(
            format!("{} has {} values of headers", item.name(), changes.len()),
            format!("accepted: {MOST_HEADERS} at most"),
        );
    }
    Some(changes)
}

/// The changes of one header: it has several values if a list of them is set.
fn read_header(name: &str, value: &Item<'_>) -> Option<Vec<HeaderChange>> {
    let parsed = HeaderChange::parse_name(name);
    if let Err(accepted) = parsed {
        value.error_at_key(format!("{name:?} is no header that can be set"), format!("accepted: {accepted}"));
    }
    let values = match value.kind() {
        "boolean" if value.boolean() == Some(false) => vec![None],
        "string" => vec![Some(read_header_value(value)?)],
        "array" => {
            let values: Vec<_> = value.array()?.iter().map(read_header_value).collect::<Option<_>>()?;
            if values.is_empty() {
                value.error(
                    format!("{} has no value", value.name()),
                    "accepted: one value, or false to remove the header",
                );
            }
            values.into_iter().map(Some).collect()
        }
        _ => return value.mismatch("a text, a list of texts, or false to remove the header"),
    };
    let name = parsed.ok()?;
    Some(values.into_iter().map(|value| HeaderChange { name: name.clone(), value }).collect())
}

fn read_header_value(item: &Item<'_>) -> Option<HeaderValue> {
    let text = item.string()?;
    match HeaderChange::parse_value(text) {
        Ok(parsed) => {
            reject_real_keys(item, text);
            Some(parsed)
        }
        Err(accepted) => {
            item.error(format!("{} is {text:?}", item.name()), format!("accepted: {accepted}"));
            None
        }
    }
}

/// Reads `"empty"` and the like, or `{ text = "…" }`.
pub(super) fn read_body(item: &Item<'_>) -> Option<BodyAlteration> {
    if item.kind() != "table" {
        return item.choice::<BodyDamage>().map(BodyAlteration::Damage);
    }
    let section = item.section()?;
    let text = section.get("text");
    section.finish();
    if text.is_none() {
        section
            .error("body has no text", "accepted: { text = \"…\" }, \"empty\", \"truncated\", \"stalled\"");
    }
    let item = text?;
    let text = item.string()?;
    reject_real_keys(&item, text);
    Some(BodyAlteration::Text(text.to_owned()))
}

/// Adds an error for keys that may be valid: a fault is served to whoever asks, with a session token or without.
pub(in crate::scenario) fn reject_real_keys(item: &Item<'_>, text: &str) {
    if secrets::has_real_key_id(text.as_bytes()) {
        item.error_at_key(
            format!("{} has an access key id that may be valid", item.name()),
            "accepted: one that ends in EXAMPLE; real keys belong in [credentials], where tokens and hosts are checked",
        );
    }
}

/// Warns of what is done to a body that is empty anyway.
pub(super) fn warn_of_empty_body(
    items: [Option<&Item<'_>>; 2],
    status: Option<ReplyStatus>,
    body: Option<&BodyAlteration>,
) {
    let Some(status) = status.filter(|status| !matches!(status.get(), 404 | 417)) else { return };
    let of_text = matches!(body, Some(BodyAlteration::Text(_)));
    if of_text && !status.has_no_body() {
        return;
    }
    for item in items.into_iter().flatten() {
        let help = if status.has_no_body() {
            "HTTP has no body with this status"
        } else {
            "body = … has an effect with [http] profile = \"legacy\", whose errors have a page; body = { text = \"…\" } sets one"
        };
        item.warn(format!("the body of {} is empty anyway", status.get()), help);
    }
}
