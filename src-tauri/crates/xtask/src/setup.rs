//! What the machine must have before anything can be built or tested, and the page's own packages.
//!
//! Looks for what a package brings (a program, a library for pkg-config), not for the package: whoever installed it
//! otherwise is left alone. Installs through apt only, and only what is missing; elsewhere says what to install.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::shell::{Shell, Workspace, on_path};
use crate::steps::{Outcome, Programs};

/// The oldest Node.js that the page's tools run on.
const NODE_AT_LEAST: u32 = 20;
/// The oldest Python that the pinned packages install on, 3.x.
const PYTHON_AT_LEAST: u32 = 10;
/// What [`python`] does.
pub(crate) const PYTHON: &str =
    "Python, its packages for the client in Python and for the tests with others' parts";

/// How to find out whether the machine has something.
#[derive(Clone, Copy, Debug)]
enum Probe {
    /// Any one of these programs is on the PATH.
    Program(&'static [&'static str]),
    /// pkg-config knows the library.
    Library(&'static str),
    /// Python has the module.
    Module(&'static str),
}

/// Something the machine must have.
#[derive(Clone, Copy, Debug)]
struct Need {
    probe: Probe,
    /// Debian's and Ubuntu's package.
    debian: &'static str,
    /// What other distributions call it, to help a person find it.
    elsewhere: &'static str,
}

const C_COMPILER: Need = Need {
    probe: Probe::Program(&["cc"]),
    debian: "build-essential",
    elsewhere: "a C compiler",
};

const PKG_CONFIG: Need = Need {
    probe: Probe::Program(&["pkg-config"]),
    debian: "pkg-config",
    elsewhere: "pkg-config",
};

const DBUS_DAEMON: Need = Need {
    probe: Probe::Program(&["dbus-daemon"]),
    debian: "dbus-daemon",
    elsewhere: "dbus-daemon (dbus-daemon, dbus)",
};

/// To build the application.
const TO_BUILD: &[Need] = &[
    C_COMPILER,
    PKG_CONFIG,
    Need {
        probe: Probe::Library("webkit2gtk-4.1"),
        debian: "libwebkit2gtk-4.1-dev",
        elsewhere: "WebKitGTK 4.1 with its headers (webkit2gtk4.1-devel, webkit2gtk-4.1)",
    },
    Need {
        probe: Probe::Library("dbus-1"),
        debian: "libdbus-1-dev",
        elsewhere: "D-Bus with its headers (dbus-devel, dbus)",
    },
];

/// To show the application's window where there is no display, and to drive it.
const TO_DRIVE: &[Need] = &[
    Need {
        probe: Probe::Program(&["Xvfb"]),
        debian: "xvfb",
        elsewhere: "Xvfb (xorg-x11-server-Xvfb, xorg-server-xvfb)",
    },
    Need {
        probe: Probe::Program(&["WebKitWebDriver"]),
        debian: "webkit2gtk-driver",
        elsewhere: "WebKitWebDriver (webkit2gtk-driver, part of webkit2gtk-4.1 in Arch)",
    },
    DBUS_DAEMON,
    Need {
        probe: Probe::Program(&["xclip"]),
        debian: "xclip",
        elsewhere: "xclip",
    },
];

/// To test the page alone in a browser.
const TO_TEST_THE_PAGE: &[Need] = &[Need {
    probe: Probe::Program(&[
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ]),
    debian: "chromium",
    elsewhere: "Chromium",
}];

/// To keep keys in a keyring of the tests' own.
const TO_TEST_THE_KEYRING: &[Need] = &[
    Need {
        probe: Probe::Program(&["gnome-keyring-daemon"]),
        debian: "gnome-keyring",
        elsewhere: "GNOME Keyring (gnome-keyring)",
    },
    DBUS_DAEMON,
];

/// To run the client in Python.
const TO_RUN_PYTHON: &[Need] = &[
    Need {
        probe: Probe::Program(&["python3"]),
        debian: "python3",
        elsewhere: "Python 3 (python3, python)",
    },
    // Debian ships `venv` without `ensurepip`, and with it only in this package.
    Need {
        probe: Probe::Module("ensurepip"),
        debian: "python3-venv",
        elsewhere: "Python's ensurepip (part of python3 or python)",
    },
];

/// To build the client in Rust that others have written; it brings native TLS.
const TO_BUILD_THE_FOREIGN_CLIENT: &[Need] = &[
    C_COMPILER,
    PKG_CONFIG,
    Need {
        probe: Probe::Library("openssl"),
        debian: "libssl-dev",
        elsewhere: "OpenSSL with its headers (openssl-devel, openssl)",
    },
];

/// What the machine is wanted for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Purpose {
    /// Building the application.
    pub(crate) build: bool,
    /// Driving its window on a virtual display.
    pub(crate) drive: bool,
    /// Testing the page in a browser.
    pub(crate) page: bool,
    /// Testing with a keyring.
    pub(crate) keyring: bool,
    /// Running the client in Python.
    pub(crate) python: bool,
    /// Building the client in Rust that others have written.
    pub(crate) foreign_client: bool,
}

