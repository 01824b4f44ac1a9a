//! The tables of a scenario, as far as they are tables.

use crate::config::{Item, Section};

/// A table, if it is one: what is of another kind has been reported.
pub(super) fn table<'a>(section: &Section<'a>, key: &'static str) -> Option<Section<'a>> {
    section.get(key).filter(|item| item.kind() == "table")?.section()
}

/// The tables of an array, if it is one.
pub(super) fn tables<'a>(section: &Section<'a>, key: &'static str) -> Vec<Section<'a>> {
    let item = section.get(key).filter(|item| item.kind() == "array");
    let elements = item.and_then(|item| item.array()).unwrap_or_default();
    elements.iter().filter(|element| element.kind() == "table").filter_map(Item::section).collect()
}

/// `[instance]`, and each of `[instances]`.
pub(super) fn instances<'a>(root: &Section<'a>) -> Vec<Section<'a>> {
    let named = table(root, "instances").map(|section| section.entries()).unwrap_or_default();
    let named =
        named.into_iter().filter(|(_, item)| item.kind() == "table").filter_map(|(_, item)| item.section());
    table(root, "instance").into_iter().chain(named).collect()
}

/// Whether an instance says that ids and zones of other forms than EC2's are meant. The others inherit it.
pub(super) fn others_are_meant(root: &Section<'_>, instance: &Section<'_>) -> bool {
    let says = |section: &Section<'_>| {
        let item = section.get("other-ids").filter(|item| item.kind() == "boolean");
        item.and_then(|item| item.boolean()) == Some(true)
    };
    says(instance) || table(root, "instance").is_some_and(|section| says(&section))
}
