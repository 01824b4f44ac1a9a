//! Every input of the corpora, through the functions that `scripts/fuzz` feeds with further ones.
//!
//! `tests/fuzz/corpus/TARGET/` has an input a file: examples to start from, and what once failed. A failure of
//! `scripts/fuzz` becomes a file here.

mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use targets::TARGETS;

fn corpus(target: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable corpus").path()).collect();
    files.sort();
    files
}

#[test]
fn every_input_of_the_corpora_passes() {
    for target in TARGETS {
        for file in corpus(target.name) {
            let input = fs::read(&file).expect("a readable input");
            let passed = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(
                passed.is_ok(),
                "target {}: {} fails, as above; rerun: cargo test --test fuzz",
                target.name,
                file.display()
            );
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_a_dictionary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    for target in TARGETS {
        assert!(corpus(target.name).len() > 2, "expected inputs in tests/fuzz/corpus/{}", target.name);
        let is_repeatable =
            |file: &PathBuf| fs::read(file).is_ok_and(|input| input.iter().any(|byte| b"\n,".contains(byte)));
        assert!(
            !target.is_text || corpus(target.name).iter().any(is_repeatable),
            "{}: nothing to repeat",
            target.name
        );
        let dictionary = root.join("dictionaries").join(format!("{}.dict", target.name));
        assert!(dictionary.exists(), "expected {}", dictionary.display());
    }
    let folders = fs::read_dir(root.join("corpus")).expect("a corpus").count();
    assert_eq!(folders, TARGETS.len(), "folders of tests/fuzz/corpus, for as many targets");
}
