//! Files, times and flags of the drop-in, at the limits of what they may have.

mod flags;
mod formats;
mod said;
mod values;

use serde_json::{Value, json};

use super::*;
