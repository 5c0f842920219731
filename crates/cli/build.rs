//! Lets binaries and tests of this crate find libtorch without an environment variable, and `ecgfm` its other half where it
//! was copied without it. `ecgfm` is told where that is, to say so where it is gone.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
        println!("cargo:rustc-env=ECGFM_LIBTORCH={lib}");
    }
    // <target>/<profile>/build/<package>/out
    let out = std::env::var_os("OUT_DIR").unwrap_or_default();
    if let Some(programs) = Path::new(&out).ancestors().nth(3) {
        println!("cargo:rustc-env=ECGFM_BUILT_IN={}", programs.display());
    }
}
