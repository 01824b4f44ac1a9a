//! What real clients make of metadata that arrives late: each row plays a scenario of the library to a client's own code,
//! and stands in the table of docs/late-metadata.md.
//!
//! The service's clock stands still but for what the client waits: a run takes a second, and is the same each time.

mod clients;
mod page;

/// Each row is a test, and there is no row without one.
macro_rules! played {
    ($($test:ident: $row:expr,)*) => {
        pub(super) fn rows() -> Vec<super::Row> {
            vec![$($row),*]
        }
        $(
            #[test]
            fn $test() {
                $row.play();
            }
        )*
    };
}

mod interfaces;
mod roles;

use serde_json::{Value, json};
use support::{ClientHost, ClientRun};

use clients::Client;

/// All rows.
fn rows() -> Vec<Row> {
    interfaces::rows().into_iter().chain(roles::rows()).collect()
}

/// A run of a client, what it finds, and what a reader is to know of that.
struct Row {
    scenario: &'static str,
    client: Client,
    /// What of the client runs, and when. Empty where that is clear.
    runs: &'static str,
    words: &'static [&'static str],
    /// What it prints: text of shell functions, of others JSON.
    found: &'static str,
    did: &'static str,
}

impl Row {
    fn play(&self) {
        let Some(command) = self.client.command(self.words) else { return };
        let Some(host) = ClientHost::playing(self.scenario) else { return };
        host.prepare(INTERFACES);
        let seek = host.seek();
        let run = host.run_with(&command, |command| {
            command.env("SEEK", &seek).envs(self.client.environment());
        });
        self.judge(&run);
    }

    fn judge(&self, run: &ClientRun) {
        if self.client.prints_text() {
            run.says(self.found);
            return;
        }
        let mut expected: Value = serde_json::from_str(self.found)
            .unwrap_or_else(|error| panic!("the row's own JSON ({error}): {}", self.found));
        if self.client.says_its_version() {
            expected["version"] = json!(self.client.version());
        }
        run.same(&run.json(), &expected);
    }
}

/// The interfaces of the scenarios, as they are in the guest.
const INTERFACES: &str = "for n in 0 1 2 3; do
    ip link add nic$n address 0e:49:61:0f:c3:1$((n + 1)) type veth peer name nic$n-peer
    ip link set nic$n up
    ip link set nic$n-peer up
done
ip addr add 172.16.34.43/20 dev nic0";
