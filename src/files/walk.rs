//! Opens a path by its components, to see each link on the way before it is followed.
//!
//! The kernel's own rule (`fs.protected_symlinks`) covers sticky directories only, and may be off. Here a link that
//! another user owns, or that is in another user's directory, is followed within that directory and no further:
//! it could lead a privileged reader to a file that its owner may not read.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{self, Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::Mode;
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs};

use super::error::{FileError, check_regular};

/// Links that are followed; the kernel follows as many.
const MAX_LINKS: u32 = 40;

/// Whether a file of this user is as good as our own: root could change ours, too.
pub(crate) fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == nix::unistd::geteuid().as_raw()
}

/// Opens a regular file for reading. `is_trusted` says whose links may lead anywhere.
pub(super) fn open(path: &Path, is_trusted: fn(u32) -> bool) -> Result<(File, Metadata), FileError> {
    open_without_links(path).unwrap_or_else(|| walk(path, is_trusted))
}

/// The same for a path that has no link in it, in two system calls instead of some for each component. `None` if there
/// is one, and where the kernel cannot tell (before Linux 5.6, or in a sandbox that refuses to ask).
fn open_without_links(path: &Path) -> Option<Result<(File, Metadata), FileError>> {
    let open = |flags: OFlag| {
        let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
        Ok(openat2(AT_FDCWD, path, how)?.into())
    };
    let entry: File = open(OFlag::O_PATH).ok()?;
    Some(entry.metadata().map_err(FileError::from).and_then(|seen| open_regular(&seen, open)))
}

/// Opens what was found to be a regular file, with the flags for that.
fn open_regular(
    seen: &Metadata,
    open: impl FnOnce(OFlag) -> Result<File, FileError>,
) -> Result<(File, Metadata), FileError> {
    check_regular(seen)?;
    let file = open(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY)?;
    // Another one may have come meanwhile.
    let metadata = file.metadata()?;
    check_regular(&metadata)?;
    Ok((file, metadata))
}

fn walk(path: &Path, is_trusted: fn(u32) -> bool) -> Result<(File, Metadata), FileError> {
    let mut walk = Walk::new(&path::absolute(path)?, is_trusted)?;
    while let Some(name) = walk.rest.pop() {
        if name == ".." {
            walk.leave()?;
            continue;
        }
        let entry = walk.open_entry(&name, OFlag::O_PATH | OFlag::O_NOFOLLOW)?;
        let metadata = entry.metadata()?;
        if metadata.is_symlink() && !walk.is_kernels_own(&entry, &metadata)? {
            walk.follow(&entry, name, &metadata)?;
        } else if walk.rest.is_empty() {
            return walk.open_file(&name, &metadata);
        } else {
            walk.enter(name, entry, &metadata)?;
        }
    }
    Err(FileError::Directory)
}

struct Walk {
    /// Those that lead from the root to where the walk is, without links.
    directories: Vec<(OsString, File)>,
    /// The components that are left, the last first.
    rest: Vec<OsString>,
    links: u32,
    /// A link that may not lead out of as many directories as are counted here, and its owner.
    confined: Option<(usize, FileError)>,
    is_trusted: fn(u32) -> bool,
}

impl Walk {
    fn new(path: &Path, is_trusted: fn(u32) -> bool) -> io::Result<Self> {
        let root = File::options().read(true).custom_flags(OFlag::O_PATH.bits()).open("/")?;
        let root = (OsString::from("/"), root);
        Ok(Self { directories: vec![root], rest: components(path), links: 0, confined: None, is_trusted })
    }

    fn directory(&self) -> &File {
        &self.directories.last().expect("the root is never left").1
    }

    fn path(&self) -> PathBuf {
        self.directories.iter().map(|(name, _)| name).collect()
    }

    fn open_entry(&self, name: &OsString, flags: OFlag) -> Result<File, FileError> {
        Ok(openat(self.directory(), name.as_os_str(), flags | OFlag::O_CLOEXEC, Mode::empty())?.into())
    }

    /// Goes on in a directory, or where a link of the kernel leads.
    fn enter(&mut self, name: OsString, entry: File, seen: &Metadata) -> Result<(), FileError> {
        let directory = if seen.is_symlink() {
            self.open_entry(&name, OFlag::O_PATH | OFlag::O_DIRECTORY)?
        } else if seen.is_dir() {
            entry
        } else {
            return Err(Errno::ENOTDIR.into());
        };
        self.directories.push((name, directory));
        Ok(())
    }

    /// Opens what was found to be a regular file, or a link of the kernel to one.
    fn open_file(&self, name: &OsString, seen: &Metadata) -> Result<(File, Metadata), FileError> {
        if seen.is_symlink() {
            // Not to open a device: some do something at that.
            let target = self.open_entry(name, OFlag::O_PATH)?.metadata()?;
            open_regular(&target, |flags| self.open_entry(name, flags))
        } else {
            open_regular(seen, |flags| self.open_entry(name, flags | OFlag::O_NOFOLLOW))
        }
    }

