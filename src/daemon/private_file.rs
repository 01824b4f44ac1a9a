//! Files for the service's user alone, which hold secrets.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

/// Writes a file, whole or not at all, also when the machine loses its power meanwhile.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_extension(format!("json.{}", std::process::id()));
    let store = || {
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(content)?;
        file.sync_data()?;
        fs::rename(&new, path)
    };
    store().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// Reads a regular file of at most `limit` bytes. Nothing else is waited for: a FIFO would not end.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_for_its_owner_alone_and_is_read_within_its_limit() {
        let directory = std::env::temp_dir().join(format!("mock-imds-private-{}", std::process::id()));
        let path = directory.join("a.json");
        write(&path, b"12345").unwrap();
        write(&path, b"1234").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing but the file is left");
        assert_eq!(read(&path, 4).unwrap(), b"1234");
        assert!(read(&path, 3).unwrap_err().to_string().contains("more than 3 bytes"));
        assert!(read(&directory, 3).unwrap_err().to_string().contains("not a regular file"));
        nix::unistd::mkfifo(&directory.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(read(&directory.join("fifo"), 3).unwrap_err().to_string().contains("not a regular file"));
        fs::remove_dir_all(&directory).unwrap();
    }
}
