//! The last rendering of a value or a listing, which stays the same within a second, unless the instance profile is attached or
//! other keys are fetched.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hyper::body::Bytes;

use crate::imds::ec2::leaf_context::LeafContext;
use crate::imds::ec2::version::Version;
use crate::model::{Fetched, Timestamp};

/// A memo of one value or listing of one instance. Neither readers nor writers wait.
#[derive(Default)]
pub(super) struct Memo(ArcSwapOption<Rendering>);

/// A rendering, and everything beside the instance that it follows from.
struct Rendering {
    version: Version,
    now: Timestamp,
    profile_attached: bool,
    fetched: Option<Fetched>,
    bytes: Option<Bytes>,
}

impl Memo {
    /// What `render` gives: the last rendering, if it would give the same.
    pub(super) fn get_or(
        &self,
        context: &LeafContext<'_>,
        version: Version,
        render: impl FnOnce() -> Option<Bytes>,
    ) -> Option<Bytes> {
        // Taken apart without `..`: whatever a value may depend on has to be compared. An instance has memos of its own.
        let LeafContext { instance: _, identity: _, fetched, profile_attached, now } = *context;
        let is_same = |last: &Rendering| {
            last.now == now
                && last.version == version
                && last.profile_attached == profile_attached
                && last.fetched.as_ref() == fetched
        };
        if let Some(last) = self.0.load().as_ref().filter(|last| is_same(last)) {
            return last.bytes.clone();
        }
        let bytes = render();
        let rendering =
            Rendering { version, now, profile_attached, fetched: fetched.cloned(), bytes: bytes.clone() };
        self.0.store(Some(Arc::new(rendering)));
        bytes
    }
}

impl fmt::Debug for Memo {
    /// Without the bytes, which may be credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use crate::identity::{KeyRing, SignedDocument};
    use crate::model::Instance;

    use super::*;

    /// Whatever a value may depend on is another one, and so is what was rendered before the last one.
    #[test]
    fn a_rendering_is_for_one_version_second_profile_and_result_of_the_source() {
        let instance = Instance::default();
        let identity = SignedDocument::of(&instance, &Arc::new(KeyRing::generate([7; 32])));
        let fetched = Fetched::default();
        let usual = LeafContext {
            instance: &instance,
            identity: &identity,
            fetched: None,
            profile_attached: true,
            now: Timestamp::from_secs(1),
        };
        let latest = Version::LATEST;
        let (memo, rendered) = (Memo::default(), Cell::new(0));
        let render = || {
            rendered.set(rendered.get() + 1);
            Some(Bytes::from(rendered.get().to_string()))
        };
        let mut expected = 0;
        for (context, version) in [
            (usual, latest),
            (LeafContext { now: Timestamp::from_secs(2), ..usual }, latest),
            (usual, latest),
            (usual, Version::FIRST),
            (LeafContext { profile_attached: false, ..usual }, latest),
            (usual, latest),
            (LeafContext { fetched: Some(&fetched), ..usual }, latest),
        ] {
            expected += 1;
            for _ in 0..2 {
                let found = memo.get_or(&context, version, render);
                assert_eq!(found, Some(Bytes::from(expected.to_string())), "{context:?}, {version:?}");
            }
        }
        assert_eq!(format!("{memo:?}"), "Memo");
    }
}
