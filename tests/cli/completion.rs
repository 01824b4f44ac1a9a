//! Completion in the real shells, by the files that the packages ship.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use support::{Sandbox, ServerProcess};

type Shell = fn(&Sandbox, &[&str]) -> Vec<String>;

/// A server whose socket is where the commands look for it.
fn served() -> (Sandbox, ServerProcess) {
    let sandbox = Sandbox::new();
    let file = sandbox.write(
        "s.toml",
        "[instances.web]\nclients = [\"10.0.0.0/8\"]\n[[fault]]\nname = \"slow-keys\"\nlatency = \"1ms\"\n\
         [ecs]\nrole = \"shop-role\"\n",
    );
    let server = sandbox.serve(&["--scenario", file.to_str().expect("UTF-8")]);
    fs::create_dir(sandbox.path("mock-imds")).expect("the temporary directory is writable");
    symlink(sandbox.path("c.sock"), sandbox.path("mock-imds/control.sock")).expect("it is not there yet");
    (sandbox, server)
}

/// What the shell offers for a line, which ends where the cursor is.
fn completed(sandbox: &Sandbox, shell: &str, script: &str) -> Vec<String> {
    let mut command = sandbox.prepared(Path::new(shell), &["-c", script]);
    let programs = support::program().parent().expect("it is in a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", programs.display())).env("XDG_RUNTIME_DIR", sandbox.directory());
    let outcome = support::finish(&mut command);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{shell} -c '{script}'");
    outcome.stdout.lines().map(str::to_owned).collect()
}

fn shipped(file: &str) -> String {
    support::sources().join("packaging/completions").join(file).display().to_string()
}

/// As bash calls a completion function: with the words, and the one to complete.
fn bash(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let last = words.len() - 1;
    let script = format!(
        "source '{}'\nCOMP_WORDS=({})\nCOMP_CWORD={last}\n_clap_complete_mock_imds mock-imds {} 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        shipped("bash/mock-imds"),
        quoted(words),
        quoted(&words[last..]),
    );
    completed(sandbox, "bash", &script)
}

/// By the file as zsh autoloads it, which answers the first completion, too. Only the display of the values is replaced.
fn zsh(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let script = format!(
        "compdef() {{ }}\n_describe() {{ shift; [[ $1 = values ]] && shift; print -rl -- ${{(P)1}} }}\nwords=({})\nCURRENT={}\nfpath=('{}' $fpath)\nautoload -U _mock-imds\n_mock-imds\ntrue",
        quoted(words),
        words.len(),
        support::sources().join("packaging/completions/zsh").display(),
    );
    let lines = completed(sandbox, "zsh", &script);
    lines.into_iter().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

fn fish(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let script = format!("source '{}'\ncomplete -C '{}'", shipped("fish/mock-imds.fish"), words.join(" "));
    let lines = completed(sandbox, "fish", &script);
    lines.into_iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

/// A directory may be offered without its slash, which the shell then adds.
#[track_caller]
fn assert_offers(found: &[String], expected: &[&str], shell: &str) {
    for one in expected {
        let same = |found: &String| found.trim_end_matches('/') == one.trim_end_matches('/');
        assert!(found.iter().any(same), "{shell}: expected '{one}', found: {found:?}");
    }
}

#[test]
fn every_shell_completes_what_the_program_and_the_server_know() {
    let (sandbox, server) = served();
    let port = server.address.port().to_string();
    let shells: [(&str, Shell); 3] = [("bash", bash), ("zsh", zsh), ("fish", fish)];
    for (name, shell) in shells {
        for (words, expected) in [
            (["mock-imds", "re"].as_slice(), ["reload", "requests", "rebalance", "record"].as_slice()),
            (&["mock-imds", "lifecycle", "In"], &["InService"]),
            (&["mock-imds", "use", "spot-i"], &["spot-interruption", "spot-idle"]),
            (&["mock-imds", "fault", "remove", "sl"], &["slow-keys"]),
            (&["mock-imds", "spot", "--instance", ""], &["web"]),
            (&["mock-imds", "status", "--server", ""], &[&port]),
            (&["mock-imds", "show", "meta-data/pla"], &["meta-data/placement/"]),
            (&["mock-imds", "show", "ec"], &["ecs/"]),
            (&["mock-imds", "show", "ecs/v2/cred"], &["ecs/v2/credentials/"]),
            (&["mock-imds", "show", "ecs/v2/credentials/"], &["ecs/v2/credentials/shop-role"]),
            (&["mock-imds", "set", "meta-data/placement/reg"], &["meta-data/placement/region"]),
        ] {
            assert_offers(&shell(&sandbox, words), expected, name);
        }
    }
}

/// Nothing is offered that no answer has.
#[test]
fn endpoints_of_containers_are_completed_where_they_are_served_and_shown() {
    let (sandbox, _server) = served();
    for words in [["mock-imds", "show", "pod"], ["mock-imds", "set", "ec"]] {
        assert_eq!(bash(&sandbox, &words).concat(), "", "{words:?}");
    }
}

#[test]
fn without_a_server_a_shell_hears_of_no_error() {
    let sandbox = Sandbox::new();
    assert_offers(&bash(&sandbox, &["mock-imds", "spot", "--inst"]), &["--instance"], "bash");
    assert_eq!(
        bash(&sandbox, &["mock-imds", "spot", "--instance", ""]).concat(),
        "",
        "instances of no server"
    );
}
