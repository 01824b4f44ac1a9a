//! The packages on a booted machine, as users meet them.
//!
//! Each test boots a machine of its own (`systemd-nspawn`, private network, an overlay that is thrown away), installs
//! the package that `scripts/package` built, and looks at the machine from inside. `scripts/test package` makes what is
//! missing and runs them; as root, because booting a machine needs it.
//!
//! The machine is a Debian 12. `install`, `upgrade`, `purge`, `endpoints`, `confinement` and `connections` run on Debian 13, too: another systemd, another dpkg,
//! another nft. `rpm` runs on Debian 12 with rpm and dnf.
//!
//! | file | what it shows |
//! |---|---|
//! | `install` | installed is running, confined, and there once; one unit touches no other; an SDK needs no configuration |
//! | `confinement` | what the units' sandboxes must refuse, tried from inside, fails |
//! | `connections` | a fault refuses connections, or loses them, from inside the sandboxes |
//! | `conffiles` | files in /etc are the administrator's, before the first installation, in an upgrade, and in a purge |
//! | `endpoints` | host.toml alone opens and closes the sockets of other endpoints; the sandboxed guardian finds a real agent |
//! | `keys` | a credential process works with the shipped drop-in; everybody can verify the identity document |
//! | `changes` | what was changed at run time outlives a restart and a crash, not a stop |
//! | `readme` | the commands of the README print what it says |
//! | `reload` | a good file changes the answers, a broken one changes nothing and is explained |
//! | `steady` | restarts and reloads lose no request |
//! | `upgrade` | nor do upgrades and downgrades; both processes change; what the administrator said stays; nobody is asked |
//! | `restore` | what somebody removes comes back |
//! | `neighbours` | a web server on port 80 stays; a reboot brings all back |
//! | `purge` | stop, remove and purge leave the host as it was |
//! | `chroot` | installed where no systemd runs, nothing starts and nothing fails |
//! | `autopkgtest` | what Debian's testers run works |
//! | `ci` | the scripts of the GitHub action and of the feature for development containers |
//! | `rpm` | the rpm does what the deb does, as far as the customs of RPM systems go |
//! | `repositories` | apt and dnf install from the repositories, by the lines that are printed; what is changed in one is refused |
//! | `tarball` | the tarball's script installs, upgrades and removes without a trace |
//! | `view` | the page: off until it is enabled, confined, its token for the group alone, and gone with the package |
//! | `vagrant` | the Vagrant example, run twice, and after a removal and an interrupted upgrade |
//! | `image` | the container image of the packaged program is small and complete |
//! | `refusal` | where the guardian refuses, nothing changes, and everything that one looks at says why; one line allows it |

mod autopkgtest;
mod changes;
mod chroot;
mod ci;
mod conffiles;
mod confinement;
mod connections;
mod endpoints;
mod image;
mod install;
mod keys;
mod load;
mod neighbours;
mod purge;
mod readme;
mod refusal;
mod reload;
mod repositories;
mod restore;
mod rpm;
mod steady;
mod tarball;
mod upgrade;
mod vagrant;
mod view;
