//! Values of paths: text, or `{ text = … }`, `{ file = … }`, `{ base64 = … }`.

use base64::prelude::BASE64_STANDARD;
use base64::{DecodeError, Engine as _};

use super::fault::read_headers;
use super::named_files::{NamedFiles, UnreadFile};
use crate::config::{Item, Section};
use crate::model::Content;

pub(crate) const FORMS: &str = "text, { text = \"…\" }, { file = \"…\" } or { base64 = \"…\" }";

/// Reads a value of at most `limit` bytes. A file's path is relative to `base`.
pub(crate) fn read(item: &Item<'_>, files: &NamedFiles<'_>, limit: usize) -> Option<Vec<u8>> {
    let section = if item.kind() == "table" { Some(item.section()?) } else { None };
    bytes(item, section.as_ref(), files, limit)
}

/// Reads a value with its media type and its headers: `{ text = …, content-type = …, headers = … }`; without these where
/// the answer `takes_headers` not.
pub(crate) fn read_typed(
    item: &Item<'_>,
    section: &Section<'_>,
    files: &NamedFiles<'_>,
    limit: usize,
    takes_headers: bool,
) -> Option<Content> {
    let content_type = section.get("content-type").map(|item| item.parse());
    let headers = takes_headers.then(|| section.get("headers")).flatten();
    let headers = headers.map(|item| read_headers(&item));
    let bytes = bytes(item, Some(section), files, limit)?;
    Some(Content {
        bytes: bytes.into(),
        content_type: content_type.map_or(Some(None), |parsed| parsed.map(Some))?,
        headers: headers.map_or(Some(vec![]), |read| read)?,
    })
}

fn bytes(
    item: &Item<'_>,
    section: Option<&Section<'_>>,
    files: &NamedFiles<'_>,
    limit: usize,
) -> Option<Vec<u8>> {
    let bytes = match (item.kind(), section) {
        ("string", _) => item.string()?.as_bytes().to_vec(),
        (_, Some(section)) => {
            let problems = section.problems();
            let text = section.get("text").map(|item| item.string().map(|text| text.as_bytes().to_vec()));
            let file = section.get("file").map(|item| from_file(&item, files, limit));
            let base64 = section.get("base64").map(|item| from_base64(&item));
            section.finish();
            let mut forms = [text, file, base64].into_iter().flatten();
            match (forms.next(), forms.next()) {
                (Some(bytes), None) => bytes?,
                // A misspelt form has been reported as an unknown key.
                (None, _) if section.problems() > problems => return None,
                (found, _) => {
                    let found = if found.is_none() { "no form" } else { "several forms" };
                    item.error(
                        format!("{} has {found} of value", item.name()),
                        format!("accepted: one of {FORMS}"),
                    );
                    return None;
                }
            }
        }
        _ => return item.mismatch(FORMS),
    };
    if bytes.len() > limit {
        item.error(
            format!("{} has {} bytes", item.name(), bytes.len()),
            format!("accepted: at most {limit} bytes"),
        );
        return None;
    }
    Some(bytes)
}

fn from_file(item: &Item<'_>, files: &NamedFiles<'_>, limit: usize) -> Option<Vec<u8>> {
    let name = item.string()?;
    let path = files.path(name);
    match files.read(name, limit) {
        Ok(bytes) => return Some(bytes),
        Err(UnreadFile::TooLarge) => item.error(
            format!("{} has more than {limit} bytes", path.display()),
            format!("accepted: at most {limit} bytes"),
        ),
        Err(UnreadFile::Other { found, help }) => item.error(format!("{} {found}", path.display()), help),
    }
    None
}

fn from_base64(item: &Item<'_>) -> Option<Vec<u8>> {
    let text: String = item.string()?.split_whitespace().collect();
    match BASE64_STANDARD.decode(text) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let why = match error {
                DecodeError::InvalidByte(_, byte) => format!("it has {:?} in it", char::from(byte)),
                DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
                    "its end is missing".to_owned()
                }
                DecodeError::InvalidLastSymbol { .. } => "its last character does not fit".to_owned(),
            };
            item.error(
                format!("{} is not base64: {why}", item.name()),
                "accepted: standard base64 with padding; blanks and newlines are skipped",
            );
            None
        }
    }
}
