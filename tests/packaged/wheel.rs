//! The wheel: installed without a network into an environment of its own, with PyTorch's libraries beside it or without.

use super::{built, can_pack, libtorch_found, sample_run, succeed};
use crate::common::{python, root};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A virtual environment with the wheel.
struct Environment {
    dir: tempfile::TempDir,
}

/// The packed wheel, the same for every test.
fn wheel() -> &'static Path {
    static WHEEL: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, wheel) = WHEEL.get_or_init(|| {
        let dist = tempfile::tempdir().unwrap();
        let mut pack = Command::new("python3");
        pack.arg(root().join("packaging/wheel.py")).arg(built());
        succeed(pack.arg(dist.path()));
        let wheel = std::fs::read_dir(dist.path()).unwrap().next().unwrap();
        let wheel = wheel.unwrap().path();
        (dist, wheel)
    });
    wheel
}

impl Environment {
    /// None, said so, where there is nothing to make it with.
    fn new() -> Option<Self> {
        if !can_pack() {
            return None;
        }
        let environment = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .arg(environment.home())
            .output();
        if !made.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: `python3 -m venv` makes no environment here");
            return None;
        }
        // PyTorch is put beside it by the tests that need it: nothing is downloaded.
        let mut install = environment.python();
        succeed(
            install
                .args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"])
                .arg(wheel()),
        );
        Some(environment)
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("environment")
    }

    fn python(&self) -> Command {
        let mut python = Command::new(self.home().join("bin/python"));
        python.env_remove("PYTHONPATH");
        python
    }

    fn program(&self) -> PathBuf {
        self.home().join("bin/ecgfm")
    }

    fn site_packages(&self) -> PathBuf {
        let lib = std::fs::read_dir(self.home().join("lib"))
            .unwrap()
            .next()
            .unwrap();
        lib.unwrap().path().join("site-packages")
    }

    /// Puts PyTorch where pip would, saying that it has a version.
    fn add_torch(&self, version: &str) {
        let (from, to) = (
            root().join(".tools/libtorch").canonicalize().unwrap(),
            self.site_packages(),
        );
        for name in ["torch", "nvidia"] {
            std::os::unix::fs::symlink(from.join(name), to.join(name)).unwrap();
        }
        let info = to.join("torch-0.dist-info");
        std::fs::create_dir(&info).unwrap();
        let text = format!("Metadata-Version: 2.1\nName: torch\nVersion: {version}\n");
        std::fs::write(info.join("METADATA"), text).unwrap();
    }

    /// What it says on stderr, and what `doctor` finds of libtorch.
    fn doctor(&self) -> (String, (String, String)) {
        let output = Command::new(self.program())
            .args(["doctor", "--json"])
            .output()
            .unwrap();
        (
            String::from_utf8(output.stderr.clone()).unwrap(),
            libtorch_found(&output),
        )
    }
}

#[test]
fn the_wheel_takes_the_libtorch_of_the_installed_pytorch() {
    let Some(environment) = Environment::new() else {
        return;
    };
    let (said, (state, found)) = environment.doctor();
    assert!(said.contains("-m pip install torch==2.11.0`"), "{said}");
    assert!(
        state == "fault" && found.contains("libtorch_cpu.so"),
        "{state} {found}"
    );
    environment.add_torch("2.11.0+cpu");
    let (said, (state, found)) = environment.doctor();
    assert_eq!((said.as_str(), state.as_str()), ("", "ok"), "{found}");
    let version = succeed(environment.python().args(["-m", "ecgfm", "--version"]));
    assert_eq!(
        version.stdout,
        succeed(Command::new(environment.program()).arg("--version")).stdout
    );
    let refused = environment
        .python()
        .args(["-m", "ecgfm", "run", "nothing"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2), "the program's own exit code");
}

/// The last two numbers of a version such as `manylinux_2_34` or `ldd (Debian GLIBC 2.36-9) 2.36`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text
        .rsplit(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty());
    let (minor, major) = (numbers.next()?, numbers.next()?);
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[test]
fn the_wheel_needs_no_newer_glibc_than_the_page_says() {
    if !can_pack() {
        return;
    }
    let name = wheel().file_name().unwrap().to_string_lossy().into_owned();
    let (tag, _) = name.split_once("_x86_64").unwrap();
    let needed = version(tag).unwrap();
    let page = std::fs::read_to_string(root().join("docs/install.md")).unwrap();
    let (_, told) = page.split_once("with glibc ").unwrap();
    let told = version(told.split_once(" or newer").unwrap().0).unwrap();
    let library = succeed(Command::new("ldd").arg("--version")).stdout;
    let library = String::from_utf8_lossy(&library).lines().next().and_then(version);
    if needed > told && library > Some((2, 36)) {
        eprintln!(
            "SKIPPED: a wheel that is linked with the glibc of this machine, {library:?}, needs glibc {needed:?}"
        );
        return;
    }
    assert_eq!(needed, told, "{name}");
}

#[test]
fn another_version_of_pytorch_is_said() {
    let Some(environment) = Environment::new() else {
        return;
    };
    environment.add_torch("2.12.1");
    let (said, _) = environment.doctor();
    assert!(
        said.contains("PyTorch 2.12.1 is installed") && said.contains("ecgfm needs 2.11.0"),
        "{said}"
    );
}

#[test]
fn uninstalled_it_leaves_nothing() {
    let Some(environment) = Environment::new() else {
        return;
    };
    succeed(environment.python().args(["-m", "ecgfm", "--version"]));
    succeed(
        environment
            .python()
            .args(["-m", "pip", "uninstall", "--quiet", "--yes", "ecgfm"]),
    );
    let left: Vec<PathBuf> = walk(&environment.home())
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("ecgfm"))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let below = entries.flat_map(|entry| match entry.file_type().unwrap().is_dir() {
        true => walk(&entry.path()),
        false => vec![entry.path()],
    });
    below.collect()
}

#[test]
fn load_run_gives_what_pandas_reads() {
    let Some(mut python) = python() else { return };
    let dir = tempfile::tempdir().unwrap();
    let run = sample_run(Path::new(env!("CARGO_BIN_EXE_ecgfm")), dir.path());
    let judges = root().join(".tools/pytest");
    let judges = std::env::var_os("ECGFM_PYTHONPATH").map_or(judges, PathBuf::from);
    let path = std::env::join_paths([root().join("packaging/python"), judges]).unwrap();
    python.env("PYTHONPATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
    succeed(python.arg(root().join("tests/packaged/load_run.py")).arg(&run));
}