/// Sees to it that the system packages are there.
pub(crate) fn system(
    workspace: &Workspace,
    programs: &Programs,
    purpose: Purpose,
) -> Result<Outcome, String> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::Note(
            "nothing to install on this system".to_owned(),
        ));
    }
    let wanted = [
        (purpose.build, TO_BUILD),
        (purpose.drive, TO_DRIVE),
        (purpose.page, TO_TEST_THE_PAGE),
        (purpose.keyring, TO_TEST_THE_KEYRING),
        (purpose.python, TO_RUN_PYTHON),
        (purpose.foreign_client, TO_BUILD_THE_FOREIGN_CLIENT),
    ];
    let missing: Vec<Need> = wanted
        .iter()
        .filter(|(wanted, _)| *wanted)
        .flat_map(|(_, needs)| needs.iter().copied())
        .filter(|need| !is_there(workspace, need.probe))
        .collect();
    if missing.is_empty() {
        return Ok(Outcome::Note("all there".to_owned()));
    }
    let packages: BTreeSet<&str> = missing.iter().map(|need| need.debian).collect();
    let packages: Vec<&str> = packages.into_iter().collect();
    if !on_path("apt-get") {
        let names: BTreeSet<String> = missing
            .iter()
            .map(|need| format!("  {}", need.elsewhere))
            .collect();
        let names: Vec<String> = names.into_iter().collect();
        return Err(format!(
            "this system has no apt; install these with its own package manager and start again:\n{}",
            names.join("\n")
        ));
    }
    println!("    installing {}", packages.join(" "));
    install(workspace, programs, &packages)?;
    match missing.iter().find(|need| !is_there(workspace, need.probe)) {
        Some(need) => Err(format!(
            "{} is installed, but what it should bring is still not found ({:?})",
            need.debian, need.probe
        )),
        None => Ok(Outcome::Note(format!("installed {}", packages.join(" ")))),
    }
}

fn is_there(workspace: &Workspace, probe: Probe) -> bool {
    match probe {
        Probe::Program(names) => names.iter().any(|name| on_path(name)),
        Probe::Library(name) => Shell::new(workspace, "pkg-config", &["--exists", name])
            .read()
            .is_some(),
        Probe::Module(name) => Shell::new(workspace, "python3", &["-c", &format!("import {name}")])
            .read()
            .is_some(),
    }
}

