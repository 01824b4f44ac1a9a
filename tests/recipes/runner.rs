//! The runner of pages itself: what it reads, and that it finds what is wrong.

use std::process::Command;

use support::page::{Besides, Page, blocks, like};

const PAGE: &str = "# Title

Write `a.txt`:

```text
one
two
```

```console
$ cat a.txt
one
two
$ printf '%s\\n' 1 2 3 |
> tail -n 2
2
3
$ date +%s
1…
```
";

fn said(page: &str, besides: Besides) -> Result<(), String> {
    let directory = crate::Sandbox::new();
    let page = Page::of("page.md", page);
    let output = Command::new("bash")
        .args(["-c", &format!("cd {}; exec 2>&1\n{}", directory.path(".").display(), page.script())])
        .output()
        .expect("bash is there");
    page.judge(&String::from_utf8_lossy(&output.stdout), besides)
}

#[test]
fn what_a_page_says_is_run() {
    assert_eq!(said(PAGE, Besides::Nothing), Ok(()));
    let found = blocks(PAGE);
    let [first, second] = &found[..] else { panic!("expected two blocks, found {found:#?}") };
    assert_eq!(
        (first.language, first.file, first.text, first.line),
        ("text", Some("a.txt"), "one\ntwo\n", 6)
    );
    assert_eq!((second.language, second.file, second.line), ("console", None, 11));
}

#[test]
fn what_is_wrong_is_found() {
    for (right, wrong, complaint) in [
        ("2\n3\n$ date", "2\n4\n$ date", "page.md:14: $ printf"),
        ("one\ntwo\n$", "one\n$", "page.md:11: $ cat a.txt\n--- expected:\none\n--- found:\none\ntwo"),
        ("one\ntwo\n$", "one\ntwo\nthree\n$", "--- expected:\none\ntwo\nthree"),
        ("$ date +%s", "$ date +%s; false", "(exit code 1)"),
        ("one\ntwo\n$", "mock-imds: …\n…\n$", "(exit code 0)"),
        ("$ cat a.txt", "$ exit", "the shell ended"),
        ("$ date +%s\n1…\n", "", "has 2 commands"),
    ] {
        let page = PAGE.replace(right, wrong);
        assert_ne!(page, PAGE, "{right:?} is on the page");
        let found = said(&page, Besides::Nothing).expect_err(wrong);
        assert!(found.contains(complaint), "expected {complaint:?} of {wrong:?}, found\n{found}");
    }
}

#[test]
fn lines_may_stand_for_others() {
    let page = PAGE.replace("one\ntwo\n$", "…\n$").replace("2\n3\n$", "3\n$");
    assert!(said(&page, Besides::Nothing).is_err(), "a line is missing");
    assert_eq!(said(&page, Besides::Anything), Ok(()));
    assert!(said(&page.replace("\n3\n$", "\n3\n2\n$"), Besides::Anything).is_err(), "the order counts");
    for (expected, found, same) in [
        ("a…", "abc", true),
        ("…c", "abc", true),
        ("a…c…e", "abcde", true),
        ("…", "", true),
        ("a", "ab", false),
        ("a…b", "a", false),
        ("a…c…b", "abc", false),
    ] {
        assert_eq!(like(expected, found), same, "{expected:?} and {found:?}");
    }
}