    /// Links as `/proc/self/fd/0` have no path that could be followed.
    fn is_kernels_own(&self, link: &File, metadata: &Metadata) -> Result<bool, FileError> {
        Ok((self.is_trusted)(metadata.uid()) && fstatfs(link)?.filesystem_type() == PROC_SUPER_MAGIC)
    }

    fn follow(&mut self, link: &File, name: OsString, metadata: &Metadata) -> Result<(), FileError> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::ELOOP.into());
        }
        let owners = [metadata.uid(), self.directory().metadata()?.uid()];
        let directory = self.path();
        if let Some(owner) = owners.into_iter().find(|owner| !(self.is_trusted)(*owner)) {
            let refusal = FileError::ForeignLink { link: directory.join(name), owner };
            if self.confined.as_ref().is_none_or(|(depth, _)| *depth < self.directories.len()) {
                self.confined = Some((self.directories.len(), refusal));
            }
        }
        let target = PathBuf::from(readlinkat(link, "")?);
        if let Ok(below) = target.strip_prefix(&directory) {
            self.rest.extend(components(below));
        } else {
            if target.is_absolute() {
                self.leave_to(1)?;
            }
            self.rest.extend(components(&target));
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), FileError> {
        self.leave_to(self.directories.len().saturating_sub(1).max(1))
    }

    fn leave_to(&mut self, depth: usize) -> Result<(), FileError> {
        if let Some((_, refusal)) = self.confined.take_if(|(least, _)| depth < *least) {
            return Err(refusal);
        }
        self.directories.truncate(depth);
        Ok(())
    }
}

