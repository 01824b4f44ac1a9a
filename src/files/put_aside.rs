//! Damaged files get another name: they may be somebody's only copy.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::rename::rename_unless_taken;

/// In the name of each file that was put aside.
pub(crate) const DAMAGED: &str = ".damaged";
/// Names that are tried.
const MAX_NAMES: u32 = 100;

/// Renames whatever is at `path` to the first free name of `NAME.damaged`, `NAME.damaged-2` and so on, and gives it.
pub(crate) fn put_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=MAX_NAMES {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(DAMAGED);
        if number > 1 {
            name.push(format!("-{number}"));
        }
        let aside = path.with_file_name(name);
        match rename_to_free(path, &aside) {
            Ok(()) => return Ok(aside),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    let found = format!("{MAX_NAMES} files {}.damaged… are there already; remove them", path.display());
    Err(io::Error::other(found))
}

fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    or_in_two_steps(rename_unless_taken(from, to), from, to)
}

fn or_in_two_steps(renamed: io::Result<()>, from: &Path, to: &Path) -> io::Result<()> {
    match renamed {
        // Some file systems have no such rename (NFS).
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            look_and_rename(from, to)
        }
        renamed => renamed,
    }
}

/// In two steps, between which another process may take the name.
fn look_and_rename(from: &Path, to: &Path) -> io::Result<()> {
    match to.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gets_a_name_of_its_own() {
        let root = std::env::temp_dir().join(format!("mock-imds-aside-{}", std::process::id()));
        fs::create_dir_all(root.join("k")).expect("writable");
        let put = |content: &str| {
            if !content.is_empty() {
                fs::write(root.join("k"), content).expect("writable");
            }
            put_aside(&root.join("k")).expect("writable")
        };
        let asides = [put(""), put("second"), put("third")];
        assert_eq!(asides, ["k.damaged", "k.damaged-2", "k.damaged-3"].map(|name| root.join(name)));
        assert!(asides[0].is_dir() && fs::read_to_string(&asides[2]).is_ok_and(|text| text == "third"));
        fs::remove_dir_all(root).expect("ours");
    }

    #[test]
    fn what_is_not_there_is_not_put_aside() {
        let path = std::env::temp_dir().join(format!("mock-imds-aside-none-{}", std::process::id()));
        assert_eq!(put_aside(&path).expect_err("nothing is there").kind(), ErrorKind::NotFound);
        let mut taken = path.clone().into_os_string();
        taken.push(DAMAGED);
        fs::write(&taken, "of before").expect("writable");
        let error = put_aside(&path).expect_err("nothing is there");
        assert_eq!(error.kind(), ErrorKind::NotFound, "whatever is in the way: {error}");
        let error = rename_to_free(&path, Path::new(&taken)).expect_err("nothing is there");
        assert_eq!(error.kind(), ErrorKind::NotFound, "not that the name is taken: {error}");
        assert_eq!(fs::read_to_string(&taken).expect("it stays"), "of before");
        fs::remove_file(&taken).expect("ours");
    }

    #[test]
    fn a_file_system_without_such_a_rename_loses_nothing_either() {
        let root = std::env::temp_dir().join(format!("mock-imds-aside-look-{}", std::process::id()));
        fs::create_dir_all(&root).expect("writable");
        let [from, free, taken, link] = ["from", "free", "taken", "link"].map(|name| root.join(name));
        fs::write(&from, "damaged").expect("writable");
        fs::write(&taken, "of before").expect("writable");
        std::os::unix::fs::symlink("nowhere", &link).expect("writable");
        for other in [&taken, &link] {
            let error = look_and_rename(&from, other).expect_err("the name is taken");
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{}: {error}", other.display());
        }
        assert_eq!(fs::read_to_string(&taken).expect("it stays"), "of before");
        let error = or_in_two_steps(Err(ErrorKind::StorageFull.into()), &from, &free)
            .expect_err("no fault of the call");
        assert_eq!((error.kind(), free.exists()), (ErrorKind::StorageFull, false));
        or_in_two_steps(Err(ErrorKind::InvalidInput.into()), &from, &free).expect("the name is free");
        assert_eq!(fs::read_to_string(&free).expect("it is there"), "damaged");
        or_in_two_steps(Err(ErrorKind::Unsupported.into()), &free, &from).expect("it is free again");
        assert_eq!(fs::read_to_string(&from).expect("it is there"), "damaged");
        fs::remove_file(&from).expect("ours");
        let error = look_and_rename(&from, &root.join("new")).expect_err("nothing is there any more");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        fs::remove_dir_all(root).expect("ours");
    }
}
