//! `mock-imds net up` and `net down`.

use std::path::Path;

use super::error::combine;
use super::network::{self, Network};
use super::options::NetOptions;
use super::runtime::Runtime;
use super::status::{NetMode, StatusHistory};
use super::uplinks::Uplink;
use super::{nft, privilege};
use crate::exit::Failure;

/// `net up`: sets up the network and leaves it so. Fails, too, if an endpoint is refused; the others are set up then.
pub(crate) fn up(options: &NetOptions) -> Result<(), Failure> {
    privilege::check()?;
    let settings = options.load_settings()?;
    let runtime = Runtime::create(&options.runtime)?;
    let _lock = runtime.lock()?;
    let mut network =
        Network::open(runtime.clone(), nft::NftClient::open_or_without()?, nft::Ownership::ORDINARY)?;
    let since = runtime.status().filter(|status| status.mode == NetMode::Up).map(|status| status.since);
    network.converge(&settings)?;
    let mut history = StatusHistory::begin();
    history.since = since.unwrap_or(history.since);
    let status = network.status(NetMode::Up, history);
    let kept_out = status.uplinks.iter().map(Uplink::warning);
    status.warnings.iter().cloned().chain(kept_out).for_each(|warning| tracing::warn!("{warning}"));
    if status.addresses.is_empty() {
        combine(network.take_down())?;
    } else {
        runtime.write_status(&status)?;
    }
    network.refusal().map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// `net down`: removes what `up` or `hold` added; nothing to remove is no error.
pub(crate) fn down(directory: &Path) -> Result<(), Failure> {
    privilege::check()?;
    let runtime = Runtime::at(directory);
    let _lock = runtime.lock()?;
    combine(network::take_down_recorded(&runtime))
}
