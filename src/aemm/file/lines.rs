//! Formats with a key and a value on each line. All values are texts; dots in keys separate levels.

use serde_json::{Map, Value};

use super::DEPTH;

/// `key = value`, `key: value` or `key value`, as Java reads it.
pub fn properties(text: &str) -> Result<Value, String> {
    let mut root = Map::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim_start().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while ends_open(&line) {
            line.pop();
            line += lines.next().unwrap_or_default().trim_start();
        }
        let (key, value) = halves(&line);
        put(&mut root, &unescaped(key), unescaped(value))?;
    }
    Ok(Value::Object(root))
}

/// Whether a line goes on with the next one: it ends in an odd number of backslashes.
fn ends_open(line: &str) -> bool {
    line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1
}

/// The key ends at the first separator that no backslash escapes.
fn halves(line: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '=' | ':' => return (&line[..at], line[at + 1..].trim_start()),
            c if c.is_whitespace() => {
                let rest = line[at..].trim_start();
                return (&line[..at], rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start());
            }
            _ => {}
        }
    }
    (line, "")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let code: String = rest.by_ref().take(4).collect();
                plain.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
            }
            other => plain.extend(other),
        }
    }
    plain
}

/// `KEY=value` or `KEY: value`, as shells and Docker write it.
pub fn environment(text: &str) -> Result<Value, String> {
    let mut root = Map::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let halves = line.split_once('=').or_else(|| line.split_once(": "));
        let Some((key, value)) = halves.filter(|(key, _)| !key.trim().contains(char::is_whitespace)) else {
            return Err(format!("line {}: accepted: KEY=value; found {line:?}", number + 1));
        };
        put(&mut root, key.trim(), word(value.trim()))?;
    }
    Ok(Value::Object(root))
}

/// What stands in quotes, or what stands before a comment.
fn word(value: &str) -> String {
    if let Some((plain, _)) = value.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
        return plain.to_owned();
    }
    if let Some(rest) = value.strip_prefix('"')
        && let Some(end) = closing_quote(rest)
    {
        return unescaped(&rest[..end]);
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end()).to_owned()
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// Sections and keys; a section's dots separate levels.
pub fn ini(text: &str) -> Result<Value, String> {
    let mut root = Map::new();
    let mut section = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(open) = line.strip_prefix('[') {
            let name = open.split_once(']').map(|(name, _)| name.trim());
            let name =
                name.ok_or_else(|| format!("line {}: accepted: [section]; found {line:?}", number + 1))?;
            section = if name.eq_ignore_ascii_case("default") { String::new() } else { format!("{name}.") };
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else {
            return Err(format!("line {}: accepted: key = value; found {line:?}", number + 1));
        };
        put(&mut root, &format!("{section}{}", key.trim()), unquoted(value.trim()))?;
    }
    Ok(Value::Object(root))
}

fn unquoted(value: &str) -> String {
    let inner = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    let comment = || value.split_once(" ;").or_else(|| value.split_once(" #"));
    let bare = || comment().map_or(value, |(value, _)| value.trim_end());
    ['"', '\'', '`'].into_iter().find_map(inner).unwrap_or_else(bare).to_owned()
}

/// Puts a value at a dotted key.
fn put(root: &mut Map<String, Value>, key: &str, value: String) -> Result<(), String> {
    let depth = key.split('.').count();
    if depth > DEPTH {
        return Err(format!("a key has {depth} names; accepted: at most {DEPTH} between dots"));
    }
    let mut fields = root;
    let (above, last) = key.rsplit_once('.').map_or((None, key), |(above, last)| (Some(above), last));
    for name in above.into_iter().flat_map(|above| above.split('.')) {
        let below = fields.entry(name.to_lowercase()).or_insert_with(|| Value::Object(Map::new()));
        fields =
            below.as_object_mut().ok_or_else(|| format!("{key:?} lies below {name:?}, which has a value"))?;
    }
    fields.insert(last.to_lowercase(), value.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_read_as_java_reads_them() {
        let text = "! note\n  a.b = one \\\n    two\nc:d\ne f\n\\u0041\\=x = y\\tz\nempty\n";
        let expected = json!({ "a": { "b": "one two" }, "c": "d", "e": "f", "a=x": "y\tz", "empty": "" });
        assert_eq!(properties(text), Ok(expected));
    }

    #[test]
    fn quotes_and_comments_are_no_part_of_a_value() {
        let text = "A=1 # one\nB='#2'\nC=\"a \\\"b\\\"\" # c\nD: 4\nE=\n";
        let expected = json!({ "a": "1", "b": "#2", "c": "a \"b\"", "d": "4", "e": "" });
        assert_eq!(environment(text), Ok(expected));
        let text = "[metadata.values]\nmac = `a` \nami-id = b ; note\n";
        let expected = json!({ "metadata": { "values": { "mac": "a", "ami-id": "b" } } });
        assert_eq!(ini(text), Ok(expected));
    }

    #[test]
    fn a_key_has_64_names_at_most() {
        let with = |names| properties(&format!("{} = 1", vec!["a"; names].join(".")));
        assert!(with(64).is_ok());
        assert_eq!(with(65), Err("a key has 65 names; accepted: at most 64 between dots".into()));
    }

    #[test]
    fn a_key_cannot_be_a_value_and_a_level() {
        assert!(properties("a = 1\na.b = 2\n").unwrap_err().contains("which has a value"));
    }
}
