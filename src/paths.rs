//! Default paths of files, unless set on the command line: by systemd's variables, else by XDG's.
//!
//! | file | as a service | in the foreground |
//! |---|---|---|
//! | scenario | `$CONFIGURATION_DIRECTORY/scenario.toml` | `~/.config/mock-imds/scenario.toml` |
//! | token key | `$STATE_DIRECTORY` | `~/.local/state/mock-imds` |
//! | clock and changes | `$RUNTIME_DIRECTORY/state.json` | not saved |
//! | scenario that was sent by `use` | `$RUNTIME_DIRECTORY/used.json` | not saved |
//! | last good scenario | `$STATE_DIRECTORY/last-good.json` | only with `--fallback` |
//! | these three of a server with `--listen ADDR:PORT` | `state-PORT.json` and so on | `last-good-PORT.json` |
//! | faults of connections, for the guardian | `$RUNTIME_DIRECTORY/connection-faults.json` | none |
//! | control socket | `$RUNTIME_DIRECTORY/control.sock` | `$XDG_RUNTIME_DIR/mock-imds/control.sock` |
//! | token of the view | `$RUNTIME_DIRECTORY/view.token` of its unit | `$XDG_RUNTIME_DIR/mock-imds/view.token`, else in the state directory |
//! | that of a further server of a user | | `control-PORT.sock` beside it |

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The control socket of the packaged service.
pub(crate) const SYSTEM_CONTROL: &str = "/run/mock-imds/control.sock";

/// The directory of the packaged service's scenario.
pub(crate) const SYSTEM_CONFIGURATION: &str = "/etc/mock-imds";

/// The directory of the identity document's keys and certificates, in the state directory.
pub(crate) const IDENTITY: &str = "identity";
/// The state directory of the packaged service.
pub(crate) const SYSTEM_STATE: &str = "/var/lib/mock-imds";

/// The file with the token of the packaged view.
pub(crate) const SYSTEM_VIEW_TOKEN: &str = "/run/mock-imds-view/view.token";

const PROGRAM: &str = "mock-imds";
const SCENARIO_FILE: &str = "scenario.toml";
const STATE_FILE: &str = "state.json";
/// The guardian looks for this name, too.
const CONNECTION_FAULTS_FILE: &str = "connection-faults.json";
const SENT_SCENARIO_FILE: &str = "used.json";
const LAST_GOOD_FILE: &str = "last-good.json";
const VIEW_TOKEN: &str = "view.token";
const CONTROL_SOCKET: &str = "control.sock";
/// Around the port in the name of a further server's socket.
const BY_PORT: &str = "control-";
const SOCKET_SUFFIX: &str = ".sock";

