//! The scenario that is served.

use std::sync::Arc;

use crate::aemm::{self, AemmConfig, CompiledConfig, Placeholders};

/// Compiles a configuration, and warns of what a scenario can't carry.
pub(super) fn compile(placeholders: &Placeholders, mut config: AemmConfig) -> Arc<str> {
    placeholders.fill(&mut config.metadata);
    let CompiledConfig { toml, not_carried } = aemm::compile(&config);
    for what in not_carried {
        tracing::warn!("Warning: {what}");
    }
    toml.into()
}
