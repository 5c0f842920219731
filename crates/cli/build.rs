//! Lets binaries and tests of this crate find libtorch without an environment variable, and `ecgfm` its other half where it
//! was copied without it. `ecgfm` is told where that is, to say so where it is gone, and what `--version` names.

use std::path::Path;
use std::process::Command;

/// Places of libtorch beside the programs' directory: in an archive or a container, and in a wheel, where it is that of PyTorch.
const PACKAGED: [&str; 2] = ["../lib/torch/lib", "../../torch/lib"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        // First where a package has it, so that a copy of this checkout's libtorch is never taken for that of a package.
        for place in PACKAGED {
            println!("cargo:rustc-link-arg=-Wl,-rpath,$ORIGIN/{place}");
        }
        println!("cargo:rustc-env=ECGFM_PACKAGED_LIBTORCH={}", PACKAGED.join(":"));
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo:rustc-env=ECGFM_LIBTORCH={lib}");
        if let Some(version) = libtorch(Path::new(&lib)) {
            println!("cargo:rustc-env=ECGFM_LIBTORCH_VERSION={version}");
        }
    }
    if let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) {
        println!("cargo:rustc-env=ECGFM_COMMIT={commit}");
        // Both change when HEAD comes to another commit, and not in between. A file that is not there would have every build
        // run this again.
        let watched = ["HEAD", "logs/HEAD"]
            .map(|name| git(&["rev-parse", "--path-format=absolute", "--git-path", name]));
        for file in watched
            .into_iter()
            .flatten()
            .filter(|file| Path::new(file).exists())
        {
            println!("cargo:rerun-if-changed={file}");
        }
    }
    // <target>/<profile>/build/<package>/out
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    if let Some(programs) = Path::new(&out).ancestors().nth(3) {
        println!("cargo:rustc-env=ECGFM_BUILT_IN={}", programs.display());
    }
}

/// The version of the libtorch in this `lib` directory, as its package states it.
fn libtorch(lib: &Path) -> Option<String> {
    let home = lib.parent()?;
    let archive = std::fs::read_to_string(home.join("build-version")).ok();
    let wheel = || {
        let text = std::fs::read_to_string(home.join("version.py")).ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("__version__ = "))?;
        Some(line.trim_matches(['\'', '"', ' ']).to_owned())
    };
    archive.map(|text| text.trim().to_owned()).or_else(wheel)
}

/// What git says of the checkout that this is built in; nothing outside of one, where another may be above.
fn git(arguments: &[&str]) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    if !root.join(".git").exists() {
        return None;
    }
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let said = said.trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}
