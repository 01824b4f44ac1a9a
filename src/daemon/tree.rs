//! Every path with its value, for who looks at all of them.

use std::fmt::Write as _;

use hyper::body::Bytes;
use sha2::{Digest as _, Sha256};

use crate::control::api::{HiddenValue, ListedPath, ShownContent, TreeListing};
use crate::imds::is_signature;
use crate::model::secrets;
use crate::server::ServiceState;

/// Bytes of a value that is listed.
const LISTED_BYTES: usize = 4096;
/// Bytes of a digest: enough to tell values apart.
const DIGEST_BYTES: usize = 8;

/// The paths of the named instance, else of `[instance]`. `None`: there is none of this name.
pub(super) fn tree(service: &ServiceState, instance: Option<&str>) -> Option<TreeListing> {
    let fleet = service.fleet.load();
    let answers = fleet.answers_of(instance, "latest", fleet.now(service.read_clocks()))?;
    Some(TreeListing { paths: answers.into_iter().map(|(path, body)| entry(path, &body)).collect() })
}

fn entry(path: String, body: &Bytes) -> ListedPath {
    let hidden = if is_signature(&path) && body.is_empty() {
        Some(HiddenValue::Signature)
    } else if secrets::is_secret(&path) || secrets::looks_secret(body) {
        Some(HiddenValue::Secret)
    } else if body.len() > LISTED_BYTES {
        Some(HiddenValue::Large)
    } else {
        None
    };
    let content = hidden.is_none().then(|| ShownContent::of(body));
    let digest = Sha256::digest(body).iter().take(DIGEST_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    ListedPath { path, content, hidden, digest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_listed_up_to_4_kib() {
        for (bytes, hidden) in
            [(0, None), (4_096, None), (4_097, Some(HiddenValue::Large)), (100_000, Some(HiddenValue::Large))]
        {
            let found = entry("meta-data/own".into(), &Bytes::from(vec![b'x'; bytes]));
            assert_eq!(found.hidden, hidden, "{bytes} bytes");
            assert_eq!(found.content.is_some(), hidden.is_none(), "{bytes} bytes");
            assert_eq!(found.digest.len(), 16);
        }
    }
}
