//! The checks of the paths in [`super::leaf_rows`]: each answers, has its form, and is not there before its time.

use super::leaf_rows::{LEAVES, LeafRow};
use crate::conform::check::{CheckGroup, CheckTest, ConformanceCheck};

/// The checks of a group.
pub(super) fn of(group: CheckGroup) -> Vec<ConformanceCheck> {
    match group {
        CheckGroup::Leaves => {
            LEAVES.iter().flat_map(|row| [answers(row), Some(form(row))]).flatten().collect()
        }
        CheckGroup::Versions => LEAVES.iter().filter_map(since).collect(),
        _ => vec![],
    }
}

/// A path as a part of a check's name.
pub(super) fn named(path: &str) -> String {
    let name = path.trim_start_matches("meta-data/").trim_start_matches("dynamic/").trim_end_matches('/');
    name.replace(['/', '{', '}'], "-").replace("--", "-").trim_matches('-').to_owned()
}

fn answers(row: &LeafRow) -> Option<ConformanceCheck> {
    if !row.always || row.path.contains('{') {
        return None;
    }
    let path = format!("/latest/{}", row.path);
    Some(ConformanceCheck {
        name: format!("leaf-{}-answers", named(row.path)),
        group: CheckGroup::Leaves,
        asked: format!("GET {path}"),
        expected: "status 200: each instance has it".to_owned(),
        basis: row.basis,
        breaks: row.breaks,
        test: CheckTest::Answers(path),
    })
}

fn form(row: &LeafRow) -> ConformanceCheck {
    let path = format!("/latest/{}", row.path);
    ConformanceCheck {
        name: format!("leaf-{}-form", named(row.path)),
        group: CheckGroup::Leaves,
        asked: format!("GET {path}"),
        expected: row.form.what.to_owned(),
        basis: row.basis,
        breaks: row.breaks,
        test: CheckTest::Form(path, row.form),
    }
}

fn since(row: &LeafRow) -> Option<ConformanceCheck> {
    let introduced = row.introduced.filter(|_| !row.path.contains("{each}"))?;
    Some(ConformanceCheck {
        name: format!("since-{}", named(row.path)),
        group: CheckGroup::Versions,
        asked: format!("GET /VERSION/{}, the newest listed VERSION before {introduced}", row.path),
        expected: format!("404: the path is of {introduced}"),
        basis: super::bases::CATEGORIES,
        breaks: "ohai",
        test: CheckTest::Since { below: row.path, introduced },
    })
}