fn install(workspace: &Workspace, programs: &Programs, packages: &[&str]) -> Result<(), String> {
    let root = Shell::new(workspace, "id", &["-u"])
        .read()
        .is_some_and(|id| id.trim() == "0");
    let by_hand = format!(
        "apt-get install --no-install-recommends {}",
        packages.join(" ")
    );
    if !root && !on_path("sudo") {
        return Err(format!(
            "you are not root here and there is no sudo; as root, run:\n  {by_hand}"
        ));
    }
    let apt = |arguments: &[&str]| {
        let mut words: Vec<&str> = Vec::new();
        if !root {
            words.push("sudo");
            // Nobody is there to type a password.
            if !io::stdin().is_terminal() {
                words.push("--non-interactive");
            }
        }
        words.extend([
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "--quiet",
            "--yes",
        ]);
        words.extend(arguments);
        let (program, arguments) = words.split_at(1);
        programs.quietly(&Shell::new(workspace, program.concat().as_str(), arguments))
    };
    let mut arguments = vec!["install", "--no-install-recommends"];
    arguments.extend(packages);
    // The lists of packages may be missing or stale: only then is the slow update worth it.
    if apt(&arguments).is_err() {
        apt(&["update"])?;
        apt(&arguments)
            .map_err(|problem| format!("{problem}\n\nto install by hand, as root:\n  {by_hand}"))?;
    }
    Ok(())
}

/// Sees to it that Node.js is new enough and that the page's packages are the ones that its lock file names.
pub(crate) fn node(workspace: &Workspace, programs: &Programs) -> Result<Outcome, String> {
    let advice = format!("install Node.js {NODE_AT_LEAST} or newer with npm and start again");
    let version = Shell::new(workspace, "node", &["--version"])
        .read()
        .ok_or_else(|| format!("Node.js is not on the PATH; {advice}"))?;
    if major(&version).is_none_or(|major| major < NODE_AT_LEAST) {
        return Err(format!("Node.js here is {}; {advice}", version.trim()));
    }
    if Shell::npm(workspace, &["--version"]).read().is_none() {
        return Err(format!("npm is not on the PATH; {advice}"));
    }
    let lock = workspace.ui().join("package-lock.json");
    let wanted =
        fs::read(&lock).map_err(|error| format!("cannot read {}: {error}", lock.display()))?;
    let installed = workspace.ui().join("node_modules/.sessiondeck-lock.json");
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(Outcome::Note("packages unchanged".to_owned()));
    }
    // No package may run code of its own while it is installed.
    programs.quietly(&Shell::npm(
        workspace,
        &["ci", "--ignore-scripts", "--no-fund", "--no-audit"],
    ))?;
    write(&installed, &wanted)?;
    Ok(Outcome::Note("packages installed".to_owned()))
}

