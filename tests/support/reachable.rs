//! No file of the tests is left out of all builds, and no name in a list is of a test that is gone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The cases that `trybuild` finds by itself.
const FOUND_BY_PATTERN: &str = "compile/ui/fail";

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.canonicalize().unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Adds the files below `folder`.
fn add_files(folder: &Path, files: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_files(&path, files);
        } else {
            files.insert(path);
        }
    }
}

fn files() -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    add_files(&folder(), &mut files);
    files
}

fn is_source(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}

/// The text between the first two quotation marks of a line.
fn quoted(line: &str) -> Option<&str> {
    line.split('"').nth(1)
}

/// The roots of all crates: the paths in the manifests.
fn roots(files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut roots = BTreeSet::new();
    for manifest in files.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let folder = manifest.parent().unwrap();
        for name in read(manifest).lines().filter_map(quoted) {
            if is_source(Path::new(name)) {
                let root = folder.join(name).canonicalize();
                roots.insert(root.unwrap_or_else(|error| panic!("{name}: {error}")));
            }
        }
    }
    roots
}

/// The files of the modules that `file` declares, where they are there.
fn modules(file: &Path, is_root: bool) -> Vec<PathBuf> {
    let beside = file.parent().unwrap();
    let below = if is_root || file.ends_with("mod.rs") {
        beside.to_path_buf()
    } else {
        file.with_extension("")
    };
    let mut path = None;
    let mut modules = Vec::new();
    for line in read(file).lines().map(str::trim) {
        if line.starts_with("#[path = ") {
            path = quoted(line).map(|path| beside.join(path));
        } else if let Some(name) = line.strip_suffix(';').and_then(module) {
            modules.extend(path.take());
            modules.push(below.join(format!("{name}.rs")));
            modules.push(below.join(name).join("mod.rs"));
        }
    }
    modules.retain(|module| module.exists());
    modules
}

fn module(declaration: &str) -> Option<&str> {
    let (visibility, name) = declaration.split_once("mod ")?;
    let is_visibility = visibility.is_empty() || visibility.starts_with("pub");
    is_visibility.then_some(name)
}

#[test]
fn every_file_is_in_a_build() {
    let files = files();
    let roots = roots(&files);
    let mut reached = roots.clone();
    let mut open: Vec<_> = roots.iter().cloned().collect();
    while let Some(file) = open.pop() {
        for module in modules(&file, roots.contains(&file)) {
            if reached.insert(module.clone()) {
                open.push(module);
            }
        }
    }
    let cases = folder().join(FOUND_BY_PATTERN);
    for file in files.iter().filter(|file| is_source(file)) {
        assert!(
            reached.contains(file) || file.starts_with(&cases),
            "no build has {}: declare it with `mod` in the file above it, or as a `[[test]]` in \
             the `Cargo.toml` of its package",
            file.display()
        );
    }
}

#[test]
fn the_runner_is_set_up_for_tests_that_are_there() {
    let sources: String = files()
        .iter()
        .filter(|file| is_source(file))
        .map(|file| read(file))
        .collect();
    let settings = read(&folder().join("../.config/nextest.toml"));
    let names: Vec<_> = settings
        .split("test(=")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    assert!(!names.is_empty());
    for name in names {
        assert!(
            sources.contains(&format!("fn {name}()")),
            "`.config/nextest.toml` names `{name}`, and there is no such test"
        );
    }
}

/// `cargo xtask test` finds the tests of recorders by their names.
#[test]
fn the_failures_that_need_metrics_are_named_alike() {
    let faults = folder().join("faults");
    for file in files().iter().filter(|file| file.starts_with(&faults)) {
        let source = read(file);
        for test in source
            .split("#[cfg(feature = \"metrics\")]\n#[test]\n")
            .skip(1)
        {
            assert!(
                test.starts_with("fn a_recorder_that_"),
                "{}: without `a_recorder_that_` before its name it runs nowhere: {}",
                file.display(),
                test.lines().next().unwrap_or_default()
            );
        }
    }
}