/// The directories that the environment sets. Empty and relative ones count as unset.
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
    pub(crate) fn from_env() -> Self {
        Self::from_variables(|name| env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let absolute = |path: PathBuf| path.is_absolute().then_some(path);
        // systemd separates several directories by colons; the first is the unit's main one.
        let systemd =
            |name| variable(name).and_then(|list| env::split_paths(&list).next()).and_then(absolute);
        let path = |name| variable(name).map(PathBuf::from).and_then(absolute);
        let home = path("HOME");
        let xdg = |name, below: &str| {
            path(name).or_else(|| home.as_ref().map(|home| home.join(below))).map(|base| base.join(PROGRAM))
        };
        Self {
            configuration_directory: systemd("CONFIGURATION_DIRECTORY"),
            state_directory: systemd("STATE_DIRECTORY"),
            runtime_directory: systemd("RUNTIME_DIRECTORY"),
            xdg_config: xdg("XDG_CONFIG_HOME", ".config"),
            xdg_state: xdg("XDG_STATE_HOME", ".local/state"),
            xdg_runtime: path("XDG_RUNTIME_DIR").map(|base| base.join(PROGRAM)),
        }
    }

    /// The paths at which a scenario is looked for when none is named, in order of precedence.
    pub(crate) fn scenario_files(&self) -> Vec<PathBuf> {
        joined([&self.configuration_directory, &self.xdg_config], SCENARIO_FILE)
    }

    pub(crate) fn state_directory(&self) -> Option<PathBuf> {
        self.state_directory.clone().or_else(|| self.xdg_state.clone())
    }

    /// The file with the state that survives a restart of the service, but not its stop.
    pub(crate) fn state_file(&self, port: Option<u16>) -> Option<PathBuf> {
        self.runtime_directory.as_ref().map(|directory| by_port(&directory.join(STATE_FILE), port))
    }

    /// The file with a scenario that was sent, which lives as long as [`Self::state_file`].
    pub(crate) fn sent_scenario_file(&self, port: Option<u16>) -> Option<PathBuf> {
        self.runtime_directory.as_ref().map(|directory| by_port(&directory.join(SENT_SCENARIO_FILE), port))
    }

    /// The file with the faults of connections, for the guardian of the host's network.
    pub(crate) fn connection_faults_file(&self) -> Option<PathBuf> {
        self.runtime_directory.as_ref().map(|directory| directory.join(CONNECTION_FAULTS_FILE))
    }

    /// The file with the last good scenario, in a state directory.
    pub(crate) fn last_good_file(state: &Path, port: Option<u16>) -> PathBuf {
        by_port(&state.join(LAST_GOOD_FILE), port)
    }

    /// The file with the token of a view of this user, or of the unit that this process is in.
    pub(crate) fn view_token(&self) -> Option<PathBuf> {
        let directory = self.runtime_directory.as_ref().or(self.xdg_runtime.as_ref());
        let directory = directory.cloned().or_else(|| self.state_directory());
        directory.map(|directory| directory.join(VIEW_TOKEN))
    }

    /// Whether this process is in a unit with a runtime directory.
    pub(crate) fn is_in_unit(&self) -> bool {
        self.runtime_directory.is_some()
    }

    /// Below the runtime directory of the unit that this process is in.
    pub(crate) fn is_of_service(&self, path: &Path) -> bool {
        self.runtime_directory.as_ref().is_some_and(|directory| path.starts_with(directory))
    }

    /// The paths at which a server may bind its control socket, in order of precedence; `state` is the state directory
    /// that it uses.
    pub(crate) fn server_control_sockets(&self, state: Option<&Path>) -> Vec<PathBuf> {
        joined([&self.runtime_directory, &self.xdg_runtime, &state.map(Path::to_owned)], CONTROL_SOCKET)
    }

    /// The paths at which a client looks for the control socket, in order of precedence: a server that the user runs
    /// goes before the host's. In a unit its own variable alone counts.
    pub(crate) fn client_control_sockets(&self) -> Vec<PathBuf> {
        if self.runtime_directory.is_some() {
            return joined([&self.runtime_directory], CONTROL_SOCKET);
        }
        let mut sockets = joined([&self.xdg_runtime, &self.state_directory()], CONTROL_SOCKET);
        sockets.push(PathBuf::from(SYSTEM_CONTROL));
        sockets
    }
}

impl Paths {
    /// The socket of a server that listens on this port, where another server has the usual place.
    pub(crate) fn socket_by_port(place: &Path, port: u16) -> PathBuf {
        place.with_file_name(format!("{BY_PORT}{port}{SOCKET_SUFFIX}"))
    }

    /// A place for a control socket, and those by port that are beside it, by their ports.
    pub(crate) fn sockets_beside(place: &Path) -> Vec<PathBuf> {
        let names = place.parent().and_then(|directory| directory.read_dir().ok()).into_iter().flatten();
        let port = |name: &str| name.strip_prefix(BY_PORT)?.strip_suffix(SOCKET_SUFFIX)?.parse::<u16>().ok();
        let mut ports: Vec<u16> = names.filter_map(|entry| port(entry.ok()?.file_name().to_str()?)).collect();
        ports.sort_unstable();
        let by_port = ports.into_iter().map(|port| Self::socket_by_port(place, port));
        std::iter::once(place.to_owned()).chain(by_port).collect()
    }
}

