//! Debian's packages, unpacked without installing them: that needs no rights, changes nothing on the
//! machine, and starts no service.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{output, succeeds};

/// The packages from Debian.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) packages: &'static [&'static str],
    /// The programs in them that are to run.
    pub(crate) programs: &'static [&'static str],
}

/// Whether Debian's package tools are here.
pub(crate) fn has_apt() -> bool {
    ["apt-get", "dpkg-deb"]
        .into_iter()
        .all(|tool| succeeds(Command::new(tool).arg("--version")))
}

/// Downloads the packages and puts executables into `folder/bin` that run without installing.
pub(crate) fn unpack(wanted: Wanted, folder: &Path) -> Result<()> {
    let apt = Apt::new(wanted.packages, folder)?;
    let archives = match apt.download() {
        Ok(archives) => archives,
        // The machine's lists are missing or old.
        Err(_) => apt.with_own_lists()?.download()?,
    };
    let root = folder.join("root");
    for archive in archives {
        output(
            Command::new("dpkg-deb")
                .arg("--extract")
                .args([&archive, &root]),
        )?;
    }
    write_wrappers(wanted.programs, folder)?;
    fs::remove_dir_all(folder.join("apt"))?;
    Ok(())
}

/// `apt-get` with its files in a folder of ours.
struct Apt {
    packages: &'static [&'static str],
    folder: PathBuf,
    options: Vec<OsString>,
}

impl Apt {
    fn new(packages: &'static [&'static str], folder: &Path) -> Result<Self> {
        let mut apt = Self {
            packages,
            folder: folder.join("apt"),
            options: Vec::new(),
        };
        fs::create_dir_all(apt.folder.join("cache/archives/partial"))?;
        apt.set("Debug::NoLocking", "true");
        apt.set("APT::Sandbox::User", "");
        let cache = apt.folder.join("cache");
        apt.set("Dir::Cache", cache);
        Ok(apt)
    }

    fn set(&mut self, name: &str, value: impl Into<OsString>) {
        let mut option = OsString::from(format!("{name}="));
        option.push(value.into());
        self.options.extend(["-o".into(), option]);
    }

    fn with_own_lists(mut self) -> Result<Self> {
        let lists = self.folder.join("lists");
        fs::create_dir_all(lists.join("partial"))?;
        self.set("Dir::State::Lists", lists);
        output(self.command().arg("update"))?;
        Ok(self)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.arg("-qq").args(&self.options).env("LC_ALL", "C");
        command
    }

    /// Downloads the packages, and their dependencies that the machine lacks.
    fn download(&self) -> Result<Vec<PathBuf>> {
        let archives = self.folder.join("archives");
        if archives.exists() {
            fs::remove_dir_all(&archives)?;
        }
        fs::create_dir_all(&archives)?;
        output(
            self.command()
                .arg("download")
                .args(self.missing_packages()?)
                .current_dir(&archives),
        )?;
        fs::read_dir(&archives)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    }

    fn missing_packages(&self) -> Result<BTreeSet<String>> {
        let plan = output(
            self.command()
                .args(["install", "--simulate", "--no-install-recommends"])
                .args(self.packages),
        )?;
        let planned = plan
            .lines()
            .filter_map(|line| line.strip_prefix("Inst ")?.split_whitespace().next());
        // Installed ones count too: they may be hidden from `PATH`.
        Ok(self
            .packages
            .iter()
            .copied()
            .chain(planned)
            .map(String::from)
            .collect())
    }
}

/// The unpacked libraries are not where the loader looks.
fn write_wrappers(programs: &[&str], folder: &Path) -> Result<()> {
    let root = folder.join("root");
    let mut libraries = String::new();
    for library_folder in library_folders(&root)? {
        let relative = library_folder.strip_prefix(folder)?;
        let _ = write!(libraries, "$here/{}:", relative.display());
    }
    let libraries = libraries.trim_end_matches(':');
    fs::create_dir_all(folder.join("bin"))?;
    for name in programs {
        let script = format!(
            "#!/bin/sh\n\
             here=$(dirname \"$(readlink -f \"$0\")\")/..\n\
             export LD_LIBRARY_PATH=\"{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n\
             exec \"$here/root/usr/bin/{name}\" \"$@\"\n"
        );
        write_executable(&folder.join("bin").join(name), &script)?;
    }
    Ok(())
}

fn library_folders(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut pending = vec![root.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                pending.push(entry.path());
            } else if entry.file_name().to_string_lossy().contains(".so") {
                found.insert(folder.clone());
            }
        }
    }
    Ok(found)
}

#[cfg(unix)]
fn write_executable(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{} can't be made executable", path.display()))
}

#[cfg(not(unix))]
fn write_executable(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} can't be written", path.display()))
}
