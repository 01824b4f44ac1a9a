//! The signals of the process: which end it, which become orders.

use std::io::{self, IsTerminal as _};

use libc::c_int;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_tokio::Signals;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::{Stream, StreamExt as _};

use crate::control::{Order, OrderSource};
use crate::exit::{ExitStatus, Failure};

/// Takes the signals from now on.
pub(super) fn signals() -> Result<Signals, Failure> {
    Signals::new([SIGHUP, SIGTERM, SIGINT])
        .map_err(|error| Failure::new(ExitStatus::OsError, format!("cannot handle signals: {error}")))
}

/// Waits for the signal that ends the process, and turns the others into orders. The end waits behind no order: while
/// there is no room for one, signals are still taken, and those to reload become one.
pub(super) async fn until_stopped(
    signals: &mut (impl Stream<Item = c_int> + Unpin),
    orders: &mpsc::Sender<Order>,
    mut reload: bool,
    drop_in: bool,
) -> c_int {
    let on_terminal = io::stderr().is_terminal();
    loop {
        tokio::select! {
            signal = signals.next() => {
                let signal = signal.unwrap_or(SIGTERM);
                if drop_in || ends(signal, on_terminal, io::stderr().is_terminal()) {
                    return signal;
                }
                reload = true;
            }
            room = orders.reserve(), if reload => {
                reload = false;
                if let Ok(room) = room {
                    let (reply, _) = oneshot::channel();
                    room.send(Order::Reload { by: OrderSource::Signal, keep: false, reply });
                }
            }
        }
    }
}

/// Waits for a signal that ends the start, which may wait for a file system. A SIGHUP is remembered.
pub(super) async fn stopped_at_start(
    signals: &mut (impl Stream<Item = c_int> + Unpin),
    hung_up: &mut bool,
    drop_in: bool,
) -> c_int {
    let on_terminal = io::stderr().is_terminal();
    while let Some(signal) = signals.next().await {
        if drop_in || ends(signal, on_terminal, io::stderr().is_terminal()) {
            return signal;
        }
        *hung_up = true;
    }
    SIGTERM
}

/// `true` of a signal that ends the process. A terminal that closes says so by SIGHUP, too, and is none any more.
pub(super) fn ends(signal: c_int, was_on_terminal: bool, is_on_terminal: bool) -> bool {
    signal != SIGHUP || (was_on_terminal && !is_on_terminal)
}

/// Waits for a second signal that ends the process.
pub(super) async fn stop_signal(signals: &mut (impl Stream<Item = c_int> + Unpin)) {
    while signals.next().await == Some(SIGHUP) {}
}

#[cfg(test)]
mod tests {
    use tokio_stream::{iter, pending};

    use super::*;

    #[tokio::test]
    async fn the_end_waits_behind_no_order() {
        let (orders, mut inbox) = mpsc::channel(1);
        orders.try_send(Order::ReloadIfChanged).expect("there is room");
        let mut signals = iter([SIGHUP, SIGHUP, SIGTERM]);
        assert_eq!(until_stopped(&mut signals, &orders, true, false).await, SIGTERM);
        assert!(matches!(inbox.try_recv(), Ok(Order::ReloadIfChanged)));
        assert!(inbox.try_recv().is_err(), "there was no room for another one");
    }

    #[tokio::test]
    async fn a_signal_to_reload_waits_for_room() {
        let (orders, mut inbox) = mpsc::channel(1);
        orders.try_send(Order::ReloadIfChanged).expect("there is room");
        let mut signals = iter([SIGHUP, SIGHUP]).chain(pending());
        let second = async {
            inbox.recv().await.expect("the one before");
            inbox.recv().await
        };
        let order = tokio::select! {
            order = second => order,
            signal = until_stopped(&mut signals, &orders, false, false) => panic!("ended by {signal}"),
        };
        assert!(matches!(order, Some(Order::Reload { by: OrderSource::Signal, keep: false, .. })));
    }
}