/// The name of a kept file where `--listen` gives a port: servers that share the directory do not share the file.
/// Unlike a socket's it is the same after each start, in whatever order they start.
fn by_port(file: &Path, port: Option<u16>) -> PathBuf {
    let name = || Some((file.file_stem()?.to_str()?, file.extension()?.to_str()?, port?));
    name().map_or_else(
        || file.to_owned(),
        |(stem, extension, port)| file.with_file_name(format!("{stem}-{port}.{extension}")),
    )
}

fn joined<const N: usize>(directories: [&Option<PathBuf>; N], name: &str) -> Vec<PathBuf> {
    directories.into_iter().flatten().map(|directory| directory.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_variables(variables: &[(&str, &str)]) -> Paths {
        Paths::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    fn paths(paths: &[&str]) -> Vec<PathBuf> {
        paths.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn a_service_lives_in_its_own_directories() {
        let service = from_variables(&[
            ("CONFIGURATION_DIRECTORY", "/etc/mock-imds"),
            ("STATE_DIRECTORY", "/var/lib/mock-imds:/var/lib/other"),
            ("RUNTIME_DIRECTORY", "/run/mock-imds"),
        ]);
        assert_eq!(service.scenario_files(), paths(&["/etc/mock-imds/scenario.toml"]));
        assert_eq!(service.state_directory(), Some("/var/lib/mock-imds".into()));
        let controls = service.server_control_sockets(service.state_directory().as_deref());
        assert_eq!(controls, paths(&["/run/mock-imds/control.sock", "/var/lib/mock-imds/control.sock"]));
        assert_eq!(service.client_control_sockets(), paths(&["/run/mock-imds/control.sock"]));
        assert!(service.is_in_unit(), "it has a runtime directory of its own");
        // The guardian looks for it there.
        let faults = service.connection_faults_file();
        assert_eq!(faults, Some("/run/mock-imds/connection-faults.json".into()));
    }

    #[test]
    fn a_user_has_the_xdg_directories() {
        let user = from_variables(&[("HOME", "/home/u"), ("XDG_RUNTIME_DIR", "/run/user/1000")]);
        assert_eq!(user.view_token(), Some("/run/user/1000/mock-imds/view.token".into()));
        assert!(!user.is_in_unit(), "the directory is the user's");
        assert_eq!(user.connection_faults_file(), None, "no guardian looks there");
        assert_eq!(user.scenario_files(), paths(&["/home/u/.config/mock-imds/scenario.toml"]));
        assert_eq!(user.state_directory(), Some("/home/u/.local/state/mock-imds".into()));
        let expected = [
            "/run/user/1000/mock-imds/control.sock",
            "/home/u/.local/state/mock-imds/control.sock",
            "/run/mock-imds/control.sock",
        ];
        assert_eq!(user.client_control_sockets(), paths(&expected));
        assert_eq!(user.server_control_sockets(user.state_directory().as_deref()), paths(&expected[..2]));
    }

    #[test]
    fn kept_files_have_the_port_that_is_asked_for() {
        let service = from_variables(&[("RUNTIME_DIRECTORY", "/run/m")]);
        let files = |port| {
            let last_good = Paths::last_good_file(Path::new("/state"), port);
            [service.state_file(port), service.sent_scenario_file(port), Some(last_good)].map(Option::unwrap)
        };
        let expected = ["/run/m/state.json", "/run/m/used.json", "/state/last-good.json"];
        assert_eq!(files(None), expected.map(PathBuf::from));
        let expected = ["/run/m/state-7.json", "/run/m/used-7.json", "/state/last-good-7.json"];
        assert_eq!(files(Some(7)), expected.map(PathBuf::from));
    }

    #[test]
    fn empty_and_relative_variables_are_none() {
        let nobody = from_variables(&[("HOME", ""), ("XDG_STATE_HOME", "state"), ("RUNTIME_DIRECTORY", "")]);
        assert_eq!(nobody.state_directory(), None);
        assert_eq!(nobody.scenario_files(), paths(&[]));
        assert_eq!(nobody.server_control_sockets(None), paths(&[]));
    }
}
