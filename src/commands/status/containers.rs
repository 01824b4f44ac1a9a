//! The rows about what containers meet: the task of Amazon ECS, and the pod of EKS.

use super::snapshot::Snapshot;
use crate::commands::layout::{Row, Value};
use crate::control::api::{EcsTaskStatus, InstanceStatus, PodStatus};
use crate::terminal::{StyledText, TextStyle};

/// The instance that clients usually meet.
fn usual(snapshot: &Snapshot) -> Option<&InstanceStatus> {
    let status = &snapshot.status;
    status.instances.iter().find(|instance| instance.id == status.scenario.instance_id)
}

/// `shop:7 on FARGATE, RUNNING; role app-task-role`.
pub(super) fn task(snapshot: &Snapshot) -> Row {
    let task = usual(snapshot).and_then(|instance| instance.task.as_ref());
    let words = |task: &EcsTaskStatus| {
        let EcsTaskStatus { launch_type, definition, status, containers, .. } = task;
        let containers = containers.join(", ");
        let text = StyledText::plain(format!("{definition} on {launch_type} with {containers}, {status}"));
        Value::text(with_role(text, task.role.as_deref(), "no role", task.state.as_deref()))
    };
    Row("task", task.map(words).into_iter().collect())
}

/// `default/web; role app-pod-role`.
pub(super) fn pod(snapshot: &Snapshot) -> Row {
    let pod = usual(snapshot).and_then(|instance| instance.pod.as_ref());
    let words = |PodStatus { service_account, role, state }: &PodStatus| {
        let text = StyledText::plain(service_account);
        Value::text(with_role(text, role.as_deref(), "no association", state.as_deref()))
    };
    Row("pod", pod.map(words).into_iter().collect())
}

fn with_role(text: StyledText, role: Option<&str>, none: &str, state: Option<&str>) -> StyledText {
    let text = match role {
        Some(role) => text.with(TextStyle::Plain, format!("; role {role}")),
        None => text.with(TextStyle::Warning, format!("; {none}")),
    };
    match state {
        Some(state) => text.with(TextStyle::Warning, format!(", answered as {state}")),
        None => text,
    }
}
