//! A program on a terminal: what it writes, the screen that this makes, and keys.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use nix::pty::{Winsize, openpty};
use rustix::termios::tcsetwinsize;

use crate::sandbox::Sandbox;
use crate::target;
use crate::wait::{DEADLINE, eventually, poll};

/// A program of a sandbox whose three streams are a terminal of its own. Killed if it is dropped.
pub struct PtyProcess {
    child: Child,
    terminal: File,
    shown: Arc<Mutex<Shown>>,
    /// It ends when no program has the terminal any more.
    reader: Option<JoinHandle<()>>,
}

struct Shown {
    screen: vt100::Parser,
    written: Vec<u8>,
}

impl PtyProcess {
    /// Starts the program with these arguments and variables, on a terminal of this size.
    pub fn start(
        sandbox: &Sandbox,
        (columns, rows): (u16, u16),
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).expect("a pseudo terminal is left");
        let program = target::program().to_str().expect("UTF-8");
        // Of util-linux: the terminal controls the program, so that its keys and its size are signals. Whoever started the
        // tests in the background has them ignore the interrupt, and the program would inherit that.
        let as_by_hand = ["--ctty", "env", "--default-signal=INT", program];
        let words: Vec<&str> = as_by_hand.into_iter().chain(arguments.iter().copied()).collect();
        let mut command = sandbox.prepared(Path::new("setsid"), &words);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.envs(variables.iter().copied());
        let stream = || Stdio::from(pty.slave.try_clone().expect("descriptors are left"));
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let child = command.spawn().expect("setsid of util-linux is installed");
        drop((command, pty.slave));
        let terminal = File::from(pty.master);
        let screen = vt100::Parser::new(cells(rows), cells(columns), 0);
        let shown = Arc::new(Mutex::new(Shown { screen, written: Vec::new() }));
        let (mut reader, into) = (terminal.try_clone().expect("descriptors are left"), Arc::clone(&shown));
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the last program on a terminal is an error.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let mut shown = into.lock().expect("nobody panics with it");
                shown.screen.process(&bytes[..count]);
                shown.written.extend_from_slice(&bytes[..count]);
            }
        });
        Self { child, terminal, shown, reader: Some(reader) }
    }

    /// The lines of the screen, without spaces at their ends.
    pub fn screen(&self) -> String {
        self.shown.lock().expect("nobody panics with it").screen.screen().contents()
    }

    /// All that it has written, escape sequences included.
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("nobody panics with it").written).into_owned()
    }

    /// Whether the screen is the alternate one.
    pub fn is_full_screen(&self) -> bool {
        self.shown.lock().expect("nobody panics with it").screen.screen().alternate_screen()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        let found = poll(DEADLINE, || {
            let screen = self.screen();
            if screen.contains(text) { Ok(()) } else { Err(screen) }
        });
        if let Err(screen) = found {
            panic!("expected {text:?} on the screen, found {screen}");
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Changes the size of the terminal, and of its screen.
    pub fn resize(&self, (columns, rows): (u16, u16)) {
        self.shown
            .lock()
            .expect("nobody panics with it")
            .screen
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.terminal, size).expect("the terminal is there");
    }

    /// The process.
    pub fn pid(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.child.id().try_into().expect("process ids are small"))
    }

    /// Waits for its end, and until all that it has written was read.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        let status =
            eventually("the end of the program", || self.child.try_wait().expect("the child is ours"));
        if let Some(reader) = self.reader.take() {
            eventually("the end of what it wrote", || reader.is_finished().then_some(()));
            reader.join().expect("what it wrote was read");
        }
        status
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has a size")
}

impl Drop for PtyProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
