//! `[[ecs.container]]`

use std::collections::BTreeSet;

use crate::config::{Item, Section};
use crate::model::{ContainerHealth, ContainerLog, EcsContainer};

/// Reads all containers; `None` if there are none, or one has no name.
pub(super) fn read_all(item: &Item<'_>) -> Option<Vec<EcsContainer>> {
    let sections = item.sections()?;
    let read: Vec<Option<EcsContainer>> = sections.iter().map(read).collect();
    let mut names = BTreeSet::new();
    let mut clients = BTreeSet::new();
    for (section, container) in sections.iter().zip(&read) {
        let Some(container) = container else { continue };
        if !names.insert(&container.name) {
            section.error(
                format!("another container has the name \"{}\"", container.name),
                "accepted: each name once in a task",
            );
        }
        for client in container.clients.iter().filter(|client| !clients.insert(**client)) {
            section.error(
                format!("the client {client} is in two containers"),
                "accepted: each address in the clients of one container",
            );
        }
    }
    let containers: Option<Vec<_>> = read.into_iter().collect();
    containers.filter(|containers| !containers.is_empty())
}

fn read(section: &Section<'_>) -> Option<EcsContainer> {
    let name = section.read("name", Item::parse);
    let image = section.read("image", Item::line);
    let clients = section.read("clients", Item::list).unwrap_or_default();
    let health = section.read("health", Item::choice::<ContainerHealth>);
    let log = section.get("log").map(|item| log(&item));
    let has_name = section.get("name").is_some();
    section.finish();
    if !has_name {
        section.error("a container has no name", "accepted: name = \"app\", as in the task definition");
    }
    let mut container = EcsContainer { clients, health, ..EcsContainer::named(name?) };
    if let Some(image) = image {
        container.image = image;
    }
    container.log = log.flatten();
    Some(container)
}

fn log(item: &Item<'_>) -> Option<ContainerLog> {
    let section = item.section()?;
    let driver = section.read("driver", Item::line);
    let group = section.read("group", Item::line);
    if section.get("driver").is_none() {
        section.error("the log configuration has no driver", "accepted: driver = \"awslogs\"");
    }
    if let (Some(driver), Some(group)) = (&driver, section.get("group"))
        && driver != "awslogs"
    {
        group.warn(
            format!("{} has no effect: the driver is not \"awslogs\"", group.name()),
            "driver = \"awslogs\" uses it",
        );
    }
    section.finish();
    Some(ContainerLog { driver: driver?, group })
}
