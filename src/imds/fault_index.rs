//! Which faults a path may meet, by the names that their patterns begin with.
//!
//! What a request costs then does not grow with the faults that are for other paths.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::model::fault::Fault;

/// The candidates that a path has without an allocation.
const USUAL: usize = 8;

/// The indices of faults, in their order.
pub(super) type Candidates = SmallVec<[usize; USUAL]>;

#[derive(Debug, Default)]
pub(super) struct FaultIndex {
    /// By patterns of whole paths.
    whole: Node,
    /// By those that may also fit what follows the version.
    anywhere: Node,
}

/// The faults whose patterns have no further certain name, and those below each name that is next.
#[derive(Debug, Default)]
struct Node {
    faults: Vec<usize>,
    next: BTreeMap<Box<str>, Node>,
}

impl FaultIndex {
    pub(super) fn of<'f>(faults: impl IntoIterator<Item = &'f Fault>) -> Self {
        let mut index = Self::default();
        for (number, fault) in faults.into_iter().enumerate() {
            let root = if fault.path.is_whole() { &mut index.whole } else { &mut index.anywhere };
            let node =
                fault.path.first_names().fold(root, |node, name| node.next.entry(name.into()).or_default());
            node.faults.push(number);
        }
        index
    }

    /// The faults whose patterns may fit a path. No other one does.
    pub(super) fn candidates(&self, path: &[&str]) -> Candidates {
        let mut found = Candidates::new();
        self.whole.collect(path, &mut found);
        self.anywhere.collect(path, &mut found);
        if let Some((_, below)) = path.split_first() {
            self.anywhere.collect(below, &mut found);
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

impl Node {
    fn collect(&self, path: &[&str], found: &mut Candidates) {
        let mut node = self;
        let mut names = path.iter();
        loop {
            // Most have none, and even then a copy takes some instructions.
            if !node.faults.is_empty() {
                found.extend_from_slice(&node.faults);
            }
            let Some(next) = names.next().and_then(|name| node.next.get(*name)) else { return };
            node = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::PathGlob;
    use crate::model::fault::FaultEffect;

    fn faults(patterns: &[String]) -> Vec<Fault> {
        let glob = |pattern: &String| pattern.parse::<PathGlob>().expect("a pattern");
        patterns
            .iter()
            .map(|pattern| Fault { path: glob(pattern), ..Fault::always(FaultEffect::Hang) })
            .collect()
    }

    #[test]
    fn faults_for_other_paths_are_no_candidates() {
        let patterns = ["/**", "/latest/meta-data/tags/**/1*", "meta-data/spot/*", "meta-data/mac", "*/mac"];
        let index = FaultIndex::of(&faults(&patterns.map(str::to_owned)));
        let cases: [(&[&str], &[usize]); 5] = [
            (&["latest", "meta-data", "mac"], &[0, 3, 4]),
            (&["latest", "meta-data", "tags", "instance"], &[0, 1, 4]),
            (&["2021-07-15", "meta-data", "tags", "instance"], &[0, 4]),
            (&["meta-data", "spot"], &[0, 2, 4]),
            (&[], &[0, 4]),
        ];
        for (path, expected) in cases {
            assert_eq!(index.candidates(path).as_slice(), expected, "{path:?}");
        }
    }

    proptest! {
        /// Whatever fits is a candidate, once, and in the faults' order.
        #[test]
        fn every_fault_whose_pattern_fits_is_a_candidate(
            patterns in prop::collection::vec("/?(a|b|ab|[*]|a[*]|[*][*])(/(a|b|[*]b|[*][*])){0,3}", 0..8),
            path in prop::collection::vec("a|b|ab", 0..5),
        ) {
            let faults = faults(&patterns);
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let candidates = FaultIndex::of(&faults).candidates(&path);
            prop_assert!(candidates.is_sorted_by(|one, next| one < next), "{candidates:?}");
            for (number, fault) in faults.iter().enumerate() {
                let missed = fault.path.matches(&path) && !candidates.contains(&number);
                prop_assert!(!missed, "{:?} fits {path:?} and is not among {candidates:?}", patterns[number]);
            }
        }
    }
}
