//! The task of a request: that of the client, or of whoever has the id in its path.

use super::ids::TaskIds;
use super::tasks::has_real_role;
use crate::imds::endpoint::EndpointContext;

/// Whether one of the keys behind this endpoint may be valid on AWS.
pub(crate) fn has_real_keys(context: &EndpointContext<'_>) -> bool {
    let others = context.fleet.instances();
    has_real_role(&context.compiled.instance) || others.iter().any(|(_, other)| has_real_role(other))
}

/// Calls `reply` for the task of which a container has the client's address: the client's own first, then those that the
/// scenario says of the others. Where no container has it, the client is in its own task, unless the addresses of that are
/// known.
pub(super) fn of_caller<R>(
    context: &EndpointContext<'_>,
    reply: impl FnOnce(&EndpointContext<'_>) -> Option<R>,
) -> Option<R> {
    let client = context.client();
    let has_client =
        |ids: &TaskIds<'_>| ids.task().containers.iter().any(|container| container.clients.contains(&client));
    let own = TaskIds::of(&context.compiled.instance);
    let is_known = own.task().containers.iter().any(|container| !container.clients.is_empty());
    let others = context.fleet.instances();
    if !has_client(&own)
        && others.iter().any(|(_, other)| other.ecs.is_some() && has_client(&TaskIds::of(other)))
    {
        return with_task(context, has_client, reply).flatten();
    }
    if is_known && !has_client(&own) { None } else { reply(context) }
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
    // The client's own instance is among them, as the file says it: with `derive` each client has other ids, and the
    // variables of its container, which were set before there was a client, have these.
    let index = others.iter().position(|(_, other)| other.ecs.is_some() && matches(&TaskIds::of(other)))?;
    // The first one is [instance] itself.
    let met = context.fleet.matched(index.checked_sub(1));
    let compiled = context.fleet.at(met, context.visit, &[], context.instant);
    Some(reply(&context.of(&compiled)))
}
