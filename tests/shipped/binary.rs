//! `scripts/check-binary` refuses what must not be shipped, and says why: each case is a program made to have one fault.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const PLAIN: &str = "int main(void) { return 0; }";
/// Its symbol is of the C library's version 2.35.
const NEWER: &str = "int epoll_pwait2(); int main(void) { return epoll_pwait2(); }";
const FIT: &[&str] = &["-fPIE", "-pie", "-Wl,-z,relro,-z,now"];

/// Compiles a C program, FIT but for these options, and gives the exit code of the check and what it says.
fn check(name: &str, source: &str, faults: &[&str]) -> (Option<i32>, String) {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("binary-{name}"));
    let mut compiler = Command::new("cc")
        .args(FIT)
        .args(["-x", "c", "-o"])
        .arg(&program)
        .arg("-")
        .args(faults)
        .stdin(Stdio::piped())
        .spawn()
        .expect("cargo needs a C compiler, too");
    compiler.stdin.take().expect("piped").write_all(source.as_bytes()).expect("the compiler reads");
    assert!(compiler.wait().expect("the compiler ends").success(), "cc does not compile {name}");
    let script = support::sources().join("scripts/check-binary");
    let said = Command::new(script).arg(&program).output().expect("scripts/check-binary is there");
    (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
}

#[test]
fn a_program_that_may_be_shipped_passes() {
    assert_eq!(check("fit", PLAIN, &[]), (Some(0), String::new()));
    assert_eq!(check("static", PLAIN, &["-static-pie"]), (Some(0), String::new()));
}

#[test]
fn a_program_that_may_not_be_shipped_is_refused() {
    let cases: [(&str, &str, &[&str], &str); 6] = [
        ("fixed-static", PLAIN, &["-static", "-no-pie"], "no position-independent executable"),
        ("fixed", PLAIN, &["-no-pie"], "no position-independent executable"),
        ("lazy", PLAIN, &["-Wl,-z,lazy"], "symbols bound late"),
        ("writable", PLAIN, &["-Wl,-z,norelro"], "no RELRO"),
        ("foreign", PLAIN, &["-Wl,--no-as-needed", "-l:libdl.so.2"], "links libdl.so.2"),
        ("newer", NEWER, &[], "needs GLIBC_2.35; accepted: up to GLIBC_2.34"),
    ];
    for (name, source, faults, expected) in cases {
        let (code, said) = check(name, source, faults);
        assert_eq!(code, Some(1), "the exit code for {name}; it said: {said}");
        assert_eq!(said.lines().count(), 1, "expected one fault of {name}, found: {said}");
        assert!(said.contains(expected), "{name}: expected '{expected}', found: {said}");
    }
}
