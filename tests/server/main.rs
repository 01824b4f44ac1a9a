//! Connections as clients make them, good and bad, against a server in this process.

mod both_paths;
mod eviction;
mod fast_path;
mod faults;
mod faulty;
mod hosts;
mod hyper;
mod ingress;
mod late;
mod lifecycle;
mod limits;
mod messages;
mod paths;
