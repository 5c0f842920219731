//! `tools/setup` on machines of several kinds, with a pip and an nvidia-smi of our own.

#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::root;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// Installs by making the directory and writing down what was asked for; fails without a network.
const PYTHON: &str = r#"#!/bin/bash
[ "$3" = --version ] && exit 0
[ -n "$NO_NETWORK" ] && exit 1
sleep "${SLOW_NETWORK:-0}"
while [ $# -gt 0 ]; do
    if [ "$1" = --target ]; then target=$2; fi
    shift
done
mkdir -p "$target"
"#;

/// A machine with an NVIDIA GPU: what its nvidia-smi says of driver and compute capability.
fn gpu(says: &str) -> String {
    format!("#!/bin/bash\ncase $1 in -L) exit 0 ;; --query-gpu=*) printf '{says}' ;; esac\n")
}

/// nvidia-smi where there is no GPU, as on a cluster's login node.
const NO_GPU: &str = "#!/bin/bash\necho 'NVIDIA-SMI has failed'\nexit 9\n";

struct Checkout(tempfile::TempDir);

impl Checkout {
    fn new() -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        let tools = checkout.path("tools");
        fs::create_dir_all(&tools).unwrap();
        fs::create_dir_all(checkout.path("bin")).unwrap();
        fs::copy(root().join("tools/setup"), tools.join("setup")).unwrap();
        checkout.program("python3", PYTHON);
        for name in ["cargo", "c++", "make"] {
            checkout.program(name, "#!/bin/bash\n");
        }
        checkout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// `tools/setup build` on a machine whose nvidia-smi is this.
    fn setup(&self, nvidia_smi: &str, variables: &[(&str, &str)]) -> Output {
        self.program("nvidia-smi", nvidia_smi);
        self.setup_for("build", variables)
    }

    /// `tools/setup` for one purpose.
    fn setup_for(&self, what: &str, variables: &[(&str, &str)]) -> Output {
        let system = std::env::var("PATH").unwrap();
        let mut command = Command::new(self.path("tools/setup"));
        command
            .arg(what)
            .env_remove("LIBTORCH")
            .env_remove("ECGFM_LIBTORCH")
            .env("PATH", format!("{}:{system}", self.path("bin").display()))
            .envs(variables.iter().copied());
        loop {
            match command.output() {
                // Another test's process was started while this one's script was being written, and has it open for a moment.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                ran => return ran.unwrap(),
            }
        }
    }

    /// The libtorch that is there.
    fn libtorch(&self) -> &'static str {
        assert!(self.path(".tools/libtorch").is_dir());
        match fs::read_to_string(self.path(".tools/libtorch.stamp")) {
            Ok(stamp) if stamp.starts_with("--no-deps torch==") => "cpu",
            Ok(stamp) if stamp.starts_with("torch==") => "cuda",
            other => panic!("{other:?}"),
        }
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_first_machine_decides_and_no_other_takes_its_libtorch_away() {
    let checkout = Checkout::new();
    let h100 = gpu("580.65.06, 9.0\\n");
    assert!(checkout.setup(&h100, &[]).status.success());
    assert_eq!(checkout.libtorch(), "cuda");
    let mark = checkout.path(".tools/libtorch/mark");
    fs::write(&mark, "").unwrap();
    let output = checkout.setup(NO_GPU, &[]);
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        told(&output)
    );
    assert!(checkout.libtorch() == "cuda" && mark.exists());
    // A GPU node without a network has nothing to fetch either, whichever libtorch is there.
    assert!(
        checkout
            .setup(NO_GPU, &[("ECGFM_LIBTORCH", "cpu")])
            .status
            .success()
    );
    assert!(
        checkout.libtorch() == "cpu" && !mark.exists(),
        "whoever says so gets another"
    );
    assert!(checkout.setup(&h100, &[("NO_NETWORK", "1")]).status.success());
    assert_eq!(checkout.libtorch(), "cpu");
}

#[cfg(target_os = "linux")]
#[test]
fn two_that_need_the_same_tool_at_once_fetch_it_once() {
    let checkout = Checkout::new();
    std::thread::scope(|both| {
        let asked = || checkout.setup_for("package", &[("SLOW_NETWORK", "0.3")]);
        let outputs = [both.spawn(asked), both.spawn(asked)].map(|one| one.join().unwrap());
        let fetched = |output: &&Output| told(output).contains("fetching package");
        assert_eq!(outputs.iter().filter(fetched).count(), 1, "{outputs:?}");
        assert!(
            outputs.iter().all(|output| output.status.success()),
            "{outputs:?}"
        );
    });
    assert!(checkout.path(".tools/package").is_dir());
}

#[test]
fn what_cannot_be_fetched_replaces_nothing() {
    let checkout = Checkout::new();
    assert!(checkout.setup(NO_GPU, &[]).status.success());
    let output = checkout.setup(NO_GPU, &[("ECGFM_LIBTORCH", "cuda"), ("NO_NETWORK", "1")]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert_eq!(checkout.libtorch(), "cpu");
}

#[test]
fn a_gpu_or_a_driver_that_cuda_13_does_not_know_gets_the_cpu_and_a_word_about_it() {
    let fetched = |says: &str| {
        let checkout = Checkout::new();
        let output = checkout.setup(&gpu(says), &[]);
        assert!(output.status.success(), "{}", told(&output));
        (checkout.libtorch(), told(&output))
    };
    for says in ["550.54.14, 9.0\\n", "580.65.06, 7.0\\n"] {
        let (libtorch, told) = fetched(says);
        assert_eq!(libtorch, "cpu", "{says}");
        assert!(
            told.contains(&format!("(here: {})", says.trim_end_matches("\\n"))),
            "{told}"
        );
        assert!(
            told.contains("no GPU here runs CUDA 13") && told.contains("LIBTORCH=<dir>"),
            "{told}"
        );
    }
    // One of two GPUs is enough; so is a driver that does not answer the question.
    for says in ["580.65.06, 6.1\\n580.65.06, 8.6\\n", "", "[N/A], [N/A]\\n"] {
        assert_eq!(fetched(says).0, "cuda", "{says}");
    }
    let checkout = Checkout::new();
    assert!(checkout.setup(NO_GPU, &[]).status.success());
    assert_eq!(checkout.libtorch(), "cpu");
    assert!(Path::new(&checkout.path(".tools/py")).is_dir());
}
