//! Code that does not compile, and the compiler's messages. Code that compiles is in `pass.rs`.
//!
//! Each file is a build, and holds the mistakes about one thing, case by case.
//! After a change of a message: `TRYBUILD=overwrite cargo test -p cache-compile-tests --test ui`.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    fs, io,
    panic::{self, AssertUnwindSafe},
    path::Path,
    process::Command,
};

use trybuild::TestCases;

/// The compiler whose output is kept beside the failing cases.
const COMPARED_ON: &str = "rustc 1.95.";

#[test]
fn ui() {
    let version = compiler();
    if version.starts_with(COMPARED_ON) {
        TestCases::new().compile_fail("ui/fail/*.rs");
    } else {
        println!("the expected output is that of {COMPARED_ON}x, and not compared on {version}");
        all_fail(Path::new("ui/fail"));
    }
}

fn compiler() -> String {
    let rustc = option_env!("RUSTC").unwrap_or("rustc");
    let output = Command::new(rustc).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Every file fails to compile, with any message.
///
/// trybuild takes no case without expected output: for a copy without any it writes the compiler's
/// output down, and panics in the end with another message than where a case has compiled.
fn all_fail(cases: &Path) {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fail");
    let count = copy_cases(cases, &copy).unwrap();
    let pattern = copy.join("*.rs");
    let panic = panic::catch_unwind(AssertUnwindSafe(|| TestCases::new().compile_fail(pattern)));
    let message = panic.unwrap_err().downcast::<String>().unwrap_or_default();
    fs::remove_dir_all("wip").unwrap();
    assert_eq!(
        *message,
        format!("successfully created new stderr files for {count} test cases")
    );
}

fn copy_cases(from: &Path, to: &Path) -> io::Result<usize> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    let mut count = 0;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            fs::copy(&path, to.join(path.file_name().unwrap()))?;
            count += 1;
        }
    }
    Ok(count)
}
