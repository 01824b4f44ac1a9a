//! Answers of a program under test, as they come over a connection.

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;

use crate::expect::Answer;

/// Reads an answer: as long as it says, or to the end of the connection.
pub fn read(stream: &mut TcpStream, headless: bool, to_the_end: bool) -> Result<Answer, String> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(answer) = whole(&bytes, headless).filter(|_| !to_the_end) {
            return Ok(answer);
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let text = String::from_utf8_lossy(&bytes);
                return Err(format!("expected more of an answer, found {error} after {text:?}"));
            }
        }
    }
    Ok(parsed(&String::from_utf8_lossy(&bytes)))
}

pub fn whole(bytes: &[u8], headless: bool) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let mut answer = parsed(&text);
    text.find("\r\n\r\n")?;
    let length = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = if headless { 0 } else { length?.1.parse().ok()? };
    if answer.body.len() < length {
        return None;
    }
    answer.body.truncate(length);
    Some(answer)
}

pub fn parsed(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().splitn(3, ' ').skip(1);
    let status = first.next().and_then(|status| status.parse().ok()).unwrap_or_default();
    let reason = first.next().unwrap_or_default().to_owned();
    let headers =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
    Answer { raw: text.to_owned(), status, reason, headers: headers.collect(), body: body.to_owned() }
}
