//! Where a scenario is from, as it is kept over restarts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a scenario is from. In a file it is the path, or null for the built-in one: what versions without a library in
/// the program wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum ScenarioOrigin {
    File(PathBuf),
    Library {
        /// The name.
        library: String,
    },
    /// The content was sent.
    Sent {
        /// The path of the sender, which stands in reports.
        sent: PathBuf,
    },
    #[default]
    BuiltIn,
}

impl ScenarioOrigin {
    pub(super) fn of_file(file: Option<PathBuf>) -> Self {
        file.map_or(Self::BuiltIn, Self::File)
    }

    /// The file that the server reads, if it is from one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(file) => Some(file),
            Self::Library { .. } | Self::Sent { .. } | Self::BuiltIn => None,
        }
    }

    /// The directory that the files it names are relative to.
    pub(super) fn directory(&self) -> &Path {
        let file = match self {
            Self::File(file) | Self::Sent { sent: file } => file.parent(),
            Self::Library { .. } | Self::BuiltIn => None,
        };
        file.unwrap_or(Path::new(""))
    }

    /// Its name in a sentence.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(file) | Self::Sent { sent: file } => file.display().to_string(),
            Self::Library { library } => format!("{library} of the library"),
            Self::BuiltIn => "the built-in scenario".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_it_was_written() {
        for (origin, json) in [
            (ScenarioOrigin::BuiltIn, "null"),
            (ScenarioOrigin::File("/a.toml".into()), r#""/a.toml""#),
            (ScenarioOrigin::Library { library: "fleet".into() }, r#"{"library":"fleet"}"#),
            (ScenarioOrigin::Sent { sent: "/home/u/a.toml".into() }, r#"{"sent":"/home/u/a.toml"}"#),
        ] {
            assert_eq!(serde_json::to_string(&origin).expect("plain data"), json);
            assert_eq!(serde_json::from_str::<ScenarioOrigin>(json).expect("plain data"), origin);
        }
    }
}
