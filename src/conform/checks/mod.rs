//! The checks, by group. Each expectation has its source beside it; none is taken from the tree that this program serves.

mod addresses;
mod bases;
mod consistency;
mod credentials;
mod errors;
mod events;
mod framing;
mod headers;
mod identity;
mod interfaces;
mod leaf_rows;
mod leaves;
mod listings;
mod signed_data;
mod slashes;
mod spot;
mod tokens;
mod verified;
mod versions;
mod walks;

use super::check::{CheckGroup, CheckRow, ConformanceCheck};

/// All of them, in the order of the reports.
pub(crate) fn all_checks() -> Vec<ConformanceCheck> {
    use CheckGroup as Group;
    let tables: [(Group, &[&[CheckRow]]); 12] = [
        (Group::Versions, &[versions::ROWS]),
        (Group::Listings, &[listings::ROWS, walks::ROWS, slashes::ROWS]),
        (Group::Leaves, &[]),
        (Group::Interfaces, &[interfaces::ROWS]),
        (Group::Tokens, &[tokens::ROWS, tokens::TOKENLESS]),
        (Group::Errors, &[errors::ROWS]),
        (Group::Headers, &[headers::ROWS]),
        (Group::Framing, &[framing::ROWS]),
        (Group::Identity, &[identity::ROWS, verified::ROWS]),
        (Group::Credentials, &credentials::GROUPS),
        (Group::Consistency, &[consistency::ROWS, addresses::ROWS]),
        (Group::Spot, &[spot::ROWS]),
    ];
    let tables = tables.into_iter().chain([(Group::Events, [events::ROWS].as_slice())]);
    let mut checks: Vec<ConformanceCheck> = vec![];
    for (group, rows) in tables {
        checks.extend(rows.iter().copied().flatten().map(|row| row.check(group)));
        checks.extend(leaves::of(group));
        checks.extend(interfaces::of(group));
        checks.extend(listings::of(group));
    }
    checks
}
