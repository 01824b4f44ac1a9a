//! Why a file is not read, as a predicate of the file: "is a directory".

use std::fmt;
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt as _;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;

#[derive(Debug)]
pub(crate) enum FileError {
    Io(io::Error),
    Directory,
    /// A FIFO, a device or a socket.
    Special(&'static str),
    /// A link, where none is followed.
    Link,
    /// On the way is a link that leads out of its directory; it or the directory belongs to another user.
    ForeignLink {
        link: PathBuf,
        owner: u32,
    },
    /// The file belongs to a user who is neither root nor ours.
    ForeignOwner(u32),
    /// It has other names, which may be somebody else's.
    SeveralNames,
    /// The limit in bytes.
    TooLarge(u64),
    TooSlow(Duration),
}

impl FileError {
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == ErrorKind::NotFound)
    }

    pub(crate) fn is_permission_denied(&self) -> bool {
        match self {
            Self::Io(error) => error.kind() == ErrorKind::PermissionDenied,
            Self::ForeignLink { .. } | Self::ForeignOwner(_) => true,
            _ => false,
        }
    }

    /// Whether it may be otherwise in a moment, and says nothing about the file: the process or the host is short of
    /// something, or a device fails.
    pub(crate) fn is_transient(&self) -> bool {
        let Self::Io(error) = self else { return matches!(self, Self::TooSlow(_)) };
        let errno = error.raw_os_error().map(Errno::from_raw);
        matches!(errno, Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EIO))
    }

    /// What to do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Io(error) if error.kind() == ErrorKind::NotFound => "create the file, or name another one",
            Self::Io(error) if error.kind() == ErrorKind::PermissionDenied => {
                "make the file and its directories readable for the user that runs mock-imds"
            }
            Self::Io(_) | Self::TooSlow(_) => "check the path and the file system",
            Self::Directory => "name the file inside it",
            Self::Special(_) | Self::Link => "name a regular file",
            Self::ForeignLink { .. } => {
                "name the file itself, or have root or the user that runs mock-imds own link and directory"
            }
            Self::ForeignOwner(_) => "change its owner to the user that runs mock-imds",
            Self::SeveralNames => "remove it",
            Self::TooLarge(_) => "name a smaller file",
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {}", io_error_text(error)),
            Self::Directory => f.write_str("is a directory"),
            Self::Special(kind) => write!(f, "is not a regular file but {kind}"),
            Self::Link => f.write_str("is a symbolic link"),
            Self::ForeignLink { link, owner } => write!(
                f,
                "is not read: {} is a link of user {owner} that leads out of its directory",
                link.display()
            ),
            Self::ForeignOwner(owner) => write!(f, "belongs to user {owner}"),
            Self::SeveralNames => f.write_str("has several names (hard links)"),
            Self::TooLarge(limit) => write!(f, "is larger than {}", size(*limit)),
            Self::TooSlow(time) => write!(f, "does not end within {time:?}"),
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Io(error) => error,
            found => Self::other(found.to_string()),
        }
    }
}

impl From<Errno> for FileError {
    fn from(error: Errno) -> Self {
        Self::Io(error.into())
    }
}

/// Refuses what is no regular file.
pub(super) fn check_regular(metadata: &Metadata) -> Result<(), FileError> {
    let kind = metadata.file_type();
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(FileError::Directory)
    } else if kind.is_fifo() {
        Err(FileError::Special("a pipe"))
    } else if kind.is_socket() {
        Err(FileError::Special("a socket"))
    } else if kind.is_symlink() {
        Err(FileError::Link)
    } else {
        Err(FileError::Special("a device"))
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// The text of an I/O error as strerror(3) has it in lower case, without "(os error 2)".
pub(crate) fn io_error_text(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_says_nothing_about_the_file() {
        for (errno, expected) in [
            (Errno::EMFILE, true),
            (Errno::ENFILE, true),
            (Errno::ENOMEM, true),
            (Errno::EIO, true),
            (Errno::ENOENT, false),
            (Errno::EACCES, false),
            (Errno::ELOOP, false),
        ] {
            assert_eq!(FileError::from(errno).is_transient(), expected, "{errno}");
        }
        assert!(FileError::TooSlow(Duration::from_secs(1)).is_transient());
        assert!(!FileError::TooLarge(1).is_transient() && !FileError::Directory.is_transient());
    }

    #[test]
    fn each_error_says_what_it_found_and_what_to_do() {
        let io = |errno: Errno| FileError::from(errno);
        for (error, text, remedy) in [
            (io(Errno::ENOENT), "cannot be read: no such file or directory", "create the file"),
            (io(Errno::EACCES), "cannot be read: permission denied", "readable for the user"),
            (io(Errno::EIO), "cannot be read: input/output error", "check the path"),
            (FileError::TooSlow(Duration::from_secs(2)), "does not end within 2s", "check the path"),
            (FileError::Directory, "is a directory", "name the file inside it"),
            (FileError::Link, "is a symbolic link", "name a regular file"),
            (FileError::ForeignOwner(7), "belongs to user 7", "change its owner"),
            (FileError::SeveralNames, "has several names (hard links)", "remove it"),
            (FileError::TooLarge(3 << 20), "is larger than 3 MiB", "name a smaller file"),
            (FileError::TooLarge((3 << 20) + 1024), "is larger than 3073 KiB", "name a smaller file"),
            (FileError::TooLarge(1 << 20), "is larger than 1 MiB", "name a smaller file"),
            (FileError::TooLarge(1 << 10), "is larger than 1 KiB", "name a smaller file"),
            (FileError::TooLarge(1025), "is larger than 1025 bytes", "name a smaller file"),
            (FileError::TooLarge(0), "is larger than 0 bytes", "name a smaller file"),
        ] {
            assert_eq!(error.to_string(), text);
            assert!(error.remedy().contains(remedy), "{text}: {}", error.remedy());
        }
    }

    #[test]
    fn a_permission_is_what_another_user_may_lack() {
        let refused = [
            FileError::from(Errno::EACCES),
            FileError::ForeignOwner(7),
            FileError::ForeignLink { link: "l".into(), owner: 7 },
        ];
        assert!(refused.iter().all(FileError::is_permission_denied));
        let other = [FileError::from(Errno::ENOENT), FileError::Directory, FileError::Link];
        assert!(!other.iter().any(FileError::is_permission_denied));
    }
}