fn major(version: &str) -> Option<u32> {
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// Sees to it that Python is new enough and that a virtual environment has exactly the pinned packages.
pub(crate) fn python(workspace: &Workspace, programs: &Programs) -> Result<Outcome, String> {
    let purpose = Purpose {
        python: true,
        ..Purpose::default()
    };
    system(workspace, programs, purpose)?;
    let advice = format!("install Python 3.{PYTHON_AT_LEAST} or newer and start again");
    let version = Shell::new(workspace, "python3", &["--version"])
        .read()
        .ok_or_else(|| format!("python3 is not on the PATH; {advice}"))?;
    if minor_of_3(&version).is_none_or(|minor| minor < PYTHON_AT_LEAST) {
        return Err(format!("python3 here is {}; {advice}", version.trim()));
    }
    let pinned = workspace.root.join("tests/interop/requirements.txt");
    let wanted =
        fs::read(&pinned).map_err(|error| format!("cannot read {}: {error}", pinned.display()))?;
    let python = python_of_venv(workspace);
    let python = python.to_string_lossy();
    let installed = venv(workspace).join("requirements.txt");
    // An environment dies with the Python that it was made of, so it has to prove itself.
    let works = || {
        Shell::new(
            workspace,
            &python,
            &["-c", "import awscli, boto3, flask, moto, websocket"],
        )
        .read()
    };
    if fs::read(&installed).is_ok_and(|found| found == wanted) && works().is_some() {
        return Ok(Outcome::Note("packages unchanged".to_owned()));
    }
    let folder = venv(workspace);
    programs.quietly(&Shell::new(
        workspace,
        "python3",
        &["-m", "venv", "--clear", &folder.to_string_lossy()],
    ))?;
    // Only what the file names by its digest, and nothing that would run code of its own or need a compiler.
    programs.quietly(&Shell::new(
        workspace,
        &python,
        &[
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--require-hashes",
            "--requirement",
            &pinned.to_string_lossy(),
        ],
    ))?;
    write(&installed, &wanted)?;
    Ok(Outcome::Note("packages installed".to_owned()))
}

fn venv(workspace: &Workspace) -> PathBuf {
    workspace.target.join("interop-venv")
}

/// The interpreter that has the packages, once [`python`] has run.
pub(crate) fn python_of_venv(workspace: &Workspace) -> PathBuf {
    let folder = venv(workspace);
    if cfg!(windows) {
        folder.join("Scripts/python.exe")
    } else {
        folder.join("bin/python")
    }
}

fn minor_of_3(version: &str) -> Option<u32> {
    let mut numbers = version.trim().strip_prefix("Python 3.")?.split('.');
    numbers.next()?.parse().ok()
}

/// Builds the page into `ui/dist`, unless nothing it is made of has changed: the application embeds it, and an
/// untouched page spares building the application again.
pub(crate) fn page(workspace: &Workspace, programs: &Programs) -> Result<Outcome, String> {
    let ui = workspace.ui();
    // Not in `ui/dist`: that goes into the application as it is.
    let mark = ui.join("node_modules/.sessiondeck-page");
    let made_of = fingerprint(&ui)?;
    if ui.join("dist/index.html").is_file()
        && fs::read_to_string(&mark).is_ok_and(|found| found == made_of)
    {
        return Ok(Outcome::Note("unchanged".to_owned()));
    }
    programs.quietly(&Shell::npm(workspace, &["run", "build"]))?;
    write(&mark, made_of.as_bytes())?;
    Ok(Outcome::Done)
}

/// A number that changes whenever a file changes that the page may be made of.
fn fingerprint(ui: &Path) -> Result<String, String> {
    let mut files = Vec::new();
    collect(ui, &mut files).map_err(|error| format!("cannot read {}: {error}", ui.display()))?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name();
        if kind.is_file() {
            files.push(entry.path());
        } else if kind.is_dir() && name != "node_modules" && name != "dist" && name != "screenshots"
        {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

fn write(path: &Path, contents: &[u8]) -> Result<(), String> {
    fs::write(path, contents).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_of_node_is_understood() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v8"), Some(8));
        assert_eq!(major("nonsense"), None);
    }

    #[test]
    fn the_minor_version_of_python_is_understood() {
        assert_eq!(minor_of_3("Python 3.11.7\n"), Some(11));
        assert_eq!(minor_of_3("Python 3.9.2"), Some(9));
        assert_eq!(minor_of_3("Python 2.7.18"), None);
        assert_eq!(minor_of_3("nonsense"), None);
    }

    #[test]
    fn the_fingerprint_follows_sources_and_ignores_what_is_made() {
        let ui = std::env::temp_dir().join(format!("xtask-page-{}", std::process::id()));
        let file = |name: &str, text: &str| {
            let path = ui.join(name);
            fs::create_dir_all(path.parent().expect("inside ui")).expect("temporary folder");
            fs::write(path, text).expect("temporary file");
        };
        file("src/main.ts", "1");
        let before = fingerprint(&ui).expect("readable");
        file("dist/index.html", "made");
        file("node_modules/react/index.js", "installed");
        assert_eq!(fingerprint(&ui).expect("readable"), before);
        file("src/main.ts", "2");
        assert_ne!(fingerprint(&ui).expect("readable"), before);
        let _ = fs::remove_dir_all(&ui);
    }
}
