//! Files, times and flags of the drop-in, at the limits of what they may have.

mod file_answers;
mod flags;
mod formats;
mod values;

use serde_json::{Value, json};

use super::*;
