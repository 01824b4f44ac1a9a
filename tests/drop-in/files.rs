//! Files of a case.

use std::fs::{self};
use std::path::Path;

pub fn put(path: &Path, text: &str) -> Result<(), String> {
    let write = || {
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return fs::create_dir_all(path);
        }
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(path, text)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes a symbolic link, or replaces one as Kubernetes does: by a rename.
pub fn link(path: &Path, to: &str) -> Result<(), String> {
    let new = path.with_file_name("new-link");
    std::os::unix::fs::symlink(to, &new)
        .and_then(|()| fs::rename(&new, path))
        .map_err(|error| format!("{}: {error}", path.display()))
}
