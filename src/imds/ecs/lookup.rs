//! The task of a request: that of the client, or of whoever has the id in its path.

use super::ids::TaskIds;
use super::tasks::has_real_role;
use crate::imds::endpoint::EndpointContext;

/// Whether one of the keys behind this endpoint may be valid on AWS.
pub(crate) fn has_real_keys(context: &EndpointContext<'_>) -> bool {
    let others = context.fleet.instances();
    has_real_role(&context.compiled.instance) || others.iter().any(|(_, other)| has_real_role(other))
}

/// Calls `reply` for the task that `matches`: the client's own first, then those that the scenario says of the others.
pub(super) fn with_task<R>(
    context: &EndpointContext<'_>,
    matches: impl Fn(&TaskIds<'_>) -> bool,
    reply: impl FnOnce(&EndpointContext<'_>) -> R,
) -> Option<R> {
    if matches(&TaskIds::of(&context.compiled.instance)) {
        return Some(reply(context));
    }
    let others = context.fleet.instances();
    let index = others.iter().position(|(name, other)| {
        *name != context.matched.name && other.ecs.is_some() && matches(&TaskIds::of(other))
    })?;
    // The first one is [instance] itself.
    let met = context.fleet.matched(index.checked_sub(1));
    let compiled = context.fleet.at(met, context.visit, &[], context.instant);
    Some(reply(&context.of(&compiled)))
}