/// The components of a path, the last first.
fn components(path: &Path) -> Vec<OsString> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// `d/s/file`, beside it the links, and `outside`.
    fn tree(links: &[(&str, &str)]) -> PathBuf {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let root = std::env::temp_dir().canonicalize().expect("it is there");
        let root = root.join(format!("mock-imds-walk-{}-{count}", std::process::id()));
        fs::create_dir_all(root.join("d/s")).expect("writable");
        for name in ["d/file", "d/s/file", "outside"] {
            fs::write(root.join(name), name).expect("writable");
        }
        for (name, target) in links {
            let target = target.replace("ROOT", root.to_str().expect("UTF-8"));
            symlink(target, root.join(name)).expect("writable");
        }
        root
    }

    fn content(path: &Path, is_trusted: fn(u32) -> bool) -> Result<String, String> {
        let (file, _) = open(path, is_trusted).map_err(|error| error.to_string())?;
        io::read_to_string(file).map_err(|error| error.to_string())
    }

    #[test]
    fn a_link_of_another_user_stays_in_its_directory() {
        let links = [
            ("d/near", "s/file"),
            ("d/around", "s/../file"),
            ("d/data", "s"),
            ("d/absolute", "ROOT/d/s/file"),
            ("d/s/up", "../file"),
            ("d/out", "../outside"),
            ("d/away", "ROOT/outside"),
            ("d/directory", "/etc"),
            ("d/chain", "out"),
        ];
        let root = tree(&links);
        for (name, found, stays) in [
            ("d/file", "d/file", true),
            ("d/near", "d/s/file", true),
            ("d/around", "d/file", true),
            ("d/data/file", "d/s/file", true),
            ("d/absolute", "d/s/file", true),
            ("d/s/up", "d/file", false),
            ("d/out", "outside", false),
            ("d/away", "outside", false),
            ("d/chain", "outside", false),
        ] {
            let path = root.join(name);
            assert_eq!(content(&path, |_| true), Ok(found.to_owned()), "{name}, by a link of our own");
            let foreign = content(&path, |_| false);
            if stays {
                assert_eq!(foreign, Ok(found.to_owned()), "{name}, by a link of another user");
            } else {
                let why = foreign.expect_err(name);
                assert!(why.contains(" that leads out of its directory"), "{name}: {why}");
            }
        }
        let why = content(&root.join("d/chain"), |_| false).expect_err("it leads out");
        assert!(why.contains("d/chain is a link"), "the first of the links in the directory: {why}");
        let why = content(&root.join("d/directory/hostname"), |_| false).expect_err("it leads to /etc");
        assert!(why.contains("d/directory is a link of user"), "{why}");
        fs::remove_dir_all(root).expect("ours");
    }

    /// Nothing that a link of the kernel leads to is opened on the way: some devices do something at that, and a pipe waits.
    #[test]
    fn what_is_no_directory_is_not_opened_on_the_way() {
        use std::os::fd::AsRawFd as _;

        let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("descriptors are left");
        let path = PathBuf::from(format!("/proc/self/fd/{}/file", socket.as_raw_fd()));
        let expected = FileError::from(Errno::ENOTDIR).to_string();
        assert_eq!(content(&path, |_| true), Err(expected), "{}", path.display());
    }

    #[test]
    fn as_many_links_are_followed_as_the_kernel_follows() {
        let names: Vec<String> = (0..=MAX_LINKS).map(|number| format!("link{number}")).collect();
        let mut links = vec![(names[0].as_str(), "outside")];
        links.extend(names.windows(2).map(|pair| (pair[1].as_str(), pair[0].as_str())));
        let root = tree(&links);
        for (name, is_found) in [(&names[39], true), (&names[40], false)] {
            let path = root.join(name);
            assert_eq!(content(&path, |_| true).is_ok(), is_found, "{name}");
            assert_eq!(fs::metadata(&path).is_ok(), is_found, "{name}, by the kernel");
        }
        fs::remove_dir_all(root).expect("ours");
    }

    /// The first link confines, not one behind it that is further down.
    #[test]
    fn a_second_link_does_not_loosen_the_first() {
        let root = tree(&[("d/first", "s/second"), ("d/s/second", "../back"), ("d/back", "../outside")]);
        let why = content(&root.join("d/first"), |_| false).expect_err("it leads out");
        assert!(why.contains("d/s/second is a link"), "{why}");
        let root_of_the_second = tree(&[("d/first", "s/second"), ("d/s/second", "file")]);
        assert_eq!(content(&root_of_the_second.join("d/first"), |_| false), Ok("d/s/file".to_owned()));
        for root in [root, root_of_the_second] {
            fs::remove_dir_all(root).expect("ours");
        }
    }

    #[test]
    fn a_path_without_links_needs_no_walk() {
        let root = tree(&[("d/near", "s/file"), ("link", "d")]);
        let without = |path: &str| open_without_links(&root.join(path));
        for (path, is_found) in [
            ("d/s/file", true),
            ("d/../d/./s/file", true),
            ("d/near", false),
            ("link/s/file", false),
            ("link/../outside", false),
            ("d/none", false),
        ] {
            assert_eq!(without(path).is_some(), is_found, "{path}");
        }
        let error = without("d").expect("there is no link").expect_err("it is no file");
        assert!(matches!(error, FileError::Directory), "{error}");
        fs::remove_dir_all(root).expect("ours");
    }

    /// By any way through a tree of links.
    #[test]
    fn any_way_leads_where_the_kernel_goes() {
        const WAY: &[&str] =
            &["d", "s", "file", "..", "near", "out", "data", "absolute", "up", "root", "chain"];
        let root = tree(&[
            ("near", "d/s/file"),
            ("d/data", "s"),
            ("d/up", ".."),
            ("d/s/up", "../../d/up"),
            ("d/s/out", "../../outside"),
            ("out", "outside"),
            ("d/absolute", "ROOT/d/s"),
            ("d/chain", "data/../absolute"),
            ("d/s/chain", "chain"),
            ("root", "ROOT"),
        ]);
        proptest!(|(way in vec(select(WAY), 1..8))| {
            let path = root.join(way.join("/"));
            let found = content(&path, |_| true);
            let expected = match fs::metadata(&path) {
                Ok(there) if there.is_file() => Ok(fs::read_to_string(&path).expect("it is there")),
                Ok(_) => Err("is a directory".to_owned()),
                Err(error) => Err(FileError::Io(error).to_string()),
            };
            prop_assert_eq!(&found, &expected);
            // Whoever owns the links, it is that file or none.
            let foreign = content(&path, |_| false);
            prop_assert!(foreign == found || foreign.is_err_and(|why| why.contains("out of its directory")));
        });
        fs::remove_dir_all(root).expect("ours");
    }

    #[test]
    fn a_path_means_what_it_means_to_the_kernel() {
        let links = [("circle", "circle"), ("nowhere", "gone"), ("root", "/")];
        let root = tree(&links);
        for (name, found) in [
            ("d", "is a directory"),
            ("d/..", "is a directory"),
            ("none", "cannot be read: no such file or directory"),
            ("nowhere", "cannot be read: no such file or directory"),
            ("d/file/x", "cannot be read: not a directory"),
            ("circle", "cannot be read: too many levels of symbolic links"),
            ("root/dev/zero", "is not a regular file but a device"),
        ] {
            let error = content(&root.join(name), |_| true).expect_err(name);
            assert!(error.starts_with(found), "expected {name} {found}, found {error}");
        }
        assert_eq!(content(&root.join("d/../root/../outside"), |_| true).ok(), None, "/outside");
        assert!(content(Path::new("/../../proc/self/../self/stat"), is_trusted).is_ok());
        let file = File::open(root.join("d/file")).expect("it is there");
        let descriptor = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        fs::remove_file(root.join("d/file")).expect("ours");
        assert_eq!(
            content(Path::new(&descriptor), is_trusted),
            Ok("d/file".into()),
            "of a file without a name"
        );
        let (_reader, writer) = io::pipe().expect("there are descriptors");
        let descriptor = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
        let error = content(Path::new(&descriptor), is_trusted).expect_err("a pipe");
        assert_eq!(error, "is not a regular file but a pipe");
        fs::remove_dir_all(root).expect("ours");
    }
}
