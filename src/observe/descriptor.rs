//! Writing to stdout and stderr by their descriptors: the standard library's handles have locks, and whoever waits for a
//! pipe would hold them.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

/// Whole records on a descriptor.
pub(super) struct RecordWriter<F> {
    to: F,
    /// The last record was cut off by an error.
    torn: bool,
}

impl<F: AsFd> RecordWriter<F> {
    pub(super) fn new(to: F) -> Self {
        Self { to, torn: false }
    }

    /// Writes a record that ends with a newline, on a line of its own.
    pub(super) fn write(&mut self, record: &[u8]) -> io::Result<()> {
        if self.torn {
            write_all(self.to.as_fd(), b"\n").map_err(|(_, error)| error)?;
            self.torn = false;
        }
        write_all(self.to.as_fd(), record).map_err(|(written, error)| {
            self.torn = written > 0;
            error
        })
    }
}

/// `Err` has the number of bytes that were written.
fn write_all(to: BorrowedFd<'_>, bytes: &[u8]) -> Result<(), (usize, io::Error)> {
    let mut written = 0;
    while written < bytes.len() {
        match write(to, &bytes[written..]) {
            Ok(0) => return Err((written, ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(Errno::EINTR) => {}
            // Whoever shares a pipe or a terminal with us may have made it non-blocking.
            Err(Errno::EAGAIN) => {
                let writable = poll(&mut [PollFd::new(to, PollFlags::POLLOUT)], PollTimeout::NONE);
                writable.map_err(|error| (written, error.into()))?;
            }
            Err(error) => return Err((written, error.into())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::thread;

    use nix::fcntl::OFlag;
    use nix::unistd::pipe2;

    use super::*;

    #[test]
    fn a_pipe_that_somebody_made_non_blocking_loses_nothing() {
        let (read, write) = pipe2(OFlag::O_NONBLOCK).expect("descriptors are left");
        let reader = thread::spawn(move || {
            let (mut text, mut bytes) = (Vec::new(), [0; 4096]);
            loop {
                let _ = poll(&mut [PollFd::new(read.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE);
                match nix::unistd::read(&read, &mut bytes).expect("there is something, or the end") {
                    0 => return text,
                    count => text.extend_from_slice(&bytes[..count]),
                }
            }
        });
        let record = [b'x'; 10_000];
        let mut writer = RecordWriter::new(write);
        for _ in 0..100 {
            writer.write(&record).expect("there is a reader");
        }
        drop(writer);
        assert_eq!(reader.join().expect("it reads to the end").len(), 1_000_000);
    }

    #[test]
    fn a_record_that_was_cut_off_is_torn_and_one_that_never_began_is_not() {
        let (read, to) = pipe2(OFlag::empty()).expect("descriptors are left");
        let size = nix::fcntl::fcntl(&to, nix::fcntl::FcntlArg::F_GETPIPE_SZ).expect("a pipe has a size");
        let record = vec![b'x'; usize::try_from(size).expect("it is small") + 1];
        let mut writer = RecordWriter::new(to);
        let reader = thread::spawn(move || {
            // Nobody reads the rest.
            File::from(read).read_exact(&mut [0]).expect("there is something");
        });
        assert!(writer.write(&record).is_err(), "it does not fit, and nobody reads on");
        reader.join().expect("it reads one byte");
        assert!(writer.torn);
        let mut writer = RecordWriter::new(writer.to);
        assert!(writer.write(b"next\n").is_err(), "nobody reads it");
        assert!(!writer.torn);
    }

    #[test]
    fn a_line_after_a_torn_one_begins_anew() {
        let (read, to) = pipe2(OFlag::empty()).expect("descriptors are left");
        let mut writer = RecordWriter { to, torn: true };
        writer.write(b"next\n").expect("there is room");
        drop(writer);
        let mut text = String::new();
        File::from(read).read_to_string(&mut text).expect("the pipe is readable");
        assert_eq!(text, "\nnext\n");
    }
}
