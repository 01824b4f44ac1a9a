//! The task of an instance, its role, and the credentials behind that.

use std::sync::{Arc, LazyLock};

use crate::model::{Credentials, EcsTask, EndpointRole, Instance, RoleName};

/// The task of an instance: the default one if the scenario says none.
pub(crate) fn task_of(instance: &Instance) -> &Arc<EcsTask> {
    static DEFAULT: LazyLock<Arc<EcsTask>> = LazyLock::new(Arc::default);
    instance.ecs.as_ref().unwrap_or(&DEFAULT)
}

/// The credentials that a task role's keys come from.
pub(crate) fn credentials_of(instance: &Instance) -> Option<&Credentials> {
    task_of(instance).credentials.as_ref().or(instance.credentials.as_ref())
}

/// The task role, if the task has one.
pub(crate) fn role_of(instance: &Instance) -> Option<&RoleName> {
    match &task_of(instance).role {
        EndpointRole::OfCredentials => credentials_of(instance).map(|credentials| &credentials.role),
        EndpointRole::Named(role) => Some(role),
        EndpointRole::None => None,
    }
}

/// Whether an instance's task role has keys that may be valid on AWS.
pub(super) fn has_real_role(instance: &Instance) -> bool {
    let is_real = credentials_of(instance).is_some_and(|credentials| credentials.source.is_real());
    is_real && role_of(instance).is_some()
}
