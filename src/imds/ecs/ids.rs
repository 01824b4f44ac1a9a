//! Ids and ARNs of a task. They follow from the instance, so that they are the same after every reload and restart.

use super::tasks::{has_real_role, role_of, task_of};
use crate::imds::TokenAuthority;
use crate::imds::keys::{Seed, hex, uuid};
use crate::model::{EcsTask, Instance};

/// The ids of an instance's task.
#[derive(Clone, Copy)]
pub(crate) struct TaskIds<'t> {
    instance: &'t Instance,
    task: &'t EcsTask,
}

impl<'t> TaskIds<'t> {
    pub(crate) fn of(instance: &'t Instance) -> Self {
        Self { instance, task: task_of(instance) }
    }

    /// The task itself.
    pub(super) fn task(&self) -> &'t EcsTask {
        self.task
    }

    /// The id of the task: 32 hexadecimal digits.
    pub(crate) fn task_id(&self) -> String {
        let set = self.task.task_id.as_ref().map(ToString::to_string);
        set.unwrap_or_else(|| hex(&Seed::new(self.instance, "ecs task", 0).bytes("id", 16)))
    }

    /// `arn:aws:ecs:REGION:ACCOUNT:` and what follows.
    fn arn(&self, resource: &str) -> String {
        let region = self.instance.region();
        let (partition, account) = (region.partition().name, &self.instance.account_id);
        format!("arn:{partition}:ecs:{region}:{account}:{resource}")
    }

    pub(crate) fn cluster_arn(&self) -> String {
        self.arn(&format!("cluster/{}", self.task.cluster))
    }

    pub(crate) fn task_arn(&self) -> String {
        self.arn(&format!("task/{}/{}", self.task.cluster, self.task_id()))
    }

    /// The name by which the server remembers what clients have set of the task: another one after each clear, so that nothing
    /// of before counts.
    pub(super) fn remembered_as(&self) -> String {
        let cleared = self.instance.signals.containers.as_deref().and_then(|signals| signals.cleared);
        let arn = self.task_arn();
        cleared.map_or_else(|| arn.clone(), |offset| format!("{arn} {offset}"))
    }

    /// The ARN of the task role, if the task has one.
    pub(crate) fn role_arn(&self) -> Option<String> {
        let (region, role) = (self.instance.region(), role_of(self.instance)?);
        Some(format!("arn:{}:iam::{}:role/{role}", region.partition().name, self.instance.account_id))
    }

    /// The id in the path of the credentials. That of real keys follows from the server's own key: there is no other
    /// secret between a client and the keys.
    pub(crate) fn credential_id(&self, authority: &TokenAuthority) -> String {
        if let Some(set) = &self.task.credential_id {
            return set.to_string();
        }
        let name = format!("ecs credentials {}", self.task_id());
        if has_real_role(self.instance) {
            return uuid(&authority.authenticate(format!("{name} {}", self.instance.account_id).as_bytes()));
        }
        uuid(&Seed::new(self.instance, &name, 0).bytes("id", 16))
    }

    fn container(&self, name: &str) -> Seed {
        Seed::new(self.instance, &format!("ecs container {} {name}", self.task_id()), 0)
    }

    /// The id of a container in the paths of versions 3 and 4 and of the agent's API.
    pub(crate) fn endpoint_id(&self, name: &str) -> String {
        if self.task.launch_type.has_task_prefixed_ids() {
            return self.docker_id(name);
        }
        uuid(&self.container(name).bytes("endpoint", 16))
    }

    /// Whether an id is that of one of the containers.
    pub(crate) fn has_endpoint(&self, id: &str) -> bool {
        self.task.containers.iter().any(|container| self.endpoint_id(container.name.as_str()) == id)
    }

    /// The runtime's id of a container: of Docker 64 hexadecimal digits, of Fargate the task's id and ten digits.
    pub(crate) fn docker_id(&self, name: &str) -> String {
        let seed = self.container(name);
        if self.task.launch_type.has_task_prefixed_ids() {
            return format!("{}-{}", self.task_id(), seed.text("runtime", 10, b"0123456789"));
        }
        hex(&seed.bytes("runtime", 32))
    }

    /// The runtime's name of a container.
    pub(crate) fn docker_name(&self, name: &str) -> String {
        let task = self.task;
        if task.launch_type.has_task_prefixed_ids() {
            return name.to_owned();
        }
        // Docker takes no tilde.
        let plain = name.replace('~', "");
        let suffix = hex(&self.container(name).bytes("name", 10));
        format!("ecs-{}-{}-{plain}-{suffix}", task.family, task.revision)
    }

    /// The digest of an image.
    pub(crate) fn image_id(&self, image: &str) -> String {
        format!("sha256:{}", hex(&Seed::new(self.instance, image, 0).bytes("image", 32)))
    }

    pub(crate) fn container_arn(&self, name: &str) -> String {
        let id = uuid(&self.container(name).bytes("arn", 16));
        self.arn(&format!("container/{}/{}/{id}", self.task.cluster, self.task_id()))
    }
}
