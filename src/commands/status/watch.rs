//! `status --follow`: on a terminal the whole screen, redrawn in place; else a block after each change.

use std::io::{self, IsTerminal as _, Read as _};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, sleep};
use std::time::Duration;

use libc::c_int;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::snapshot::Snapshot;
use super::view;
use crate::clock;
use crate::commands::follow::{self, RESTART_TIMEOUT, not_back};
use crate::commands::print::{to_json, try_print_line};
use crate::control::ControlClient;
use crate::control::api::{ClockStatus, FaultStatus, ServiceStatus};
use crate::exit::{ExitStatus, Failure};
use crate::model::Timestamp;
use crate::terminal::{FullScreen, StyledText, Terminal, TextStyle, ago, spoken};

const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);

pub(super) fn exec(client: ControlClient, status: ServiceStatus, as_json: bool) -> Result<(), Failure> {
    if as_json || !Terminal::of(&io::stdout()).is_addressable {
        return print_blocks(&client, status, as_json);
    }
    ScreenView::new(Snapshot::take(&client, status)).run(&events(client)?)
}

// === Blocks ===

/// Prints the status whenever it has changed, until nobody reads any more or the server is gone for good.
fn print_blocks(client: &ControlClient, mut status: ServiceStatus, as_json: bool) -> Result<(), Failure> {
    let mut before = None;
    loop {
        let now = without_position(&status);
        if before.as_ref() != Some(&now) {
            let text = if as_json {
                to_json(&status)
            } else {
                view::text(&Snapshot::take(client, status.clone()), Terminal::of(&io::stdout())) + "\n"
            };
            if try_print_line(&text).is_err() {
                return Ok(());
            }
        }
        before = Some(now);
        sleep(FOLLOW_INTERVAL);
        status = client.status().or_else(|failure| follow::wait_for_server(client, failure))?;
    }
}

/// The status without what changes by itself.
fn without_position(status: &ServiceStatus) -> ServiceStatus {
    let clock = ClockStatus { elapsed: String::new(), elapsed_ms: 0, ..status.clock.clone() };
    let faults = status.faults.iter().map(|fault| FaultStatus {
        // It says what is left, too. What it says besides is in `begins` and `ends`.
        when: String::new(),
        left: None,
        ..fault.clone()
    });
    ServiceStatus { clock, faults: faults.collect(), ..status.clone() }
}

// === The screen ===

/// What the view reacts to.
enum ScreenEvent {
    Status(Box<Result<Snapshot, Failure>>),
    Key(u8),
    Signal(c_int),
}

/// Starts whatever waits for something: the server, a key, a signal. A server that gives no answer delays no key.
fn events(client: ControlClient) -> Result<Receiver<ScreenEvent>, Failure> {
    // Nothing piles up while the screen is not drawn, because the terminal is stopped.
    let (sender, events) = mpsc::sync_channel(1);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])
        .map_err(|error| Failure::new(ExitStatus::OsError, format!("cannot handle signals: {error}")))?;
    let to = sender.clone();
    thread::spawn(move || signals.forever().try_for_each(|signal| to.send(ScreenEvent::Signal(signal))));
    // What is piped in is no key.
    let to = sender.clone();
    thread::spawn(move || {
        if !io::stdin().is_terminal() {
            return Ok(());
        }
        io::stdin().lock().bytes().map_while(Result::ok).try_for_each(|key| to.send(ScreenEvent::Key(key)))
    });
    thread::spawn(move || ask(&client, &sender));
    Ok(events)
}

fn ask(client: &ControlClient, to: &SyncSender<ScreenEvent>) {
    loop {
        sleep(FOLLOW_INTERVAL);
        let snapshot = client.status().map(|status| Snapshot::take(client, status));
        // One that finds no room is left out: the next one follows.
        if let Err(TrySendError::Disconnected(_)) = to.try_send(ScreenEvent::Status(Box::new(snapshot))) {
            return;
        }
    }
}

struct ScreenView {
    snapshot: Snapshot,
    /// The first failure since the server answered last, and its time.
    failing: Option<(Timestamp, Failure)>,
}

impl ScreenView {
    fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, failing: None }
    }

    fn run(mut self, events: &Receiver<ScreenEvent>) -> Result<(), Failure> {
        let mut screen = enter()?;
        loop {
            if self.draw(&screen).is_err() {
                // Nobody looks on any more.
                return Ok(());
            }
            match events.recv() {
                Err(_) | Ok(ScreenEvent::Key(b'q' | b'Q')) => return Ok(()),
                Ok(ScreenEvent::Key(_) | ScreenEvent::Signal(SIGWINCH | SIGCONT)) => {}
                Ok(ScreenEvent::Signal(SIGTSTP)) => {
                    drop(screen);
                    let _ = emulate_default_handler(SIGTSTP);
                    screen = enter()?;
                }
                Ok(ScreenEvent::Signal(signal)) => {
                    drop(screen);
                    let _ = emulate_default_handler(signal);
                    return Ok(());
                }
                Ok(ScreenEvent::Status(found)) => self.take(*found)?,
            }
        }
    }

    /// A server that restarts is waited for, as long as `requests -f` waits.
    fn take(&mut self, found: Result<Snapshot, Failure>) -> Result<(), Failure> {
        match found {
            Ok(snapshot) => *self = Self::new(snapshot),
            Err(failure) if failure.status != ExitStatus::Unavailable => return Err(failure),
            Err(failure) => {
                let (since, _) = self.failing.get_or_insert((clock::now(), failure.clone()));
                if clock::now().since(*since) >= RESTART_TIMEOUT {
                    return Err(not_back(&failure));
                }
            }
        }
        Ok(())
    }

    fn draw(&self, screen: &FullScreen) -> io::Result<()> {
        let terminal = Terminal::of(&io::stdout());
        let mut lines = Vec::new();
        if let Some((since, failure)) = &self.failing {
            let waiting =
                format!("waiting for the server, {}: {failure}", spoken(clock::now().since(*since)));
            let waiting = StyledText::styled(TextStyle::Bad, waiting);
            lines.extend(waiting.wrapped(terminal.columns.unwrap_or(80)));
        }
        lines.extend(view::lines(&self.snapshot, terminal));
        let hidden = (lines.len() + 1).saturating_sub(terminal.rows.unwrap_or(24));
        let more = if hidden > 0 { format!("; {hidden} more lines below") } else { String::new() };
        let age = match &self.failing {
            Some(_) => format!("; as it was {}", ago(self.snapshot.now, clock::now())),
            None => String::new(),
        };
        let bottom = StyledText::styled(TextStyle::Dim, format!("q quits{more}{age}"));
        screen.draw(terminal, &lines, &bottom)
    }
}

fn enter() -> Result<FullScreen, Failure> {
    FullScreen::enter().map_err(|error| {
        Failure::new(ExitStatus::OsError, format!("the terminal's modes cannot be set: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::snapshot;
    use super::*;

    #[test]
    fn the_clock_alone_is_no_change() {
        let status = snapshot().status;
        let clock = ClockStatus { elapsed: "1m13s".into(), elapsed_ms: 73_000, ..status.clock.clone() };
        let mut later = ServiceStatus { clock, ..status.clone() };
        for fault in &mut later.faults {
            (fault.left, fault.when) = (Some("9m58s".into()), "9m58s left".into());
        }
        assert!(!later.faults.is_empty(), "the status has faults");
        assert_eq!(without_position(&status), without_position(&later));
        let asked = ServiceStatus { requests: status.requests + 1, ..status.clone() };
        assert_ne!(without_position(&status), without_position(&asked));
    }
}
