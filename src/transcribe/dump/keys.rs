//! Public keys, whose numbers and names are in the names of files or in listings.

use crate::transcribe::known_paths::KEYS;
use crate::transcribe::observations::Observations;

/// Adds a key from `0=name/openssh-key`, `0/openssh-key`, or a file `0=name` that is the key itself. Returns the
/// path that has it; none if it is no key.
pub(in crate::transcribe) fn add(path: &str, text: &str, observations: &mut Observations) -> Option<String> {
    let rest = path.strip_prefix(KEYS).unwrap_or_default().trim_start_matches('/');
    let (entry, leaf) = rest.split_once('/').unwrap_or((rest, ""));
    let (number, name) = entry.split_once('=').map_or((entry, None), |(number, name)| (number, Some(name)));
    let index = number.parse::<u32>().ok()?;
    if let Some(name) = name {
        observations.add_key_name(index, name);
    }
    if !matches!(leaf, "" | "openssh-key") || text.split_whitespace().count() < 2 {
        return None;
    }
    let path = format!("{KEYS}/{index}/openssh-key");
    // The one value that ends in a newline, whatever the dump made of it.
    observations.add_value(&path, format!("{}\n", text.trim_end_matches('\n')).into());
    Some(path)
}

/// Gives keys that no listing names the names in their comments.
pub(in crate::transcribe) fn name_unlisted(observations: &mut Observations) {
    let keys: Vec<(u32, String)> = observations
        .below(KEYS)
        .filter_map(|(path, value)| {
            let number = path
                .split('/')
                .next()?
                .parse()
                .ok()
                .filter(|number| !observations.key_names.contains_key(number))?;
            let comment = std::str::from_utf8(&value.bytes).ok()?.split_whitespace().nth(2).unwrap_or("key");
            Some((number, comment.to_owned()))
        })
        .collect();
    for (number, name) in keys {
        observations.add_key_name(number, &name);
        observations.add_note(format!("the name of public key {number}: no listing has it; called {name}"));
    }
}
