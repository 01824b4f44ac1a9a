//! Where files are: what the command line says, else systemd's variables, else XDG's.
//!
//! | what | as a service | in the foreground |
//! |---|---|---|
//! | scenario | `$CONFIGURATION_DIRECTORY/scenario.toml` | `~/.config/mock-imds/scenario.toml` |
//! | token key | `$STATE_DIRECTORY` | `~/.local/state/mock-imds` |
//! | clock and changes | `$RUNTIME_DIRECTORY/state.json` | nowhere |
//! | control socket | `$RUNTIME_DIRECTORY/control.sock` | `$XDG_RUNTIME_DIR/mock-imds/control.sock` |

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The control socket of the packaged service.
pub(crate) const SYSTEM_CONTROL: &str = "/run/mock-imds/control.sock";

/// The directory of the identity document's keys and certificates, in the state directory.
pub(crate) const IDENTITY: &str = "identity";
/// The state directory of the packaged service.
pub(crate) const SYSTEM_STATE: &str = "/var/lib/mock-imds";

const OWN: &str = "mock-imds";
const SCENARIO: &str = "scenario.toml";
const KEPT: &str = "state.json";
const CONTROL: &str = "control.sock";

/// The directories that the environment names. Unset, empty and relative ones are none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paths {
    configuration_directory: Option<PathBuf>,
    state_directory: Option<PathBuf>,
    runtime_directory: Option<PathBuf>,
    xdg_config: Option<PathBuf>,
    xdg_state: Option<PathBuf>,
    xdg_runtime: Option<PathBuf>,
}

impl Paths {
    /// From the environment of this process.
    pub(crate) fn from_env() -> Self {
        Self::from(|name| env::var_os(name))
    }

    /// From these variables.
    fn from(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let absolute = |path: PathBuf| path.is_absolute().then_some(path);
        // systemd separates several directories by colons; the first is the unit's main one.
        let own = |name| variable(name).and_then(|list| env::split_paths(&list).next()).and_then(absolute);
        let path = |name| variable(name).map(PathBuf::from).and_then(absolute);
        let home = path("HOME");
        let xdg = |name, below: &str| {
            path(name).or_else(|| home.as_ref().map(|home| home.join(below))).map(|base| base.join(OWN))
        };
        Self {
            configuration_directory: own("CONFIGURATION_DIRECTORY"),
            state_directory: own("STATE_DIRECTORY"),
            runtime_directory: own("RUNTIME_DIRECTORY"),
            xdg_config: xdg("XDG_CONFIG_HOME", ".config"),
            xdg_state: xdg("XDG_STATE_HOME", ".local/state"),
            xdg_runtime: path("XDG_RUNTIME_DIR").map(|base| base.join(OWN)),
        }
    }

    /// Where a scenario is looked for when none is named, best first.
    pub(crate) fn scenarios(&self) -> Vec<PathBuf> {
        joined([&self.configuration_directory, &self.xdg_config], SCENARIO)
    }

    /// Where keys live.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        self.state_directory.clone().or_else(|| self.xdg_state.clone())
    }

    /// Where a service keeps what outlives its process, and not its stop.
    pub(crate) fn kept(&self) -> Option<PathBuf> {
        self.runtime_directory.as_ref().map(|directory| directory.join(KEPT))
    }

    /// Where a server may put its control socket, best first; `state` is the directory that it uses.
    pub(crate) fn control_of_server(&self, state: Option<&Path>) -> Vec<PathBuf> {
        joined([&self.runtime_directory, &self.xdg_runtime, &state.map(Path::to_owned)], CONTROL)
    }

    /// Where a client looks for the control socket, best first: a server that the user runs goes before the host's. A
    /// unit's own variable has no second.
    pub(crate) fn control_of_client(&self) -> Vec<PathBuf> {
        if self.runtime_directory.is_some() {
            return joined([&self.runtime_directory], CONTROL);
        }
        let mut places = joined([&self.xdg_runtime, &self.state()], CONTROL);
        places.push(PathBuf::from(SYSTEM_CONTROL));
        places
    }
}

fn joined<const N: usize>(directories: [&Option<PathBuf>; N], name: &str) -> Vec<PathBuf> {
    directories.into_iter().flatten().map(|directory| directory.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Paths {
        Paths::from(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    }

    fn paths(places: &[&str]) -> Vec<PathBuf> {
        places.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_service_lives_in_its_own_directories() {
        let service = places(&[
            ("CONFIGURATION_DIRECTORY", "/etc/mock-imds"),
            ("STATE_DIRECTORY", "/var/lib/mock-imds:/var/lib/other"),
            ("RUNTIME_DIRECTORY", "/run/mock-imds"),
        ]);
        assert_eq!(service.scenarios(), paths(&["/etc/mock-imds/scenario.toml"]));
        assert_eq!(service.state(), Some("/var/lib/mock-imds".into()));
        let controls = service.control_of_server(service.state().as_deref());
        assert_eq!(controls, paths(&["/run/mock-imds/control.sock", "/var/lib/mock-imds/control.sock"]));
        assert_eq!(service.control_of_client(), paths(&["/run/mock-imds/control.sock"]));
    }

    #[test]
    fn a_user_has_the_xdg_directories() {
        let user = places(&[("HOME", "/home/u"), ("XDG_RUNTIME_DIR", "/run/user/1000")]);
        assert_eq!(user.scenarios(), paths(&["/home/u/.config/mock-imds/scenario.toml"]));
        assert_eq!(user.state(), Some("/home/u/.local/state/mock-imds".into()));
        let expected = [
            "/run/user/1000/mock-imds/control.sock",
            "/home/u/.local/state/mock-imds/control.sock",
            "/run/mock-imds/control.sock",
        ];
        assert_eq!(user.control_of_client(), paths(&expected));
        assert_eq!(user.control_of_server(user.state().as_deref()), paths(&expected[..2]));
    }

    #[test]
    fn empty_and_relative_variables_are_none() {
        let nobody = places(&[("HOME", ""), ("XDG_STATE_HOME", "state"), ("RUNTIME_DIRECTORY", "")]);
        assert_eq!(nobody.state(), None);
        assert_eq!(nobody.scenarios(), paths(&[]));
        assert_eq!(nobody.control_of_server(None), paths(&[]));
    }
}
