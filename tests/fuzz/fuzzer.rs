//! The program that `scripts/fuzz` builds and runs: libFuzzer, with the target that `MOCK_IMDS_FUZZ` names.
//!
//! Built any other way, it does nothing.
#![cfg_attr(fuzzing, no_main)]
#![cfg_attr(not(fuzzing), expect(dead_code, reason = "libFuzzer calls it"))]

mod cost;
mod swell;
mod targets;

use targets::{TARGETS, Target};

fn chosen() -> &'static Target {
    let name = std::env::var("MOCK_IMDS_FUZZ").unwrap_or_default();
    let names = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ");
    TARGETS
        .iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("MOCK_IMDS_FUZZ is {name:?}; accepted: {}", names()))
}

#[cfg(fuzzing)]
mod fuzzer {
    use std::sync::LazyLock;

    static TARGET: LazyLock<&crate::Target> = LazyLock::new(crate::chosen);

    libfuzzer_sys::fuzz_target!(|input: &[u8]| {
        crate::cost::check(TARGET.run, input);
        if let Some(swollen) = crate::swell::swollen(input).filter(|_| TARGET.is_text) {
            crate::cost::check(TARGET.run, &swollen);
        }
    });
}

#[cfg(not(fuzzing))]
fn main() {}
