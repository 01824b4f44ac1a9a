//! A link of another user leads no reader out of its directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};

use support::{NOBODY, Sandbox, is_root};

const SECRET: &str = "only-root-may-read-this";

/// A directory of nobody's with a secret of root's beside it, and links to it.
fn foreign() -> Sandbox {
    let sandbox = Sandbox::new();
    let secret = sandbox.write("secret", SECRET);
    fs::set_permissions(secret, Permissions::from_mode(0o600)).expect("ours");
    fs::create_dir(sandbox.path("theirs")).expect("writable");
    let write = |name: &str, text: &str| sandbox.write(&format!("theirs/{name}"), text);
    write("data", "harmless");
    write("plain.toml", "[instance]\nuser-data = { file = \"data\" }\n");
    write("near.toml", "[instance]\nuser-data = { file = \"near\" }\n");
    write("away.toml", "[instance]\nuser-data = { file = \"away\" }\n");
    write("over.toml", "[metadata]\n\"meta-data/x\" = { file = \"over/secret\" }\n");
    for (name, target) in
        [("near", "data"), ("away", "../secret"), ("over", ".."), ("link.toml", "../secret")]
    {
        symlink(target, sandbox.path(&format!("theirs/{name}"))).expect("writable");
        lchown(sandbox.path(&format!("theirs/{name}")), Some(NOBODY), None).expect("root may");
    }
    chown(sandbox.path("theirs"), Some(NOBODY), None).expect("root may");
    sandbox
}

#[test]
fn a_foreign_link_out_of_its_directory_is_refused() {
    if !is_root() {
        return;
    }
    let sandbox = foreign();
    for (file, refused) in [
        ("plain.toml", None),
        ("near.toml", None),
        ("away.toml", Some("theirs/away is a link of user 65534 that leads out of its directory")),
        ("over.toml", Some("theirs/over is a link of user 65534 that leads out of its directory")),
        ("link.toml", Some("theirs/link.toml is a link of user 65534 that leads out of its directory")),
    ] {
        let found = sandbox.run(&["check", &format!("theirs/{file}")]);
        match refused {
            None => found.ended(0, &[]),
            Some(sentence) => found.ended(78, &[sentence, "name the file itself"]),
        }
        assert!(!format!("{found:?}").contains(SECRET), "{found:#?}");
    }
    let scenario = sandbox.path("theirs/away.toml");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--scenario", scenario.to_str().expect("UTF-8")];
    sandbox.run(&arguments).ended(78, &["theirs/away is a link of user 65534"]);
    // The same links are followed for their owner, as far as he may read what is there.
    let own = Sandbox::new();
    own.write("away.toml", "[instance]\nuser-data = { file = \"away\" }\n");
    own.write("elsewhere", "x");
    fs::create_dir(own.path("d")).expect("writable");
    fs::rename(own.path("away.toml"), own.path("d/away.toml")).expect("ours");
    symlink("../elsewhere", own.path("d/away")).expect("writable");
    own.run(&["check", "d/away.toml"]).ended(0, &[]);
}

#[test]
fn a_lock_is_never_written_through_a_link() {
    let sandbox = Sandbox::new();
    let victim = sandbox.write("victim", "precious");
    symlink(&victim, sandbox.path("x.sock.lock")).expect("writable");
    sandbox
        .run(&["serve", "--listen", "127.0.0.1:0", "--state", "state", "--control", "x.sock"])
        .ended(69, &["x.sock.lock is a symbolic link, in the place of the control socket's lock; remove it"]);
    fs::remove_file(sandbox.path("x.sock.lock")).expect("ours");
    fs::hard_link(&victim, sandbox.path("x.sock.lock")).expect("ours");
    sandbox
        .run(&["serve", "--listen", "127.0.0.1:0", "--state", "state", "--control", "x.sock"])
        .ended(69, &["x.sock.lock has several names (hard links)"]);
    assert_eq!(fs::read_to_string(victim).expect("there"), "precious");
}

#[test]
fn an_open_token_key_is_closed_and_one_of_another_user_replaced() {
    let sandbox = Sandbox::new();
    sandbox.serve(&[]).stop();
    let key = sandbox.path("state/token.key");
    let before = fs::read(&key).expect("there");
    fs::set_permissions(&key, Permissions::from_mode(0o666)).expect("ours");
    let server = sandbox.serve(&[]);
    server.says("token.key was open to other users (mode 0666): it has mode 0600 now");
    server.stop();
    assert_eq!(fs::metadata(&key).expect("there").permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::read(&key).expect("there"), before);
    if !is_root() {
        return;
    }
    chown(&key, Some(NOBODY), None).expect("root may");
    let server = sandbox.serve(&[]);
    server.says("token.key belongs to user 65534: it is ");
    server.stop();
    assert_ne!(fs::read(&key).expect("there"), before);
}
