//! The paths to watch for one file: those that decide which file its path means.

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Symbolic links followed for one path; the kernel follows as many.
const LINKS: usize = 40;

/// The directories that decide which file an absolute path means, and that file, as far as they exist.
pub(super) fn watched_paths(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directory = PathBuf::from("/");
    let mut rest = components(path);
    let mut links = 0;
    while let Some(name) = rest.pop() {
        if name == ".." {
            directory.pop();
            continue;
        }
        let next = directory.join(&name);
        match fs::read_link(&next) {
            Ok(target) if links < LINKS => {
                links += 1;
                found.push(directory.clone());
                if target.is_absolute() {
                    directory = PathBuf::from("/");
                }
                rest.extend(components(&target));
            }
            _ if rest.is_empty() || !next.exists() => {
                found.extend([directory, next]);
                break;
            }
            _ => directory = next,
        }
    }
    found
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
    use std::os::unix::fs::symlink;

    use super::*;

    /// A directory as the kubelet makes one of a `ConfigMap`.
    fn config_map(name: &str) -> PathBuf {
        let root = std::env::temp_dir().canonicalize().unwrap();
        let root = root.join(format!("mock-imds-way-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("..1")).unwrap();
        fs::write(root.join("..1/s.toml"), "").unwrap();
        symlink("..1", root.join("..data")).unwrap();
        symlink("..data/s.toml", root.join("s.toml")).unwrap();
        root
    }

    #[test]
    fn each_link_on_the_way_is_watched() {
        let root = config_map("links");
        let expected = [&root, &root, &root.join("..1"), &root.join("..1/s.toml")];
        assert_eq!(watched_paths(&root.join("s.toml")).iter().collect::<Vec<_>>(), expected);
        let absolute = root.join("absolute");
        symlink(root.join("..data/../s.toml"), &absolute).unwrap();
        assert_eq!(watched_paths(&absolute).last(), Some(&root.join("..1/s.toml")));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_way_to_a_file_without_links_is_its_directory() {
        let root = config_map("plain");
        let file = root.join("..1/s.toml");
        assert_eq!(watched_paths(&file), [root.join("..1"), file.clone()]);
        assert_eq!(watched_paths(&root.join("..1/../..1/./s.toml")), [root.join("..1"), file]);
        let missing = root.join("..1/none");
        assert_eq!(watched_paths(&missing), [root.join("..1"), missing]);
        assert_eq!(watched_paths(Path::new("/")), [] as [PathBuf; 0]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_missing_directory_and_a_circle_of_links_end_the_way() {
        let root = config_map("ends");
        assert_eq!(watched_paths(&root.join("none/s.toml")), [root.clone(), root.join("none")]);
        symlink("circle", root.join("circle")).unwrap();
        // The directory for each link, then it and the link that is not followed.
        assert_eq!(watched_paths(&root.join("circle")).len(), LINKS + 2);
        // As many as are followed lead to a file.
        let names = |number: usize| root.join(format!("link-{number}"));
        fs::write(root.join("link-0"), "").unwrap();
        for number in 1..=LINKS + 1 {
            symlink(format!("link-{}", number - 1), names(number)).unwrap();
        }
        assert_eq!(watched_paths(&names(LINKS)).last(), Some(&names(0)));
        assert_eq!(watched_paths(&names(LINKS + 1)).last(), Some(&names(1)));
        fs::remove_dir_all(root).unwrap();
    }
}
