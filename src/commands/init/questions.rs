//! The questions that `mock-imds init` asks on a terminal.

use std::io::{self, BufRead as _, Write as _};
use std::path::Path;

use super::facts::{KEYS, Problems, StarterFacts};
use crate::exit::{ExitStatus, Failure};

/// Asks for each key. An empty answer keeps the default; one that a scenario could not have is asked for again.
pub(super) fn ask(file: &Path) -> Result<StarterFacts, Failure> {
    say(&format!("{} is new. Return keeps what is in brackets.\n", file.display()))?;
    let mut facts = StarterFacts::default();
    for key in &KEYS {
        loop {
            say(&format!("{} [{}]: ", key.question, key.default))?;
            let answer = answer()?;
            if answer.is_empty() || answer == key.default {
                break;
            }
            match key.check(&answer) {
                Ok(()) => {
                    facts.add(key, &answer);
                    break;
                }
                Err(report) => say(&format!("{}\n", Problems(&report)))?,
            }
        }
    }
    Ok(facts)
}

fn answer() -> Result<String, Failure> {
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        // Ctrl-D.
        Ok(0) => Err(ended("the answers ended")),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(ended(&format!("the answer cannot be read: {error}"))),
    }
}

fn say(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout();
    let said = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    said.map_err(|error| ended(&format!("the question cannot be asked: {error}")))
}

fn ended(why: &str) -> Failure {
    Failure::new(ExitStatus::No, format!("{why}; nothing was written. With --yes nothing is asked"))
}
