//! The event loop of a command that asks another service.

use tokio::runtime;

use crate::exit::{ExitStatus, Failure};

/// Runs a future to its end. Threads that still look up a name are left to end with the process: nobody can stop them.
pub(super) fn run<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("cannot start the event loop: {error}"))
    })?;
    let output = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(output)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::files;

    #[test]
    fn a_look_up_that_never_ends_keeps_no_command() {
        let (_keep, never) = mpsc::channel::<()>();
        let asked = async move {
            drop(tokio::task::spawn_blocking(move || never.recv().is_ok()));
            tokio::task::yield_now().await;
            7
        };
        let found = files::within(Duration::from_secs(20), move || run(asked).ok());
        assert_eq!(found, Some(Some(7)), "expected an end\nrerun: cargo test --lib event_loop");
    }
}
