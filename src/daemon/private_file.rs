//! Files for the service's user alone, which hold secrets.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file, whole or not at all, also when the machine loses its power meanwhile.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_extension(format!("json.{}", std::process::id()));
    let store = || {
        // Of a process that had our number.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(content)?;
        file.sync_data()?;
        fs::rename(&new, path)
    };
    store().inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_for_its_owner_alone() {
        let directory = std::env::temp_dir().join(format!("mock-imds-private-{}", std::process::id()));
        let path = directory.join("a.json");
        write(&path, b"12345").unwrap();
        write(&path, b"1234").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing but the file is left");
        assert_eq!(fs::read(&path).unwrap(), b"1234");
        fs::remove_dir_all(&directory).unwrap();
    }
}
