//! What all runs so far found, and whether that is enough.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::catalogue::Catalogue;
use crate::results::{Kind, Results};

/// Of those that compile and were tried.
const WANTED_PERCENT: usize = 95;

#[derive(Default)]
struct Tally {
    caught: usize,
    missed: usize,
    unviable: usize,
    unplaced: usize,
    untried: usize,
}

/// Prints a line for each room and each survivor; `explained` has the names, without places, of those that have a reason.
/// `false` is too few caught, a survivor without a reason, or a mutant that was never tried.
pub(crate) fn print(catalogue: &Catalogue, results: &Results, explained: &BTreeSet<String>) -> bool {
    let mut rooms: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut unexplained = 0;
    for (_, mutant) in catalogue.all() {
        let tally = rooms.entry(mutant.room()).or_default();
        match results.of(mutant) {
            Some(Kind::Caught) => tally.caught += 1,
            Some(Kind::Unviable) => tally.unviable += 1,
            Some(Kind::Unplaced) => tally.unplaced += 1,
            None => tally.untried += 1,
            Some(kind @ (Kind::Missed | Kind::Unreached)) => {
                tally.missed += 1;
                if !explained.contains(&mutant.stable_name()) {
                    unexplained += 1;
                    println!(
                        "survives{}: {}",
                        if kind == Kind::Unreached { ", reached by no test" } else { "" },
                        mutant.name
                    );
                }
            }
        }
    }
    println!(
        "{:<12} {:>7} {:>7} {:>8} {:>9} {:>9} {:>8}",
        "room", "caught", "missed", "percent", "unviable", "unplaced", "untried"
    );
    for (room, tally) in &rooms {
        row(room, tally);
    }
    let total = rooms.values().fold(Tally::default(), |mut total, tally| {
        total.caught += tally.caught;
        total.missed += tally.missed;
        total.unviable += tally.unviable;
        total.unplaced += tally.unplaced;
        total.untried += tally.untried;
        total
    });
    row("all", &total);
    println!("{unexplained} survivors have no reason in tests/mutants/survivors.md");
    let tried = total.caught + total.missed;
    unexplained == 0 && total.untried == 0 && 100 * total.caught >= WANTED_PERCENT * tried
}

fn row(name: &str, tally: &Tally) {
    let tried = (tally.caught + tally.missed).max(1);
    println!(
        "{name:<12} {:>7} {:>7} {:>6}.{} {:>9} {:>9} {:>8}",
        tally.caught,
        tally.missed,
        100 * tally.caught / tried,
        1000 * tally.caught / tried % 10,
        tally.unviable,
        tally.unplaced,
        tally.untried
    );
}
