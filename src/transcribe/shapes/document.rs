//! An instance identity document alone, as many tests have it.

use super::input::JsonInput;
use super::reading::Certainty;
use super::service_tree::{Knowledge, ServiceTree};
use crate::transcribe::known_paths::DOCUMENT;

pub(super) fn read(input: &mut JsonInput) -> Option<ServiceTree> {
    // With its signatures beside it, or as it is.
    for above in [&["instance-identity", "document"][..], &["document"], &[]] {
        let has = |name: &str| input.get(&[above, &[name]].concat()).is_some();
        let others = ["accountId", "region", "imageId", "availabilityZone"];
        if has("instanceId") && others.iter().any(|name| has(name)) {
            let certainty = if has("accountId") { Certainty::Certain } else { Certainty::Likely };
            let evidence = "its keys instanceId and accountId, region or imageId";
            let mut tree =
                ServiceTree::new("an instance identity document", certainty, evidence, Knowledge::Selection);
            tree.rest = "not of the document: our own keys sign it";
            tree.add(DOCUMENT, input.take(above));
            return Some(tree);
        }
    }
    None
}
