//! Files of tokens over reloads, failures and restarts.

use super::*;
use crate::config::SourceText;
use crate::imds::Fleet;
use crate::imds::TokenAuthority;
use crate::imds::tests;
use crate::model::Timestamp;
use crate::scenario::read;

const TWO: &str =
    "[pod-identity]\n[instances.a]\nclients = [\"10.0.0.1\"]\n[instances.b]\nclients = [\"10.0.0.2\"]\n";

fn fleet(text: &str) -> Fleet {
    tests::fleet(read(&SourceText::new("test.toml", text), "/".as_ref()).expect("it is accepted").0)
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_800_000_000)
}

fn service(text: &str) -> Arc<ServiceState> {
    Arc::new(ServiceState::new(fleet(text), TokenAuthority::new([7; 32]), now, [0; 12]))
}

/// A socket in a directory of its own.
fn socket(test: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("mock-imds-pods-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("a directory");
    directory.join("control.sock")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// As if all of them were due.
fn renew_all(tokens: &PodTokens) {
    let latest = tokens.renewals().values().map(|renewal| renewal.due).max().expect("there is one");
    tokens.renew_due(latest);
}

#[tokio::test]
async fn instances_with_one_account_have_a_file_each_that_all_users_may_read() {
    let socket = socket("two");
    let tokens = PodTokens::new(service(TWO), Some(&socket), false);
    let paths: Vec<PathBuf> = [None, Some("a"), Some("b")]
        .map(|instance| tokens.issue(instance).expect("a token").path)
        .into_iter()
        .collect();
    assert!(paths[0] != paths[1] && paths[1] != paths[2], "{paths:?}");
    let now = Instant::now();
    assert!(tokens.renewals().values().all(|renewal| renewal.due > now), "they are new");
    for path in &paths {
        let own = path.parent().expect("its own directory");
        let modes = [path, own, own.parent().expect("the directory of all")].map(mode);
        assert_eq!(modes, [0o644, 0o755, 0o755], "{}", path.display());
    }
    tokens.remove();
    let left = fs::read_dir(socket.parent().expect("a directory")).expect("it is there").count();
    assert_eq!(left, 0, "nothing is left at the end");
}

#[tokio::test]
async fn a_renewal_that_fails_is_tried_again() {
    let socket = socket("again");
    let tokens = PodTokens::new(service(TWO), Some(&socket), false);
    let path = tokens.issue(Some("a")).expect("a token").path;
    let own = path.parent().expect("its own directory").to_owned();
    fs::remove_dir_all(&own).expect("it was there");
    fs::write(&own, "in the way").expect("a file");
    renew_all(&tokens);
    assert!(tokens.renewals().contains_key(&path), "it stays listed");
    fs::remove_file(&own).expect("it was there");
    renew_all(&tokens);
    assert!(path.exists(), "written when that is possible again");
    tokens.remove();
}

#[tokio::test]
async fn after_a_reload_a_file_is_renewed_or_removed() {
    let socket = socket("reload");
    let service = service(TWO);
    let tokens = PodTokens::new(Arc::clone(&service), Some(&socket), false);
    let [a, b] = ["a", "b"].map(|name| tokens.issue(Some(name)).expect("a token").path);
    let main = tokens.issue(None).expect("a token").path;
    let without_b = "[pod-identity]\nservice-account = \"other\"\n[instances.a]\nclients = [\"10.0.0.1\"]\n\
                     pod-identity = { service-account = \"default\" }\n";
    service.fleet.store(Arc::new(fleet(without_b)));
    fs::write(&a, "").expect("it is there");
    renew_all(&tokens);
    assert!(fs::metadata(&a).is_ok_and(|file| file.len() > 0), "renewed");
    assert!(!b.exists(), "its instance is gone");
    assert!(!main.exists(), "its pod has another service account");
    assert_eq!(tokens.renewals().keys().collect::<Vec<_>>(), [&a]);
    tokens.remove();
}

#[tokio::test]
async fn the_files_of_a_unit_are_there_after_a_restart() {
    let socket = socket("restart");
    let before = PodTokens::new(service(TWO), Some(&socket), true);
    let [a, b] = ["a", "b"].map(|name| before.issue(Some(name)).expect("a token").path);
    before.remove();
    fs::write(&a, "").expect("kept");
    let only_a = "[pod-identity]\n[instances.a]\nclients = [\"10.0.0.1\"]\n";
    let after = PodTokens::new(service(only_a), Some(&socket), true);
    assert!(fs::metadata(&a).is_ok_and(|file| file.len() > 0), "renewed at once");
    assert!(!b.exists(), "no instance has it any more");
    assert_eq!(after.renewals().keys().collect::<Vec<_>>(), [&a]);
    fs::remove_dir_all(socket.parent().expect("a directory")).expect("it is there");
}

#[tokio::test]
async fn a_file_is_renewed_as_soon_as_it_is_due() {
    let socket = socket("due");
    let service = service("[pod-identity]\ntoken-lifetime = \"1s\"\n");
    let tokens = Arc::new(PodTokens::new(service, Some(&socket), false));
    let renewing = tokio::spawn(Arc::clone(&tokens).renew());
    let path = tokens.issue(None).expect("a token").path;
    fs::remove_file(&path).expect("it was there");
    let end = Instant::now() + Duration::from_secs(30);
    while !path.exists() {
        assert!(Instant::now() < end, "expected {} to come back within 30 seconds", path.display());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    renewing.abort();
    let _ = renewing.await;
    tokens.remove();
}
