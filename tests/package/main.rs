//! T6: the package on a booted Debian 12, as its user meets it.
//!
//! Each test boots a machine of its own (`systemd-nspawn`, private network, an overlay that is thrown away), installs
//! the package that `scripts/package deb` built, and looks at the machine from inside. `scripts/test package` makes
//! what is missing and runs them; as root, because booting a machine needs it.
//!
//! | file | what it shows |
//! |---|---|
//! | `install` | installed is running, confined, and there once; one unit touches no other; an SDK needs no configuration |
//! | `keys` | a credential process works with the shipped drop-in; everybody can verify the identity document |
//! | `changes` | what was changed at run time outlives a restart and a crash, not a stop |
//! | `readme` | the commands of the README print what it says |
//! | `reload` | a good file changes the answers, a broken one changes nothing and is explained |
//! | `steady` | restarts, reloads and upgrades lose no request |
//! | `heal` | what somebody removes comes back |
//! | `neighbours` | a web server on port 80 stays; a reboot brings all back |
//! | `purge` | stop, remove and purge leave the host as it was |
//! | `vagrant` | the Vagrant example, run twice |
//! | `image` | the container image of the packaged program is small and complete |
//! | `refusal` | where the guardian refuses, nothing changes, and the reason is in `systemctl status` |

mod changes;
mod heal;
mod host;
mod image;
mod install;
mod keys;
mod load;
mod machine;
mod neighbours;
mod poll;
mod purge;
mod readme;
mod refusal;
mod reload;
mod setup;
mod steady;
mod vagrant;
